"""The windows by brute force: every event is kept, every question reads all of them."""

from typing import NamedTuple

import numpy as np

from models.events import EventKind
from models.row_table import FLAG_ANSWERED, FLAG_REFUSED
from models.windows.updating import Columns

TICK, HOUR = 10_000, 3_600_000
EDGES = ((10_000, 6), (60_000, 5), (300_000, 12), (3_600_000, 24))
DTYPES = (np.uint64, np.uint64, np.int64, np.uint8, np.uint8, np.int64, np.int64)


class Row(NamedTuple):
    key: int
    other: int
    ts: int
    kind: int
    flags: int
    duration: int
    clock: int


class Counted(NamedTuple):
    ts: int
    other: int
    attempts: int
    refused: int
    answered: int
    ended: int
    duration: int


def columns(rows) -> Columns:
    transposed = zip(*rows, strict=True) if rows else [[]] * len(DTYPES)
    return Columns(*(np.array(values, dtype) for values, dtype in zip(transposed, DTYPES, strict=True)))


def counted(row: Row) -> Counted | None:
    attempt, answer, release, cdr = (row.kind == kind for kind in list(EventKind)[:4])
    refused = bool(row.flags & FLAG_REFUSED)
    event = Counted(
        row.ts,
        row.other,
        attempts=(attempt or cdr) and not refused,
        refused=(attempt or cdr) and refused,
        answered=not refused and (answer or (cdr and bool(row.flags & FLAG_ANSWERED))),
        ended=not refused and (release or cdr),
        duration=row.duration if (release or cdr) and not refused else 0,
    )
    return event if any(event[2:6]) else None


def reached(ts: int, now: int, window: int) -> bool:
    width, many = EDGES[window]
    return ts // width > now // width - many


class Brute:
    """What a slice of windows should hold, of which there may be so many keys."""

    def __init__(self, keys_max: int = 1_000_000) -> None:
        self.keys_max = keys_max
        self.events: dict[int, list[Counted]] = {}
        self.heads: dict[int, int] = {}
        self.now = self.evicted = self.turned_away = 0
        self.closed = -TICK

    def update(self, rows) -> None:
        for row in rows:
            self.now = max(self.now, row.clock)
            event = counted(row)
            if row.key and event and reached(row.ts, self.now, 3) and self._admits(row.key):
                self.events.setdefault(row.key, []).append(event)
                self.heads[row.key] = max(row.ts, self.heads.get(row.key, 0))

    def _admits(self, key: int) -> bool:
        for dead in [key for key, head in self.heads.items() if not reached(head, self.now, 3)]:
            self._forget(dead)
        tick = self.now // TICK * TICK
        if key in self.events or len(self.events) < self.keys_max:
            return True
        if self.closed < tick:
            many = max(1, self.keys_max // 16)
            going = sorted(
                (self.heads[key] // TICK, key) for key, events in self.events.items() if not self._stays(events)
            )
            for _, gone in going[:many]:
                self._forget(gone)
            self.evicted += len(going[:many])
            if len(going) < many:
                self.closed = tick
        if len(self.events) < self.keys_max:
            return True
        self.turned_away += 1
        return False

    def _forget(self, key: int) -> None:
        del self.events[key], self.heads[key]

    @property
    def keys(self) -> list[int]:
        return sorted(key for key, head in self.heads.items() if reached(head, self.now, 3))

    def _stays(self, events) -> bool:
        return sum(sum(event[2:6]) for event in events if reached(event.ts, self.now, 2)) >= 20

    def features(self, key: int, now: int) -> list[list[int]]:
        """Per window: attempts, refused, answered, ended, talked, short, duration, distinct others."""
        return [self._window([e for e in self.events.get(key, []) if reached(e.ts, now, w)]) for w in range(4)]

    def buckets(self, key: int, now: int) -> list[list[int]]:
        """Per bucket of each window, the oldest first: what `features` has but the distinct others."""
        return [
            self._window([e for e in self.events.get(key, []) if e.ts // width == now // width - many + 1 + bucket])[:7]
            for width, many in EDGES
            for bucket in range(many)
        ]

    @staticmethod
    def _window(events) -> list[int]:
        sums = [sum(event[field] for event in events) for field in range(2, 6)]
        talked = [event.duration for event in events if event.duration]
        others = {event.other for event in events if event.attempts and event.other}
        return [*sums, len(talked), sum(duration < 6_000 for duration in talked), sum(talked), len(others)]
