"""Roles on Faust: what they acknowledge and when, the lag that they report, and tables that change under them."""

import asyncio
from types import SimpleNamespace

import faust
import pytest
from confluent_kafka import KafkaError, KafkaException
from faust.types import TP
from prometheus_client import REGISTRY

from models.findings import decode
from models.tables import Tables
from streams import faust_app
from streams.backlog import Span
from streams.detector import DetectorRole
from streams.errors import DependencyError
from streams.faust_role import FaustRole
from streams.heartbeat import Beat, Heartbeat
from streams.settings import Settings
from streams.watchdog import Watchdog
from tests.owned import TABLES, MemoryStore
from tests.streams.fake_kafka import FakeOutbox
from tests.streams.test_owner import CALLS, block

SETTINGS = Settings(network={"home_country_code": "212"}, service={"checkpoint_ms": 3_600_000})


class Event:
    """A message of Faust's, and whether it was acknowledged."""

    def __init__(self, partition: int, offset: int, value: bytes = b"") -> None:
        headers = [("appended", b"5")]
        self.message = SimpleNamespace(partition=partition, offset=offset, value=value, headers=headers)
        self.acknowledged = False

    def ack(self) -> None:
        self.acknowledged = True


class FakeFaust:
    """An app that has these partitions, as far as roles look at it."""

    def __init__(self, *partitions: int) -> None:
        self.rebalancing = False
        self.consumer = self
        self.conf = SimpleNamespace(id="group")
        self.partitions = partitions

    def assignment(self) -> list[TP]:
        return [TP("ringfence.rows", partition) for partition in self.partitions]


class Told(Heartbeat):
    """A heartbeat that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(None)
        self.beats: list[Beat] = []

    def beat(self, ready: bool, moved: int, lag: int, remark: str = "") -> None:
        self.beats.append(Beat(ready, moved, lag, remark))


@pytest.fixture(autouse=True)
def outbox(monkeypatch):
    made = FakeOutbox(4)
    monkeypatch.setattr("streams.faust_role.Outbox", lambda settings: made)
    return made


@pytest.fixture(autouse=True)
def spans(monkeypatch):
    """What Kafka says of each partition: what the group has acknowledged, and the end."""
    found: dict[int, Span] = {}

    class Told:
        def __init__(self, _settings, group, topic):
            assert (group, topic) == ("group", "ringfence.rows")

        def look(self, partitions):
            if not found:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            return {partition: found[partition] for partition in partitions}

    monkeypatch.setattr("streams.faust_role.Backlog", Told)
    return found


@pytest.fixture
def store(monkeypatch):
    """Pages in memory, a list per partition."""
    records: dict[int, list] = {}
    monkeypatch.setattr("streams.detector.topic_id", lambda settings, topic: "id-1")
    monkeypatch.setattr(
        "streams.detector.PageStore", lambda settings, partition, outbox: MemoryStore(records.setdefault(partition, []))
    )
    return records


async def beats(role: FaustRole, times: int = 2) -> None:
    """Beat, and let the look at the ends finish in between."""
    for _ in range(times):
        role.beat()
        await asyncio.sleep(0)
        if role._looking is not None:
            await role._looking


def test_the_lag_is_what_kafka_has_and_we_have_not_taken(spans):
    spans |= {0: Span(3, 30), 1: Span(12, 12), 2: Span(3, 5)}
    heartbeat = Told()

    async def story():
        role = FaustRole("detector", "ringfence.rows", SETTINGS, Tables(), heartbeat)
        role.app = FakeFaust(0, 1, 2)
        role.took(Event(0, 9))
        await beats(role)

    asyncio.run(story())
    assert heartbeat.beats[-1] == Beat(ready=True, moved=1, lag=20 + 0 + 2)
    assert REGISTRY.get_sample_value("ringfence_lag_records", {"topic": "ringfence.rows"}) == 22
    assert REGISTRY.get_sample_value("ringfence_last_progress_timestamp_seconds", {"role": "detector"}) > 0


def test_a_role_that_stands_still_with_records_waiting_is_seen(spans):
    spans[0] = Span(0, 30)
    heartbeat = Told()

    async def story():
        role = FaustRole("detector", "ringfence.rows", SETTINGS, Tables(), heartbeat)
        role.app = FakeFaust(0)
        await beats(role, 3)

    asyncio.run(story())
    watchdog = Watchdog(30, 0)
    for second, beat in enumerate(heartbeat.beats):
        watchdog.heard(beat, second)
    watchdog.heard(heartbeat.beats[-1], 40)
    assert watchdog.complaint(40) == "no progress for 40 s with 30 records waiting"


def test_a_kafka_that_does_not_answer_leaves_the_heart_beating():
    heartbeat = Told()

    async def story():
        role = FaustRole("detector", "ringfence.rows", SETTINGS, Tables(), heartbeat)
        role.app = FakeFaust(0)
        await beats(role)

    asyncio.run(story())
    assert heartbeat.beats[-1] == Beat(ready=True, moved=0, lag=0)


def test_what_went_to_another_member_is_not_acknowledged_by_us():
    async def story():
        role = FaustRole("detector", "ringfence.rows", SETTINGS, Tables(), Told())
        kept, gone = Event(0, 1), Event(1, 1)
        role.took(kept)
        role.took(gone)
        role.lose({1})
        later = Event(0, 2)
        role.took(later)
        role.acknowledge(0, 2)
        role.acknowledge(1, 2)
        assert (kept.acknowledged, gone.acknowledged, later.acknowledged) == (True, False, False)

    asyncio.run(story())


def test_blocks_are_acknowledged_by_the_checkpoint_that_holds_them(store):
    async def story():
        role = DetectorRole(SETTINGS, TABLES, Told())
        events = [Event(0, offset, block(offset, offset + 1)) for offset in range(3)]
        for event in events:
            await role.take(event)
        assert not any(event.acknowledged for event in events)
        await role.checkpoint()
        assert all(event.acknowledged for event in events)
        assert any(key.startswith("manifest@") for key, _ in store[0])

    asyncio.run(story())


def test_partitions_are_saved_in_turn_while_blocks_are_taken(store, outbox):
    """What comes while Kafka is waited for is neither lost nor acknowledged before its own checkpoint."""

    async def story():
        often = Settings(network={"home_country_code": "212"}, service={"checkpoint_ms": 10})
        role = DetectorRole(often, TABLES, Told())
        role.app = FakeFaust(0, 1)
        answered = asyncio.Event()
        role.settle = answered.wait
        first = [Event(partition, 0, block(0, 1)) for partition in (0, 1)]
        for event in first:
            await role.take(event)
        await asyncio.sleep(0.02)
        later = [Event(partition, 1, block(1, 2)) for partition in (0, 1)]
        for event in later:
            await role.take(event)
        assert not any(event.acknowledged for event in first + later)
        answered.set()
        await role._saving
        assert [event.acknowledged for event in first + later] in ([1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0])
        await role.checkpoint()
        assert all(event.acknowledged for event in first + later)

    asyncio.run(story())


def test_blocks_that_are_given_again_are_acknowledged_at_once(store):
    async def story():
        first = DetectorRole(SETTINGS, TABLES, Told())
        await first.take(Event(0, 0, block(0, 1)))
        await first.checkpoint()
        second, again = DetectorRole(SETTINGS, TABLES, Told()), Event(0, 0, block(0, 1))
        await second.take(again)
        assert again.acknowledged

    asyncio.run(story())


def test_late_events_copies_and_state_are_counted(store):
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = value("ringfence_duplicates_total"), value("ringfence_late_total")

    async def story():
        role = DetectorRole(SETTINGS, TABLES, Told())
        await role.take(Event(0, 0, block(0, 20)))
        copies = block(0, 20).replace(b"topic-1", b"topic-2")
        await role.take(Event(0, 1, copies))
        await role.checkpoint()

    asyncio.run(story())
    assert value("ringfence_duplicates_total") == before[0] + 20
    assert value("ringfence_late_total") == before[1]
    assert value("ringfence_state_keys", kind="calling_codes") == 1


def test_findings_carry_when_their_event_was_appended(store, outbox):
    async def story():
        role = DetectorRole(SETTINGS, TABLES, Told())
        await role.take(Event(0, 0, block(0, CALLS)))

    asyncio.run(story())
    found = [(decode(value), headers) for topic, value, _, _, headers in outbox.sent if topic == "ringfence.findings"]
    assert found
    assert all(headers == [("appended", b"5")] for _, headers in found)


def test_tables_that_change_are_in_force_from_a_checkpoint_on(store, outbox):
    """The code 333 explains the leak only to a detector that knows it."""

    def entries() -> set[str | None]:
        found = [decode(value) for topic, value, *_ in outbox.sent if topic == "ringfence.findings"]
        return {finding.entry for finding in found if getattr(finding, "grade", "") == "block"}

    async def story():
        role = DetectorRole(SETTINGS, Tables(), Told())
        role.app = FakeFaust(0)
        await role.take(Event(0, 0, block(0, 20)))
        answers = [TABLES]

        def changed():
            role.watch.tables = answers[0]
            return answers.pop() if answers else None

        role.watch.changed = changed
        await role.tick()
        assert any(key.startswith("manifest@") for key, _ in store[0])
        await role.take(Event(0, 1, block(20, CALLS)))

    asyncio.run(story())
    assert entries() == {"333"}


def test_a_remark_about_the_tables_is_in_the_report(store):
    heartbeat = Told()

    async def story():
        role = DetectorRole(SETTINGS, TABLES, heartbeat)
        role.app = FakeFaust(0)
        role.watch.remark = "short.csv:3: code: no"
        await role.tick()

    asyncio.run(story())
    assert heartbeat.beats[-1].remark == "short.csv:3: code: no"


def test_faust_writes_nothing_of_its_own_to_standard_output(monkeypatch):
    workers = []

    def execute(worker):
        workers.append(worker)

    monkeypatch.setattr(faust.Worker, "execute_from_commandline", execute)
    faust_app.run(faust.App("quiet", store="memory://", web_enabled=False))
    assert workers[0].spinner is None
    assert workers[0].quiet


def test_a_role_that_could_be_given_no_partition_ends_instead_of_waiting_for_ever(monkeypatch):
    """A broker that has just started may not know its topics; Faust would hand out nothing, and never ask again."""
    ends = []
    monkeypatch.setattr(faust_app, "end", lambda heartbeat, reason: ends.append(reason))
    assignor = faust_app._assignor(Told())
    known = SimpleNamespace(partitions_for_topic=lambda topic: {0} if topic == "known" else None)
    assignor._get_copartitioned_groups({"known"}, known, {"member": {"known"}})
    assert ends == []
    assignor._get_copartitioned_groups({"new"}, known, {"member": {"new"}})
    assert ends == ["Kafka does not know the topic new (yet): no partition of it can be assigned"]


def test_a_faust_that_ends_by_itself_is_said_in_one_line(monkeypatch):
    def failed(worker):
        raise SystemExit(1)

    monkeypatch.setattr(faust.Worker, "execute_from_commandline", failed)
    with pytest.raises(DependencyError, match="Kafka is out of reach"):
        faust_app.run(faust.App("ended", store="memory://", web_enabled=False))
