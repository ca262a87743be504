"""Memory: what a service holds for each of many callers who are all active, and what its windows say they take."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from streams.bench import passage
from streams.bench.arena import Arena
from streams.bench.feed import feed
from streams.bench.figures import Figure
from streams.bench.home import configuration
from streams.bench.load import Recipe
from streams.bench.meter import usage
from streams.bench.plants import HISTORY
from streams.bench.probe import HISTORY_MS, teach
from streams.demo.processes import Process, wait_until_ready

PART = "memory"
PER_S = 20_000
"""Events a second of event time."""
KEYS, BYTES = "ringfence_state_keys", "ringfence_state_bytes"
ASK_S = 5.0


class Filled(NamedTuple):
    """A service that holds its callers, and what it weighs."""

    service: Process
    rng: np.random.Generator
    figures: list[Figure]


def run(arena: Arena, events: int, seed: int) -> list[Figure]:
    """Fill a service with callers who all call alike, and weigh it.

    Raises:
        DependencyError: the service ended or makes no progress.
    """
    with filled(arena, events, seed) as held:
        return held.figures


@contextmanager
def filled(arena: Arena, events: int, seed: int) -> Iterator[Filled]:
    """A service that has taken a load of callers who all call alike; it is stopped at the end.

    Raises:
        DependencyError: the service ended or makes no progress.
    """
    arena.empty()
    rng = np.random.default_rng(seed)
    service = start(arena)
    try:
        address = wait_until_ready(service)
        yield Filled(service, rng, _weigh(arena, service, address, rng, Recipe(events, seed, 0, PER_S, zipf=0.0)))
    finally:
        service.stop()


def start(arena: Arena) -> Process:
    """Start the service."""
    return Process(["run", "--config", str(configuration(arena.home))], arena.home / "service.log")


def _weigh(arena: Arena, service: Process, address: str, rng: np.random.Generator, recipe: Recipe) -> list[Figure]:
    """Memory before and after the load, whose event time ends now."""
    begin_ms = time.time_ns() // 1_000_000 - HISTORY_MS - recipe.events * 1000 // PER_S
    teach(arena.settings, service, rng, begin_ms)
    before = usage(service.process.pid)
    load = arena.load(recipe.begun(begin_ms + HISTORY_MS))
    try:
        feed(arena.settings, load)
    finally:
        load.delete()
    passage.follow(arena.settings, [service], HISTORY + len(load), lambda done: arena.tell(PART, done))
    after = usage(service.process.pid)
    grown = after["detector"].rss - before["detector"].rss
    return [
        Figure(PART, "active callers", "", (float(load.active_callers),)),
        *(Figure(PART, f"{role}, resident", "MB", (used.rss / 1e6,)) for role, used in after.items()),
        Figure(PART, "detector, grown by", "bytes/active caller", (grown / load.active_callers,)),
        *windows_figures(state(address), load.active_callers),
    ]


def state(address: str) -> dict[str, dict[str, float]]:
    """The service's own gauges of its state (`KEYS`, `BYTES`), by kind.

    Raises:
        OSError: it does not answer.
    """
    with urllib.request.urlopen(f"{address}/metrics", timeout=ASK_S) as answer:  # noqa: S310 - our own, http
        return parsed(answer.read().decode())


def parsed(page: str) -> dict[str, dict[str, float]]:
    r"""The gauges of the state on a page of metrics.

    >>> parsed('# TYPE ringfence_state_keys gauge\nringfence_state_keys{kind="caller"} 3.0\n')
    {'ringfence_state_keys': {'caller': 3.0}, 'ringfence_state_bytes': {}}
    """
    found: dict[str, dict[str, float]] = {KEYS: {}, BYTES: {}}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name in found:
                found[sample.name][sample.labels["kind"]] = sample.value
    return found


def windows_figures(gauges: dict[str, dict[str, float]], callers: int) -> Iterator[Figure]:
    """What the tables of windows hold and take: a key, and an active caller over all of them."""
    for kind, taken in sorted(gauges[BYTES].items()):
        if keys := gauges[KEYS].get(kind, 0):
            yield Figure(PART, f"{kind}: keys", "", (keys,))
            yield Figure(PART, f"{kind}: windows", "bytes/key", (taken / keys,))
    if gauges[BYTES]:
        yield Figure(PART, "all windows", "bytes/active caller", (sum(gauges[BYTES].values()) / callers,))
