"""Which rows count: late ones, copies of what was counted, and how far event time has come per source partition.

Every source partition keeps its own highest event time; a row is late by that of its own partition. Fingerprints of
what was counted expire by the slowest partition, so that a copy is either recognised or too late to matter.

They expire by ticks (`models.fingerprints`): one is recognised until the tick in which it expires has passed, which is
up to 10 s of event time more, and a function of the rows in their order, like everything here.
"""

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed
from models.fingerprints import AHEAD, HORIZON, NO_ROOM, PRESENT, Fingerprints, Prints, Set, Ticks, fetch, put, tick_at
from models.hashing import Keys
from models.row_table import Outline
from models.windows.layout import TICK_MS

COUNTED, DUPLICATE, LATE, TOO_LATE = range(4)
"""Verdicts: counts everywhere; seen before; late (evidence of a price only); older than any use."""
NEVER = -(1 << 62)
LATENESS, PRICES, SLOWEST, TICK = range(4)
"""What `_admit` takes as `times`: both limits, what every source has reached, and the length of a tick (all ms)."""
SKEW_MS = 6 * 3_600_000
"""How far one source may be ahead of another: fingerprints are kept no longer than that and their time."""

Ints = npt.NDArray[np.int64]
Verdicts = npt.NDArray[np.uint8]


@nb.njit(cache=True)
def _reached(highs: Ints, before: int) -> int:
    """Return the event time that every source which has shown any has reached, and it is never less than before."""
    lowest = -NEVER
    for high in highs:
        if 0 < high < lowest:
            lowest = int(high)
    return max(lowest, before) if lowest < -NEVER else before


class Batch(NamedTuple):
    """Rows to judge, and their verdicts: what `Rows` and `Judged` call these columns."""

    source: npt.NDArray[np.int32]
    when: Ints
    high: Ints
    copy: Keys
    verdicts: Verdicts
    clock: Ints
    until: Ticks


@nb.njit(cache=True, error_model="numpy")
def _admit(given: Batch, lent: Set, shown: Ints, limits: Ints, begin: int) -> int:
    """Judge rows in order from number `begin` on; gives back where the fingerprints' room ended.

    What each source has `shown`, the slowest among the `limits` (`times`), and the fingerprints are updated. A row that
    found no room may be judged again.
    """
    batch, prints, highs, times = borrowed(given), borrowed(lent), borrowed(shown), borrowed(limits)
    slowest, newest = _reached(highs, times[SLOWEST]), highs.max()
    now = tick_at(slowest, times[TICK])
    for start in range(begin, batch.when.size, AHEAD):
        end = min(start + AHEAD, batch.when.size)
        fetch(prints, batch.copy[start:end])
        for i in range(start, end):
            source, when, high = batch.source[i], batch.when[i], batch.high[i]
            if high > highs[source]:
                was, highs[source] = highs[source], high
                newest = max(newest, high)
                if was <= slowest:
                    slowest = _reached(highs, slowest)
                    times[SLOWEST], now = slowest, tick_at(slowest, times[TICK])
            batch.clock[i] = newest
            late = highs[source] - when
            batch.verdicts[i] = COUNTED if late <= times[LATENESS] else LATE
            if late > times[PRICES]:
                batch.verdicts[i] = TOO_LATE
                continue
            keep = times[LATENESS] if late <= times[LATENESS] else times[PRICES]
            until = min(max(tick_at(when + keep, times[TICK]), now), now + HORIZON)
            batch.until[i] = until
            answer = put(prints, prints.ahead[i - start], until, now)
            if answer == NO_ROOM:
                return i
            if answer == PRESENT:
                batch.verdicts[i] = DUPLICATE
    return batch.when.size


class Judged(NamedTuple):
    """Verdict per row, the highest event time (ms) of all sources up to it, and the tick at which it is forgotten."""

    verdicts: Verdicts
    clock: Ints
    until: Ticks = np.zeros(0, np.uint32)

    def of(self, rows: Ints) -> "Judged":
        """Return what is said of some rows, given by their positions."""
        return Judged(self.verdicts[rows], self.clock[rows], self.until[rows])


class Admission:
    """Event time per source partition, and fingerprints of what was counted; times in ms."""

    def __init__(self, lateness_ms: int, price_evidence_ms: int, seed: int = 0) -> None:
        """Make it without sources.

        Args:
            lateness_ms: what is later than this does not count.
            price_evidence_ms: what is later than this is of no use. Fingerprints expire by ticks of 10 s, of more where
                this is above 36 h.
            seed: of the fingerprints' places; a secret one keeps others from choosing calls that meet in one.
        """
        self.highs: Ints = np.zeros(0, np.int64)
        self._prints = Fingerprints(seed)
        longest_ms = max(lateness_ms, price_evidence_ms) + SKEW_MS
        self._tick_ms = TICK_MS * -(-longest_ms // (HORIZON * TICK_MS))
        self._times = np.array([lateness_ms, price_evidence_ms, NEVER, self._tick_ms])
        self._shrunk = NEVER

    @property
    def slowest(self) -> int:
        """Event time (ms) that all source partitions which have shown any had reached: what expired before it is gone.

        It never falls. Where a partition is new and behind it, that one's fingerprints are kept until it has caught up.
        """
        return int(_reached(self.highs, self._times[SLOWEST]))

    @slowest.setter
    def slowest(self, reached: int) -> None:
        self._times[SLOWEST] = reached

    @property
    def nbytes(self) -> int:
        """Bytes of the fingerprints' memory."""
        return self._prints.nbytes

    def source(self, index: int) -> None:
        """Make room for source partition number `index`."""
        if index >= self.highs.size:
            grown = np.full(index + 1, NEVER, np.int64)
            grown[: self.highs.size] = self.highs
            self.highs = grown

    def advance(self, index: int, high: int) -> None:
        """A source partition has shown event time `high` (ms), in rows that went elsewhere; 0 is none."""
        self.slowest = self.slowest  # which a partition that is new and behind would lower in `highs`
        self.highs[index] = max(self.highs[index], high)

    def judge(self, rows: Outline) -> Judged:
        """Judge rows in their order; `rows.source` are numbers that `source` has seen."""
        judged = Judged(np.empty(len(rows), np.uint8), np.empty(len(rows), np.int64), np.zeros(len(rows), np.uint32))
        batch = Batch(rows.source, rows.when, rows.high, rows.copy, *judged)
        done = 0
        while (done := _admit(batch, self._prints.arrays, self.highs, self._times, done)) < len(rows):
            self._prints.make_room()
        if self._shrunk != (tick := int(self._times[SLOWEST]) // self._tick_ms):  # nothing expires within a tick
            self._shrunk = tick
            self._prints.shrink()
        return judged

    def fingerprints(self, rows: Outline, judged: Judged) -> Prints:
        """The fingerprints that `rows` added, and when each expires."""
        new = (judged.verdicts == COUNTED) | (judged.verdicts == LATE)
        return Prints(rows.copy[new], judged.until[new], self._tick_ms)

    def load(self, prints: Prints) -> None:
        """Put back fingerprints that were written to a page, after `highs` and `slowest`."""
        self._prints.load(prints, int(tick_at(self.slowest, self._tick_ms)))
