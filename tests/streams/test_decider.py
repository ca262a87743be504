"""The decider's role between two lives: its epoch, its offset, and the commands that stand on the control topic."""

import asyncio
import zlib
from types import SimpleNamespace

import msgspec
import pytest

from models import commands
from models.findings import encode
from streams import decider, faust_role, metrics
from streams.coverage import GapError
from streams.decider import CONTROL, FINDINGS, DeciderRole
from streams.decider_states import STATE
from streams.errors import UsageError
from streams.heartbeat import Heartbeat
from streams.key_files import Role, new_key
from streams.settings import Settings
from streams.tables import load_tables
from tests.support.findings_log import NOW, SEEN, SPAIN, burst, leak, mended


class Kafka:
    """Topics in memory; a decider that is killed leaves what it had settled."""

    def __init__(self) -> None:
        self.topics: dict[str, list[bytes]] = {}
        self.keys: dict[str, list[bytes]] = {}
        self.findings_id = "id-1"
        self.crash_after: int | None = None

    def send(self, topic, value, key=None, *_, **__):
        if self.crash_after is not None:
            if not self.crash_after:
                raise SystemExit
            self.crash_after -= 1
        self.topics.setdefault(topic, []).append(value)
        self.keys.setdefault(topic, []).append(key)

    def records(self, topic):
        return list(zip(self.keys.get(topic, []), self.topics.get(topic, []), strict=True))

    def settle(self):
        pass

    @property
    def commands(self):
        return [commands.decode(value) for value in self.topics.get(CONTROL, [])]


@pytest.fixture
def kafka(monkeypatch):
    kafka = Kafka()
    monkeypatch.setattr(faust_role, "Outbox", lambda _: kafka)
    monkeypatch.setattr(decider, "Forwarder", lambda *_: None)
    monkeypatch.setattr(decider, "topic_id", lambda *_: kafka.findings_id)
    monkeypatch.setattr(decider, "_records", lambda _, topic: kafka.records(topic))
    return kafka


@pytest.fixture
def life(kafka, tmp_path):
    """Run a decider over findings from an offset on, as Faust gives them; gives whether it lived to the end."""
    new_key(tmp_path, Role.DECIDER, "d1")
    settings = Settings(keys={"dir": tmp_path}, network={"home_country_code": "212"})

    async def run(findings, first):
        role = DeciderRole(settings, load_tables(settings), Heartbeat(None))
        for offset, finding in enumerate(findings, first):
            at_s = (NOW + offset * 1000) / 1000
            value = finding if isinstance(finding, bytes) else encode(at(finding, offset))
            message = SimpleNamespace(offset=offset, value=value, timestamp=at_s, headers=[], partition=0)
            await role.take(SimpleNamespace(message=message, ack=lambda: None))

    def lived(*findings, first=0) -> bool:
        try:
            asyncio.run(run(findings, first))
        except SystemExit:
            return False
        return True

    return lived


def at(finding, position):
    return msgspec.structs.replace(finding, source=msgspec.structs.replace(finding.source, position=position))


def test_the_first_log_is_epoch_1_and_that_is_durable_before_its_first_command(kafka, life):
    kafka.crash_after = 1
    assert not life(leak())
    assert (kafka.topics.keys(), kafka.commands) == ({STATE}, [])
    kafka.crash_after = None
    life(leak())
    assert [(command.epoch, command.seq, command.lease) for command in kafka.commands] == [(1, 0, 1)]


def test_a_decider_that_was_paused_takes_the_place_of_nothing_newer(kafka, life):
    """It writes the state that it had then, after the other one wrote its own."""
    life(leak())
    stale = kafka.records(STATE)[-1]
    life(mended(), first=1)
    kafka.send(STATE, stale[1], stale[0])
    life(leak(first_ts=NOW + 1), first=2)
    assert [str(command.action) for command in kafka.commands] == ["block", "release", "block"]


def test_a_finding_that_never_came_stops_the_decider(kafka, life):
    life(leak())
    with pytest.raises(GapError, match="offsets 1 to 1 never came"):
        life(leak(SPAIN), first=2)


def test_what_became_of_every_finding_is_counted_by_its_reason(kafka, life):
    def counted(*labels):
        return metrics.VERDICTS.labels(*labels)._value.get()

    labels = [("zero_cost_route", "block", "free_where_paid_before"), ("rate_burst", "rejected", "usual_load")]
    before = [counted(*each) for each in labels]
    life(leak(), burst(grade="rejected", why="usual_load"))
    assert [counted(*each) for each in labels] == [number + 1 for number in before]


def test_only_the_newest_state_stays(kafka, life):
    life(leak(), leak(SPAIN), mended())
    kept = [key for key, value in dict(kafka.records(STATE)).items() if value is not None]
    assert kept == [b"state@1/00000000000000000003"]


@pytest.mark.parametrize("crash_after", range(18))
def test_a_decider_that_is_killed_anywhere_gives_the_same_commands(kafka, life, crash_after):
    findings = [leak(), leak(SPAIN), b"no finding", mended(), leak(first_ts=NOW + 1), burst(grade="shadow", **SEEN)]
    kafka.crash_after = crash_after
    first = life(*findings)
    kafka.crash_after = None
    if not first:
        life(*findings)
    told = [(command.seq, str(command.action), command.epoch) for command in kafka.commands]
    assert told == [(0, "block", 1), (1, "block", 1), (3, "release", 1), (4, "block", 1), (5, "limit", 1)]


@pytest.mark.parametrize("lost", [False, True])
def test_a_log_made_anew_is_the_next_epoch_and_gives_no_id_a_second_meaning(kafka, life, lost):
    life(leak())
    kafka.findings_id = "id-2"
    if lost:
        del kafka.topics[STATE], kafka.keys[STATE]
    for _ in range(2):
        life(leak())
    old, new = kafka.commands
    assert (old.epoch, new.epoch) == (1, 2)
    assert (new.incident, new.lease) == (old.incident, 2)
    assert old.id != new.id


def test_a_decider_that_waited_goes_on_from_where_the_other_stopped(kafka, life, tmp_path):
    settings = Settings(keys={"dir": tmp_path}, network={"home_country_code": "212"})
    waiting = DeciderRole(settings, load_tables(settings), Heartbeat(None))
    life(leak())
    message = SimpleNamespace(
        offset=1, value=encode(at(mended(), 1)), timestamp=NOW / 1000, headers=[], partition=0, topic=FINDINGS
    )
    asyncio.run(waiting.take(SimpleNamespace(message=message, ack=lambda: None)))
    assert [str(command.action) for command in kafka.commands] == ["block", "release"]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (zlib.compress(msgspec.msgpack.encode({"v": 99})), "decider state of version 99"),
        (b"no state", "incorrect header check"),
        ({"v": 1}, "Expected `bytes`, got `object`"),
    ],
)
def test_a_state_that_this_build_cannot_read_is_said_with_a_remedy(kafka, life, state, says):
    kafka.keys[STATE] = [b"state"]
    kafka.topics[STATE] = [msgspec.msgpack.encode({"topic_id": "id-1", "epoch": 1, "offset": 0, "state": state})]
    with pytest.raises(UsageError, match=rf"ringfence\.decider: .*{says}.*\(run the version"):
        life(leak())
