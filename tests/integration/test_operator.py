"""The operator's hand on a real Kafka: orders that the verbs sign, a decider that is killed between them."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from models import orders
from models.findings import Evidence, Leak, Source, Subject, encode
from models.orders import Order
from streams.broker import Broker
from streams.demo.configuration import furnish
from streams.settings import load
from streams.signing import KeyRing, Role
from streams.topics import create
from tests.contract import faults

RINGFENCE = (sys.executable, "-m", "streams")
TARGET = "prefix:+333@plan=student"
HELD = "prefix:+34@plan=student"
TIMEOUT_S = 60


pytestmark = pytest.mark.kafka


@pytest.fixture
def home(tmp_path):
    with Broker(ephemeral=True) as kafka:
        prepare(tmp_path, kafka)
        yield tmp_path


def prepare(home: Path, kafka: Broker) -> None:
    settings = furnish(home, kafka.bootstrap_servers, {"short_codes": "code,name\n333,voicemail\n"})
    for role, name in (("decider", "d1"), ("operator", "ana")):
        assert ringfence(home, "keys", "new", name, "--role", role).returncode == 0
    create(settings)


def ringfence(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*RINGFENCE, *arguments], cwd=home, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )


def order(home: Path, *arguments: str) -> list[dict]:
    done = ringfence(home, *arguments, "--reason", "a test", "--author", "ana", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@contextlib.contextmanager
def decider(home: Path):
    with (home / "run.log").open("ab") as log:
        process = subprocess.Popen([*RINGFENCE, "run", "decider"], cwd=home, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def kill_decider(supervisor: subprocess.Popen) -> None:
    parent, deadline = psutil.Process(supervisor.pid), time.monotonic() + 20
    while not parent.children() and time.monotonic() < deadline:
        time.sleep(0.05)
    (child,) = parent.children()
    child.kill()


class Reader:
    """All records of a topic of one partition, in order."""

    def __init__(self, home: Path, topic: str) -> None:
        settings = load(home / "ringfence.toml")
        self._consumer = Consumer({**settings.kafka.librdkafka(), "group.id": "test", "enable.auto.commit": False})
        self._consumer.assign([TopicPartition(topic, 0, 0)])
        self.found = []

    def until(self, wanted, timeout_s: float = TIMEOUT_S) -> list:
        deadline = time.monotonic() + timeout_s
        while not (seen := [message for message in self.found if wanted(message)]) and time.monotonic() < deadline:
            self.found += self._consumer.consume(1000, 0.2)
        assert seen, "it never came"
        return seen


def has(**members):
    """A record whose JSON has these members."""

    def wanted(message) -> bool:
        value = json.loads(message.value())
        return all(value.get(name) == member for name, member in members.items())

    return wanted


def leak(subject: Subject, position: int) -> bytes:
    now = int(time.time() * 1000)
    evidence = Evidence(3, 3, 3, now - 2000, now - 1000, 0, 0.0, 8.1, "3.50", "MAD", ("signalling.events/0/1",))
    why = "no_history"
    return encode(Leak(Source("test", 0, position), subject, "held", why, evidence, "33", now - 1000, answered=0))


def produce(home: Path, topic: str, value: bytes, key: bytes | None = None, headers=None) -> None:
    producer = Producer(load(home / "ringfence.toml").kafka.librdkafka())
    producer.produce(topic, value, key, 0, headers=headers)
    assert producer.flush(30) == 0


def test_what_operators_order_is_done_though_the_decider_is_killed_between_and_no_id_changes(home):
    control, shadow, incidents = (Reader(home, f"fraud.{name}") for name in ("control", "shadow", "incidents"))
    with decider(home) as process:
        order(home, "block", TARGET, "--until", "2 h")
        (block,) = control.until(has(reason="operator", action="block"))
        kill_decider(process)
        unsigned = Order(setting="kill", value=True, author="eve", reason="no", at=int(time.time() * 1000))
        produce(home, "fraud.policy", orders.encode(unsigned), b"kill", [("kid", b"x"), ("alg", b"ed25519")])
        order(home, "release", TARGET)
        (release,) = control.until(has(action="release"))
        kill_decider(process)
        produce(home, "ringfence.findings", leak(Subject("prefix", "+34", plan="student"), 0))
        (told,) = incidents.until(has(state="held"))
        held = json.loads(told.value())["incident"]
        kill_decider(process)
        order(home, "approve", held)
        (approved,) = control.until(has(incident=held, action="block"))
        kill_decider(process)
        order(home, "policy", "mode", "shadow")
        (lifted,) = control.until(has(incident=held, action="release"))
        order(home, "block", "caller:+34611112222")
        shadow.until(has(reason="operator", mode="shadow"))
        kill_decider(process)
        order(home, "policy", "mode", "enforce", "--until", "1 h")
        order(home, "block", "prefix:+3334", "--until", "1 h")
        (again,) = control.until(lambda message: message.key() == b"prefix:+3334")
        undone = order(home, "rollback", "--since", "10 min")
        assert [one["setting"] for one in undone] == ["release:prefix:+3334"]
        control.until(lambda message: message.key() == b"prefix:+3334" and has(action="release")(message))
    story = [(message.key().decode(), json.loads(message.value())["action"]) for message in control.found]
    assert story == [
        (TARGET, "block"),
        (TARGET, "release"),
        (HELD, "block"),
        (HELD, "release"),
        ("prefix:+3334", "block"),
        ("prefix:+3334", "release"),
    ]
    values = [json.loads(message.value()) for message in control.found]
    assert len({value["id"] for value in values}) == len(values)
    assert len({value["epoch"] for value in values}) == 1
    seqs = [value["seq"] for value in values]
    assert seqs == sorted(seqs)
    ring = KeyRing.load(home / "keys")
    for message in control.found:
        ring.verify(Role.DECIDER, "fraud.control", message.key(), message.value(), message.headers())
    for reader, schema in ((control, "command"), (shadow, "shadow-command"), (incidents, "incident")):
        assert [faults(schema, message.value()) for message in reader.found] == [[]] * len(reader.found)
    assert [m.offset() for m in (block, release, approved, lifted, again)] == [0, 1, 2, 3, 4]
    log = (home / "run.log").read_text()
    assert '"order ignored"' in log
    check_the_table(home)


def check_the_table(home: Path) -> None:
    """`policy show` tells what is in force, and of what nobody vouches for only the number."""
    shown = ringfence(home, "policy", "show", "--json")
    table = json.loads(shown.stdout)
    assert shown.returncode == 0
    assert table["refused"] == 1
    found = {one["setting"]: (one["value"], one["author"]) for one in table["orders"]}
    assert found == {"mode": ("enforce", "ana"), "block:caller:+34611112222": (True, "ana")}
    assert "mode" in ringfence(home, "policy", "show").stdout
    unknown = ringfence(home, "approve", "no-such-incident", "--reason", "a test")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
