"""The embedded Kafka, for real: started, used, found again, killed, and gone with its owner."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from streams.broker import Broker
from streams.broker.process import wait_until_ended
from streams.errors import UsageError

OWNER = """
import sys, time
from streams.broker import Broker
broker = Broker(ephemeral=True)
address = broker.start()
print(address.pid, address.data, flush=True)
sys.stdin.read()
"""
pytestmark = pytest.mark.kafka


def create_topic(bootstrap: str, topic: str) -> None:
    client = AdminClient({"bootstrap.servers": bootstrap})
    client.create_topics([NewTopic(topic, 1, 1)])[topic].result(20)


def produce(bootstrap: str, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(20) == 0


def consume(bootstrap: str, topic: str, count: int, group: str) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        values: list[bytes] = []
        while len(values) < count and (records := consumer.consume(count - len(values), timeout=20)):
            values += [record.value() for record in records]
        return values
    finally:
        consumer.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker with a directory that outlives it."""
    broker = Broker(tmp_path / "kafka", ephemeral=True)
    yield broker
    broker.stop()


def test_what_is_produced_can_be_consumed_by_a_group(kafka: Broker, unique: str) -> None:
    create_topic(kafka.bootstrap_servers, unique)
    produce(kafka.bootstrap_servers, unique, b"one", b"two")
    assert consume(kafka.bootstrap_servers, unique, 2, unique) == [b"one", b"two"]


def test_a_topic_that_nobody_made_is_not_made_by_producing(kafka: Broker, unique: str) -> None:
    Producer({"bootstrap.servers": kafka.bootstrap_servers}).list_topics(unique, timeout=10)
    assert unique not in AdminClient({"bootstrap.servers": kafka.bootstrap_servers}).list_topics().topics


def test_it_listens_on_the_loopback_only(kafka: Broker) -> None:
    running = kafka.status()
    assert running is not None
    listening = [
        socket.laddr.ip
        for socket in psutil.Process(running.pid).net_connections("tcp")
        if socket.status == psutil.CONN_LISTEN
    ]
    assert len(listening) == 2
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


@pytest.mark.parametrize("ended", ["stop", "kill"])
def test_records_survive_a_restart_on_the_same_data(broker: Broker, unique: str, ended: str) -> None:
    first = broker.start()
    create_topic(first.bootstrap_servers, unique)
    produce(first.bootstrap_servers, unique, b"kept")

    assert getattr(broker, ended)()
    assert broker.status() is None
    second = broker.start()

    assert second.bootstrap_servers == first.bootstrap_servers
    assert second.pid != first.pid
    assert consume(second.bootstrap_servers, unique, 1, unique) == [b"kept"]


def test_a_second_start_finds_the_first_and_a_stop_from_elsewhere_ends_it(tmp_path: Path) -> None:
    first = Broker(tmp_path).start()
    elsewhere = Broker(tmp_path)
    try:
        again = elsewhere.start()
        assert (again.bootstrap_servers, again.pid) == (first.bootstrap_servers, first.pid)
        assert (first.already_running, again.already_running) == (False, True)
        with pytest.raises(UsageError, match="runs already at"):
            Broker(tmp_path, port=1).start()
        with pytest.raises(UsageError, match="for another owner"):
            Broker(tmp_path, ephemeral=True).start()
    finally:
        assert elsewhere.stop()
    assert Broker(tmp_path).look() == (None, "it was not started")
    assert not elsewhere.stop()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_an_ephemeral_broker_does_not_outlive_its_owner(how: signal.Signals) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout is not None
        pid, data = owner.stdout.readline().split()
        broker_and_guard = psutil.Process(owner.pid).children()
        assert psutil.Process(int(pid)) in broker_and_guard
        os.kill(owner.pid, how)
        owner.wait(10)
        assert all(wait_until_ended(process, 20) for process in broker_and_guard)
    assert not Path(data).exists()


def test_the_command_line_starts_says_and_stops(tmp_path: Path) -> None:
    def ringfence(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "streams", "kafka", *arguments, "--data", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert ringfence("status").returncode == 1
    try:
        started = json.loads(ringfence("start", "--json").stdout)
        answer = ringfence("status")
        assert (answer.returncode, answer.stdout.strip()) == (0, started["bootstrap_servers"])
        assert ringfence("start").stdout.strip() == started["bootstrap_servers"]
        assert "Kafka Server started" in Path(started["log"]).read_text()
    finally:
        assert ringfence("stop").stdout == "stopped\n"
    answer = ringfence("status", "--json")
    assert (answer.returncode, json.loads(answer.stdout)["running"]) == (1, False)
