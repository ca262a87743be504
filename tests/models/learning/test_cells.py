"""Cells in bounds: sums stay exact as they get coarser, and the grain depends on what was seen, not on its order."""

import random
from itertools import pairwise

import numpy as np
import pytest
from support.calls import settings
from support.histories import DAY, MONDAY, bundle, gift, usual
from support.rows import rows_of_lines

from models.learning.accounts import Accounts
from models.learning.cells import COUNT, FIRST, FREE, LAST, PAYERS_EACH, PREFIX, Cells, cells_of, payers_of, priced
from models.learning.grain import GRAINS
from models.tables import Tables

LINES = usual(calls=300) + usual("+44", 300) + gift("+216") + bundle("max", "+49")


def filled(lines, cells, batch=97):
    for begin in range(0, len(lines), batch):
        rows = rows_of_lines(lines[begin : begin + batch], settings(), Tables())
        rows = rows.take(priced(rows))
        nobody = np.zeros(len(rows), np.int64)
        cells.add(cells_of(rows, nobody, nobody), payers_of(rows, nobody, nobody))
    return cells


def test_every_grain_is_a_coarser_one_of_the_grain_before():
    for finer, coarser in pairwise(GRAINS):
        assert coarser.digits <= finer.digits
        assert coarser.width_ms % finer.width_ms == 0
        assert (coarser.switches, coarser.plans) <= (finer.switches, finer.plans)


def test_each_number_is_told_apart_where_there_is_room():
    table = filled(LINES, Cells()).table
    assert len(np.unique(table[:, PREFIX])) > 700
    assert table[:, COUNT:].sum() == len(LINES)


@pytest.mark.parametrize("most", [400, 100, 60])
def test_cells_never_exceed_their_bound_and_lose_no_call(most):
    cells, whole = filled(LINES, Cells(most)), filled(LINES, Cells())
    assert len(cells.table) <= most
    assert cells.grain != GRAINS[0]
    assert (cells.table[:, COUNT:].sum(axis=0) == whole.table[:, COUNT:].sum(axis=0)).all()
    assert (cells.table[:, FIRST].min(), cells.table[:, LAST].max()) == (
        MONDAY,
        whole.table[:, LAST].max(),
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_grain_and_the_cells_do_not_depend_on_the_order(seed):
    shuffled = LINES.copy()
    random.Random(seed).shuffle(shuffled)
    one, other = filled(LINES, Cells(150, 40)), filled(shuffled, Cells(150, 40), 31 + seed)
    assert one.grain == other.grain
    assert (one.table == other.table).all()
    assert (one.payers == other.payers).all()


def test_payers_are_distinct_and_bounded():
    cells = filled(LINES, Cells(300_000, 50))
    assert cells.payers_each == PAYERS_EACH[-1]
    assert len(np.unique(filled(LINES, Cells()).payers[:, 3])) == 41 + 40  # a bundle's every third call is paid
    assert filled(gift("+216"), Cells()).table[:, FREE].sum() == 60


def test_the_coarsest_grain_is_bounded_by_itself():
    lines = usual(calls=500) + usual("+44", 500) + gift("+216", length=DAY)
    assert len(filled(lines, Cells(1)).table) <= 2 * 10 ** GRAINS[-1].digits


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_of_the_accounts_is_the_same_in_any_order(seed):
    shuffled = LINES.copy()
    random.Random(seed).shuffle(shuffled)
    kept = []
    for lines, batch in ((LINES, 50), (shuffled, 70)):
        accounts = Accounts(60)
        for begin in range(0, len(lines), batch):
            accounts.add(rows_of_lines(lines[begin : begin + batch], settings(), Tables()))
        assert accounts.sampled > 1
        kept.append((accounts.sampled, accounts.candidates().tolist()))
    assert kept[0] == kept[1]
