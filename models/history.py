"""What calls cost before: rated calls of the last week per calling code, prefix and circumstances.

One cell counts the free and the paid calls of one circumstance (switch, trunk, plan, stage) at one prefix of the
calling code and `DEPTH` digits, per day of event time. Wider prefixes and scopes are sums over cells
(`models.places`). A row of a busy route costs a look-up; nothing is stored per call.
"""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.cells import (
    CELL_COLUMNS,
    CELL_PAID_START,
    CELL_STAGE,
    DAY_MS,
    DAYS,
    KEY,
    NEW_DAY,
    NO_ROOM,
    add_free,
    cell_table,
    enlarged,
    find_or_add,
    open_call,
    pay,
)
from models.evidence import DEPTH, DIGITS, E164_DIGITS, PADDED, PLAN, STAGE, START, SWITCH, TRUNK, TS, WIDTH, Table
from models.packing import pack, unpack
from models.places import NEVER, Places

CELLS_MAX = 50_000
"""Cells of one calling code; beyond, new circumstances share one cell per prefix, that of the names `…`."""
SETUP, FINAL = 0, 1
"""Stages at which a price is known: at set-up (`rate`), and when the call was charged."""
START_ROOM = 64
NO_CALLS: Table = np.zeros((0, WIDTH), np.int64)

CELL_KEY = [SWITCH, TRUNK, PLAN, STAGE]
"""Columns of a call that tell circumstances apart."""

_ABSENT = (*[None] * KEY, -1, None, -1, NEVER)
"""What stands for no value in the columns of cells."""

Ints = npt.NDArray[np.int64]


class History:
    """Price history of one calling code of `code_digits` digits; all arrays have one element per cell.

    Columns: `switch`, `trunk`, `plan`, `currency` (ids of the detector's names), `stage`, `prefix` (calling code and
    `DEPTH` digits as a number), `rate` (last price paid, millionths per minute, -1 unknown), `paid_at` (ms, event
    time of that price), `paid_start` (ms, when the newest paid call began).
    """

    def __init__(self, code_digits: int) -> None:
        self.code_digits = code_digits
        self.day = -1
        self.places = Places()
        self._table = cell_table(START_ROOM)

    def __len__(self) -> int:
        return int(self._table.size[0])

    def column(self, name: str) -> Ints:
        """One column over the cells in use."""
        return self._table.cells[: len(self), CELL_COLUMNS.index(name)]

    def cell(self, switch: int, trunk: int, plan: int, stage: int, prefix: int) -> int:
        """Index of a circumstance's cell at a prefix, made if it is new."""
        key = np.array([switch, trunk, plan, stage, prefix], np.int64)
        while (found := find_or_add(self._table, self.places.table, key, CELLS_MAX)) == NO_ROOM:
            self._grow()
        return found

    def _grow(self) -> None:
        if len(self) == len(self._table.cells):
            self._table = enlarged(self._table)
        self.places.make_room(len(self._table.cells) - 1)

    @property
    def _frame(self) -> tuple[int, int, int]:
        return self.day, self.code_digits + DEPTH, CELLS_MAX

    def advance(self, ts: int) -> None:
        """Move to the day of `ts` (ms): days that are a week old are forgotten."""
        day = ts // DAY_MS
        if day <= self.day:
            return
        for gone in range(max(self.day + 1, day - DAYS + 1), day + 1):
            self._table.counts[:, gone % DAYS] = 0
        self.day = day
        free, paid = self._table.counts[: len(self)].sum(axis=1).T
        self.places.recount(free, paid, self.column("stage"))

    def add_paid(self, calls: Table, free: Table = NO_CALLS) -> None:
        """Move to the newest call's day, count paid calls, and remember per cell the newest price.

        Args:
            calls: rated calls.
            free: open free calls, whose bounds they raise.
        """
        done = 0
        while done < len(calls):
            counted = pay((*self._table, *self.places.table), calls, free, done, self._frame)
            if counted == NEW_DAY:
                self.advance(int(calls[:, TS].max()))
            elif counted < len(calls):
                self._grow()
            done = max(done, counted)

    def add_free(self, cell: int, ts: int, calls: int = 1) -> None:
        """Count free calls of the day of `ts` (ms); -1 takes one back that belonged to a leak, which is no habit."""
        day = ts // DAY_MS
        if self.day - DAYS < day <= self.day:
            add_free(self._table, self.places.table, cell, day, calls)

    def cell_of(self, call: Ints) -> int:
        """The cell of one call with the columns of `models.evidence`."""
        switch, trunk, plan, stage = call[CELL_KEY].tolist()
        return self.cell(
            switch, trunk, plan, stage, int(call[PADDED]) // 10 ** (E164_DIGITS - self.code_digits - DEPTH)
        )

    def open(self, call: Ints) -> None:
        """Fill in the cell of an open call, int64[WIDTH], its bounds, and what was free and paid before it."""
        while open_call(self._table, self.places.table, call, self._frame) == NO_ROOM:
            self._grow()

    def bounds(self, cell: int, call: Ints) -> Ints:
        """Digits, per scope, that a call of this cell shares with a paid one that began no earlier, as cells tell."""
        return self.places.bounds(cell, int(call[START]), self.code_digits, int(call[DIGITS]))

    def usual_price(self, digits: str, column: str | None = None, value: int = 0) -> tuple[int, int]:
        """Newest price paid under a prefix, or at the cells there whose `column` has a value.

        Returns:
            Millionths per minute or -1, and the currency's id.
        """
        digits = digits[: self.code_digits + DEPTH]
        cells = self.column("prefix") // 10 ** (self.code_digits + DEPTH - len(digits)) == int(digits)
        if column is not None:
            cells &= self.column(column) == value
        at = np.where(cells & (self.column("rate") >= 0), self.column("paid_at"), -1)
        if not at.size or at.max() < 0:
            return -1, 0
        newest = int(at.argmax())
        return int(self.column("rate")[newest]), int(self.column("currency")[newest])

    def snapshot(self) -> dict[str, Any]:
        """The history as plain versioned values."""
        size = len(self)
        counts = np.ascontiguousarray(self._table.counts[:size].reshape(size, 2 * DAYS).T)
        columns = np.ascontiguousarray(self._table.cells[:size].T)
        return {
            "code_digits": self.code_digits,
            "day": self.day,
            "size": size,
            "columns": list(map(pack, columns, _ABSENT)),
            "counts": [(at, pack(counts[at])) for at in np.flatnonzero(counts.any(axis=1)).tolist()],
            "places": self.places.snapshot(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "History":
        """The history that `snapshot` described.

        Raises:
            ValueError: the columns do not fit their size.
        """
        history = cls(msgspec.convert(state["code_digits"], int))
        history.day, size = msgspec.convert(state["day"], int), msgspec.convert(state["size"], int)
        packed = zip(state["columns"], _ABSENT, strict=True)
        columns = np.column_stack([unpack(column, size, absent) for column, absent in packed])
        counts = np.zeros((size, 2 * DAYS), np.int64)
        for at, column in state["counts"]:
            counts[:, at] = unpack(column, size)
        for cell in columns:
            history.cell(*cell[:KEY].tolist())
        history._table.cells[:size] = columns
        history._table.counts[:size] = counts.reshape(size, DAYS, 2)
        history.places.load(state["places"], columns[:, CELL_STAGE], columns[:, CELL_PAID_START])
        free, paid = history._table.counts[:size].sum(axis=1).T
        history.places.recount(free, paid, columns[:, CELL_STAGE])
        return history
