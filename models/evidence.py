"""The open free calls of one calling code: who called where for nothing, and which paid calls have answered since.

A free call is evidence at a prefix as long as no paid call was made there after it. For every scope (everybody, its
switch, its trunk, its plan) a call therefore keeps a bound: the longest prefix that it shares with a later paid call.
It counts at longer prefixes only. So one array answers for every prefix at once, in whatever order calls arrive.
"""

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

E164_DIGITS = 15
"""The longest international number (ITU-T E.164, 6.2.1)."""
CALLS_MAX = 2_000
"""Open free calls of one calling code; beyond, the oldest are dropped."""
PER_PAYER_MAX = 8
"""Open free calls of one payer: however often he redials, he stays one payer."""
KEEP_MS = 7 * 86_400_000
"""How long a free call stays evidence: a route of five calls a week still shows its leak."""

# Columns of an open call; numbers of the called party are padded with zeros to 15 digits.
PADDED, DIGITS, START, TS, SWITCH, TRUNK, PLAN, STAGE = range(8)
PAYER, CALL, CELL, COUNTED, SOURCE, OFFSET, RATE_KEY = range(8, 15)
BOUNDS = 15
SCOPES = ("all", "switch", "trunk", "plan")
"""Who a run of free calls is counted over; each has its bound."""
DIMENSIONS = (None, SWITCH, TRUNK, PLAN)
"""The column that calls of a scope have in common."""
WIDTH = BOUNDS + len(SCOPES)
OTHER_ID = 1
"""What all switches, trunks and plans beyond the detector's limit share: no scope of its own."""

Table = npt.NDArray[np.int64]


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
def close_by_paid(calls: Table, paid: Table) -> None:
    """Raise the bounds of the open calls that were made before a paid call of their scope.

    A call that was charged itself is no evidence in any scope, whenever its charge says that it began.
    `paid` has the columns of an open call up to CALL, one row per paid call.
    """
    for p in range(paid.shape[0]):
        for i in range(calls.shape[0]):
            if calls[i, CALL] == paid[p, CALL]:
                calls[i, BOUNDS:WIDTH] = calls[i, DIGITS]
            if calls[i, START] > paid[p, START]:
                continue
            shared = common_digits(calls[i, PADDED], paid[p, PADDED], min(calls[i, DIGITS], paid[p, DIGITS]))
            calls[i, BOUNDS] = max(calls[i, BOUNDS], shared)
            for scope in range(1, 4):
                column = SWITCH + scope - 1
                if calls[i, column] == paid[p, column]:
                    calls[i, BOUNDS + scope] = max(calls[i, BOUNDS + scope], shared)


class OpenCalls:
    """The open free calls, oldest arrival first; `table` is int64[calls, WIDTH]."""

    def __init__(self, table: Table | None = None) -> None:
        self.table: Table = np.zeros((0, WIDTH), np.int64) if table is None else table

    def __len__(self) -> int:
        return len(self.table)

    def admits(self, payer: int) -> bool:
        """Whether a payer has room for one more free call; those that were paid for since do not take any."""
        return int((self._open() & (self.table[:, PAYER] == payer)).sum()) < PER_PAYER_MAX

    def _open(self) -> npt.NDArray[np.bool_]:
        """Calls that still prove something at some prefix and scope."""
        proving = self.table[:, BOUNDS:] < self.table[:, DIGITS, np.newaxis]
        return np.asarray(proving.any(axis=1), np.bool_)

    def add(self, call: list[int]) -> Table:
        """Keep one free call; gives back the calls that had to go for it."""
        self.table = np.concatenate([self.table, np.array([call], np.int64)])
        if len(self.table) <= CALLS_MAX:
            return self.table[:0]
        oldest = int(self.table[:, START].argmin())
        return self.drop(np.arange(len(self.table)) == oldest)

    def drop(self, gone: npt.NDArray[np.bool_]) -> Table:
        """Forget the calls in the mask `gone` and give them back."""
        dropped = self.table[gone]
        self.table = self.table[~gone]
        return dropped

    def expire(self, now: int) -> None:
        """Forget what is older than a week at event time `now` (ms), and what proves nothing any more."""
        gone = (self.table[:, START] < now - KEEP_MS) | ~self._open()
        if gone.any():
            self.drop(gone)

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
