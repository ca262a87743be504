"""The service on a load that is there already: followed to the end, and what every role spends on an event."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.bench.home import EVENTS, configuration
from streams.bench.meter import SUPERVISOR, Usage, usage
from streams.bench.offsets import Group
from streams.bench.rates import Rate, Sample, per_core_second, rate
from streams.demo.processes import Process, wait_until_ready
from streams.errors import DependencyError
from streams.settings import Settings

LOOK_EVERY_S = 0.2
STALLED_S = 120.0
ROWS, FINDINGS = "ringfence.rows", "ringfence.findings"
INPUTS = {
    "intake": ("ringfence.intake", EVENTS),
    "detector": ("ringfence.detector", ROWS),
}
"""The groups whose commits say how far the work is."""
FIRST = ("detector", "decider")
"""Roles that are ready before the first event: all that they spend from then on is the load's."""


class Look(NamedTuple):
    """One look at everything: clock (s), records done and use by role."""

    at_s: float
    done: dict[str, int]
    used: dict[str, Usage]


class Passage(NamedTuple):
    """What one run showed.

    Attributes:
        roles: by role; the supervisor among them.
        events_per_core_s: of all roles together.
        wall_per_s: events per second from the first progress to the last.
        rss: the most memory that a role held, bytes.
        findings: records on `ringfence.findings` at the end: whether the rules had anything to do.
    """

    roles: dict[str, Rate]
    events_per_core_s: float
    wall_per_s: float
    rss: dict[str, int]
    findings: int


def run(
    settings: Settings,
    home: Path,
    records: int,
    events: int,
    instances: tuple[str, ...] = (),
    tell: Callable[[float], None] = lambda _part: None,
) -> Passage:
    """Start the service on a topic that holds `records` records with `events` events, and follow it to the end.

    The intake starts when the others are ready, so that it does not read, and they start, at the same time.

    Args:
        settings: as `streams.bench.home.build` gave them.
        home: its directory.
        records: in the events topic.
        events: in the records.
        instances: `ROLE=COUNT`, as of `ringfence run`.
        tell: called with the part done.

    Raises:
        DependencyError: the service ended, or makes no progress.
    """
    services: list[Process] = []
    ready: dict[str, Usage] = {}
    try:
        for roles in (FIRST, ("intake",)):
            services.append(_start(home, roles, instances))
            wait_until_ready(services[-1])
            ready = ready or usage(services[0].process.pid)
        looks, _ = follow(settings, services, records, tell)
        return _judge(looks, records, events, ready, _findings(settings))
    finally:
        for service in services:
            service.stop()


def _start(home: Path, roles: tuple[str, ...], instances: tuple[str, ...]) -> Process:
    arguments = ["run", *roles, "--config", str(configuration(home))]
    for instance in instances:
        if instance.partition("=")[0] in roles:
            arguments += ["--instances", instance]
    return Process(arguments, home / f"{roles[0]}.log")


def follow(
    settings: Settings, services: Sequence[Process], records: int, tell: Callable[[float], None] = lambda _part: None
) -> tuple[list[Look], int]:
    """Look at the processes of a service until the intake has committed `records`, and the detector all their blocks.

    Returns:
        The looks, and the number of blocks.

    Raises:
        DependencyError: the service ended, or makes no progress.
    """
    groups = {role: Group(settings, *names) for role, names in INPUTS.items()}
    try:
        return _follow(services, groups, records, tell), groups["detector"].end()
    finally:
        for group in groups.values():
            group.close()


def _findings(settings: Settings) -> int:
    group = Group(settings, "ringfence.bench", FINDINGS)
    try:
        return group.end()
    finally:
        group.close()


def _follow(
    services: Sequence[Process], groups: dict[str, Group], records: int, tell: Callable[[float], None]
) -> list[Look]:
    looks: list[Look] = []
    moved_s = time.monotonic()
    while True:
        for service in services:
            service.check()
        done = {role: group.done() for role, group in groups.items()}
        now_s = time.monotonic()
        if looks and done != looks[-1].done:
            moved_s = now_s
        looks.append(Look(now_s, done, usage(*(service.process.pid for service in services))))
        tell(min(done["intake"] / records, 1.0))
        if done["intake"] >= records and done["detector"] >= groups["detector"].end():
            return looks
        if now_s - moved_s > STALLED_S:
            raise DependencyError(f"the service makes no progress (log: {services[0].log}): {done} of {records}")
        time.sleep(LOOK_EVERY_S)


def _judge(looks: list[Look], records: int, events: int, ready: dict[str, Usage], findings: int) -> Passage:
    """Rate every role: what was ready before the first event over all of them, the others between their marks."""
    roles = {}
    for role in sorted(looks[-1].used, key=lambda role: (role == SUPERVISOR, role)):
        samples = [Sample(look.at_s, look.done["intake"], look.used.get(role, Usage()).cpu_s) for look in looks]
        roles[role] = rate(samples, records, events)
        if role in FIRST:
            spent_s = looks[-1].used[role].cpu_s - ready[role].cpu_s
            roles[role] = roles[role]._replace(us_per_event=spent_s / events * 1e6)
    begun = next(look for look in looks if look.done["intake"])
    wall_s = looks[-1].at_s - begun.at_s
    return Passage(
        roles,
        per_core_second(sum(one.us_per_event for one in roles.values())),
        events * (1 - begun.done["intake"] / records) / wall_s if wall_s else 0.0,
        {role: max(look.used.get(role, Usage()).rss for look in looks) for role in roles},
        findings,
    )
