"""Restart: how soon a service that holds many callers serves again after a stop and a kill, and hands over."""

import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import psutil

from streams.bench import handover, memory
from streams.bench.arena import Arena
from streams.bench.figures import Figure
from streams.bench.memory import start
from streams.bench.meter import GONE, role_of, tree
from streams.bench.probe import probe
from streams.demo.processes import Process, wait_until_ready

PART = "restart"


def run(arena: Arena, events: int, seed: int) -> list[Figure]:
    """Fill a service as `memory` does; stop it, kill it, kill its detector, let a second one join and kill that.

    Raises:
        DependencyError: the service ended, makes no progress, or does not serve again.
    """
    with memory.filled(arena, events, seed) as held:
        begun_s = time.monotonic()
        held.service.stop()
        stopped = Figure(PART, "a planned stop takes", "s", (time.monotonic() - begun_s,))
    service = _Restarted(arena, held.rng)
    try:
        serving = [
            Figure(PART, "from start to a command, after a stop", "s", (service.after(service.start),)),
            Figure(PART, "from kill -9 of all to a command", "s", (service.after(service.kill_all),)),
            Figure(PART, "from kill -9 of the detector to a command", "s", (service.after(service.kill_detector),)),
        ]
        arena.tell("a second detector joins", 0.0)
        return [*held.figures, stopped, *serving, *handover.run(arena)]
    finally:
        service.stop()


class _Restarted:
    """A service that is started anew, and asked each time by a leak of its own whether it serves."""

    def __init__(self, arena: Arena, rng: np.random.Generator) -> None:
        self._arena = arena
        self._rng = rng
        self._number = 0
        self._service: Process | None = None

    def after(self, act: Callable[[], None]) -> float:
        """Do something to it, then plant a leak at once: seconds from before that to the command."""
        self._arena.tell(PART, 0.0)
        begun_ms = time.time_ns() / 1e6
        act()
        took_s = (probe(self._arena.settings, self._rng, self._number) - begun_ms) / 1000
        self._number += 1
        self._settled().check()
        return took_s

    def _settled(self) -> Process:
        """The service, all its roles ready."""
        if self._service is None:
            raise AssertionError("it was not started")
        wait_until_ready(self._service)
        return self._service

    def start(self) -> None:
        """Start it."""
        self._service = start(self._arena)

    def kill_all(self) -> None:
        """Kill -9 the supervisor and every role at once, and start it again."""
        _kill(tree(self._settled().process.pid))
        self.stop()
        self.start()

    def kill_detector(self) -> None:
        """Kill -9 the detector; its supervisor starts it anew."""
        below = tree(self._settled().process.pid)
        _kill([process for process in below if _is_detector(process)])

    def stop(self) -> None:
        """End it, if it runs."""
        if self._service is not None:
            self._service.stop()


def _is_detector(process: psutil.Process) -> bool:
    with suppress(*GONE):
        return role_of(process.cmdline()) == "detector"
    return False


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(*GONE):
            process.kill()
