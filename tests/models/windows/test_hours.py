"""What is normal follows from what was noted of five weeks, however it is cut and wherever it is restored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.windows.hours import Hours
from models.windows.ring import Notes

BEGIN = 1_795_000_000_000 // 3_600_000
DAY, WEEK = 24, 168
STEPS = [0, 1, 3, DAY, WEEK - 1, WEEK, 3 * WEEK, 6 * WEEK]
SLICES = 4
Note = tuple[int, int, list[int]]
notes = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(1, 4), st.lists(st.integers(0, 9), min_size=DAY, max_size=DAY)),
    max_size=12,
)


def dated(drawn) -> list[Note]:
    hour, made = BEGIN, []
    for later, key, counts in drawn:
        hour += later
        made.append((key, hour, counts))
    return made


def note(hours: Hours, many: list[Note]) -> None:
    keys, latest, counts = zip(*many, strict=True) if many else ((), (), np.zeros((0, DAY)))
    counted = np.array(counts, np.int64).reshape(-1, DAY)
    asked = [hours.normal(np.array(keys[:1], np.uint64), np.array(latest[:1], np.int64))]
    found = hours.note(
        Notes(np.array(keys, np.uint64), np.array(latest, np.int64), counted, np.ones(len(keys), np.uint8))
    )
    assert [one[:1].tolist() for one in found] == [one.tolist() for one in asked[0]]


def copy_of(hours: Hours) -> Hours:
    copy = Hours(100, SLICES)
    for which in range(SLICES):
        copy.load_slice(which, hours.slice_bytes(which))
    return copy


def brute(many: list[Note], key: int, hour: int) -> tuple[float, float, int]:
    """Normal of a key in an hour and a day, and for how long it is known."""
    counts: dict[int, int] = {}
    first, head = 0, -(10**6)
    for whose, latest, told in many:
        if whose != key:
            continue
        if head <= latest - 5 * WEEK:
            counts, first = {}, latest
        head = max(head, latest)
        for place, count in enumerate(told):
            passed = latest - DAY + 1 + place
            if count and passed > head - 5 * WEEK:
                counts[passed], first = max(count, counts.get(passed, 0)), min(first, passed)
    end, first = hour - DAY + 1, max(first, max(hour, head) - 5 * WEEK + 1)
    if not first or first >= end or head < 0:
        return 0.0, 0.0, 0
    mean = sum(counts.get(at, 0) for at in range(first, end)) / (end - first)
    means = [mean]
    for near in (hour - 1, hour, hour + 1):
        for step, times in ((WEEK, 4), (DAY, 7)):
            known = [near - step * nth for nth in range(1, times + 1) if near - step * nth >= first]
            means += [sum(counts.get(at, 0) for at in known) / len(known)] if known else []
    week_ago = end - WEEK + DAY
    days = [sum(counts.get(at, 0) for at in range(week_ago - DAY, week_ago))] if end - WEEK + 1 > first else []
    return max(means), max([mean * DAY, *days]), end - first


@settings(deadline=None)
@given(notes, st.sampled_from([0, 1, DAY, WEEK]), st.booleans())
def test_normal_is_what_the_hours_before_the_last_day_say(drawn, later, stops):
    many, hours, whole = dated(drawn), Hours(100, SLICES), Hours(100, SLICES)
    for one in many:
        note(hours, [one])
        hours = copy_of(hours) if stops else hours
    note(whole, many)
    asked = max((hour for _, hour, _ in many), default=BEGIN) + later
    found = whole.normal(np.arange(6, dtype=np.uint64), np.full(6, asked))
    for key in range(1, 6):
        latest = max((hour for whose, hour, _ in many if whose == key), default=asked)
        if asked - latest >= 5 * WEEK:
            continue
        expected = brute(many, key, asked)
        assert (found.hour[key], found.day[key], found.known[key]) == pytest.approx(expected)
    assert [hours.slice_bytes(at) for at in range(SLICES)] == [whole.slice_bytes(at) for at in range(SLICES)]


def test_a_full_table_lets_go_of_keys_of_no_use_and_turns_others_away():
    hours, ones = Hours(2, slices=1), [1] * DAY
    note(hours, [(key, BEGIN, ones) for key in (1, 2, 3, 3)])
    assert (len(hours), hours.turned_away) == (2, 2)
    note(hours, [(3, BEGIN + 5 * WEEK, ones)])
    assert (len(hours), hours.turned_away) == (1, 2)
    assert hours.full(np.array([1], np.uint64)).tolist() == [True]


def test_many_keys_take_3_5_kb_each():
    hours = Hours(10_000)
    note(hours, [(key, BEGIN, [1] * DAY) for key in range(1, 1_001)])
    assert hours.nbytes / len(hours) < 3_500 * 9 / 8
    assert hours.normal(np.arange(1, 1_001, dtype=np.uint64), np.full(1_000, BEGIN + DAY)).hour.tolist() == [1] * 1_000


def test_an_hour_out_of_range_is_refused():
    with pytest.raises(ValueError, match="before 1970"):
        note(Hours(40, SLICES), [(1, -1, [1] * DAY)])
    for bad in ((0, 4), (10, 3), (10, 2048), (10, 4, -1)):
        with pytest.raises(ValueError, match="expected"):
            Hours(*bad)


def test_other_bytes_are_refused():
    hours = Hours(40, SLICES)
    note(hours, [(key, BEGIN, [1] * DAY) for key in range(1, 9)])
    pages = [hours.slice_bytes(which) for which in range(SLICES)]
    page = next(page for page in pages if len(page) > 5_000)
    which = pages.index(page)
    for bad in (b"", page[:-1], b"X" + page[1:], page[:4] + b"\1" + page[5:], page[:40] + b"\0" * 16 + page[56:]):
        with pytest.raises(ValueError, match=f"slice {which} of 4 of the hours"):
            Hours(40, SLICES).load_slice(which, bad)
    with pytest.raises(ValueError, match="is slice"):
        Hours(40, SLICES).load_slice((which + 1) % SLICES, page)
    with pytest.raises(ValueError, match="is slice"):
        Hours(40, SLICES, seed=1).load_slice(which, page)
    with pytest.raises(ValueError, match="more than its 1"):
        Hours(4, SLICES).load_slice(which, page)
