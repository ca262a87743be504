"""The hour that an impact is a share of: what was told of it, and where streams are behind each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import MINUTE_MS
from models.traffic import HOUR, KEEP, Traffic

END = 1_000 * MINUTE_MS


def traffic(*streams: tuple[range, int]) -> Traffic:
    """Streams that told so many calls in each of these minutes before `END`."""
    made = Traffic()
    for number, (minutes, calls) in enumerate(streams):
        made.tell(f"rows/{number}", [(1_000 - minute, calls) for minute in reversed(minutes)])
    return made


@pytest.mark.parametrize(
    ("told", "answered"),
    [
        ([], 0),
        ([(range(1, 61), 1)], 60),
        ([(range(1, 200), 1)], 60),
        ([(range(1, 200), 1), (range(1, 200), 3)], 240),
        ([(range(5, 200), 1), (range(5, 200), 3)], 240),
        ([(range(1, 200), 1), (range(30, 200), 3)], 240),
        ([(range(1, 200), 1), (range(61, 200), 3)], 240),
        ([(range(1, 200), 1), (range(90, 200), 3)], 60 + 31 * 3),
        ([(range(1, 200), 1), (range(190, 230), 3)], 60),
    ],
    ids=[
        "nothing",
        "one hour",
        "no more than one hour",
        "two streams",
        "both a little behind",
        "one half an hour behind",
        "one an hour behind",
        "one that is waited for no longer",
        "one that is silent",
    ],
)
def test_answered_calls_of_the_hour(told, answered):
    assert traffic(*told).hour_before(END) == answered


def test_a_proof_of_a_late_read_backlog_is_not_too_large_a_share():
    behind, level = (
        traffic((range(1, 200), 10), (range(45, 200), 90)),
        traffic((range(1, 200), 10), (range(1, 200), 90)),
    )
    assert behind.hour_before(END) == level.hour_before(END)


def test_minutes_after_the_proof_do_not_count():
    made = traffic((range(-30, 200), 1))
    assert made.hour_before(END) == 60


def test_a_minute_that_is_told_again_is_replaced():
    made = traffic((range(1, 61), 1))
    made.tell("rows/0", [(950, 11)])
    assert made.hour_before(END) == 70


def test_old_minutes_and_streams_are_forgotten():
    made = Traffic()
    made.tell("gone/0", [(100, 7)])
    for minute in range(2 * KEEP):
        made.tell("rows/0", [(minute, 1)])
    ((stream, minutes),) = made.snapshot()
    assert (stream, len(minutes)) == ("rows/0", KEEP + 1)


@given(
    st.lists(st.lists(st.tuples(st.integers(880, 999), st.integers(0, 9)), min_size=1, max_size=40), max_size=4),
    st.integers(940, 1_010),
)
def test_it_is_never_less_than_what_was_told_of_the_hour(streams, last):
    made = Traffic()
    for number, minutes in enumerate(streams):
        made.tell(f"rows/{number}", sorted(dict(minutes).items()))
    told = sum(c for minutes in streams for m, c in dict(minutes).items() if last - HOUR <= m < last)
    assert made.hour_before(last * MINUTE_MS) >= told
    assert Traffic.restore(made.snapshot()).hour_before(last * MINUTE_MS) == made.hour_before(last * MINUTE_MS)
