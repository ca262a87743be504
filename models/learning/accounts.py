"""Accounts that test, or behave so: marked as tests, or calling a few numbers at regular intervals.

A sample of the accounts where there are too many, chosen by a hash of the account; an account that called many
numbers is no candidate, whatever the order in which its calls were read.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from models.events import EventKind
from models.hashing import mixed
from models.learning.groups import Ints, Mask, Shape, merged, smallest
from models.learning.proposals import TestAccount
from models.row_table import FLAG_ORIGINATING, FLAG_TEST, Rows

ACCOUNTS_MAX: Final = 50_000
NUMBERS_FEW: Final = 3
"""Numbers that a test account calls."""
TIMES_MAX: Final = 64
"""Calls of an account whose intervals are looked at: the first."""
CALLS_MIN: Final = 20
REGULAR_SHARE: Final = 0.8
"""Intervals near the usual one, as a share, that make an account regular."""
NEAR_SHARE, NEAR_MS = 0.05, 2_000
"""How near: a share of the usual interval, or ms."""
EVERY_MIN_MS: Final = 10_000
"""Shorter intervals are redialling."""
SEED: Final = 0x7E57

_COUNTS: Final = Shape(1, 1, 1, 4)
"""Account; first and last start, ms; attempts, those marked, CDRs, those marked."""
_NUMBERS: Final = Shape(2, 0, 0, 0)
_CALLS: Final = Shape(2, 1, 0, 0)
"""Account, call, start."""


def accounts_of(rows: Rows) -> Ints:
    """Whose calls the rows are, int64[rows]: the account, else the caller; 0 = nobody's, or no beginning of a call."""
    begins = np.isin(rows.event, (int(EventKind.ATTEMPT), int(EventKind.CDR)))
    own = begins & ((rows.flags & FLAG_ORIGINATING) > 0)
    accounts: Ints = np.where(own, np.where(rows.account != 0, rows.account, rows.caller), 0).view(np.int64)
    return accounts


class Accounts:
    """What is known of the accounts so far."""

    def __init__(self, accounts_max: int = ACCOUNTS_MAX) -> None:
        self._max = accounts_max
        self._halvings = 0
        self._counts: Ints = np.zeros((0, _COUNTS.width), np.int64)
        self._numbers: Ints = np.zeros((0, 2), np.int64)
        self._calls: Ints = np.zeros((0, 3), np.int64)

    @property
    def sampled(self) -> int:
        """One account in so many is looked at."""
        return 1 << self._halvings

    def holds(self, accounts: Ints) -> Mask:
        """Which accounts are in the sample, bool[accounts]."""
        chance = mixed(accounts.view(np.uint64), SEED)
        inside: Mask = (accounts != 0) & (chance & np.uint64(self.sampled - 1) == 0)
        return inside

    def add(self, rows: Rows) -> None:
        """Take rows of beginnings of calls."""
        account = accounts_of(rows)
        mine = np.flatnonzero(self.holds(account))
        if not mine.size:
            return
        account, rows = account[mine], rows.take(mine)
        self._counts = merged(np.concatenate([self._counts, _counts(account, rows)]), _COUNTS)
        numbers = np.stack([account, rows.called.view(np.int64)], axis=1)
        self._numbers = smallest(merged(np.concatenate([self._numbers, numbers]), _NUMBERS), 1, NUMBERS_FEW + 1)
        calls = np.stack([account, rows.call.view(np.int64), rows.start], axis=1)
        self._calls = _first(np.concatenate([self._calls, calls]))
        self._forget()

    def _forget(self) -> None:
        """Halve the sample while it is too large; of accounts that call many numbers keep no calls."""
        while len(self._counts) > self._max:
            self._halvings += 1
            self._counts = self._counts[self.holds(self._counts[:, 0])]
        self._numbers = self._numbers[self.holds(self._numbers[:, 0])]
        few = self._few()
        self._calls = self._calls[np.isin(self._calls[:, 0], few)]

    def _few(self) -> Ints:
        """The accounts in the sample that called few numbers, so far."""
        names, counts = np.unique(self._numbers[:, 0], return_counts=True)
        few: Ints = names[counts <= NUMBERS_FEW]
        return few

    def candidates(self) -> Ints:
        """The accounts that could be proposed, so far: a subset of those held before."""
        marked = (self._counts[:, 4] > 0) | (self._counts[:, 6] > 0)
        busy = np.maximum(self._counts[:, 3], self._counts[:, 5]) >= CALLS_MIN
        regular = busy & np.isin(self._counts[:, 0], self._few())
        found: Ints = self._counts[marked | regular, 0]
        return found

    def proposals(self, names: Mapping[int, str]) -> list[TestAccount]:
        """The test accounts by name; `names` are those of the candidates."""
        wanted = self.candidates()
        rows = self._counts[np.isin(self._counts[:, 0], wanted)].tolist()
        told = (self._proposal(row, names.get(row[0], "")) for row in rows)
        return sorted((one for one in told if one is not None), key=lambda one: (one.account, one.first_ms))

    def _proposal(self, row: Sequence[int], name: str) -> TestAccount | None:
        account, first, last, attempts, marked, cdrs, marked_cdrs = row
        calls, tests = max(attempts, cdrs), max(marked, marked_cdrs)
        starts = np.sort(self._calls[self._calls[:, 0] == account, 2])
        numbers = int((self._numbers[:, 0] == account).sum())
        every = _every_s(starts) if numbers <= NUMBERS_FEW else None
        if tests:
            why = "marked" if tests >= calls else "partly_marked"
        elif every is not None:
            why = "regular"
        else:
            return None
        return TestAccount(name, why, calls, tests, numbers, every, first, last)


def _counts(account: Ints, rows: Rows) -> Ints:
    attempt, test = rows.event == EventKind.ATTEMPT, (rows.flags & FLAG_TEST) > 0
    counts = [attempt, attempt & test, ~attempt, ~attempt & test]
    columns = [account, rows.start, rows.start, *(count.astype(np.int64) for count in counts)]
    return np.stack(columns, axis=1)


def _first(calls: Ints) -> Ints:
    """The earliest calls of every account, each with its earliest start."""
    calls = merged(calls, _CALLS)
    calls = calls[np.lexsort([calls[:, 1], calls[:, 2], calls[:, 0]])]
    return smallest(calls, 1, TIMES_MAX)


def _every_s(starts: Ints) -> float | None:
    """The usual interval between calls, s, None where there is none that most intervals are near."""
    if len(starts) < CALLS_MIN:
        return None
    gaps = np.diff(starts)
    usual = float(np.median(gaps))
    near = np.abs(gaps - usual) <= max(NEAR_SHARE * usual, NEAR_MS)
    return round(usual / 1000, 1) if usual >= EVERY_MIN_MS and near.mean() >= REGULAR_SHARE else None
