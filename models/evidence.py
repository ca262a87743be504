"""The open free calls of one calling code: who called where for nothing, and which paid calls have answered since.

A free call is evidence at a prefix as long as no paid call was made there after it. For every scope (everybody, its
switch, its trunk, its plan) a call therefore keeps a bound: the longest prefix that it shares with a later paid call.
It counts at longer prefixes only. So one array answers for every prefix at once, in whatever order calls arrive.
"""

from collections.abc import Collection
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed

E164_DIGITS = 15
"""The longest international number (ITU-T E.164, 6.2.1)."""
CALLS_MAX = 2_000
"""Open free calls of one calling code; beyond, the oldest are dropped."""
PER_PAYER_MAX = 8
"""Open free calls of one payer that no leak explains: however often he redials, he stays one payer."""
KEEP_MS = 7 * 86_400_000
"""How long a free call stays evidence: a route of five calls a week still shows its leak."""
DEPTH = 3
"""Digits after the calling code that prices are told apart by: French departments' blocks, a NANP area code."""

# Columns of any rated call; numbers of the called party are padded with zeros to 15 digits.
PADDED, DIGITS, START, TS, SWITCH, TRUNK, PLAN, STAGE = range(8)
PAYER, CALL, CELL, COUNTED, SOURCE, OFFSET, RATE_KEY, RATE = range(8, 16)
FACTS = 16
PRICE, CURRENCY, ROW, TALK = range(FACTS, FACTS + 4)
"""Columns of a batch's rated call beside its facts: its price class, currency, row of the batch, and answered ms."""
SCOPES = ("all", "switch", "trunk", "plan")
"""Who a run of free calls is counted over; each has its bound."""
DIMENSIONS = (None, SWITCH, TRUNK, PLAN)
"""The column that calls of a scope have in common."""
LEVELS = DEPTH + 1
"""Prefixes that prices are summed at: the calling code, and one to `DEPTH` digits after it."""
TOGETHER = len(SCOPES) * LEVELS
"""The last place of a call: its switch, trunk and plan together, over the whole calling code."""
PLACES = TOGETHER + 1
"""Where a call is counted: every level of every scope, the levels of a scope side by side, and `TOGETHER`."""

# Columns that only open calls have: bounds by scope, and what was seen before at every place, free and paid in turn.
BOUNDS = FACTS
BEFORE = BOUNDS + len(SCOPES)
WIDTH = BEFORE + 2 * PLACES
OTHER_ID = 1
"""What all switches, trunks and plans beyond the detector's limit share: no scope of its own."""
START_ROOM = 16
POWERS = 10 ** np.arange(E164_DIGITS + 1)

Table = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def padded(digits: int, count: int) -> int:
    """A number of `count` digits as if it had 15.

    >>> padded(33387654321, 11)
    333876543210000
    """
    return int(digits * 10 ** (E164_DIGITS - count))


@nb.njit(cache=True)
def common_digits(a: int, b: int, limit: int) -> int:
    """How many leading digits two padded numbers share, at most `limit`."""
    shared = E164_DIGITS
    while shared > 0 and a != b:
        a //= 10
        b //= 10
        shared -= 1
    return min(shared, limit)


@nb.njit(cache=True)
def shared_with(calls: Table, number: int, digits: int) -> Table:
    """Leading digits that each open call shares with a padded number."""
    out = np.empty(calls.shape[0], np.int64)
    for i in range(calls.shape[0]):
        out[i] = common_digits(calls[i, PADDED], number, min(digits, calls[i, DIGITS]))
    return out


@nb.njit(cache=True)
def _least_bound(call: Table, paid: Table) -> int:
    """The least bound of the scopes that an open call shares with a paid one: a shorter common prefix raises none."""
    least = call[BOUNDS]
    for scope in range(1, BEFORE - BOUNDS):
        if call[SWITCH + scope - 1] == paid[SWITCH + scope - 1]:
            least = min(least, call[BOUNDS + scope])
    return least  # type: ignore[no-any-return] # an int to Python


@nb.njit(cache=True)
def _raise_bounds(call: Table, paid: Table) -> None:
    """Raise the bounds of an open call that was made before a paid one, in the scopes that they share.

    Two padded numbers that lie 10^n or more apart differ before their last n digits: most pairs need no more.
    """
    limit, least = min(call[DIGITS], paid[DIGITS]), _least_bound(call, paid)
    if least >= limit or abs(call[PADDED] - paid[PADDED]) >= POWERS[E164_DIGITS - 1 - least]:
        return
    shared = common_digits(call[PADDED], paid[PADDED], limit)
    call[BOUNDS] = max(call[BOUNDS], shared)
    for scope in range(1, BEFORE - BOUNDS):
        if call[SWITCH + scope - 1] == paid[SWITCH + scope - 1]:
            call[BOUNDS + scope] = max(call[BOUNDS + scope], shared)


@nb.njit(cache=True)
def _least(call: Table) -> int:
    """The least bound of an open call over all scopes."""
    least = call[BOUNDS]
    for scope in range(BOUNDS + 1, BEFORE):
        least = min(least, call[scope])
    return least  # type: ignore[no-any-return] # an int to Python


@nb.njit(cache=True)
def _proves(call: Table) -> bool:
    """Whether a call still proves something at some prefix and scope."""
    return bool(_least(call) < call[DIGITS])


@nb.njit(cache=True)
def close_by_paid(lent: Table, told: Table) -> None:
    """Raise the bounds of the open calls that were made before a paid call of their scope.

    A call that was charged itself is no evidence in any scope, whenever its charge says that it began.

    Args:
        lent: the open calls.
        told: the paid calls, with the columns of an open one up to CALL.
    """
    calls, paid = borrowed(lent), borrowed(told)
    for i in range(calls.shape[0]):
        far = POWERS[E164_DIGITS - 1 - _least(calls[i])] if _proves(calls[i]) else 0
        for p in range(paid.shape[0]):
            if calls[i, CALL] == paid[p, CALL]:
                calls[i, BOUNDS:BEFORE] = calls[i, DIGITS]
                break
            if calls[i, START] <= paid[p, START] and abs(calls[i, PADDED] - paid[p, PADDED]) < far:
                _raise_bounds(calls[i], paid[p])


@nb.njit(cache=True)
def _open_of(calls: Table, payer: int) -> int:
    """How many calls of a payer still prove something that no leak explains."""
    found = 0
    for i in range(calls.shape[0]):
        if calls[i, PAYER] == payer and calls[i, COUNTED] and _proves(calls[i]):
            found += 1
    return found


@nb.njit(cache=True)
def _keep_back(calls: Table, since: int) -> int:
    """Close up the calls that began at `since` (ms) or later and still prove something; gives back how many."""
    kept = 0
    for i in range(calls.shape[0]):
        if calls[i, START] >= since and _proves(calls[i]):
            if kept < i:
                calls[kept] = calls[i]
            kept += 1
    return kept


class OpenCalls:
    """The open free calls, oldest arrival first."""

    def __init__(self, table: Table | None = None) -> None:
        self._size = 0 if table is None else len(table)
        self._room: Table = np.zeros((START_ROOM, WIDTH), np.int64) if table is None else table

    def __len__(self) -> int:
        return self._size

    @property
    def table(self) -> Table:
        """The calls, int64[calls, WIDTH]: a view, so that what is set there is set here."""
        return self._room[: self._size]

    def of(self, calls: Collection[int] | Table) -> Mask:
        """Which are events of certain calls, by their ids."""
        return np.isin(self.table[:, CALL], np.fromiter(calls, np.int64, len(calls)))

    def seen_from(self, position: int) -> "OpenCalls":
        """A copy in which the call at a position is the newest."""
        others = np.delete(np.arange(self._size), position)
        return OpenCalls(self.table[[*others.tolist(), position]])

    def admits(self, payer: int) -> bool:
        """Whether a payer has room for one more free call.

        Those that were paid for since do not take any, nor do those of a leak: he may be a witness of another.
        """
        return bool(_open_of(self.table, payer) < PER_PAYER_MAX)

    def add(self, call: Table) -> Table:
        """Keep one free call, int64[WIDTH]; gives back the calls that had to go for it."""
        if self._size == len(self._room):
            self._room = np.concatenate([self._room, np.zeros((max(START_ROOM, self._size), WIDTH), np.int64)])
        self._room[self._size] = call
        self._size += 1
        if self._size <= CALLS_MAX:
            return self.table[:0]
        oldest = int(self.table[:, START].argmin())
        return self.drop(np.arange(self._size) == oldest)

    def drop(self, gone: Mask) -> Table:
        """Forget the calls in the mask `gone` and give them back."""
        dropped, left = self.table[gone], self.table[~gone]
        self._size = len(left)
        self._room[: self._size] = left
        return dropped

    def expire(self, now: int) -> None:
        """Forget what is older than a week at event time `now` (ms), and what proves nothing any more."""
        if self._size:
            self._size = _keep_back(self.table, now - KEEP_MS)

    def snapshot(self) -> dict[str, Any]:
        """The calls as plain versioned values."""
        return {"width": WIDTH, "table": self.table.tobytes()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "OpenCalls":
        """The calls that `snapshot` described.

        Raises:
            ValueError: it was written with other columns.
        """
        if state["width"] != WIDTH:
            raise ValueError(f"open calls of {state['width']} columns, this build has {WIDTH}")
        return cls(np.frombuffer(state["table"], np.int64).reshape(-1, WIDTH).copy())
