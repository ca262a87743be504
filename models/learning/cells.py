"""How often calls were free, paid, allowed: by called prefix, stretch of time, stage, switch and plan; bounded.

A table of cells, int64[cells, WIDTH], sorted by its first columns. Everything in it is a sum, a minimum or a maximum,
so that it does not depend on the order of the events.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from models.events import EventKind
from models.evidence import E164_DIGITS, POWERS
from models.learning.grain import GRAINS, Grain
from models.learning.groups import NEVER, NONE, Ints, Mask, Shape, merged, smallest
from models.prices import Price
from models.row_table import Rows

CELLS_MAX: Final = 300_000
"""Cells that are kept: 48 MB."""
PAYERS_EACH: Final = (64, 16, 4)
"""Payers of free calls that are kept for a prefix, switch and plan: fewer where there are too many in all."""
PAYERS_MAX: Final = 1_000_000
SETUP, FINAL = 0, 1

PREFIX, BUCKET, STAGE, SWITCH, PLAN = range(5)
"""Keys: first digits (of 15) of the called number, stretch of time, SETUP or FINAL, ids of switch and plan."""
CODE, FIRST, FIRST_FREE, FIRST_PAID, LOW, SHORT = range(5, 11)
"""Minima: calling code; start of any call, of a free and of a paid one, ms; padded free number, its digits."""
LAST, LAST_FREE, LAST_PAID, HIGH = range(11, 15)
"""Maxima: starts as above, padded free number."""
COUNT: Final = 15
"""Sums: column `COUNT + price` counts events of a `Price`; the one of `Price.NONE` stays 0."""
FREE, PAID = COUNT + Price.FREE, COUNT + Price.PAID
SHAPE: Final = Shape(5, 6, 4, len(Price))
PAYER_SHAPE: Final = Shape(4, 0, 0, 0)
"""Prefix, switch, plan, payer."""
_FINALS: Final = (int(EventKind.RELEASE), int(EventKind.CDR), int(EventKind.RATING))


class Cells:
    """The cells of a history so far, and the payers of its free calls."""

    def __init__(self, cells_max: int = CELLS_MAX, payers_max: int = PAYERS_MAX) -> None:
        self.table: Ints = np.zeros((0, SHAPE.width), np.int64)
        self.payers: Ints = np.zeros((0, PAYER_SHAPE.keys), np.int64)
        self._bounds = cells_max, payers_max
        self._grain = self._each = 0

    @property
    def grain(self) -> Grain:
        """How finely calls are told apart now."""
        return GRAINS[self._grain]

    @property
    def payers_each(self) -> int:
        """Payers that are counted for a prefix, switch and plan; more are `at least` so many."""
        return PAYERS_EACH[self._each]

    def add(self, fresh: Ints, payers: Ints) -> None:
        """Take cells of `cells_of` and payers of `payers_of`, both of whole numbers and quarters of an hour."""
        steps = GRAINS[: self._grain + 1]
        for finer, coarser in pairwise(steps):
            fresh, payers = _coarser(fresh, finer, coarser), _coarser_payers(payers, finer, coarser)
        self.table = merged(np.concatenate([self.table, fresh]), SHAPE)
        self.payers = self._bounded(np.concatenate([self.payers, payers]))
        while len(self.table) > self._bounds[0] and self._grain + 1 < len(GRAINS):
            self._coarsen()

    def _coarsen(self) -> None:
        finer, coarser = GRAINS[self._grain], GRAINS[self._grain + 1]
        self._grain += 1
        self.table = merged(_coarser(self.table, finer, coarser), SHAPE)
        self.payers = self._bounded(_coarser_payers(self.payers, finer, coarser))

    def _bounded(self, payers: Ints) -> Ints:
        payers = smallest(merged(payers, PAYER_SHAPE), 3, self.payers_each)
        while len(payers) > self._bounds[1] and self._each + 1 < len(PAYERS_EACH):
            self._each += 1
            payers = smallest(payers, 3, self.payers_each)
        return payers


def _coarser(table: Ints, finer: Grain, coarser: Grain) -> Ints:
    table = table.copy()
    table[:, PREFIX] //= 10 ** (finer.digits - coarser.digits)
    table[:, BUCKET] //= coarser.width_ms // finer.width_ms
    table[:, SWITCH] *= coarser.switches
    table[:, PLAN] *= coarser.plans
    return table


def _coarser_payers(payers: Ints, finer: Grain, coarser: Grain) -> Ints:
    payers = payers.copy()
    payers[:, 0] //= 10 ** (finer.digits - coarser.digits)
    payers[:, 1] *= coarser.switches
    payers[:, 2] *= coarser.plans
    return payers


def padded(rows: Rows) -> Ints:
    """The called numbers with zeros up to 15 digits, int64[rows]."""
    size = np.minimum(rows.digits.astype(np.int64), E164_DIGITS)
    numbers: Ints = rows.called.astype(np.int64) * POWERS[E164_DIGITS - size]
    return numbers


def priced(rows: Rows) -> Mask:
    """Which rows say anything about a price."""
    mask: Mask = rows.price != Price.NONE
    return mask


def cells_of(rows: Rows, switch: npt.NDArray[np.int64], plan: npt.NDArray[np.int64]) -> Ints:
    """The cells of rows that all say something about a price.

    Args:
        rows: international calls of the network's own.
        switch: int64[rows], ids that are the same in every batch; so is `plan`.
        plan: ids.
    """
    table = np.full((len(rows), SHAPE.width), NEVER)
    number = padded(rows)
    table[:, PREFIX], table[:, BUCKET] = number, rows.start // GRAINS[0].width_ms
    table[:, STAGE] = np.isin(rows.event, _FINALS)
    table[:, SWITCH], table[:, PLAN] = switch, plan
    table[:, CODE], table[:, FIRST], table[:, LAST] = rows.code, rows.start, rows.start
    table[:, LAST_FREE:COUNT] = NONE
    table[:, COUNT:] = rows.price[:, np.newaxis] == np.arange(len(Price))
    free, paid = rows.price == Price.FREE, rows.price == Price.PAID
    for column in (FIRST_FREE, LAST_FREE):
        table[free, column] = rows.start[free]
    for column in (FIRST_PAID, LAST_PAID):
        table[paid, column] = rows.start[paid]
    table[free, LOW] = table[free, HIGH] = number[free]
    table[free, SHORT] = rows.digits[free]
    return merged(table, SHAPE)


def payers_of(rows: Rows, switch: npt.NDArray[np.int64], plan: npt.NDArray[np.int64]) -> Ints:
    """The payers of the free ones among these rows, int64[payers, 4]: prefix, switch, plan, payer."""
    free = np.flatnonzero((rows.price == Price.FREE) & (rows.payer != 0))
    columns = (padded(rows)[free], switch[free], plan[free], rows.payer[free].view(np.int64))
    return merged(np.stack(columns, axis=1), PAYER_SHAPE)
