"""State: memory per active caller, and how soon a service that holds them serves again after a stop and a kill."""

import time
from contextlib import suppress

import numpy as np

from streams.bench import passage
from streams.bench.arena import Arena
from streams.bench.feed import feed
from streams.bench.figures import Figure
from streams.bench.home import configuration
from streams.bench.load import Recipe
from streams.bench.meter import GONE, tree, usage
from streams.bench.plants import HISTORY
from streams.bench.probe import HISTORY_MS, probe, teach
from streams.demo.processes import Process, wait_until_ready

MEMORY, RESTART = "memory", "restart"
PER_S = 20_000
"""Events a second of event time."""


def run(arena: Arena, events: int, seed: int, *, restart: bool = False) -> list[Figure]:
    """Fill a service with callers who all call alike and weigh it; with `restart` start it anew twice.

    Raises:
        DependencyError: the service ended, makes no progress, or does not serve again.
    """
    arena.empty()
    rng = np.random.default_rng(seed)
    service = _start(arena)
    try:
        wait_until_ready(service)
        figures = _weigh(arena, service, rng, events, seed)
        if restart:
            begun_s = time.monotonic()
            service.stop()
            figures.append(Figure(RESTART, "a planned stop takes", "s", (time.monotonic() - begun_s,)))
    finally:
        service.stop()
    if restart:
        for number, after in enumerate(("a stop", "kill -9")):
            took_s = _serve_again(arena, rng, number)
            figures.append(Figure(RESTART, f"from start to a command, after {after}", "s", (took_s,)))
    return figures


def _start(arena: Arena) -> Process:
    return Process(["run", "--config", str(configuration(arena.home))], arena.home / "service.log")


def _weigh(arena: Arena, service: Process, rng: np.random.Generator, events: int, seed: int) -> list[Figure]:
    """Memory before and after the load."""
    begin_ms = time.time_ns() // 1_000_000 - HISTORY_MS - events * 1000 // PER_S
    teach(arena.settings, service, rng, begin_ms)
    before = usage(service.process.pid)
    load = arena.load(Recipe(events, seed, begin_ms + HISTORY_MS, PER_S, zipf=0.0))
    try:
        feed(arena.settings, load)
    finally:
        load.delete()
    passage.follow(arena.settings, service, HISTORY + len(load), lambda done: arena.tell(MEMORY, done))
    after = usage(service.process.pid)
    grown = after["detector"].rss - before["detector"].rss
    return [
        Figure(MEMORY, "active callers", "", (float(load.active_callers),)),
        *(Figure(MEMORY, f"{role}, resident", "MB", (used.rss / 1e6,)) for role, used in after.items()),
        Figure(MEMORY, "detector, grown by", "bytes/active caller", (grown / load.active_callers,)),
    ]


def _serve_again(arena: Arena, rng: np.random.Generator, number: int) -> float:
    """Start the service, plant leak `number` at once, and kill it: seconds from its start to the command."""
    arena.tell(RESTART, 0.0)
    begun_ms = time.time_ns() / 1e6
    service = _start(arena)
    try:
        return (probe(arena.settings, rng, number) - begun_ms) / 1000
    finally:
        _kill(service)


def _kill(service: Process) -> None:
    """Kill -9 the supervisor and every role at once."""
    for process in tree(service.process.pid):
        with suppress(*GONE):
            process.kill()
    service.process.wait()
