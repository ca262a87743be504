"""What a schedule left in Kafka, beside what the backtest makes of the same events in the order of their partition.

The issue "The incident" defines the same events as those of one source partition: their order is the backtest's, and
whatever else happens every owner sees its share of them in that order. All that a detector knows is then either of
one key, which one owner has, or a sum over the owners:

- the windows of every kind and their hours of the week, by key, with the estimates of distinct other parties;
- per calling code its history, answered calls, open free calls, leaks and rejected candidates, byte for byte;
- answered calls per minute, and how many events were counted, late, copies or too late;
- how far event time has come, by which copies are forgotten. Fingerprints have no order to be compared in: what they
  know shows in the events that come twice, which count once in everything above.

What an owner keeps beside it says how far it has read (coverage, journal, which minutes it has told), not what it saw.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from unittest import mock

import msgspec
import numpy as np

from models.commands import Command
from models.detector import Detector
from models.kinds import Kind
from models.tables import Tables
from models.windows.ring import HOUR_MS, WEEK
from streams import backtest
from streams.assembly import detector_of
from streams.backtest import Backtest
from streams.detector import seed_of
from streams.settings import Settings
from tests.faults.clients import TOPICS
from tests.faults.compare import ROWS, by_position, restored
from tests.faults.roles import TOPIC_ID
from tests.faults.schedule import Outcome
from tests.faults.traffic import Plan

ORIGIN = "signalling.events/0/"
"""What evidence calls the partition that all events stand in."""
HOURS = 36
"""No plan is longer."""
Story = dict[str, list[tuple[Any, ...]]]
"""By topic and key in order: what the contract promises of a command to be the same."""


class Expected(NamedTuple):
    """What the backtest has when it has read everything."""

    detector: Detector
    commands: list[tuple[str, Command]]


def expected_of(plan: Plan, settings: Settings, tables: Tables) -> Expected:
    """Let the backtest read a plan's records as the lines of a file; its estimates have the service's seed."""
    detector = detector_of(settings, tables, seed=seed_of(TOPIC_ID))
    with mock.patch.object(backtest, "detector_of", return_value=detector):
        run = Backtest(settings, tables)
    decided = list(run.feed(ORIGIN, 0, [record.value or b"" for record in plan.records]))
    return Expected(detector, [(order.topic, order.command) for one in decided for order in one.decision.orders])


def differences(outcome: Outcome, expected: Expected, settings: Settings, tables: Tables) -> list[str]:
    """Every difference of the state that a restart would find, and of the commands."""
    owners = [restored(settings, tables, partition) for partition in range(TOPICS[ROWS])]
    found = []
    for look in (counts, minutes, event_time, windows, hours, routes):
        found += look(owners, expected.detector)
    return found + list(told(outcome, expected.commands))


def counts(owners: list[Detector], expected: Detector) -> Iterator[str]:
    found = Counter({name: sum(owner.counts[name] for owner in owners) for name in expected.counts})
    if found != expected.counts:
        yield f"counted {dict(found)}, the backtest {expected.counts}"


def minutes(owners: list[Detector], expected: Detector) -> Iterator[str]:
    """Answered calls of the minutes that the backtest remembers: whoever has read less forgets later."""
    kept_from = expected.totals.snapshot()["kept_from"]
    found: Counter[int] = Counter()
    for owner in owners:
        found.update({minute: count for minute, count in owner.totals.minutes.items() if minute >= kept_from})
    if found != expected.totals.minutes:
        yield f"answered per minute {dict(found)}, the backtest {expected.totals.minutes}"


def event_time(owners: list[Detector], expected: Detector) -> Iterator[str]:
    for number, owner in enumerate(owners):
        found, wanted = ((one.newest_ms, one.admission.slowest, one.origins) for one in (owner, expected))
        if found != wanted:
            yield f"owner {number} has come to {found}, the backtest to {wanted}"


def windows(owners: list[Detector], expected: Detector) -> Iterator[str]:
    for kind in Kind:
        found, wanted = ([_held(one, kind, expected.newest_ms) for one in these] for these in (owners, [expected]))
        yield from _by_key(f"{kind.name} window", found, wanted[0])


def _held(detector: Detector, kind: Kind, now_ms: int) -> dict[Any, bytes]:
    """By key all that its windows hold at a time; a key that lives on with nothing in any bucket is none."""
    table = detector.windows[kind]
    keys = table.keys()
    buckets, features = table.buckets(keys, now_ms), table.features(keys, now_ms)
    held = {
        key: b"".join(part[row].tobytes() for part in (buckets, *features)) if buckets[row].any() else b""
        for row, key in enumerate(keys.tolist())
    }
    return {key: one for key, one in held.items() if one} | {"lost": str(table.ledger[1:]).encode()}


def hours(owners: list[Detector], expected: Detector) -> Iterator[str]:
    for kind in Kind:
        found, wanted = ([_usual(one, kind, expected.newest_ms) for one in these] for these in (owners, [expected]))
        yield from _by_key(f"{kind.name} hours", found, wanted[0])


def _usual(detector: Detector, kind: Kind, now_ms: int) -> dict[Any, bytes]:
    """By key what will be normal for it in every hour that the plans know, a week later."""
    keys, table = detector.windows[kind].keys(), detector.sightings.tables[kind.name.lower()].hours
    later = [now_ms // HOUR_MS + hour for hour in range(WEEK - HOURS, WEEK + 1)]
    normal = [np.stack(table.normal(keys, np.full(len(keys), hour)), axis=1) for hour in later]
    held = {key: [one[row] for one in normal] for row, key in enumerate(keys.tolist())}
    return {key: np.array(told).tobytes() for key, told in held.items() if np.any(told)}


def routes(owners: list[Detector], expected: Detector) -> Iterator[str]:
    found, wanted = ([_packed(one) for one in these] for these in (owners, [expected]))
    yield from _by_key("calling code", found, wanted[0])
    names = expected.snapshot()["names"]
    for number, owner in enumerate(owners):
        if owner.routes and owner.snapshot()["names"] != names:
            yield f"owner {number} has numbered its names as {owner.snapshot()['names']}, the backtest as {names}"


def _packed(detector: Detector) -> dict[Any, bytes]:
    return {code: msgspec.msgpack.encode(one.snapshot()) for code, one in detector.routes.items()}


def _by_key(what: str, owners: list[dict[Any, bytes]], wanted: dict[Any, bytes]) -> Iterator[str]:
    """Every key has one owner, who has of it what the backtest has."""
    found: dict[Any, list[bytes]] = defaultdict(list)
    for owner in owners:
        for key, held in owner.items():
            found[key].append(held)
    for key in found.keys() | wanted.keys():
        if len(found[key]) != 1 and key != "lost":
            yield f"{what} {key}: {len(found[key])} owners have it"
        elif set(found[key]) != {wanted.get(key)}:
            yield f"{what} {key}: is not as the backtest has it"


def told(outcome: Outcome, expected: list[tuple[str, Command]]) -> Iterator[str]:
    """The same commands in the same order per key (contract, section 3; the issue "The incident", acceptance 3)."""
    topics = ("fraud.control", "fraud.shadow")
    found = _story((topic, one) for topic in topics for one in by_position(outcome.cluster.values(topic)))
    wanted = _story(iter(expected))
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            yield f"commands of {key}: {found.get(key)}, the backtest's {wanted.get(key)}"


def _story(given: Iterator[tuple[str, Command]]) -> Story:
    told: Story = defaultdict(list)
    for topic, one in given:
        entry = (one.diagnosis or {}).get("entry")
        told[f"{topic} {one.target.key()}"].append((one.action, one.reason, entry, one.incident, one.id))
    return dict(told)
