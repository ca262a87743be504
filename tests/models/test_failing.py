"""Shares of failed ratings: told again is told anew, silent streams hold nobody up, little is kept."""

from hypothesis import given
from hypothesis import strategies as st

from models.failing import BACK, ENOUGH, KEEP, LAG, Failing, Share

TOLD = st.lists(
    st.tuples(
        st.sampled_from(["rows/0", "rows/1"]),
        st.lists(
            st.tuples(
                st.integers(0, 120), st.sampled_from(["s1", "s2"]), st.integers(0, 400), st.sampled_from([0, 20, 300])
            ),
            max_size=4,
        ),
    ),
    max_size=12,
)


def test_what_is_told_again_replaces_what_was_told():
    failing = Failing()
    assert failing.tell("rows/0", [(7, "s1", 290, 10)]) == []
    assert failing.tell("rows/0", [(7, "s1", 290, 10)]) == []
    assert failing.tell("rows/0", [(7, "s1", 290, 16)]) == [Share("s1", 7, 290, 16)]


def test_streams_add_up_and_only_minutes_that_all_have_told_count():
    failing = Failing()
    failing.tell("rows/0", [(7, "s1", 200, 20)])
    assert failing.tell("rows/1", [(8, "s1", 0, 400)]) == [], "rows/0 has not told of minute 8"
    assert failing.tell("rows/0", [(8, "s1", 1, 1)]) == [Share("s1", 8, 1, 401)]


def test_a_stream_that_is_silent_holds_nobody_up():
    failing = Failing()
    failing.tell("rows/0", [(7, "s1", 1, 0)])
    assert failing.tell("rows/1", [(6 + LAG, "s1", 0, ENOUGH)]) == []
    assert failing.tell("rows/1", [(7 + LAG, "s1", 0, ENOUGH)]) == [Share("s1", 7 + LAG, 0, ENOUGH)]


def test_no_more_minutes_are_looked_at_than_an_hour():
    failing = Failing()
    failing.tell("rows/0", [(0, "s1", 0, 200)])
    assert failing.tell("rows/0", [(BACK, "s1", 0, 100)]) == []
    assert failing.tell("rows/0", [(BACK, "s1", 0, ENOUGH)]) == [Share("s1", BACK, 0, ENOUGH)]


def test_old_minutes_are_forgotten():
    failing = Failing()
    for minute in range(3 * KEEP):
        failing.tell("rows/0", [(minute, "s1", 1, 0)])
    ((_, kept),) = failing.snapshot()
    assert len(kept) == KEEP + 1


@given(TOLD, st.integers(0, 12))
def test_it_goes_on_as_if_never_stopped(told, stop):
    whole, parts = Failing(), Failing()
    for nth, (stream, ratings) in enumerate(told):
        if nth == stop:
            parts = Failing.restore(parts.snapshot())
        assert parts.tell(stream, ratings) == whole.tell(stream, ratings)
        assert Failing.restore(whole.snapshot()).snapshot() == whole.snapshot()
    assert parts.snapshot() == whole.snapshot()
