"""Paid calls walk into cells: compared with a dictionary, across growth, new days and the limit of cells."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import models.history
from models.cells import CELL_COLUMNS, DAY_MS
from models.evidence import (
    BEFORE,
    BOUNDS,
    CELL,
    DIGITS,
    OTHER_ID,
    PADDED,
    PLAN,
    RATE,
    STAGE,
    START,
    SWITCH,
    TS,
    WIDTH,
    padded,
)
from models.history import History
from models.places import PAID

TODAY = 20_000 * DAY_MS
MOST = 60
SETUP_OR_FINAL = st.integers(0, 1)
paid = st.lists(
    st.tuples(st.integers(33_100, 33_180), st.integers(2, 5), SETUP_OR_FINAL, st.integers(0, 99), st.integers(-1, 9)),
    max_size=150,
)
MANY = [(33_100 + n % 81, 2 + n % 4, n % 2, n % 97, n % 11 - 1) for n in range(400)]


def calls(rows) -> np.ndarray:
    """Rows of (prefix, switch, stage, ms after the first day, rate)."""
    made = np.zeros((len(rows), WIDTH), np.int64)
    for call, (prefix, switch, stage, later, rate) in zip(made, rows, strict=True):
        call[PADDED], call[DIGITS], call[SWITCH], call[STAGE] = padded(prefix, 5), 11, switch, stage
        call[START], call[TS], call[RATE] = TODAY + later - 5, TODAY + later, rate
    return made


def plain(rows) -> dict:
    """Count, newest start and newest price by key, in order of appearance."""
    cells: dict = {}
    for prefix, switch, stage, later, rate in rows:
        key = (switch, 0, 0, stage, prefix)
        if key not in cells and len(cells) >= MOST:
            key = (OTHER_ID, OTHER_ID, OTHER_ID, stage, prefix)
        cell = cells.setdefault(key, [0, -1, -1, -(1 << 62)])
        cell[0] += 1
        cell[3] = max(cell[3], TODAY + later - 5)
        if rate >= 0 and TODAY + later >= cell[2]:
            cell[1:3] = rate, TODAY + later
    return cells


@settings(deadline=None)
@given(paid, st.sets(st.integers(0, 150)))
@example(MANY, {1, 70, 300})
def test_cells_are_those_of_a_plain_reading_however_calls_are_cut(rows, cuts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models.history, "CELLS_MAX", MOST)
        history, begin = History(2), 0
        for end in [*sorted(cut for cut in cuts if cut < len(rows)), len(rows)]:
            part = rows[begin:end]
            history.add_paid(calls(part))
            begin = end
    expected = plain(rows)
    found = zip(*(history.column(name).tolist() for name in CELL_COLUMNS), strict=True)
    for cell, (key, (count, rate, paid_at, start)) in zip(found, expected.items(), strict=True):
        assert cell[:5] == key
        assert (cell[5], cell[7], cell[8]) == (rate, paid_at, start)
        at = history.cell(*key)
        assert history.places.sums[history.places.of[at, 7], key[3], PAID] == count


def test_an_opened_call_knows_its_cell_its_bounds_and_what_was_before_it():
    history = History(2)
    history.add_paid(calls([(33_312, 2, 0, 10, 3)]))
    call = calls([(33_313, 2, 0, 0, 0)])[0]
    call[PLAN] = 4
    again = call.copy()
    history.open(call)
    cell = history.cell_of(again)
    assert (call[CELL], len(history)) == (cell, 2)
    assert call[BOUNDS:BEFORE].tolist() == history.bounds(cell, again).tolist() == [4, 4, 4, 0]
    assert call[BEFORE:].tolist() == history.places.begin(cell, 0, TODAY).tolist()
