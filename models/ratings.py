"""Ratings per minute of event time and switch: how many gave a price, and how many failed."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from models.admission import COUNTED, Verdicts
from models.answered import KEEP_MINUTES, MINUTE_MS
from models.name_table import OTHER
from models.prices import Price
from models.row_table import Rows

Ints = npt.NDArray[np.int64]

SWITCHES_MAX = 200
"""Switches of one minute that are told apart; beyond, they share `…`."""
RATED, FAILED = 1, 2
_KINDS = np.zeros(len(Price), np.uint8)
_KINDS[[Price.FREE, Price.PAID, Price.ALLOWANCE, Price.DECLARED, Price.UNDERPRICED]] = RATED
_KINDS[Price.FAILED] = FAILED


def tallied(rows: Rows, verdicts: Verdicts, begin: int, end: int) -> Iterator[tuple[int, str, int, int]]:
    """Ratings of some of a batch's rows, copies and late ones left out: minute, switch, rated and failed, as they came.

    Args:
        rows: the batch.
        verdicts: how each row was judged.
        begin: the first row that is counted.
        end: the first that is not.
    """
    part = slice(begin, end)
    kinds = _KINDS[rows.price[part]] * (verdicts[part] == COUNTED)
    where = np.flatnonzero(kinds)
    if not where.size:
        return
    minutes, switches = rows.ts[part][where] // MINUTE_MS, rows.switch[part][where]
    start, names = int(minutes.min()), np.flatnonzero(np.bincount(switches))
    place = np.zeros(int(names[-1]) + 1, np.int64)
    place[names] = np.arange(names.size)
    cells = (minutes - start) * names.size + place[switches]
    counts = np.bincount(cells * 2 + (kinds[where] == FAILED), minlength=2 * int(cells.max() + 1)).reshape(-1, 2)
    for cell in _in_order(cells).tolist():
        minute, switch = divmod(cell, names.size)
        yield start + minute, rows.names[names[switch]], *counts[cell].tolist()


def _in_order(cells: Ints) -> Ints:
    """The cells that there are, in the order in which they first appear."""
    first = np.full(int(cells.max()) + 1, cells.size)
    first[cells[::-1]] = np.arange(cells.size - 1, -1, -1)
    there = np.flatnonzero(first < cells.size)
    ordered: Ints = there[np.argsort(first[there])]
    return ordered


class RatingTotals:
    """Ratings per minute and switch of one rows partition; a minute is told again when late calls changed it.

    What is told of a minute never shrinks: ratings of one that was forgotten are not counted any more.
    """

    def __init__(self) -> None:
        self._minutes: dict[int, dict[str, tuple[int, int]]] = {}
        self._changed: set[int] = set()
        self._kept_from = 0

    def add(self, ratings: Iterable[tuple[int, str, int, int]]) -> None:
        """Count what `tallied` gave."""
        for minute, switch, rated, failed in ratings:
            if minute >= self._kept_from:
                counted = self._minutes.setdefault(minute, {})
                name = switch if switch in counted or len(counted) < SWITCHES_MAX else OTHER
                known = counted.get(name, (0, 0))
                counted[name] = known[0] + rated, known[1] + failed
                self._changed.add(minute)

    def close(self, now_minute: int) -> tuple[tuple[int, str, int, int], ...]:
        """Minutes before `now_minute` that changed since they were last told: (minute, switch, rated, failed), …."""
        told = sorted(minute for minute in self._changed if minute < now_minute)
        self._changed.difference_update(told)
        closed = tuple(
            (minute, switch, *counts) for minute in told for switch, counts in sorted(self._minutes[minute].items())
        )
        self._kept_from = max(self._kept_from, now_minute - KEEP_MINUTES)
        for minute in [minute for minute in self._minutes if minute < self._kept_from]:
            del self._minutes[minute]
        return closed

    def snapshot(self) -> dict[str, Any]:
        """The totals as plain values."""
        minutes = [(minute, sorted(counted.items())) for minute, counted in sorted(self._minutes.items())]
        return {"minutes": minutes, "changed": sorted(self._changed), "kept_from": self._kept_from}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "RatingTotals":
        """The totals that `snapshot` described."""
        totals = cls()
        for minute, counted in state["minutes"]:
            totals._minutes[int(minute)] = {str(switch): (int(a), int(b)) for switch, (a, b) in counted}
        totals._changed = {int(minute) for minute in state["changed"]}
        totals._kept_from = int(state["kept_from"])
        return totals
