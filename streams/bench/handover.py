"""Handing over: how long a block of rows waits for a detector when a second one joins, and when that one is killed.

A trickle of events keeps every partition of rows moving. What is measured is the longest time from a block's append
until its offset is committed, which is when the state that it changed is durable; at rest that takes a checkpoint and
a commit.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from confluent_kafka import Producer

from streams.bench.arena import Arena
from streams.bench.figures import Figure
from streams.bench.home import EVENTS, configuration
from streams.bench.load import Recipe
from streams.bench.meter import GONE, tree
from streams.bench.offsets import Group
from streams.bench.passage import INPUTS
from streams.bench.wire import Record
from streams.demo.processes import Process, wait_until_ready
from streams.errors import DependencyError
from streams.kafka import producer_config
from streams.settings import Settings

PART = "restart"
PER_S = 1_000
"""Events a second, by the clock and of event time."""
REST_S, PATIENCE_S, LOOK_EVERY_S = 8.0, 60.0, 0.05
CRASHED_S = 12.0
"""By then after a crash the others have the partitions: the session and 5 s."""


class Look(NamedTuple):
    """One look at the rows: the clock (s), and by partition the end and what is committed."""

    at_s: float
    ends: dict[int, int]
    committed: dict[int, int]


def longest_wait(looks: list[Look]) -> float:
    """The longest time (s) from a look until what stood at the end then was committed; infinite for what never was.

    >>> longest_wait([Look(0.0, {0: 5}, {0: 5}), Look(1.0, {0: 9}, {0: 5}), Look(4.0, {0: 9}, {0: 9})])
    3.0
    """
    longest = 0.0
    for partition in looks[0].ends:
        done = 0
        for look in looks:
            while done < len(looks) and looks[done].committed[partition] < look.ends[partition]:
                done += 1
            waited = looks[done].at_s - look.at_s if done < len(looks) else float("inf")
            longest = max(longest, waited)
    return longest


class Watch:
    """Sends the trickle (`sent` records so far) and looks, both while it is asked to wait."""

    def __init__(self, settings: Settings, records: Iterable[Record]) -> None:
        self._producer = Producer(producer_config(settings))
        self._rows = Group(settings, *INPUTS["detector"])
        self._records: Iterator[Record] = iter(records)
        self.sent = 0
        self._begun_s = time.monotonic()

    def until(self, over: Callable[[], bool]) -> float:
        """Watch until it is over, and until all that was there by then is committed; gives the longest wait, s.

        Raises:
            DependencyError: that does not come.
        """
        looks: list[Look] = []
        deadline_s = time.monotonic() + PATIENCE_S
        ends: dict[int, int] = {}
        while not ends or any(looks[-1].committed[partition] < end for partition, end in ends.items()):
            looks.append(self._look(deadline_s))
            if ends:
                looks[-1] = looks[-1]._replace(ends=ends)
            elif over():
                ends = looks[-1].ends
        return longest_wait(looks)

    def _look(self, deadline_s: float) -> Look:
        time.sleep(LOOK_EVERY_S)
        now_s = time.monotonic()
        if now_s > deadline_s:
            raise DependencyError(f"blocks of rows wait for a detector for more than {PATIENCE_S:.0f} s")
        while self.sent < (now_s - self._begun_s) * PER_S and (record := next(self._records, None)):
            self._producer.produce(EVENTS, record.value, record.key)
            self.sent += 1
        self._producer.poll(0)
        ends = self._rows.ends()
        return Look(now_s, ends, self._rows.committed())

    def close(self) -> None:
        """Give the connections back."""
        self._producer.flush()
        self._rows.close()


def run(arena: Arena) -> list[Figure]:
    """Beside a service that runs: at rest, while a second detector joins, and after that one was killed.

    Raises:
        DependencyError: it does not start, or blocks are never taken.
    """
    seconds = REST_S + CRASHED_S + 2 * PATIENCE_S
    load = arena.load(Recipe(int(PER_S * seconds), begin_ms=time.time_ns() // 1_000_000, per_s=PER_S))
    watch = Watch(arena.settings, load)
    try:
        at_rest = watch.until(_after(REST_S))
        joined, crashed = _with_second(arena, watch)
    finally:
        watch.close()
        load.delete()
    waits = {"at rest": at_rest, "a second detector joins": joined, "it is killed": crashed}
    return [Figure(PART, f"longest wait of a block, {when}", "s", (wait,)) for when, wait in waits.items()]


def _with_second(arena: Arena, watch: Watch) -> tuple[float, float]:
    arguments = ["run", "detector", "--config", str(configuration(arena.home))]
    second = Process(arguments, arena.home / "second.log")
    try:
        with ThreadPoolExecutor(1) as pool:
            ready = pool.submit(wait_until_ready, second)
            joined = watch.until(ready.done)
            ready.result()
        for process in tree(second.process.pid):
            with suppress(*GONE):
                process.kill()
        return joined, watch.until(_after(CRASHED_S))
    finally:
        second.stop()


def _after(seconds: float) -> Callable[[], bool]:
    end_s = time.monotonic() + seconds
    return lambda: time.monotonic() >= end_s
