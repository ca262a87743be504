"""Records of any size that Kafka lets in (contract, section 2): up to 1 MiB they count, above they are dead letters."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams import blocks
from streams.broker import Broker
from streams.dead_letters import ROOM_BYTES
from streams.demo.configuration import furnish
from streams.kafka import admin
from streams.reading import to_the_end
from streams.settings import Settings
from streams.topics import create
from tests.integration.test_running import until
from tests.integration.test_service import RINGFENCE

MIB = 1 << 20
TOPIC_BYTES = 4 * MIB
"""What the operator lets in: more than a dead letter can hold."""


@pytest.fixture(scope="module")
def intake(tmp_path_factory):
    """An intake that runs; gives its directory and settings."""
    home = tmp_path_factory.mktemp("large")
    with Broker(ephemeral=True) as broker:
        settings = furnish(home, broker.bootstrap_servers, {}, {"kafka": {"event_partitions": 1}})
        create(settings)
        _widen(settings)
        with (home / "run.log").open("wb") as log:
            process = subprocess.Popen([*RINGFENCE, "run", "intake"], cwd=home, stdout=log, stderr=log)
        yield home, settings
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert b"process ended" not in (home / "run.log").read_bytes()


def _widen(settings: Settings) -> None:
    entry = ConfigEntry("max.message.bytes", str(TOPIC_BYTES), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, "signalling.events", incremental_configs=[entry])
    client = admin(settings)  # kept: it answers only while it is there
    client.incremental_alter_configs([resource])[resource].result()


def array(size: int) -> bytes:
    """Events that fill a record of so many bytes."""
    event = {"event": "attempt", "ts": 1795467960281, "caller": "", "called": "333", "x": "y" * 1000}
    texts = [json.dumps(event | {"call_id": f"c{number}"}).encode() for number in range(size // 1200)]
    record = b"[" + b",".join(texts) + b"]"
    return record + b" " * (size - len(record))


def send(home: Path, record: bytes) -> subprocess.CompletedProcess:
    (home / "events.jsonl").write_bytes(record + b"\n")
    return subprocess.run(
        [*RINGFENCE, "send", "events.jsonl"], cwd=home, capture_output=True, text=True, check=False, timeout=60
    )


def rows(settings: Settings) -> int:
    return sum(
        len(blocks.decode(message.value()).share.rows)
        for partition in range(4)
        for message in to_the_end(settings, "ringfence.rows", partition)
    )


def test_a_record_of_just_1_mib_counts_and_one_above_is_not_sent(intake):
    home, settings = intake
    assert send(home, array(MIB)).returncode == 0
    until(lambda: rows(settings) == MIB // 1200, 60)
    refused = send(home, array(MIB + 1))
    assert refused.returncode == 1
    assert "record_too_large" in refused.stderr


@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB - 10_000, 3 * MIB], ids=["just above", "a letter holds", "too long"])
def test_a_larger_record_that_gets_in_is_a_dead_letter_and_the_next_one_counts(intake, size):
    _, settings = intake
    record, before = array(size), rows(settings)
    producer = Producer({**settings.kafka.librdkafka(), "message.max.bytes": TOPIC_BYTES})
    producer.produce("signalling.events", record, b"key")
    producer.produce("signalling.events", array(1300), b"key")
    assert producer.flush(30) == 0
    until(lambda: rows(settings) == before + 1, 60)
    *_, letter = to_the_end(settings, "signalling.dlq", 0)
    headers = dict(letter.headers())
    assert headers["dlq.reason"] == b"record_too_large"
    assert letter.key() == b"key"
    if size <= ROOM_BYTES - len(b"key"):
        assert letter.value() == record
    else:
        assert record.startswith(letter.value())
        assert f"of its {size} bytes".encode() in headers["dlq.detail"]
