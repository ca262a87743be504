"""Usual hours are means of what was counted four weeks back, however rows are cut and wherever it is restored."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.windows.hours import Hours
from tests.models.windows.brute import HOUR, Row, columns

BEGIN = 1_795_000_000_000 // HOUR * HOUR
WEEK = 168 * HOUR
STEPS = [0, HOUR, WEEK - HOUR, WEEK, 3 * WEEK, 6 * WEEK]
SLICES = 4
bursts = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 4), st.integers(0, 4), st.booleans()), max_size=20)


def rows_of(drawn) -> list[Row]:
    rows, clock = [], BEGIN
    for later, key, kind, late in drawn:
        clock += later
        rows += [Row(key, 1, clock - 600_000 * late, kind, 0, 0, clock)] * 3
    return rows


def copy_of(hours: Hours, keys_max: int) -> Hours:
    copy = Hours(keys_max, SLICES)
    for which in range(SLICES):
        copy.load_slice(which, hours.slice_bytes(which))
    return copy


def usual(rows, key: int, now: int) -> tuple[float, int]:
    hours = [row.ts // HOUR for row in rows if row.key == key and row.kind in (0, 3)]
    before = [now // HOUR - 168 * week for week in range(1, 5)]
    known = [hour for hour in before if hours and hour >= min(hours)]
    return (sum(map(hours.count, known)) / max(1, len(known)), len(known))


@given(bursts, st.sampled_from([0, HOUR, WEEK]), st.booleans())
def test_usual_is_the_mean_of_the_weeks_before(drawn, later, stops):
    rows, hours, now = rows_of(drawn), Hours(100, SLICES), BEGIN
    for row in rows:
        hours.update(columns([row]))
        hours = copy_of(hours, 100) if stops else hours
        now = row.clock + later
    whole = Hours(100, SLICES)
    whole.update(columns(rows))
    found = hours.usual(np.arange(6, dtype=np.uint64), now)
    for key in range(1, 6):
        lately = [row for row in rows if row.key == key and row.kind in (0, 3)]
        breaks = [i for i in range(1, len(lately)) if lately[i].clock - lately[i - 1].ts >= 5 * WEEK]
        expected = usual(lately[breaks[-1] :] if breaks else lately, key, now)
        if lately and now - max(row.ts for row in lately) >= 5 * WEEK:
            continue
        assert (found.attempts[key], found.weeks[key]) == expected
    assert [hours.slice_bytes(which) for which in range(SLICES)] == [
        whole.slice_bytes(which) for which in range(SLICES)
    ]


def test_a_full_table_lets_go_of_keys_of_no_use_and_turns_others_away():
    hours = Hours(2, slices=1)
    hours.update(columns([Row(key, 1, BEGIN, 0, 0, 0, BEGIN) for key in (1, 2, 3, 3)]))
    assert (len(hours), hours.turned_away) == (2, 2)
    hours.update(columns([Row(3, 1, BEGIN + 5 * WEEK, 0, 0, 0, BEGIN + 5 * WEEK)]))
    assert (len(hours), hours.turned_away) == (1, 2)


def test_many_keys_take_3_5_kb_each():
    hours = Hours(10_000)
    hours.update(columns([Row(key, 1, BEGIN, 0, 0, 0, BEGIN) for key in range(1, 1_001)]))
    assert hours.nbytes / len(hours) < 3_500 * 9 / 8
    assert hours.usual(np.arange(1, 1_001, dtype=np.uint64), BEGIN + WEEK).attempts.tolist() == [1] * 1_000


def test_rows_and_questions_out_of_range_are_refused():
    hours, one = Hours(40, SLICES), columns([Row(1, 1, BEGIN, 0, 0, 0, BEGIN)])
    hours.update(one)
    with pytest.raises(ValueError, match="16 slices may be stale, there are 4"):
        hours.update(one, np.ones(16, np.uint8))
    with pytest.raises(ValueError, match="event time"):
        hours.update(one._replace(ts=-one.ts))
    with pytest.raises(ValueError, match="were counted"):
        hours.usual(one.key, BEGIN - 1)
    for bad in ((0, 4), (10, 3), (10, 2048), (10, 4, -1)):
        with pytest.raises(ValueError, match="expected"):
            Hours(*bad)


def test_other_bytes_are_refused():
    hours = Hours(40, SLICES)
    hours.update(columns([Row(key, 1, BEGIN, 0, 0, 0, BEGIN) for key in range(1, 9)]))
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
