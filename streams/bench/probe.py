"""Does the service serve? A planted leak, and the time of its first command."""

import time

import numpy as np

from streams.bench import passage, plants
from streams.bench.control import first_commands
from streams.bench.home import EVENTS
from streams.bench.offsets import Group
from streams.bench.open_loop import Sender
from streams.demo.processes import Process
from streams.errors import DependencyError
from streams.settings import Settings

HISTORY_MS = 2_000
PATIENCE_S = 60.0
ONE_PLACE = b"probe"
"""The key of a probe's events: in one partition they come in their order, the paid call that bounds the leak first."""


def teach(settings: Settings, service: Process, rng: np.random.Generator, begin_ms: int) -> None:
    """Send the paid history of the plants' prefixes, from event time `begin_ms` on, and wait until it is taken.

    Raises:
        DependencyError: the service ended, or does not take it.
    """
    _send(settings, plants.history(rng, begin_ms, HISTORY_MS))
    events = Group(settings, "ringfence.bench", EVENTS)
    passage.follow(settings, [service], events.end())
    events.close()


def probe(settings: Settings, rng: np.random.Generator, number: int) -> float:
    """Plant leak `number` now; gives the wall time (ms since the epoch) at which its first command was appended.

    Raises:
        DependencyError: there is none in a minute.
    """
    now_ms = time.time_ns() // 1_000_000
    planted = plants.plants(rng, now_ms, 0, range(number, number + 1))
    planted = [event._replace(key=ONE_PLACE) for event in planted if event.at_ms <= plants.PROOF_MS]
    leak = next(event.leak for event in planted if event.leak)
    _send(settings, planted)
    found = first_commands(settings, lambda commands: leak in commands, PATIENCE_S)
    if leak not in found:
        raise DependencyError(f"no command on a planted leak within {PATIENCE_S:.0f} s")
    return float(found[leak].appended_ms)


def _send(settings: Settings, events: list[plants.Planted]) -> None:
    """Send events at once, in their order."""
    Sender(settings).run([], np.zeros(0, np.int64), [event._replace(at_ms=0) for event in events])
