"""Two members of the intake's group, one killed in the middle: every event has one row, and no offset is missing."""

import json
import signal
import subprocess
from collections import Counter, defaultdict
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Producer

from streams import blocks
from streams.broker import Broker
from streams.coverage import Coverage
from streams.demo.configuration import furnish
from streams.reading import to_the_end
from streams.settings import Settings
from streams.topics import create
from tests.integration.test_running import logged, until
from tests.integration.test_service import RINGFENCE

BATCH = 3_000


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A supervisor of two intakes; gives it, its directory and its settings."""
    home = tmp_path_factory.mktemp("two")
    with Broker(ephemeral=True) as broker:
        settings = furnish(home, broker.bootstrap_servers, {}, {"kafka": {"event_partitions": 8}})
        create(settings)
        with (home / "run.log").open("wb") as log:
            command = [*RINGFENCE, "run", "intake", "--instances", "intake=2"]
            process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log)
        yield process, home, settings
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def send(settings: Settings, first: int) -> None:
    producer = Producer(settings.kafka.librdkafka())
    event = {"event": "attempt", "ts": 1795467960281, "caller": ""}
    for number in range(first, first + BATCH):
        value = json.dumps(event | {"call_id": f"c{number}", "called": f"+33{number:09d}"}).encode()
        producer.produce("signalling.events", value, str(number).encode())
        producer.poll(0)
    assert producer.flush(30) == 0


def counted(settings: Settings) -> Counter[int]:
    """How many rows each call has, as its owner counts; a gap would raise."""
    coverage: dict[int, Coverage] = defaultdict(Coverage)
    calls: Counter[int] = Counter()
    for target in range(4):
        for message in to_the_end(settings, "ringfence.rows", target):
            block = blocks.decode(message.value())
            calls.update(block.share.take(coverage[target].admit(block)).rows.call.tolist())
    return calls


def test_a_member_that_is_killed_loses_nothing_and_nothing_counts_twice(service):
    process, home, settings = service
    send(settings, 0)
    until(lambda: len(counted(settings)) == BATCH, 60)
    send(settings, BATCH)
    victim, *_ = psutil.Process(process.pid).children()
    victim.kill()
    send(settings, 2 * BATCH)
    until(lambda: len(counted(settings)) == 3 * BATCH, 60)
    assert set(counted(settings).values()) == {1}
    assert [entry["reason"] for entry in logged(Path(home)) if entry["event"] == "process ended"] == [
        "killed by SIGKILL"
    ]
