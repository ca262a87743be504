"""Latency: from the scheduled sending of the event that completes a proof to its command on `fraud.control`."""

import time

import numpy as np

from streams.bench import plants
from streams.bench.arena import Arena
from streams.bench.control import first_commands, latencies
from streams.bench.figures import Figure, quantiles
from streams.bench.home import EVENTS, configuration
from streams.bench.load import Recipe
from streams.bench.offsets import Group
from streams.bench.open_loop import Sender, Sent
from streams.bench.probe import HISTORY_MS, teach
from streams.demo.processes import Process, wait_until_ready
from streams.settings import Settings

PART = "latency"
FIRST_MS = 3_000
"""The first leak: until then the background runs alone."""
PATIENCE_S = 15.0
"""How long after the last event the last command may come."""


def part_of(per_s: int) -> str:
    """How the figures of a rate are called."""
    return f"{PART} at {per_s:,} events/s"


def run(arena: Arena, per_s: int, seconds: float, seed: int) -> list[Figure]:
    """One run at `per_s` background events a second.

    Raises:
        DependencyError: the service ended, or does not take the history.
    """
    arena.empty()
    name = part_of(per_s)
    begin_ms = time.time_ns() // 1_000_000 - HISTORY_MS
    load = arena.load(Recipe(int(per_s * seconds), seed=seed, begin_ms=begin_ms, per_s=per_s))
    try:
        background = list(load)
    finally:
        load.delete()
    rng = np.random.default_rng(seed)
    count = min(plants.LEAKS_MAX, int((seconds * 1000 - FIRST_MS - plants.MEND_MS) / plants.EVERY_MS))
    planted = plants.plants(rng, begin_ms + HISTORY_MS, FIRST_MS, range(count))
    service = Process(["run", "--config", str(configuration(arena.home))], arena.home / "service.log")
    try:
        wait_until_ready(service)
        teach(arena.settings, service, rng, begin_ms)
        arena.tell(name, 0.0)
        sent = Sender(arena.settings).run(background, load.sent_ms, planted)
        return _figures(arena.settings, name, sent, count)
    finally:
        service.stop()


def _figures(settings: Settings, name: str, sent: Sent, count: int) -> list[Figure]:
    intake = Group(settings, "ringfence.intake", EVENTS)
    behind = intake.end() - intake.done()
    intake.close()
    commands = first_commands(settings, lambda found: len(found) >= count, PATIENCE_S)
    found = list(latencies(commands, sent.scheduled, sent.begun_ms).values())
    p50, p99, worst = quantiles(found) if found else (float("nan"),) * 3
    values = {
        ("p50", "ms"): p50,
        ("p99", "ms"): p99,
        ("worst", "ms"): worst,
        ("leaks planted", ""): count,
        ("leaks without a command", ""): count - len(found),
        ("not yet read at the end", "events"): behind,
        ("the sender itself, p99 late", "ms"): float(np.quantile(sent.late_ms, 0.99)) if len(sent.late_ms) else 0.0,
    }
    return [Figure(name, what, unit, (float(value),)) for (what, unit), value in values.items()]
