"""Which rows count: late ones, copies of what was counted, and how far event time has come per source partition.

Every source partition keeps its own highest event time; a row is late by that of its own partition. Fingerprints of
what was counted expire by the slowest partition, so that a copy is either recognised or too late to matter.
"""

from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.rows import Rows

COUNTED, DUPLICATE, LATE, TOO_LATE = range(4)
"""Verdicts: counts everywhere; seen before; late (evidence of a price only); older than any use."""
START_ROOM = 1 << 12
LOAD = 0.6
"""How full the table gets before it is laid anew without what has expired."""
NEVER = -(1 << 62)

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Verdicts = npt.NDArray[np.uint8]


@nb.njit(cache=True)
def _put(keys: Keys, until: Ints, key: Any, expiry: int, now: int) -> bool:
    """Insert or renew; False where the key is there and has not expired at `now`."""
    mask = np.uint64(keys.size - 1)
    slot = (key ^ (key >> np.uint64(32))) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    if keys[slot] == key and until[slot] >= now:
        return False
    keys[slot] = key
    until[slot] = expiry
    return True


@nb.njit(cache=True)
def _put_all(keys: Keys, until: Ints, new: Keys, expiry: Ints, now: int) -> int:
    """Insert many; gives back how many were not there."""
    added = 0
    for i in range(new.size):
        key = new[i] if new[i] != 0 else np.uint64(1)
        if _put(keys, until, key, expiry[i], now):
            added += 1
    return added


@nb.njit(cache=True)
def _rehash(keys: Keys, until: Ints, room: int, now: int) -> tuple[Keys, Ints, int]:
    new_keys, new_until = np.zeros(room, np.uint64), np.zeros(room, np.int64)
    used = 0
    for i in range(keys.size):
        if keys[i] != 0 and until[i] >= now:
            _put(new_keys, new_until, keys[i], until[i], now)
            used += 1
    return new_keys, new_until, used


@nb.njit(cache=True)
def _admit(  # noqa: PLR0913, PLR0917 - a compiled loop takes arrays, not objects
    source: npt.NDArray[np.int32],
    when: Ints,
    high: Ints,
    copy: Keys,
    highs: Ints,
    keys: Keys,
    until: Ints,
    lateness: int,
    price_evidence: int,
    verdicts: Verdicts,
    clock: Ints,
) -> int:
    """Judge rows in order; `highs` per source and the table are updated, `clock` gets the highest event time so far."""
    added = 0
    slowest = highs.min()
    newest = highs.max()
    for i in range(when.size):
        s = source[i]
        if high[i] > highs[s]:
            was = highs[s]
            highs[s] = high[i]
            newest = max(newest, high[i])
            if was == slowest:
                slowest = highs.min()
        clock[i] = newest
        late = highs[s] - when[i]
        if late > price_evidence:
            verdicts[i] = TOO_LATE
            continue
        key = copy[i] if copy[i] != 0 else np.uint64(1)
        keep = lateness if late <= lateness else price_evidence
        if _put(keys, until, key, when[i] + keep, slowest):
            added += 1
            verdicts[i] = COUNTED if late <= lateness else LATE
        else:
            verdicts[i] = DUPLICATE
    return added


class Judged(NamedTuple):
    """Verdict per row, and the highest event time (ms) of all sources up to it."""

    verdicts: Verdicts
    clock: Ints


class Admission:
    """Event time per source partition, and fingerprints of what was counted; times in ms."""

    def __init__(self, lateness_ms: int, price_evidence_ms: int) -> None:
        self.lateness_ms = lateness_ms
        self.price_evidence_ms = price_evidence_ms
        self.highs: Ints = np.zeros(0, np.int64)
        nothing = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        self._keys, self._until, self._used = _rehash(*nothing, START_ROOM, NEVER)

    @property
    def slowest(self) -> int:
        """Event time (ms) that the slowest source partition has reached."""
        return int(self.highs.min()) if self.highs.size else NEVER

    def source(self, index: int) -> None:
        """Make room for source partition number `index`."""
        if index >= self.highs.size:
            grown = np.full(index + 1, NEVER, np.int64)
            grown[: self.highs.size] = self.highs
            self.highs = grown

    def advance(self, index: int, high: int) -> None:
        """A source partition has shown event time `high` (ms), in rows that went elsewhere."""
        self.highs[index] = max(self.highs[index], high)

    def judge(self, rows: Rows) -> Judged:
        """Judge rows in their order; `rows.source` are numbers that `source` has seen."""
        self._make_room(len(rows))
        verdicts, clock = np.empty(len(rows), np.uint8), np.empty(len(rows), np.int64)
        self._used += _admit(
            rows.source,
            rows.when,
            rows.high,
            rows.copy,
            self.highs,
            self._keys,
            self._until,
            self.lateness_ms,
            self.price_evidence_ms,
            verdicts,
            clock,
        )
        return Judged(verdicts, clock)

    def _make_room(self, more: int) -> None:
        if self._used + more <= LOAD * self._keys.size:
            return
        live = int((self._until[self._keys != 0] >= self.slowest).sum())
        room = START_ROOM
        while live + more > LOAD / 2 * room:
            room *= 2
        self._keys, self._until, self._used = _rehash(self._keys, self._until, room, self.slowest)

    def fingerprints(self, rows: Rows, judged: Judged) -> tuple[Keys, Ints]:
        """The fingerprints that `rows` added, and when (ms, event time) each expires."""
        new = (judged.verdicts == COUNTED) | (judged.verdicts == LATE)
        keep = np.where(judged.verdicts == COUNTED, self.lateness_ms, self.price_evidence_ms)
        return rows.copy[new], (rows.when + keep)[new]

    def load(self, keys: Keys, until: Ints) -> None:
        """Put back fingerprints that were written to a page."""
        self._make_room(len(keys))
        self._used += _put_all(self._keys, self._until, keys, until, self.slowest)
