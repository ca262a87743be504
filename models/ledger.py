"""A calling code's free calls and its price history, kept in step: a leak's free calls are nobody's habit."""

from collections.abc import Collection
from typing import Any

import numba as nb
import numpy as np

from models.cells import DAY_MS
from models.evidence import (
    BEFORE,
    BOUNDS,
    CALL,
    CELL,
    COUNTED,
    FACTS,
    PAYER,
    PLAN,
    STAGE,
    START,
    SWITCH,
    TALK,
    TS,
    WIDTH,
    Mask,
    OpenCalls,
    Table,
)
from models.history import SETUP, History
from models.weighing import is_habit

EXPLAINED_PAYERS = 16
"""Open calls of one leak, circumstance and day that are kept: more would prove no wider leak any better."""

TALKS_MAX = 1_024
"""Paid calls whose length counts whole: at this many, the sum and the number are halved, so that old calls fade."""
MS, CALLS = range(2)
"""What the lengths of paid calls add up to, and how many they are."""


@nb.njit(cache=True)
def _talk(rated: Table, talks: Table) -> None:
    """Count the lengths of the calls that were charged; call by call, so that it does not matter how rows were cut."""
    for i in range(rated.shape[0]):
        if rated[i, TALK] > 0:
            talks[MS] += rated[i, TALK]
            talks[CALLS] += 1
        if talks[CALLS] >= TALKS_MAX:
            talks[MS], talks[CALLS] = talks[MS] // 2, talks[CALLS] // 2


@nb.njit(cache=True)
def _inherit(calls: Table, inside: Mask, call: Table) -> None:
    """Bound a call by what was paid since the leak that explains it began, scope by scope."""
    for scope in range(BEFORE - BOUNDS):
        least = np.int64(-1)
        for i in range(calls.shape[0]):
            same = scope == 0 or calls[i, SWITCH + scope - 1] == call[SWITCH + scope - 1]
            if inside[i] and same and (least < 0 or calls[i, BOUNDS + scope] < least):
                least = calls[i, BOUNDS + scope]
        call[BOUNDS + scope] = max(call[BOUNDS + scope], least)


@nb.njit(cache=True)
def _adds_nothing(calls: Table, inside: Mask, call: Table) -> bool:
    """Whether open calls of the same leak and day prove wherever a call would: its payer's, or those of enough."""
    others = 0
    for i in range(calls.shape[0]):
        if not inside[i] or calls[i, START] < call[START] - DAY_MS or calls[i, STAGE] != call[STAGE]:
            continue
        if (calls[i, SWITCH : PLAN + 1] != call[SWITCH : PLAN + 1]).any():
            continue
        if (calls[i, BOUNDS:BEFORE] > call[BOUNDS:BEFORE]).any():
            continue
        if calls[i, PAYER] == call[PAYER]:
            return True
        others += 1
    return others >= EXPLAINED_PAYERS


class Ledger:
    """Open free calls beside the history; `history` and `calls` are those of one calling code."""

    def __init__(self, code_digits: int) -> None:
        self.history = History(code_digits)
        self.calls = OpenCalls()
        self._talks = np.zeros(2, np.int64)

    @property
    def talk_ms(self) -> int:
        """Mean length of the paid calls of late, ms; 0 where none is known."""
        return int(self._talks[MS] // max(1, self._talks[CALLS]))

    def pay(self, rated: Table) -> None:
        """Count rated calls that were paid in the history, and let them answer the open calls."""
        self.history.add_paid(rated, self.calls.table)
        _talk(rated, self._talks)

    def keep(self, call: Table) -> None:
        """Keep a rated free call as evidence, and count it in the history."""
        kept = self._opened(call)
        kept[COUNTED] = 1
        self.history.add_free(int(kept[CELL]), int(kept[TS]))
        self.calls.add(kept)

    def keep_explained(self, call: Table, inside: Mask) -> bool:
        """Keep a free call under a leak that stands, if it may help to prove a wider one; False where it does not.

        It is explained by that leak: paid calls since the leak began bound it as they bound the leak's own calls, so
        that it proves no wider leak which they have disproved.

        Args:
            call: a rated call.
            inside: which open calls are under the leak.
        """
        kept, open_calls = self._opened(call), self.calls.table
        _inherit(open_calls, inside, kept)
        if _adds_nothing(open_calls, inside, kept):
            return False
        self.calls.add(kept)
        return True

    def is_habit(self, call: Table, scope: int) -> bool:
        """Whether a rated free call is a set-up as its circumstances always show it, leak or not."""
        if call[STAGE] != SETUP:
            return False
        return is_habit(self.history.places, self.history.cell_of(call), SETUP, scope)

    def _opened(self, call: Table) -> Table:
        """A rated call as an open one, not counted, bounded by the paid calls that the history knows of."""
        kept = np.zeros(WIDTH, np.int64)
        kept[:FACTS] = call[:FACTS]
        self.history.open(kept)
        return kept

    def forget_habit(self, calls: Table) -> None:
        """Take the free calls of a leak out of the price history."""
        self._set_counted(self.calls.of(calls[:, CALL]), 0)

    def remember_habit(self, calls: Collection[int]) -> None:
        """The free calls of a leak that was none, by their ids, are a habit after all."""
        self._set_counted(self.calls.of(calls), 1)

    def _set_counted(self, which: Mask, counted: int) -> None:
        table = self.calls.table
        for position in np.flatnonzero(which & (table[:, COUNTED] != counted)).tolist():
            table[position, COUNTED] = counted
            self.history.add_free(int(table[position, CELL]), int(table[position, TS]), 1 if counted else -1)

    def charge(self, charge: Table) -> None:
        """A free set-up that was charged at release is how its switch does it: count it, and keep it no longer."""
        mine = self.calls.of([int(charge[CALL])])
        if not self.calls.table[mine, COUNTED].any():
            setup = charge[:FACTS].copy()
            setup[STAGE] = SETUP
            self.history.add_free(self.history.cell_of(setup), int(setup[TS]))
        self.calls.drop(mine)

    def snapshot(self) -> dict[str, Any]:
        """Both as plain versioned values."""
        return {"history": self.history.snapshot(), "calls": self.calls.snapshot(), "talks": self._talks.tolist()}

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described.

        Raises:
            ValueError: it was written with other columns, or its parts do not fit each other.
        """
        self.history = History.restore(state["history"])
        self.calls = OpenCalls.restore(state["calls"])
        self._talks[:] = state["talks"]
