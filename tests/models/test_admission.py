"""Which rows count, against a plain reading of the contract, however they are cut and wherever it is restored."""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.admission import COUNTED, DUPLICATE, LATE, START_ROOM, TOO_LATE, Admission
from models.columns import running_high
from models.rows import COLUMNS, Rows, rows_from

LATENESS, PRICES = 10, 40


class Row(NamedTuple):
    source: int
    when: int
    copy: int


row_lists = st.lists(st.builds(Row, st.integers(0, 2), st.integers(1000, 1100), st.integers(0, 6)), max_size=40)


def rows(given_rows) -> Rows:
    columns = {name: np.zeros(len(given_rows), dtype) for name, dtype in COLUMNS.items()}
    columns["source"] = np.array([row.source for row in given_rows], np.int32)
    columns["when"] = np.array([row.when for row in given_rows], np.int64)
    columns["copy"] = np.array([row.copy for row in given_rows], np.uint64)
    columns["high"] = running_high(columns["source"], columns["when"])
    return rows_from(columns, ("",))


def admission() -> Admission:
    made = Admission(LATENESS, PRICES)
    for source in range(3):
        made.source(source)
        made.advance(source, 1000)
    return made


def plain(given_rows) -> tuple[list[int], list[int]]:
    """Verdicts and clock, one row at a time, with a dictionary."""
    highs, until, verdicts, clock = [1000] * 3, {}, [], []
    for row in given_rows:
        highs[row.source] = max(highs[row.source], row.when)
        clock.append(max(highs))
        late = highs[row.source] - row.when
        key = row.copy or 1
        if late > PRICES:
            verdicts.append(TOO_LATE)
        elif until.get(key, -1) >= min(highs):
            verdicts.append(DUPLICATE)
        else:
            verdicts.append(COUNTED if late <= LATENESS else LATE)
            until[key] = row.when + (LATENESS if late <= LATENESS else PRICES)
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


def _restored(old: Admission, prints) -> Admission:
    new = admission()
    new.highs[:] = old.highs
    for keys, until in prints:
        new.load(keys, until)
    return new


def test_a_copy_in_another_partition_is_recognised_as_long_as_the_slower_one_may_send_it():
    judge = admission()
    first = judge.judge(rows([Row(0, 1000, 5), Row(0, 1100, 6)]))
    assert first.verdicts.tolist() == [COUNTED, COUNTED]
    assert judge.judge(rows([Row(1, 1005, 5)])).verdicts.tolist() == [DUPLICATE]


def test_the_table_grows_and_sheds_what_has_expired():
    judge = Admission(LATENESS, PRICES)
    judge.source(0)
    many = START_ROOM * 3
    for begin in range(0, many, 1000):
        piece = [Row(0, 1000 + nth // 100, nth + 1) for nth in range(begin, min(many, begin + 1000))]
        assert (judge.judge(rows(piece)).verdicts == COUNTED).all()
    last = [Row(0, 1000 + (many - 1) // 100, many)]
    assert judge.judge(rows(last)).verdicts.tolist() == [DUPLICATE]
    assert judge.slowest == 1000 + (many - 1) // 100
