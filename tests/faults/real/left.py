"""What is left on Kafka when all is over, beside what the oracle and an undisturbed decider expect."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple

from confluent_kafka import Message

from models import commands
from models.detector import Detector
from models.tables import Tables
from streams.assembly import decider_of, detector_of
from streams.bench.offsets import Group
from streams.detector import ROWS, seed_of
from streams.event_source import EVENTS
from streams.owner import Owner
from streams.pages import PageStore
from streams.reading import RowsLog, to_the_end, topic_id
from streams.settings import Settings
from streams.tables import load_tables
from tests.faults import compare
from tests.faults.oracle.consult import Verdict, consult
from tests.faults.oracle.counting import BUCKETS, COUNTERS
from tests.faults.oracle.facts import Record
from tests.faults.real import promises
from tests.faults.real.recovery import READS
from tests.faults.real.traffic import REAL_FACTS

CONTROL = "fraud.control"
Lane = tuple[str, int]


class Comparison(NamedTuple):
    """What was compared, how often, and where it differs."""

    made: dict[str, int]
    differences: list[str]
    notes: list[str]


class Logs:
    """The topics of a real Kafka, read as those of the simulation are."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[Lane, list[Message]] = {}
        group = Group(settings, *READS["decider"])
        self.groups = {"decider": SimpleNamespace(committed=group.committed())}
        group.close()

    def read(self, lane: Lane) -> list[Message]:
        """All records of a partition, none where there is no such partition."""
        if lane not in self._read:
            topic, partition = lane
            there = partition < len(self._partitions(topic))
            self._read[lane] = list(to_the_end(self._settings, topic, partition)) if there else []
        return self._read[lane]

    def values(self, topic: str) -> list[bytes]:
        """Every value of a topic that is none of a tombstone."""
        lanes = ((topic, partition) for partition in self._partitions(topic))
        return [value for lane in lanes for message in self.read(lane) if (value := message.value()) is not None]

    def _partitions(self, topic: str) -> list[int]:
        group = Group(self._settings, "ringfence.left", topic)
        try:
            return sorted(group.ends())
        finally:
            group.close()

    def events(self) -> Iterator[Record]:
        """The log that the oracle is given."""
        for partition in self._partitions(EVENTS):
            for message in self.read((EVENTS, partition)):
                yield Record(partition, message.offset() or 0, message.key(), message.timestamp()[1], message.value())


def compared(settings: Settings) -> Comparison:
    """Read everything, and compare."""
    logs, tables = Logs(settings), load_tables(settings)
    verdict = consult(logs.events(), REAL_FACTS)
    outcome = SimpleNamespace(plan=SimpleNamespace(verdict=verdict), cluster=logs)
    detectors = [_restored(settings, tables, partition) for partition in range(settings.kafka.row_partitions)]
    found: list[str] = []
    for look in (compare.counts, compare.totals, compare.paid, compare.windows):
        found += look(detectors, outcome)
    for view in (compare.repeated, compare.letters):
        found += view(outcome)
    written = [commands.decode(value) for value in logs.values(CONTROL)]
    given = promises.once(written)
    found += promises.broken(given)
    found += compare.proved(SimpleNamespace(plan=outcome.plan, cluster=_Proved(given)))
    found += compare.undisturbed(outcome, decider_of(settings, tables))
    return Comparison(_made(verdict, logs, len(written)), found, _repeated(logs))


def _repeated(logs: Logs) -> list[str]:
    """Commands that were written again; that they say the same is compared elsewhere."""
    first: dict[bytes, Message] = {}
    told = []
    for message in logs.read((CONTROL, 0)):
        before = first.setdefault(message.value() or b"", message)
        if before is not message:
            at_s = (message.timestamp()[1] - before.timestamp()[1]) / 1000
            told.append(f"the command at {before.offset()} was written again at {message.offset()}, {at_s:.1f} s later")
    return told


class _Proved:
    """The control topic with only those commands that a proof asked for: what the oracle knows of."""

    def __init__(self, given: list[commands.Command]) -> None:
        self._given = given

    def values(self, _topic: str) -> list[bytes]:
        return [commands.encode(command) for command in promises.proved(self._given)]


def _restored(settings: Settings, tables: Tables, partition: int) -> Detector:
    """A partition's state as a restart finds it."""
    owners, seed = settings.kafka.row_partitions, seed_of(topic_id(settings, ROWS))
    store = PageStore(settings, partition, None)  # type: ignore[arg-type] # it only reads
    rows = RowsLog(settings, ROWS, partition)
    owner = Owner(partition, detector_of(settings, tables, owners, seed), store, rows)
    owner.restore()
    return owner.detector


def _made(verdict: Verdict, logs: Logs, written: int) -> dict[str, int]:
    counters = len(verdict.windows) * sum(count for count, _ in BUCKETS) * len(COUNTERS)
    return {
        "events counted": verdict.counts["counted"],
        "copies": verdict.counts["duplicates"],
        "late, and too late": verdict.counts["late"] + verdict.counts["too_late"],
        "keys": len(verdict.windows),
        "counters in whole buckets": counters,
        "minutes of answered calls": len(verdict.totals),
        "prefixes with prices": len(verdict.paid),
        "dead letters": len(verdict.letters),
        "proved commands": len(verdict.commands),
        "bytes of commands": written,
        "findings": len(logs.values("ringfence.findings")),
    }
