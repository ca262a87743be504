"""Ratings per minute and switch: the same however rows were cut, told once, and again when they changed."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

import models.ratings
from models.admission import COUNTED, LATE
from models.answered import KEEP_MINUTES, MINUTE_MS
from models.prices import Price
from models.ratings import RatingTotals, tallied
from models.row_table import COLUMNS, Rows, rows_from

NAMES = ("", "s1", "s2", "s3", "other")
MINUTE = 29_924_333
RATED = (Price.FREE, Price.PAID, Price.ALLOWANCE, Price.DECLARED, Price.UNDERPRICED)

CALLS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 3), st.sampled_from(list(Price)), st.sampled_from([COUNTED, LATE])),
    max_size=40,
)


def rows_of(calls) -> tuple[Rows, np.ndarray]:
    columns = {name: np.zeros(len(calls), dtype) for name, dtype in COLUMNS.items()}
    columns["ts"] = np.array([(MINUTE + minute) * MINUTE_MS + 7 for minute, *_ in calls], np.int64)
    columns["switch"] = np.array([switch for _, switch, *_ in calls], np.uint32)
    columns["price"] = np.array([price for *_, price, _ in calls], np.uint8)
    return rows_from(columns, NAMES), np.array([verdict for *_, verdict in calls], np.uint8)


def brute(calls) -> list[tuple[int, str, int, int]]:
    counted: dict[tuple[int, str], list[int]] = {}
    for minute, switch, price, verdict in calls:
        if verdict == COUNTED and price in (*RATED, Price.FAILED):
            counts = counted.setdefault((MINUTE + minute, NAMES[switch]), [0, 0])
            counts[price == Price.FAILED] += 1
    return sorted((*where, *counts) for where, counts in counted.items())


@given(CALLS, st.integers(0, 40))
def test_totals_are_those_of_a_count_by_hand_however_rows_are_cut(calls, cut):
    rows, verdicts = rows_of(calls)
    totals = RatingTotals()
    for begin, end in ((0, min(cut, len(calls))), (min(cut, len(calls)), len(calls))):
        totals.add(tallied(rows, verdicts, begin, end))
    totals = RatingTotals.restore(totals.snapshot())
    assert list(totals.close(MINUTE + 9)) == brute(calls)


@given(CALLS, st.integers(0, 40), st.integers(1, 3))
@example([(0, 3, Price.PAID, COUNTED), (0, 1, Price.PAID, COUNTED)], 1, 1)
def test_switches_beyond_the_limit_share_a_name_however_rows_are_cut(calls, cut, most):
    rows, verdicts = rows_of(calls)
    whole, parts = RatingTotals(), RatingTotals()
    before, models.ratings.SWITCHES_MAX = models.ratings.SWITCHES_MAX, most
    try:
        whole.add(tallied(rows, verdicts, 0, len(calls)))
        for begin, end in ((0, min(cut, len(calls))), (min(cut, len(calls)), len(calls))):
            parts.add(tallied(rows, verdicts, begin, end))
    finally:
        models.ratings.SWITCHES_MAX = before
    told = whole.close(MINUTE + 9)
    assert told == parts.close(MINUTE + 9)
    assert sum(rated + failed for *_, rated, failed in told) == sum(a + b for *_, a, b in brute(calls))


def test_a_minute_is_told_once_and_again_when_it_changed():
    totals = RatingTotals()
    totals.add([(5, "s1", 10, 1), (6, "s1", 3, 0)])
    assert totals.close(6) == ((5, "s1", 10, 1),)
    assert totals.close(6) == ()
    totals.add([(5, "s2", 0, 2), (5, "s1", 1, 0)])
    assert totals.close(7) == ((5, "s1", 11, 1), (5, "s2", 0, 2), (6, "s1", 3, 0))


def test_a_minute_that_was_forgotten_is_not_told_smaller():
    totals = RatingTotals()
    totals.add([(5, "s1", 10, 1)])
    totals.close(6 + KEEP_MINUTES)
    totals.add([(5, "s1", 1, 0)])
    assert totals.close(7 + KEEP_MINUTES) == ()
