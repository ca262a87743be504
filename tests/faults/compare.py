"""What a schedule left in Kafka, beside what the oracle expects of its log; gives every difference in words."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from models import commands
from models.decider import Decider, Stamp
from models.detector import Detector
from models.digits import _NUMBER, _NUMBER_WITH_PLUS
from models.findings import Tick, decode
from models.hashing import Key, key_of, keys_of
from models.kinds import Kind
from models.tables import Tables
from models.windows.table import Features
from streams.assembly import decider_of, detector_of
from streams.decider import DEFLATE
from streams.decider_states import STATE, Saved
from streams.detector import seed_of
from streams.owner import Owner
from streams.pages import PageStore
from streams.reading import RowsLog
from streams.settings import Settings
from tests.faults.clients import TOPICS
from tests.faults.oracle.counting import BUCKETS, COUNTERS
from tests.faults.oracle.leaks import REASON, Expected
from tests.faults.roles import TOPIC_ID
from tests.faults.schedule import Outcome, allowed

ROWS = "ringfence.rows"


def differences(outcome: Outcome, settings: Settings, tables: Tables) -> list[str]:
    """Every difference, none where all is as it must be."""
    found = [f"{role} stopped: {stop}" for role, stop in outcome.stops if not allowed(stop)]
    try:
        detectors = [restored(settings, tables, partition) for partition in range(TOPICS[ROWS])]
    except Exception as error:
        return [*found, f"the state cannot be read: {error!r}"]
    for look in (counts, totals, paid, windows):
        found += look(detectors, outcome)
    for view in (repeated, letters, proved):
        found += view(outcome)
    found += undisturbed(outcome, decider_of(settings, tables))
    return found


def restored(settings: Settings, tables: Tables, partition: int) -> Detector:
    """The detector's state as a restart would find it."""
    store = PageStore(settings, partition, None)  # type: ignore[arg-type] # it only reads
    detector = detector_of(settings, tables, TOPICS[ROWS], seed_of(TOPIC_ID))
    owner = Owner(partition, detector, store, RowsLog(settings, ROWS, partition))
    owner.restore()
    return detector


def counts(detectors: list[Detector], outcome: Outcome) -> Iterator[str]:
    found: Counter[str] = Counter()
    for detector in detectors:
        found.update(detector.counts)
    expected = outcome.plan.verdict.counts
    if +found != +expected:
        yield f"counted {dict(+found)}, expected {dict(+expected)}"


def totals(detectors: list[Detector], outcome: Outcome) -> Iterator[str]:
    found: Counter[int] = Counter()
    for detector in detectors:
        found.update(detector.totals.minutes)
    kept_from = max(detector.totals.snapshot()["kept_from"] for detector in detectors)
    expected = Counter({at: n for at, n in outcome.plan.verdict.totals.items() if at >= kept_from})
    found = Counter({at: n for at, n in found.items() if at >= kept_from})
    if found != expected:
        yield f"answered per minute {dict(found - expected)} too many, {dict(expected - found)} too few"


def paid(detectors: list[Detector], outcome: Outcome) -> Iterator[str]:
    """Priced calls in the histories, by calling code and three digits."""
    found: Counter[str] = Counter()
    for detector in detectors:
        for route in detector.routes.values():
            history = route.ledger.history
            paid = history._table.counts[: len(history), :, 1].sum(axis=1)
            for prefix, number in zip(history.column("prefix").tolist(), paid.tolist(), strict=True):
                found[str(prefix)] += number
    if +found != outcome.plan.verdict.paid:
        yield f"paid calls {dict(+found)}, expected {dict(outcome.plan.verdict.paid)}"


def windows(detectors: list[Detector], outcome: Outcome) -> Iterator[str]:
    for kind in Kind:
        yield from _of_kind(kind, detectors, outcome)


def _of_kind(kind: Kind, detectors: list[Detector], outcome: Outcome) -> Iterator[str]:
    verdict = outcome.plan.verdict
    expected = {_key(kind, key): (key, one) for (of, key), one in verdict.windows.items() if of == kind.name.lower()}
    seen: Counter[int] = Counter()
    for detector in detectors:
        table = detector.windows[kind]
        keys = table.keys()
        for key, held in zip(keys.tolist(), table.buckets(keys, verdict.now_ms).tolist(), strict=True):
            if not any(map(any, held)):
                continue  # a living key of which no bucket holds anything any more
            seen[key] += 1
            if key not in expected:
                yield f"{kind.name}: nobody knows key {key}"
                continue
            name, one = expected[key]
            flat = [list(bucket) for window in one.buckets for bucket in window]
            if held != flat:
                yield f"{kind.name} {name}: " + _first_difference(held, flat)
        yield from _distinct(kind, keys.tolist(), table.features(keys, verdict.now_ms), expected)
    for key, count in seen.items():
        if count > 1:
            yield f"{kind.name} {key}: has {count} owners"
    for key in expected.keys() - seen.keys():
        yield f"{kind.name} {expected[key][0]}: is nowhere"


def _distinct(kind: Kind, keys: list[int], features: Features, expected: dict[int, Any]) -> Iterator[str]:
    """Other parties where they are counted exactly."""
    for row, key in enumerate(keys):
        name, one = expected.get(key, ("", None))
        for window, exact in enumerate(features.exact[row].tolist()):
            if one is not None and exact and (found := int(features.distinct[row, window])) != one.distinct[window]:
                yield f"{kind.name} {name}: {found} others in window {window}, expected {one.distinct[window]}"


def _first_difference(held: list[list[int]], expected: list[list[int]]) -> str:
    names = [f"{width // 1000} s bucket {at + 1} of {count}" for count, width in BUCKETS for at in range(count)]
    wrong = next(at for at in range(len(names)) if held[at] != expected[at])
    return f"{names[wrong]} is {dict(zip(COUNTERS, held[wrong], strict=True))}, expected {expected[wrong]}"


def _key(kind: Kind, text: str) -> int:
    """The number under which our state knows a readable key."""
    match kind:
        case Kind.ACCOUNT:
            return key_of(Key.ACCOUNT, text)
        case Kind.TRUNK:
            return key_of(Key.TRUNK, text)
        case Kind.PREFIX:
            return int(text[1:])
        case _:
            if text.startswith("+") and len(text) <= 16 and text[1] != "0":
                return int(text[1:])
            seed: Any = _NUMBER_WITH_PLUS if text.startswith("+") else _NUMBER
            return int(keys_of(seed, [text.lstrip("+")])[0])


def repeated(outcome: Outcome) -> Iterator[str]:
    """A finding that was told again has the same bytes."""
    told: dict[Any, bytes] = {}
    for value in outcome.cluster.values("ringfence.findings"):
        source = decode(value).source
        if told.setdefault(source, value) != value:
            yield f"two findings at {source}: {told[source]!r} and {value!r}"


def letters(outcome: Outcome) -> Iterator[str]:
    found = set()
    for partition in range(TOPICS["signalling.dlq"]):
        for message in outcome.cluster.read(("signalling.dlq", partition)):
            headers = {name: value.decode() for name, value in message.headers()}
            found.add((message.key(), message.value(), headers["dlq.reason"], headers["dlq.source"]))
    expected = set(map(tuple, outcome.plan.verdict.letters))
    for letter in sorted(found ^ expected, key=repr):
        yield f"dead letter {'missing' if letter in expected else 'too many'}: {letter}"


def proved(outcome: Outcome) -> Iterator[str]:
    """Every command that the oracle expects, in its order per key, and no other; it knows leaks, and no bursts."""
    found: dict[str, list[Expected]] = defaultdict(list)
    for command in by_position(outcome.cluster.values("fraud.control")):
        if command.reason != REASON:
            continue
        evidence: Any = command.evidence or {}
        key = command.target.key()
        found[key].append(
            Expected(key, str(command.action), command.reason, evidence.get("payers", 0), evidence.get("first_ts", 0))
        )
    expected: dict[str, list[Expected]] = defaultdict(list)
    for one in outcome.plan.verdict.commands:
        expected[one.key].append(one)
    for key in sorted(found.keys() | expected.keys()):
        if found[key] != expected[key]:
            yield f"commands of {key}: {found[key]}, expected {expected[key]}"


def _last_saved(outcome: Outcome) -> Saved:
    """What a decider that starts would find: of the records that nobody deleted the one of the highest offset."""
    kept = {message.key(): message.value() for message in outcome.cluster.read((STATE, 0))}
    saved = [msgspec.msgpack.decode(value, type=Saved) for value in kept.values() if value is not None]
    return max(saved, key=lambda one: (one.epoch, one.offset), default=Saved("", 0, -1, b""))


def _packed(decider: Decider) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(decider.snapshot()), DEFLATE)


def by_position(values: list[bytes]) -> list[commands.Command]:
    """Commands by the record of the findings that decided them, each once."""
    known = {value: commands.decode(value) for value in values}
    return sorted(known.values(), key=lambda command: (command.epoch, command.seq))


def undisturbed(outcome: Outcome, decider: Decider) -> Iterator[str]:
    """The same bytes as of a decider over the same log that nobody disturbed, one meaning for every id."""
    cluster = outcome.cluster
    end = cluster.groups["decider"].committed.get(0, 0) if "decider" in cluster.groups else 0
    expected: dict[str, bytes] = {}
    saved = _last_saved(outcome)
    if end > saved.offset + 1:
        yield f"a decider that starts goes on after finding {saved.offset}, and will be given {end} and those after it"
    for message in cluster.read(("ringfence.findings", 0)):
        finding = decode(message.value() or b"")
        if message.offset() >= end and not isinstance(finding, Tick):
            yield f"finding {message.offset()} was never decided"
        stamp = Stamp(message.timestamp()[1], message.offset(), 1)
        for order in decider.take(finding, stamp).orders:
            expected[order.command.id] = commands.encode(order.command)
        if message.offset() == saved.offset and _packed(decider) != saved.state:
            yield f"the decider's state after finding {saved.offset} is not that of one that nobody disturbed"
    found: dict[str, bytes] = {}
    for value in cluster.values("fraud.control") + cluster.values("fraud.shadow"):
        command = commands.decode(value)
        if found.setdefault(command.id, value) != value:
            yield f"two meanings of command {command.id}: {found[command.id]!r} and {value!r}"
    for name in sorted(found.keys() ^ expected.keys()):
        one = found.get(name) or expected[name]
        yield f"command {'too many' if name in found else 'missing'}, as undisturbed: {one!r}"
    for name in sorted(found.keys() & expected.keys()):
        if found[name] != expected[name]:
            yield f"command {name}: {found[name]!r}, undisturbed {expected[name]!r}"
