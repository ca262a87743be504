"""What calls cost before: rated calls of the last week per calling code, prefix and circumstances.

One cell counts the free and the paid calls of one circumstance (switch, trunk, plan, stage) at one prefix of the
calling code and `DEPTH` digits, per day of event time. Wider prefixes and scopes are sums over cells
(`models.places`). A row of a busy route costs a look-up; nothing is stored per call.
"""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from models.evidence import DEPTH, DIGITS, E164_DIGITS, OTHER_ID, PADDED, PLAN, STAGE, START, SWITCH, TRUNK, TS, Table
from models.places import Places

DAYS = 8
"""The running day and the seven before it."""
DAY_MS = 86_400_000
CELLS_MAX = 50_000
"""Cells of one calling code; beyond, new circumstances share one cell per prefix, that of the names `…`."""
SETUP, FINAL = 0, 1
"""Stages at which a price is known: at set-up (`rate`), and when the call was charged."""

CELL_KEY = [SWITCH, TRUNK, PLAN, STAGE]
"""Columns of a call that tell circumstances apart."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
OTHER = (OTHER_ID, OTHER_ID, OTHER_ID)

_COLUMNS = ("switch", "trunk", "plan", "stage", "prefix", "rate", "currency", "paid_at")


class History:
    """Price history of one calling code of `code_digits` digits; all arrays have one element per cell.

    Columns: `switch`, `trunk`, `plan`, `currency` (ids of the detector's names), `stage`, `prefix` (calling code and
    `DEPTH` digits as a number), `rate` (last price paid, millionths per minute, -1 unknown), `paid_at` (ms, event
    time of that price); `counts[cell, day % DAYS, free|paid]`.
    """

    def __init__(self, code_digits: int) -> None:
        self.code_digits = code_digits
        self.day = -1
        self.places = Places()
        self._slots: dict[tuple[int, int, int, int, int], int] = {}
        self._columns = {name: np.zeros(64, np.int64) for name in _COLUMNS}
        self._counts = np.zeros((64, DAYS, 2), np.int64)

    def __len__(self) -> int:
        return len(self._slots)

    def column(self, name: str) -> Ints:
        """One column over the cells in use."""
        return self._columns[name][: len(self._slots)]

    def cell(self, switch: int, trunk: int, plan: int, stage: int, prefix: int) -> int:
        """Index of a circumstance's cell at a prefix, made if it is new."""
        key = (switch, trunk, plan, stage, prefix)
        slot = self._slots.get(key)
        if slot is None:
            if len(self._slots) >= CELLS_MAX and (switch, trunk, plan) != OTHER:
                return self.cell(*OTHER, stage, prefix)
            slot = self._add(key)
        return slot

    def _add(self, key: tuple[int, int, int, int, int]) -> int:
        slot = len(self._slots)
        if slot == len(self._counts):
            self._columns = {name: np.concatenate([old, np.zeros_like(old)]) for name, old in self._columns.items()}
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._slots[key] = slot
        for name, value in zip(_COLUMNS, (*key, -1, 0, -1), strict=True):
            self._columns[name][slot] = value
        self.places.add_cell(slot, key[:3], key[4])
        return slot

    def advance(self, ts: int) -> None:
        """Move to the day of `ts` (ms): days that are a week old are forgotten."""
        day = ts // DAY_MS
        if day <= self.day:
            return
        for gone in range(max(self.day + 1, day - DAYS + 1), day + 1):
            self._counts[:, gone % DAYS] = 0
        self.day = day
        free, paid = self._counts[: len(self._slots)].sum(axis=1).T
        self.places.recount(free, paid, self.column("stage"))

    def cells(self, calls: Table) -> Ints:
        """The cell of every call of a table with the columns of `models.evidence` whose prefix is in `prefixes`."""
        keys = np.column_stack([calls[:, CELL_KEY], self.prefixes(calls)])
        unique, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        found = np.zeros(len(unique), np.int64)
        for position in np.argsort(first).tolist():  # cells are made in order of arrival, however batches were cut
            found[position] = self.cell(*unique[position].tolist())
        return found[inverse.ravel()]

    def prefixes(self, calls: Table) -> Ints:
        """Each call's prefix as the cells have it: calling code and `DEPTH` digits."""
        prefixes: Ints = calls[:, PADDED] // 10 ** (E164_DIGITS - self.code_digits - DEPTH)
        return prefixes

    def add_paid(self, calls: Table, rate: Ints, currency: Ints) -> None:
        """Count paid calls, and remember per cell the newest price."""
        cells = self.cells(calls)
        days = calls[:, TS] // DAY_MS
        known = (days > self.day - DAYS) & (days <= self.day)
        np.add.at(self._counts.reshape(-1), (cells[known] * DAYS + days[known] % DAYS) * 2 + 1, 1)
        self.places.add_paid(cells, calls[:, STAGE], calls[:, START], known)
        priced = (rate >= 0) & (calls[:, TS] >= self._columns["paid_at"][cells])
        newest = np.flatnonzero(priced)[np.argsort(calls[priced, TS], kind="stable")]
        for name, values in (("rate", rate), ("currency", currency), ("paid_at", calls[:, TS])):
            self._columns[name][cells[newest]] = values[newest]

    def add_free(self, cell: int, ts: int, calls: int = 1) -> None:
        """Count free calls of the day of `ts` (ms); -1 takes one back that belonged to a leak, which is no habit."""
        day = ts // DAY_MS
        if self.day - DAYS < day <= self.day:
            was = int(self._counts[cell, day % DAYS, 0])
            self._counts[cell, day % DAYS, 0] = counted = max(0, was + calls)
            self.places.add_free(cell, int(self._columns["stage"][cell]), counted - was)

    def cell_of(self, call: Ints) -> int:
        """The cell of one call with the columns of `models.evidence`."""
        switch, trunk, plan, stage = call[CELL_KEY].tolist()
        return self.cell(switch, trunk, plan, stage, int(self.prefixes(call[np.newaxis])[0]))

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
        size = len(self._slots)
        return {
            "code_digits": self.code_digits,
            "day": self.day,
            "size": size,
            "columns": {name: self._columns[name][:size].tobytes() for name in _COLUMNS},
            "counts": self._counts[:size].tobytes(),
            "places": self.places.snapshot(),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "History":
        """The history that `snapshot` described.

        Raises:
            ValueError: the arrays do not fit their size.
        """
        history = cls(msgspec.convert(state["code_digits"], int))
        history.day, size = msgspec.convert(state["day"], int), msgspec.convert(state["size"], int)
        room = max(64, size)
        history._columns = {name: _padded(state["columns"][name], size, room) for name in _COLUMNS}
        counts = np.frombuffer(state["counts"], np.int64)
        history._counts = np.zeros((room, DAYS, 2), np.int64)
        history._counts[:size] = counts.reshape(size, DAYS, 2)
        keys = zip(*(history._columns[name][:size].tolist() for name in _COLUMNS[:5]), strict=True)
        for slot, key in enumerate(keys):
            history._slots[key] = slot
            history.places.add_cell(slot, key[:3], key[4])
        history.places.load(state["places"])
        return history


def _padded(raw: bytes, size: int, room: int) -> Ints:
    values = np.frombuffer(raw, np.int64)
    if values.size != size:
        raise ValueError(f"history column of {values.size} cells where {size} were promised")
    return np.concatenate([values, np.zeros(room - size, np.int64)])
