"""When the calls of late began: an end tells when a call was answered, and a command takes calls as they are set up."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.events import EventKind
from models.prices import Price
from models.row_table import Rows
from streams.report.case import IS_FREE

KEPT_MAX: Final = 16_384
"""Set-ups that are remembered: the rated ones of some minutes in a large network."""

Ints = npt.NDArray[np.int64]


class Begun:
    """The newest rated set-ups; `kept` of them, less than `KEPT_MAX` and a batch more."""

    def __init__(self) -> None:
        self._parts: list[tuple[npt.NDArray[np.uint64], Ints]] = []
        self.kept = 0

    def add(self, rows: Rows) -> None:
        """Remember the rated set-ups of a batch."""
        rated = IS_FREE[rows.price] | (rows.price == Price.PAID)
        found = np.flatnonzero(rated & (rows.event == EventKind.ATTEMPT))
        if not found.size:
            return
        self._parts.append((rows.call[found], rows.ts[found]))
        self.kept += found.size
        while self.kept - self._parts[0][0].size >= KEPT_MAX:
            self.kept -= self._parts.pop(0)[0].size

    def starts(self, rows: Rows) -> Ints:
        """When the call of every row began as far as is known, int64[rows], ms of event time."""
        start, ends = rows.start, np.flatnonzero(rows.event == EventKind.RELEASE)
        if not ends.size or not self._parts:
            return start
        call, ts = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        order = np.argsort(call, kind="stable")
        place = np.minimum(np.searchsorted(call[order], rows.call[ends]), call.size - 1)
        known = call[order][place] == rows.call[ends]
        start = start.copy()
        start[ends[known]] = ts[order][place[known]]
        return start
