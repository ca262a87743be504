"""Finds prefixes where calls were free throughout: the widest first, for everybody, else for one plan or one switch.

From every calling code down, digit by digit: a prefix is free where, from its first free call to its last, hardly any
call there was paid. What the free numbers then have in common is proposed, as the leak rule does; a prefix that is
mixed is left to its longer ones. Among many destinations some are free by chance (a bundle's customers alone called
there), so that payers must be more than the usual share of free calls around explains.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from typing import Final, NamedTuple

import numpy as np

from models.evidence import E164_DIGITS, OTHER_ID
from models.learning.cells import (
    CODE,
    FINAL,
    FIRST_FREE,
    FIRST_PAID,
    FREE,
    HIGH,
    LAST_FREE,
    LAST_PAID,
    LOW,
    PAID,
    PLAN,
    PREFIX,
    SETUP,
    SHORT,
    STAGE,
    SWITCH,
)
from models.learning.groups import Ints, Mask, starts_of

CALLS_MIN: Final = 5
"""Free calls below which nothing is proposed."""
PAYERS_MIN: Final = 3
"""Payers below which nothing is proposed; design section 5 asks for two and more before it acts."""
PAID_SHARE_MAX: Final = 0.02
"""Paid calls in the midst of the free ones, as a share: the share at which design section 5 takes a price for pure."""
STRAY_MAX: Final = 2
"""Paid calls under one longer prefix that may be strays, whatever their share there."""
ODDS_MIN: Final = 6.0
"""log10 of the odds against chance (design section 5, of a block)."""
ENOUGH: Final = 30
"""Rated calls around a prefix that say what is usual there."""
NODES_MAX: Final = 20_000
"""Prefixes that are looked at, the shortest first."""
ANY: Final = -1


class Found(NamedTuple):
    """A prefix that was free throughout, for `plan` and on `switch` (ids; ANY = all).

    Attributes:
        digits: what its free numbers share.
        code: its calling code.
        single: all of them are one number.
        calls, payers: free calls, and at least so many payers.
        first, last: of its free calls, ms.
        before, after: paid calls there before and after them.
        around: free and paid calls under the calling code beside it.
    """

    digits: str
    code: str
    plan: int
    switch: int
    single: bool
    calls: int
    payers: int
    first: int
    last: int
    before: int
    after: int
    around: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Rows of the table (positions) that a candidate is made of, and for whom."""

    rows: Ints
    plan: int = ANY
    switch: int = ANY


class Search:
    """One search of a history; `left` says afterwards which cells' free calls no prefix explains.

    Args:
        table: cells, sorted by prefix (`models.learning.cells`).
        payers: of their free calls, sorted by prefix.
        digits: how many digits of the number a cell's prefix has.
    """

    def __init__(self, table: Ints, payers: Ints, digits: int) -> None:
        self._table = table
        self._payers = payers
        self._digits = digits
        self._cells_at, self._payers_at = _places(table[:, [PREFIX, SWITCH, PLAN]], payers[:, :3])
        self.left: Mask = table[:, FREE] > 0
        self.cut = False
        """More prefixes were there than are looked at."""

    def run(self) -> list[Found]:
        """Every prefix that was free throughout, in order of digits."""
        codes = np.unique(self._table[self.left, CODE])
        queue = deque(str(code) for code in codes.tolist() if code > 0)
        found: list[Found] = []
        looked = 0
        while queue and looked < NODES_MAX:
            looked += 1
            digits = queue.popleft()
            rows = self._under(digits)
            found += self._at(digits, rows)
            queue.extend(self._longer(digits, rows))
        self.cut = bool(queue)
        return sorted(found)

    def _under(self, digits: str) -> Ints:
        """Positions of the cells under a prefix that has no more digits than a cell's."""
        low = int(digits) * 10 ** (self._digits - len(digits))
        ends = np.searchsorted(self._table[:, PREFIX], [low, low + 10 ** (self._digits - len(digits))])
        return np.arange(*ends)

    def _longer(self, digits: str, rows: Ints) -> Iterator[str]:
        """The longer prefixes where free calls are left, if there are enough to say anything."""
        if len(digits) >= self._digits:
            return
        rows = rows[self.left[rows]]
        if int(self._table[rows, FREE].sum()) < CALLS_MIN:
            return
        nexts = np.unique(self._table[rows, PREFIX] // 10 ** (self._digits - len(digits) - 1))
        yield from map(str, nexts.tolist())

    def _at(self, digits: str, rows: Ints) -> Iterator[Found]:
        """What is free throughout at one prefix: for everybody, else for some plans, else on some switches."""
        for column in (None, PLAN, SWITCH):
            for scope in self._scopes(rows, column):
                found = self._judge(digits, scope)
                if found is not None:
                    yield found

    def _scopes(self, rows: Ints, column: int | None) -> Iterator[_Scope]:
        table = self._table
        if column is None:
            yield _Scope(rows)
            return
        for name in np.unique(table[rows[self.left[rows]], column]).tolist():
            if name > OTHER_ID:
                mine = rows[table[rows, column] == name]
                yield _Scope(mine, plan=name) if column == PLAN else _Scope(mine, switch=name)

    def _judge(self, digits: str, scope: _Scope) -> Found | None:
        """The scope as a finding, its free calls then being explained; None where they were not free throughout."""
        table, free = self._table, scope.rows[self.left[scope.rows]]
        if int(table[free, FREE].sum()) < CALLS_MIN:
            return None
        payers = self._payers_of(free)
        if len(np.unique(payers[:, 3])) < PAYERS_MIN or not self._throughout(digits, scope, free):
            return None
        found = self._described(digits, scope, free, payers)
        if self._odds(found.code, free, payers) < ODDS_MIN:
            return None
        everybody = self._for_everybody(found) if scope.plan != ANY or scope.switch != ANY else None
        self.left[free] = False
        return everybody if everybody is not None and everybody.calls > found.calls else found

    def _for_everybody(self, found: Found) -> Found | None:
        """What a plan or switch has free may be free for all: a wider prefix hid it, where only others' calls paid."""
        digits = found.digits[: self._digits]
        return self._judge(digits, _Scope(self._under(digits)))

    def _payers_of(self, free: Ints) -> Ints:
        """The payers of free cells: int64[payers, 4], each with a prefix, switch and plan that he was free with."""
        prefixes = self._table[free, PREFIX]
        begin, end = np.searchsorted(self._payers[:, 0], [prefixes[0], prefixes[-1] + 1])
        near = self._payers[begin:end]
        return near[np.isin(self._payers_at[begin:end], self._cells_at[free])]

    def _throughout(self, digits: str, scope: _Scope, free: Ints) -> bool:
        """Whether hardly a call was paid between the first free one and the last, at no longer prefix either."""
        table, rows = self._table, scope.rows
        first, last = table[free, FIRST_FREE].min(), table[free, LAST_FREE].max()
        amid = (table[rows, FIRST_PAID] >= first) & (table[rows, LAST_PAID] <= last)
        paid = np.where(amid, table[rows, PAID], 0)
        rated = paid + table[rows, FREE] * self.left[rows]
        for size in range(len(digits), self._digits + 1):
            starts = starts_of([table[rows, PREFIX] // 10 ** (self._digits - size)])
            paid_there, all_there = np.add.reduceat(paid, starts), np.add.reduceat(rated, starts)
            strays = 0 if size == len(digits) else STRAY_MAX
            if ((paid_there > PAID_SHARE_MAX * all_there) & (paid_there > strays)).any():
                return False
        return True

    def _odds(self, code: str, free: Ints, payers: Ints) -> float:
        """log10 of the odds against so many payers' calls being free by what is usual of their plans beside it."""
        beside = self._under(code)
        beside = beside[~np.isin(beside, free)]
        if self._rated(beside).sum() < ENOUGH:
            beside = np.setdiff1d(np.arange(len(self._table)), free, assume_unique=True)
        usual = _share(*self._rated(beside))
        odds = 0.0
        for plan in np.unique(payers[:, 2]).tolist():
            own = self._rated(beside[self._table[beside, PLAN] == plan])
            share = _share(*own) if own.sum() >= ENOUGH else usual
            odds -= len(np.unique(payers[payers[:, 2] == plan, 3])) * log10(share)
        return odds

    def _rated(self, rows: Ints) -> Ints:
        """Free calls that nothing explains yet, and paid calls, int64[2]."""
        return np.array([(self._table[rows, FREE] * self.left[rows]).sum(), self._table[rows, PAID].sum()])

    def _described(self, digits: str, scope: _Scope, free: Ints, payers: Ints) -> Found:
        table, code = self._table, str(self._table[free[0], CODE])
        low, high, size = table[free, LOW].min(), table[free, HIGH].max(), int(table[free, SHORT].min())
        shared = _shared(int(low), int(high), size, len(digits))
        near = scope.rows[np.isin(scope.rows, self._under(shared[: self._digits]))]
        first, last = int(table[free, FIRST_FREE].min()), int(table[free, LAST_FREE].max())
        beside = self._under(code)
        around = self._rated(beside[~np.isin(beside, free)]).tolist()
        return Found(
            shared,
            code,
            scope.plan,
            scope.switch,
            bool(low == high),
            _calls(table, free),
            len(np.unique(payers[:, 3])),
            first,
            last,
            int(table[near[table[near, FIRST_PAID] < first], PAID].sum()),
            int(table[near[table[near, LAST_PAID] > last], PAID].sum()),
            (around[0], around[1]),
        )


def _places(cells: Ints, others: Ints) -> tuple[Ints, Ints]:
    """One number for every prefix, switch and plan, the same in both tables: int64[cells], int64[others]."""
    both = np.concatenate([cells, others])
    order = np.lexsort([both[:, 2], both[:, 1], both[:, 0]])
    fresh = np.zeros(len(both), np.int64)
    fresh[starts_of(list(both[order].T))] = 1
    places = np.empty(len(both), np.int64)
    places[order] = np.cumsum(fresh)
    return places[: len(cells)], places[len(cells) :]


def _share(free: int, paid: int) -> float:
    """The chance that a call is free, Krichevsky and Trofimov's estimate (design section 5)."""
    return (0.5 + free) / (1 + free + paid)


def _calls(table: Ints, free: Ints) -> int:
    """Free calls: one that was free at set-up and at its end is one."""
    return max(int(table[free[table[free, STAGE] == stage], FREE].sum()) for stage in (SETUP, FINAL))


def _shared(low: int, high: int, size: int, least: int) -> str:
    """The digits that all numbers between two share, of `size` at most.

    >>> _shared(333876543210000, 333876549990000, 11, 2)
    '33387654'
    """
    one, other = f"{low:0{E164_DIGITS}d}", f"{high:0{E164_DIGITS}d}"
    same = next((at for at in range(E164_DIGITS) if one[at] != other[at]), E164_DIGITS)
    return one[: max(least, min(same, size))]
