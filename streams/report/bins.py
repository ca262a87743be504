"""Counts over time in a bounded number of bins: as the range grows, neighbours are merged into wider ones."""

from typing import Final

import numpy as np
import numpy.typing as npt

BINS_MAX: Final = 240
"""Columns that a chart of a page's width can show apart."""
SECOND_MS: Final = 1_000
_WIDTHS_S: Final = (1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400)
"""Widths that people read easily; each is a multiple of the one before, and after a day they double."""

Ints = npt.NDArray[np.int64]


class Bins:
    """Counts of several series over event time, int64[series, bins]; memory does not grow with the range.

    >>> bins = Bins(1)
    >>> bins.add(0, np.array([500, 900_000]))
    >>> bins.width_ms, int(bins.counts.sum())
    (5000, 2)
    """

    def __init__(self, series: int) -> None:
        self.width_ms = SECOND_MS
        self.first = 0
        self.counts: Ints = np.zeros((series, 0), np.int64)

    @property
    def begin_ms(self) -> int:
        """When the first bin begins, ms since the epoch."""
        return self.first * self.width_ms

    @property
    def end_ms(self) -> int:
        """When the last bin ends."""
        return (self.first + int(self.counts.shape[1])) * self.width_ms

    def add(self, series: int, ts: Ints) -> None:
        """Count what happened at `ts` (ms, in any order)."""
        if not ts.size:
            return
        self._reach(int(ts.min()), int(ts.max()))
        self.counts[series] += np.bincount(ts // self.width_ms - self.first, minlength=self.counts.shape[1])

    def _reach(self, least_ms: int, most_ms: int) -> None:
        """Make the range contain both times, with as many bins as there may be."""
        if self.counts.shape[1]:
            least_ms, most_ms = min(least_ms, self.begin_ms), max(most_ms, self.end_ms - 1)
        while most_ms // self.width_ms - least_ms // self.width_ms >= BINS_MAX:
            self._widen()
        first, last = least_ms // self.width_ms, most_ms // self.width_ms
        size = self.counts.shape[1]
        if size == last - first + 1:
            return
        grown = np.zeros((len(self.counts), last - first + 1), np.int64)
        if size:
            grown[:, self.first - first : self.first - first + size] = self.counts
        self.first, self.counts = first, grown

    def _widen(self) -> None:
        """Merge neighbours into bins of the next width."""
        wider = next((width * SECOND_MS for width in _WIDTHS_S if width * SECOND_MS > self.width_ms), 2 * self.width_ms)
        merge, size = wider // self.width_ms, self.counts.shape[1]
        first, last = self.first // merge, (self.first + size - 1) // merge
        spread = np.zeros((len(self.counts), (last - first + 1) * merge), np.int64)
        spread[:, self.first - first * merge : self.first - first * merge + size] = self.counts
        merged = spread.reshape(len(self.counts), -1, merge).sum(axis=2)
        self.width_ms, self.first, self.counts = wider, first, merged
