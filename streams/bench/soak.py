"""Soak: two days of event time in one run; memory, lag and the log's size all the while.

The first day fills the windows, of which the longest is a day: only from then on does as much leave them as comes.

Events are made and sent hour by hour while the service reads them: never more than `BACKLOG` ahead of it, and what it
has read is deleted, so that neither memory nor disk of the benchmark grows with the length of the run.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from streams.bench import memory
from streams.bench.arena import Arena
from streams.bench.feed import feed
from streams.bench.figures import Curve, Figure, Found
from streams.bench.home import EVENTS
from streams.bench.load import Recipe, slices
from streams.bench.meter import Usage, usage
from streams.bench.offsets import Group
from streams.bench.passage import INPUTS, ROWS, STALLED_S
from streams.bench.rates import Sample, per_core_second, rate
from streams.bench.wire import Record
from streams.demo.processes import Process, wait_until_ready
from streams.errors import DependencyError
from streams.kafka import REACH_S, admin

PART = "soak"
DAYS, HOURS, HOUR_MS = 2, 24, 3_600_000
BACKLOG = 400_000
"""Events that may wait: some seconds of work, so that the service never has to wait for us."""
ROWS_KEPT = 2_000
"""Blocks of each partition that are kept although they are read."""
LOOK_EVERY_S, DELETE_EVERY_S, PAUSE_S = 2.0, 20.0, 0.02
QUARTERS = (0.25, 0.5, 0.75, 1.0)
SECOND_DAY = 0.5
"""The part of the events before it."""


class Look(NamedTuple):
    """One look at everything.

    Attributes:
        at_s: the clock.
        sent: events.
        read: events, by the intake.
        blocks: that wait for the detector.
        held: keys in the state, by kind.
        windows: bytes of all windows.
        log: bytes of Kafka's log on disk.
        used: by role.
    """

    at_s: float
    sent: int
    read: int
    blocks: int
    held: dict[str, float]
    windows: float
    log: int
    used: dict[str, Usage]


def run(arena: Arena, events: int, seed: int) -> list[Found]:
    """Send the days to the service and watch it to the end.

    Args:
        arena: that it runs in.
        events: of a day.
        seed: of all chance.

    Raises:
        DependencyError: the service ended, or makes no progress.
    """
    arena.empty()
    service = memory.start(arena)
    try:
        watch = Watch(arena, service, wait_until_ready(service), DAYS * events)
        try:
            feed(arena.settings, days(events, seed), watch.pace)
            watch.finish()
        finally:
            watch.close()
    finally:
        service.stop()
    return judged(watch.looks, DAYS * events)


def days(events: int, seed: int) -> Iterator[Record]:
    """The records of the days, so many in each; each hour is a load of its own: its leaks come and go with it."""
    each = -(-events // HOURS)
    for hour in range(DAYS * HOURS):
        count = min(each, events - hour % HOURS * each)
        begin_ms = Recipe(0).begin_ms + hour * HOUR_MS
        recipe = Recipe(count, seed + hour, begin_ms, per_s=-(-each * 1000 // HOUR_MS))
        for piece in slices(recipe):
            yield from piece.records


class Watch:
    """Looks at the service, holds back who feeds it, and deletes what it has read."""

    def __init__(self, arena: Arena, service: Process, address: str, events: int) -> None:
        self.looks: list[Look] = []
        self._arena, self._service, self._address, self._events = arena, service, address, events
        self._groups = {role: Group(arena.settings, *names) for role, names in INPUTS.items()}
        self._admin = admin(arena.settings)
        self._read, self._moved_s = 0, time.monotonic()
        self._look_s = self._delete_s = 0.0

    def pace(self, sent: int) -> None:
        """Come back when little enough waits.

        Raises:
            DependencyError: the service ended, or makes no progress.
        """
        self._until(sent, BACKLOG)

    def finish(self) -> None:
        """Come back when everything is read.

        Raises:
            DependencyError: the service ended, or makes no progress.
        """
        self._until(self._events, 0)
        while self._blocks():
            self._progress(self._events)
            time.sleep(PAUSE_S)
        self.looks.append(self._look(self._events))

    def _until(self, sent: int, waiting: int) -> None:
        self._progress(sent)
        while sent - self._read > waiting:
            time.sleep(PAUSE_S)
            self._progress(sent)

    def _progress(self, sent: int) -> None:
        """Ask what was read; look, and delete it, where it is time."""
        self._service.check()
        read, now_s = self._groups["intake"].done(), time.monotonic()
        if read > self._read:
            self._read, self._moved_s = read, now_s
        elif now_s > self._moved_s + STALLED_S:
            raise DependencyError(f"the service makes no progress (log: {self._service.log}): {read} events")
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self.looks.append(self._look(sent))
            self._arena.tell(PART, read / self._events)
        if now_s >= self._delete_s:
            self._delete_s = now_s + DELETE_EVERY_S
            delete_read(self._admin, self._groups)

    def _look(self, sent: int) -> Look:
        gauges = memory.state(self._address)
        return Look(
            time.monotonic(),
            sent,
            self._read,
            self._blocks(),
            gauges[memory.KEYS],
            sum(gauges[memory.BYTES].values()),
            size(self._arena.logs),
            usage(self._service.process.pid),
        )

    def _blocks(self) -> int:
        return self._groups["detector"].end() - self._groups["detector"].done()

    def close(self) -> None:
        """Give the connections back."""
        for group in self._groups.values():
            group.close()


def delete_read(client: AdminClient, groups: dict[str, Group]) -> None:
    """Delete the events that were read, and all but the newest blocks that were."""
    ends = {TopicPartition(EVENTS, number): end for number, end in groups["intake"].committed().items()}
    blocks = groups["detector"].committed()
    ends |= {TopicPartition(ROWS, number): max(0, end - ROWS_KEPT) for number, end in blocks.items()}
    places = [TopicPartition(place.topic, place.partition, end) for place, end in ends.items() if end]
    for future in client.delete_records(places, request_timeout=REACH_S).values() if places else ():
        future.result()


def size(directory: Path) -> int:
    """Bytes of all files below a directory; what goes meanwhile counts nothing."""
    total = 0
    for file in directory.rglob("*.log"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total


def judged(looks: list[Look], events: int) -> list[Found]:
    """Figures and curves of a run."""
    roles = sorted({role for look in looks for role in look.used})
    figures = [figure for role in roles for figure in _memory_figures(looks, events, role)]
    figures += _state_figures(looks, events)
    figures += [
        Figure(PART, "most events that waited", "events", (float(max(look.sent - look.read for look in looks)),)),
        Figure(PART, "most blocks that waited", "blocks", (float(max(look.blocks for look in looks)),)),
        Figure(PART, "largest log on disk", "GB", (max(look.log for look in looks) / 1e9,)),
        *_rates(looks, events, roles),
    ]
    return [*figures, *_curves(looks, roles)]


def _memory_figures(looks: list[Look], events: int, role: str) -> Iterator[Figure]:
    for part in QUARTERS:
        yield Figure(PART, f"{role}, resident at {part:.0%}", "MB", (_rss_mb(_at(looks, events, part), role),))
    full = [look for look in looks if look.read >= SECOND_DAY * events]
    slope = growth([look.read for look in full], [_rss_mb(look, role) for look in full])
    yield Figure(PART, f"{role}, growth on the second day", "MB per million events", (slope * 1e6,))


def _state_figures(looks: list[Look], events: int) -> Iterator[Figure]:
    for part in QUARTERS:
        yield Figure(PART, f"windows at {part:.0%}", "MB", (_at(looks, events, part).windows / 1e6,))
    for kind in sorted(looks[-1].held):
        for part in QUARTERS[1::2]:
            held = _at(looks, events, part).held.get(kind, 0.0)
            yield Figure(PART, f"{kind} held at {part:.0%}", "", (held,))


def growth(at: list[int], values: list[float]) -> float:
    """The slope of a line through points (least squares), 0 for fewer than two.

    >>> round(growth([0, 10, 20], [5.0, 7.0, 9.0]), 6)
    0.2
    """
    x, y = np.array(at, np.float64), np.array(values, np.float64)
    if len(x) < 2 or x.min() == x.max():
        return 0.0
    return float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())


def _rates(looks: list[Look], events: int, roles: list[str]) -> Iterator[Figure]:
    rates = [
        rate([Sample(look.at_s, look.read, look.used.get(role, Usage()).cpu_s) for look in looks], events, events)
        for role in roles
    ]
    together = per_core_second(sum(one.us_per_event for one in rates))
    yield Figure(PART, "all roles together", "events/core-s", (together,))
    yield Figure(PART, "by the clock", "events/s", (rates[0].events_per_s,))
    yield Figure(PART, "events", "", (float(events),))


def _curves(looks: list[Look], roles: list[str]) -> Iterator[Curve]:
    at_s = tuple(look.at_s - looks[0].at_s for look in looks)
    for role in roles:
        yield Curve(PART, f"{role}, resident", "MB", at_s, tuple(_rss_mb(look, role) for look in looks))
    yield Curve(PART, "windows", "MB", at_s, tuple(look.windows / 1e6 for look in looks))
    yield Curve(PART, "events read", "events", at_s, tuple(float(look.read) for look in looks))
    yield Curve(PART, "events that wait", "events", at_s, tuple(float(look.sent - look.read) for look in looks))
    yield Curve(PART, "blocks that wait", "blocks", at_s, tuple(float(look.blocks) for look in looks))


def _at(looks: list[Look], events: int, part: float) -> Look:
    """The first look by which a part of the events was read."""
    return next(look for look in looks if look.read >= part * events)


def _rss_mb(look: Look, role: str) -> float:
    return look.used.get(role, Usage()).rss / 1e6
