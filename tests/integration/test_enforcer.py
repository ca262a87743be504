"""`ringfence enforce log` as a process against a real Kafka: load, enforce, acknowledge, restart, end."""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from models import commands, orders
from models.commands import Action, Command, Scope, Target, command_id, incident_id
from streams.broker import Broker
from streams.enforcers.feed import Feed
from streams.enforcers.worker import CONTROL, POLICY
from streams.key_files import Role, new_key
from streams.settings import Settings
from streams.signing import KeyRing

pytestmark = pytest.mark.kafka
QUIET = logging.getLogger("test.rdkafka")
QUIET.addHandler(logging.NullHandler())
TIMEOUT_S = 30
LEASE_MS = 600_000
TOPICS = (CONTROL, POLICY, "fraud.acks")


def make_topics(admin):
    """The enforcer's three topics, empty."""
    there = [name for name in TOPICS if name in admin.list_topics(timeout=TIMEOUT_S).topics]
    for future in admin.delete_topics(there).values() if there else ():
        future.result(TIMEOUT_S)
    config = {CONTROL: {"message.timestamp.type": "LogAppendTime"}}
    for future in admin.create_topics([NewTopic(name, 1, 1, config=config.get(name, {})) for name in TOPICS]).values():
        future.result(TIMEOUT_S)


@pytest.fixture
def topics(kafka):
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    make_topics(admin)
    yield admin
    for future in admin.delete_topics(list(TOPICS)).values():
        future.result(TIMEOUT_S)


class Enforcer:
    """The process, and the lines that it has written."""

    def __init__(self, bootstrap, keys, *options):
        environment = os.environ | {"RINGFENCE_KAFKA__BOOTSTRAP_SERVERS": bootstrap, "RINGFENCE_KEYS__DIR": str(keys)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streams", "enforce", "log", "--name", "e1", *options],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def line(self):
        return self._lines.get(timeout=TIMEOUT_S)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        errors = self.process.stderr.read()
        self.process.wait(TIMEOUT_S)
        self._reader.join(TIMEOUT_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.returncode, errors.decode()


class Bench:
    def __init__(self, kafka, keys):
        self.bootstrap, self.directory = kafka.bootstrap_servers, keys
        self.keys = KeyRing.load(keys)
        self.producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, "logger": QUIET})
        self.running = []

    def start(self, *options):
        self.running.append(Enforcer(self.bootstrap, self.directory, *options))
        return self.running[-1]

    def send(self, topic, role, key, value, **more):
        headers = self.keys.signer(role).sign(topic, key, value)
        self.producer.produce(topic, value, key, headers=headers, **more)
        assert self.producer.flush(TIMEOUT_S) == 0

    def command(self, seq, action=Action.BLOCK, value="+333", lease_ms=LEASE_MS, **more):
        now = time.time_ns() // 1_000_000
        target = Target(Scope.PREFIX, value)
        incident = incident_id(target.key(), seq)
        given = Command(
            id=command_id(incident, commands.Mode.ENFORCE, action, 1),
            incident=incident,
            action=action,
            target=target,
            reason="zero_cost_route",
            issued_at=now,
            expires_at=now + lease_ms,
            lease=1,
            epoch=1,
            seq=seq,
        )
        self.send(CONTROL, Role.DECIDER, target.key().encode(), commands.encode(given), **more)
        return given.id

    def order(self, setting, value, until=None):
        order = orders.Order(
            setting=setting, value=value, author="noc", reason="why", at=time.time_ns() // 1_000_000, until=until
        )
        self.send(POLICY, Role.OPERATOR, setting.encode(), orders.encode(order))

    def reports(self, until):
        """Records of `fraud.acks` as (key, value) from the first, until one fulfils `until`."""
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": f"test-{time.time_ns()}", "auto.offset.reset": "earliest"}
        )
        found, deadline = [], time.monotonic() + TIMEOUT_S
        consumer.subscribe(["fraud.acks"])
        try:
            while not found or not until(*found[-1]):
                message = consumer.poll(1)
                if message is not None and not message.error():
                    found.append((message.key().decode(), json.loads(message.value())))
                assert time.monotonic() < deadline, found
        finally:
            consumer.close()
        return found


@pytest.fixture
def bench(kafka, topics, tmp_path):
    new_key(tmp_path, Role.DECIDER, "d1")
    new_key(tmp_path, Role.OPERATOR, "noc")
    bench = Bench(kafka, tmp_path)
    yield bench
    for enforcer in bench.running:
        if enforcer.process.poll() is None:
            enforcer.end()


def told(enforcer, count):
    return [(line["key"], line["effect"], line["cause"]) for line in (enforcer.line() for _ in range(count))]


def test_from_the_first_load_through_block_release_and_kill_to_a_clean_end(bench):
    bench.command(1)
    bench.command(2, Action.RELEASE)
    bench.command(3, value="+334")
    enforcer = bench.start()
    assert enforcer.line()["keys"] == ["prefix:+334"]
    assert told(enforcer, 1) == [("prefix:+334", "refuse", "loaded")]
    last = bench.command(4)
    assert told(enforcer, 1) == [("prefix:+333", "refuse", "command")]
    bench.order("kill", value=True)
    assert sorted(told(enforcer, 2)) == [("prefix:+333", "none", "kill"), ("prefix:+334", "none", "kill")]
    reports = bench.reports(lambda key, _: key == f"e1|{last}")
    statuses = [value["status"] for key, value in reports if "|" in key]
    assert statuses == [409, 200, 200, 200]
    assert any(key == "e1" and value["offsets"] == {f"{CONTROL}/0": 3, f"{POLICY}/0": 0} for key, value in reports)
    status, errors = enforcer.end()
    assert (status, "Traceback" in errors, "+334" in errors) == (0, False, False)


def test_after_a_restart_the_table_is_the_same_and_nothing_is_acknowledged_again(bench):
    first_id = bench.command(1)
    first = bench.start()
    assert [line["event"] for line in (first.line(), first.line())] == ["loaded", "rule"]
    bench.reports(lambda key, _: key == "e1")
    assert first.end()[0] == 0
    again = bench.start()
    assert [line["event"] for line in (again.line(), again.line())] == ["loaded", "rule"]
    second_id = bench.command(2, value="+335")
    again.line()
    reports = bench.reports(lambda key, _: key == f"e1|{second_id}")
    assert [key for key, _ in reports if "|" in key] == [f"e1|{first_id}", f"e1|{second_id}"]
    beats = [value for key, value in reports if key == "e1"]
    assert beats[0]["table"] == beats[1]["table"]
    assert (beats[0]["rules"], beats[1]["rules"]) == (1, 1)


def test_while_kafka_is_down_leases_hold_and_end_and_the_kill_file_works(tmp_path):
    new_key(tmp_path, Role.DECIDER, "d1")
    kill_file = tmp_path / "kill"
    with Broker(ephemeral=True) as broker:
        make_topics(AdminClient({"bootstrap.servers": broker.bootstrap_servers, "logger": QUIET}))
        bench = Bench(broker, tmp_path)
        enforcer = bench.start("--kill-file", str(kill_file))
        enforcer.line()
        bench.command(1, value="+334")
        ends_ms = time.time_ns() // 1_000_000 + 4000
        bench.command(2, lease_ms=4000)
        assert [effect for _, effect, _ in told(enforcer, 2)] == ["refuse", "refuse"]
        broker.kill()
        ended = enforcer.line()
        assert (ended["key"], ended["effect"], ended["cause"]) == ("prefix:+333", "none", "expired")
        assert 0 <= ended["at"] - ends_ms < 1000
        kill_file.touch()
        assert told(enforcer, 1) == [("prefix:+334", "none", "kill")]
        kill_file.unlink()
        assert told(enforcer, 1) == [("prefix:+334", "refuse", "kill")]
        assert enforcer.end()[0] == 0


def test_a_command_reaches_the_driver_in_a_few_milliseconds(bench):
    enforcer = bench.start()
    enforcer.line()
    waits_ms = []
    for seq in range(1, 30):
        sent = time.perf_counter()
        bench.command(seq, value=f"+33{seq}")
        enforcer.line()
        waits_ms.append((time.perf_counter() - sent) * 1000)
    assert sorted(waits_ms)[len(waits_ms) // 2] < 50, waits_ms  # 10 ms is the target; this machine is shared


def test_new_partitions_are_found_and_read_from_their_beginning(bench, topics):
    feed = Feed(Settings(kafka={"bootstrap_servers": bench.bootstrap}), "e1")
    try:
        while feed.loading:
            feed.poll(0.1)
        assert not feed.refresh()
        topics.create_partitions([NewPartitions(CONTROL, 2)])[CONTROL].result(TIMEOUT_S)
        deadline = time.monotonic() + TIMEOUT_S
        while not feed.refresh():
            assert time.monotonic() < deadline
        assert feed.loading
        bench.command(1, partition=1)
        record = None
        while record is None:
            assert time.monotonic() < deadline
            record = feed.poll(0.1)
        assert (record.partition, record.key, record.appended_ms is not None) == (1, b"prefix:+333", True)
    finally:
        feed.close()


@pytest.mark.parametrize(
    ("options", "environment", "status", "says"),
    [
        (["--name", "a|b"], {}, 2, "enforcer name"),
        ([], {"RINGFENCE_KEYS__DIR": "none"}, 2, "no public key of a decider"),
        ([], {"RINGFENCE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}, 3, "out of reach"),
        ([], {}, 2, "topics are missing"),
    ],
)
def test_what_is_in_the_way_of_a_start_is_said_in_one_line(kafka, tmp_path, options, environment, status, says):
    new_key(tmp_path, Role.DECIDER, "d1")
    own = {"RINGFENCE_KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "RINGFENCE_KEYS__DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "streams", "enforce", "log", *options],
        env=os.environ | own | environment,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    errors = [line for line in ended.stderr.decode().splitlines() if line.startswith("ringfence: ")]
    assert (ended.returncode, len(errors), says in errors[0]) == (status, 1, True)
