"""Which rows count, against a plain reading of the contract, however they are cut and wherever it is restored."""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.admission import COUNTED, DUPLICATE, LATE, NEVER, TOO_LATE, Admission
from models.columns import running_high
from models.fingerprints import CYCLE, HORIZON, TICK_MS, Prints
from models.rows import COLUMNS, Rows, rows_from

LATENESS, PRICES = 100_000, 400_000
BEGIN = 179_500_000 * TICK_MS
SOURCES = 3


class Row(NamedTuple):
    source: int
    when: int
    copy: int


steps = st.one_of(st.integers(0, 110).map(lambda tenth: tenth * TICK_MS // 2), st.integers(0, 2 * CYCLE * TICK_MS))
row_lists = st.lists(st.builds(Row, st.integers(0, SOURCES - 1), steps, st.integers(0, 6)), max_size=40)


def rows(given_rows) -> Rows:
    columns = {name: np.zeros(len(given_rows), dtype) for name, dtype in COLUMNS.items()}
    columns["source"] = np.array([row.source for row in given_rows], np.int32)
    columns["when"] = np.array([row.when + BEGIN for row in given_rows], np.int64)
    columns["copy"] = np.array([row.copy for row in given_rows], np.uint64)
    columns["high"] = running_high(columns["source"], columns["when"])
    return rows_from(columns, ("",))


def admission(seed: int = 0) -> Admission:
    made = Admission(LATENESS, PRICES, seed)
    for source in range(SOURCES):
        made.source(source)
    return made


def plain(given_rows) -> tuple[list[int], list[int]]:
    """Verdicts and clock, one row at a time, with a dictionary."""
    highs, until, verdicts, clock, slowest = {}, {}, [], [], 0
    for row in given_rows:
        when = row.when + BEGIN
        highs[row.source] = max(highs.get(row.source, 0), when)
        slowest = max(slowest, min(highs.values()))
        clock.append(max(highs.values()))
        late, now = highs[row.source] - when, slowest // TICK_MS
        if late > PRICES:
            verdicts.append(TOO_LATE)
        elif until.get(row.copy, -1) >= now:
            verdicts.append(DUPLICATE)
        else:
            verdicts.append(COUNTED if late <= LATENESS else LATE)
            ends = (when + (LATENESS if late <= LATENESS else PRICES)) // TICK_MS
            until[row.copy] = min(max(ends, now), now + HORIZON)
    return verdicts, clock


@settings(deadline=None)
@given(row_lists, st.sets(st.integers(0, 40)), st.integers(0, 40))
def test_admission_is_the_plain_reading_however_cut_and_wherever_restored(given_rows, cuts, stop):
    expected_verdicts, expected_clock = plain(given_rows)
    judge, verdicts, clock, prints = admission(), [], [], []
    begin = 0
    for end in [*sorted(cut for cut in {*cuts, stop} if cut < len(given_rows)), len(given_rows)]:
        piece = rows(given_rows[begin:end])
        judged = judge.judge(piece)
        prints.append(judge.fingerprints(piece, judged))
        verdicts += judged.verdicts.tolist()
        clock += judged.clock.tolist()
        if end == stop:
            judge = _restored(judge, prints)
        begin = end
    assert verdicts == expected_verdicts
    assert clock == expected_clock


def _restored(old: Admission, prints: list[Prints]) -> Admission:
    """An admission with another seed, from pages of two fingerprints each that the old one has a use for."""
    new = admission(seed=7)
    new.highs[:], new.slowest = old.highs, old.slowest
    for page in Prints.joined(prints).pages(2):
        if page.until >= old.slowest:
            new.load(Prints.unpacked(page.packed(), page.until))
    return new


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, SOURCES - 1), st.integers(0, 60)), max_size=60))
def test_what_has_counted_never_counts_again(sent):
    """Events that every source, once all have begun, may send at any time, however late."""
    judge, counted = admission(), []
    judge.judge(rows([Row(source, 0, 1_000 + source) for source in range(SOURCES)]))
    for source, nth in sent:
        if judge.judge(rows([Row(source, nth * TICK_MS // 2, nth)])).verdicts[0] == COUNTED:
            counted.append(nth)
    assert len(counted) == len(set(counted))


def test_a_copy_in_another_partition_is_recognised_as_long_as_the_slower_one_may_send_it():
    judge = admission()
    assert judge.judge(rows([Row(1, 0, 1)])).verdicts.tolist() == [COUNTED]
    first = judge.judge(rows([Row(0, 0, 5), Row(0, 10 * LATENESS, 6)]))
    assert first.verdicts.tolist() == [COUNTED, COUNTED]
    assert judge.judge(rows([Row(1, 50_000, 5)])).verdicts.tolist() == [DUPLICATE]


def test_a_partition_that_is_new_and_behind_is_freed_of_its_own_copies():
    judge = admission()
    judge.judge(rows([Row(0, 0, 1), Row(0, 10 * LATENESS, 2)]))
    assert judge.judge(rows([Row(1, 5, 3), Row(1, 5, 3), Row(1, 5, 1)])).verdicts.tolist() == [
        COUNTED,
        DUPLICATE,
        COUNTED,
    ]
    assert judge.slowest == BEGIN + 10 * LATENESS


def test_a_partition_that_has_shown_no_time_keeps_nothing_from_expiring():
    judge = admission()
    assert judge.slowest == NEVER
    judge.advance(1, 0)
    judge.judge(rows([Row(0, 77, 1)]))
    assert judge.slowest == BEGIN + 77
    judge.advance(1, BEGIN + 5)
    judge.advance(1, BEGIN + 99)
    assert judge.slowest == BEGIN + 77


def test_a_late_row_is_evidence_and_one_too_late_is_not():
    judge = admission()
    judge.judge(rows([Row(0, PRICES + 1, 1)]))
    assert judge.judge(rows([Row(0, 1, 2), Row(0, 0, 3), Row(0, 1, 2)])).verdicts.tolist() == [
        LATE,
        TOO_LATE,
        DUPLICATE,
    ]


def test_prices_of_a_month_are_recognised_for_as_long():
    day = 86_400_000
    judge = Admission(LATENESS, 31 * day)
    judge.source(0)
    late = Row(0, 0, 1)
    judge.judge(rows([Row(0, 20 * day, 2)]))
    assert judge.judge(rows([late])).verdicts.tolist() == [LATE]
    judge.judge(rows([Row(0, 30 * day, 3)]))
    assert judge.judge(rows([late])).verdicts.tolist() == [DUPLICATE]
    judge.judge(rows([Row(0, 32 * day, 4)]))
    assert judge.judge(rows([late])).verdicts.tolist() == [TOO_LATE]
