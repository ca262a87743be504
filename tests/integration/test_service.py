"""The whole service on a real Kafka: the backtest's commands, dead letters byte for byte, and kill -9 of every role."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from models import commands
from streams import blocks
from streams.broker import Broker
from streams.demo.configuration import furnish
from streams.key_files import new_key
from streams.settings import load
from streams.signing import KeyRing, Role
from streams.topics import create
from tests.bad_events import BAD_EVENTS
from tests.contract import faults

RINGFENCE = (sys.executable, "-m", "streams")
BROKER_TAKES = 1_000_000
"""A larger record is refused by a topic of Kafka's default `max.message.bytes` before it can reach us."""
BAD = [bad for bad in BAD_EVENTS if len(bad.record) < BROKER_TAKES]
BEGIN_MS = 1_795_460_000_000
MINUTES = 100


def call(rng: random.Random, ts: int, called: str, rate: str) -> list[tuple[int, str]]:
    subscriber = rng.randrange(10_000)
    common = {
        "call_id": f"{rng.getrandbits(64):016x}",
        "caller": f"+2126{subscriber:08d}",
        "called": called,
        "account": f"acc-{subscriber}",
        "plan": rng.choice(["prepaid", "postpaid"]),
        "switch": rng.choice(["cas-1", "fes-1"]),
    }
    events = [(ts, {"event": "attempt", "ts": ts, "rate": rate, **common})]
    if rng.random() < 0.6:
        events.append((ts + 4_000, {"event": "answer", "ts": ts + 4_000, **common}))
    return [(at, json.dumps(event)) for at, event in events]


def incident(seed: int = 1) -> list[str]:
    """A morning of paid calls, then eight minutes in which +333 is free."""
    rng = random.Random(seed)
    number = lambda: f"{rng.randrange(10**8):08d}"  # noqa: E731
    events: list[tuple[int, str]] = []
    for second in range(0, MINUTES * 60, 4):
        ts = BEGIN_MS + second * 1_000
        events += call(rng, ts, f"+33{rng.choice('1346')}{number()}", "3.50")
        events += [e for _ in range(8) for e in call(rng, ts + rng.randrange(4_000), f"+2125{number()}", "1.00")]
    for second in range(0, 480, 4):
        ts = BEGIN_MS + (MINUTES * 60 + second) * 1_000
        events += call(rng, ts, f"+33{rng.choice('16')}{number()}", "3.50")
        events += call(rng, ts + 2_000, f"+333{number()}", "0") if second % 12 == 0 else []
    return [line for _, line in sorted(events, key=lambda e: e[0])]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("service")
    with Broker(ephemeral=True) as broker:
        tables = {"short_codes": "code,name\n333,voicemail\n"}
        settings = furnish(home, broker.bootstrap_servers, tables, {"kafka": {"event_partitions": 1}})
        new_key(settings.keys.dir, Role.DECIDER, "det-1")
        create(settings)
        yield home


def ringfence(home: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([*RINGFENCE, *arguments], cwd=home, capture_output=True, text=True, check=True, timeout=120)


@contextlib.contextmanager
def service(home: Path):
    with (home / "run.log").open("ab") as log:
        process = subprocess.Popen([*RINGFENCE, "run"], cwd=home, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0


def everything(home: Path, topic: str, wanted, timeout_s: float = 60.0) -> list:
    """All records of a one-partition topic, read until `wanted` is content with them."""
    settings = load(home / "ringfence.toml")
    consumer = Consumer({**settings.kafka.librdkafka(), "group.id": "test", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found, deadline = [], time.monotonic() + timeout_s
    while not wanted(found) and time.monotonic() < deadline:
        found += consumer.consume(1000, 0.2)
    consumer.close()
    return found


def produce(home: Path, records: list[bytes]) -> None:
    producer = Producer(load(home / "ringfence.toml").kafka.librdkafka())
    for record in records:
        producer.produce("signalling.events", record, b"key")
        producer.poll(0)
    assert producer.flush(30) == 0


def backtest(home: Path, lines: list[str]) -> list[dict]:
    (home / "events.jsonl").write_text("\n".join(lines) + "\n")
    ringfence(home, "backtest", "events.jsonl", "--output", "out")
    return [json.loads(line) for line in (home / "out" / "commands.jsonl").read_text().splitlines()]


def story(found: list[dict]) -> dict[str, list[tuple]]:
    """What the contract promises to be the same, per key in order."""
    told: dict[str, list[tuple]] = {}
    for value in found:
        key = commands.decode(json.dumps(value).encode()).target.key()
        entry = (value["diagnosis"] or {}).get("entry")
        told.setdefault(key, []).append((value["action"], value["reason"], entry, value["incident"], value["id"]))
    return told


def test_the_service_gives_the_backtests_commands_though_every_role_is_killed(home):
    lines = incident()
    expected = [line["value"] for line in backtest(home, lines)]
    assert any(value["action"] == "block" for value in expected)
    cut = next(n for n, line in enumerate(lines) if '"+333' in line and '"rate": "0"' in line) + 1
    with service(home) as process:
        produce(home, [line.encode() for line in lines[: cut // 2]])
        everything(home, "ringfence.findings", lambda found: len(found) >= 10)
        kill_roles(process)
        produce(home, [line.encode() for line in lines[cut // 2 : cut]])
        kill_roles(process)
        produce(home, [line.encode() for line in lines[cut:]])
        found = everything(home, "fraud.control", lambda found: len(found) >= len(expected))
    ring = KeyRing.load(home / "keys")
    for message in found:
        ring.verify(Role.DECIDER, "fraud.control", message.key(), message.value(), message.headers())
    assert story([json.loads(message.value()) for message in found]) == story(expected)
    for topic, schema in (("fraud.control", "command"), ("fraud.incidents", "incident")):
        for message in everything(home, topic, bool):
            assert faults(schema, message.value()) == []


def kill_roles(supervisor: subprocess.Popen) -> None:
    parent, deadline = psutil.Process(supervisor.pid), time.monotonic() + 20
    while len(parent.children()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(parent.children()) == 3
    for child in parent.children():
        child.kill()


def test_bad_events_reach_the_dead_letters_byte_for_byte_and_good_ones_are_counted(home):
    calls = [f"good-{number}" for number in range(len(BAD))]
    records = [record for bad, call_id in zip(BAD, calls, strict=True) for record in (bad.record, good(call_id))]
    with service(home):
        first = end_of(home, "signalling.events")
        produce(home, records)
        letters = everything(home, "signalling.dlq", lambda found: len(found) >= len(BAD))
        counted = rows_from(home, first, len(records))
    seen = [(message.value(), dict(message.headers())["dlq.reason"].decode()) for message in letters]
    assert sorted(seen) == sorted((bad.record if bad.value is None else bad.value, bad.reason.value) for bad in BAD)
    sources = [dict(message.headers())["dlq.source"].decode() for message in letters]
    assert all(source.startswith("signalling.events/0/") and "#" in source for source in sources)
    assert {first + 2 * number + 1 for number in range(len(calls))} <= counted


def good(call_id: str) -> bytes:
    now = int(time.time() * 1000)
    return json.dumps({"event": "attempt", "call_id": call_id, "ts": now, "caller": "", "called": "333"}).encode()


def end_of(home: Path, topic: str) -> int:
    consumer = Consumer({**load(home / "ringfence.toml").kafka.librdkafka(), "group.id": "test"})
    _, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    consumer.close()
    return high


def rows_from(home: Path, first: int, records: int) -> set[int]:
    """Source offsets from `first` on that have a row, once all partitions of rows cover them."""
    settings = load(home / "ringfence.toml")
    consumer = Consumer({**settings.kafka.librdkafka(), "group.id": "test", "enable.auto.commit": False})
    consumer.assign([TopicPartition("ringfence.rows", partition, 0) for partition in range(4)])
    offsets: set[int] = set()
    covered: dict[int, int] = {}
    deadline = time.monotonic() + 30
    while (len(covered) < 4 or min(covered.values()) < first + records) and time.monotonic() < deadline:
        for message in consumer.consume(1000, 0.2):
            block = blocks.decode(message.value())
            offsets.update(block.share.outline.offset.tolist())
            covered[message.partition()] = max(cover.end for cover in block.covers)
    consumer.close()
    return {offset for offset in offsets if offset >= first}
