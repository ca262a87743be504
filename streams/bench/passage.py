"""The service on a load that is there already: followed to the end, and what every role spends on an event."""

import time
from collections.abc import Callable
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
"""Roles whose work is measured by what their group has committed; the others go along with the intake's marks."""


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
    arguments = ["run", "--config", str(configuration(home))]
    for instance in instances:
        arguments += ["--instances", instance]
    service = Process(arguments, home / "service.log")
    try:
        wait_until_ready(service)
        looks, blocks = follow(settings, service, records, tell)
        return _judge(looks, records, events, blocks, _findings(settings))
    finally:
        service.stop()


def follow(
    settings: Settings, service: Process, records: int, tell: Callable[[float], None] = lambda _part: None
) -> tuple[list[Look], int]:
    """Look now and then until `records` are committed by the intake, and all their blocks by the detector.

    Returns:
        The looks, and the number of blocks.

    Raises:
        DependencyError: the service ended, or makes no progress.
    """
    groups = {role: Group(settings, *names) for role, names in INPUTS.items()}
    try:
        return _follow(service, groups, records, tell), groups["detector"].end()
    finally:
        for group in groups.values():
            group.close()


def _findings(settings: Settings) -> int:
    group = Group(settings, "ringfence.bench", FINDINGS)
    try:
        return group.end()
    finally:
        group.close()


def _follow(service: Process, groups: dict[str, Group], records: int, tell: Callable[[float], None]) -> list[Look]:
    looks: list[Look] = []
    moved_s = time.monotonic()
    while True:
        service.check()
        done = {role: group.done() for role, group in groups.items()}
        now_s = time.monotonic()
        if looks and done != looks[-1].done:
            moved_s = now_s
        looks.append(Look(now_s, done, usage(service.process.pid)))
        tell(min(done["intake"] / records, 1.0))
        if done["intake"] >= records and done["detector"] >= groups["detector"].end():
            return looks
        if now_s - moved_s > STALLED_S:
            raise DependencyError(f"the service makes no progress (log: {service.log}): {done} of {records}")
        time.sleep(LOOK_EVERY_S)


def _judge(looks: list[Look], records: int, events: int, blocks: int, findings: int) -> Passage:
    totals = {"intake": records, "detector": blocks}
    roles = {}
    for role in sorted(looks[-1].used, key=lambda role: (role == SUPERVISOR, role)):
        by = role if role in totals else "intake"
        samples = [Sample(look.at_s, look.done[by], look.used.get(role, Usage()).cpu_s) for look in looks]
        roles[role] = rate(samples, totals[by], events)
    begun = next(look for look in looks if look.done["intake"])
    wall_s = looks[-1].at_s - begun.at_s
    return Passage(
        roles,
        per_core_second(sum(one.us_per_event for one in roles.values())),
        events * (1 - begun.done["intake"] / records) / wall_s if wall_s else 0.0,
        {role: max(look.used.get(role, Usage()).rss for look in looks) for role in roles},
        findings,
    )
