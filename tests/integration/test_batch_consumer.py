"""Records by librdkafka's C API are those of confluent-kafka's own consumer, and a group's members hear of everything.

What we rely on in `rdkafka.h` (decision 0005): if an upgrade changes it, these fail.
"""

import logging
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

import confluent_kafka
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.batch_consumer import BatchConsumer
from streams.errors import DependencyError
from streams.kafka import consumer_config
from streams.kafka_settings import Kafka
from streams.librdkafka import LOG_APPEND_TIME, Library, library
from streams.settings import Settings

PARTITIONS = 2
WAIT_S = 60.0
VALUES = [b"a", None, b"", b"\xff\x00", "pr\u00e9pay\u00e9".encode(), b"x" * 700_000, b"[1]\n", b" "]
KEYS = [b"k", None, b"", b"\xff", b"long" * 100, None, b"k", b"k"]


class Record(NamedTuple):
    partition: int
    offset: int
    appended_ms: int
    key: bytes | None
    value: bytes | None


class Member:
    """A member of a group that begins where it is told, and keeps what it hears and reads."""

    def __init__(self, config, topic, begins=None):
        self.consumer = BatchConsumer(config, topic)
        self.heard: list[tuple[str, list[int]]] = []
        self.records: list[Record] = []
        self.errors: list[KafkaError] = []
        self.begins = begins or (lambda partitions: dict.fromkeys(partitions, 0))
        self.on_revoke = lambda _: None
        self.consumer.subscribe(self._assigned, self._revoked, self._lost)

    def _assigned(self, partitions):
        self.heard.append(("assigned", sorted(partitions)))
        return self.begins(partitions)

    def _revoked(self, partitions):
        self.heard.append(("revoked", sorted(partitions)))
        self.on_revoke(partitions)

    def _lost(self, partitions):
        self.heard.append(("lost", sorted(partitions)))

    def fetch(self):
        with self.consumer.fetch(3, 0.05) as (batch, errors):
            places = zip(batch.partition.tolist(), batch.offset.tolist(), batch.appended_ms.tolist(), strict=True)
            self.records += [Record(*place, batch.key(n), batch.value(n)) for n, place in enumerate(places)]
            self.errors += errors
            text, starts, ends = batch.joined()
            for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
                assert text[start:end].tobytes() in (b"", batch.value(number))


def until(condition, *members):
    """Let members fetch, in turn, until something is so."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, [(member.heard, member.errors) for member in members]
        for member in members:
            member.fetch()


@pytest.fixture
def config(kafka, unique):
    settings = Settings(kafka=Kafka(bootstrap_servers=kafka.bootstrap_servers))
    return consumer_config(settings, unique) | {"session.timeout.ms": 6_000, "auto.offset.reset": "error"}


@pytest.fixture(params=["LogAppendTime", "CreateTime"])
def stamped(request):
    return request.param


def create(kafka, topic, stamped="LogAppendTime"):
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    made = NewTopic(topic, PARTITIONS, 1, config={"message.timestamp.type": stamped, "retention.ms": "-1"})
    admin.create_topics([made])[topic].result(20)


def send(kafka, topic, values, keys=None):
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for number, (value, key) in enumerate(zip(values, keys or [None] * len(values), strict=True)):
        producer.produce(topic, value, key, partition=number % PARTITIONS)
    assert producer.flush(30) == 0


@contextmanager
def joined(*members):
    try:
        yield
    finally:
        for member in members:
            member.consumer.close()


def by_python(config, topic):
    """What confluent-kafka's own consumer gives."""
    consumer, found = Consumer(config | {"group.id": "other"}), []
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    while len(found) < len(VALUES):
        found += consumer.consume(len(VALUES), 1.0)
    consumer.close()
    for message in found:
        kind, stamp = message.timestamp()
        appended_ms = stamp if kind == LOG_APPEND_TIME else 0
        yield Record(message.partition(), message.offset(), appended_ms, message.key(), message.value())


def test_records_are_those_of_pythons_own_consumer(kafka, unique, config, stamped):
    create(kafka, unique, stamped)
    send(kafka, unique, VALUES, KEYS)
    member = Member(config, unique)
    with joined(member):
        until(lambda: len(member.records) >= len(VALUES), member)
    assert sorted(member.records, key=lambda record: record[:2]) == sorted(
        by_python(config, unique), key=lambda record: record[:2]
    )
    assert all((record.appended_ms > 0) is (stamped == "LogAppendTime") for record in member.records)


def test_it_is_the_library_that_confluent_kafka_uses():
    assert library().version() == confluent_kafka.libversion()[1]
    assert library().version() >> 24 == 2  # another major version may lay out its structures anew


def test_what_was_committed_is_found_again_and_nothing_is_less_than_0(kafka, unique, config):
    create(kafka, unique)
    send(kafka, unique, VALUES)
    member = Member(config, unique)
    with joined(member):
        until(lambda: len(member.records) == len(VALUES), member)
        member.consumer.commit({1: 3})
        found = member.consumer.committed([0, 1], WAIT_S)
        assert found[1] == 3
        assert found[0] < 0
        assert member.consumer.bounds(0, WAIT_S) == (0, len(VALUES) // PARTITIONS)
        assert member.consumer.known_end(0) == len(VALUES) // PARTITIONS


def test_a_commit_that_one_partition_refused_is_an_error(kafka, unique, config):
    create(kafka, unique)
    send(kafka, unique, VALUES)
    member = Member(config, unique)
    with joined(member):
        until(lambda: member.records, member)
        with pytest.raises(KafkaException):
            member.consumer.commit({0: 1, PARTITIONS: 1})


def test_who_must_give_up_partitions_can_still_commit_and_the_next_one_goes_on_from_there(kafka, unique, config):
    create(kafka, unique)
    send(kafka, unique, VALUES)
    first = Member(config, unique)
    first.on_revoke = lambda partitions: first.consumer.commit(dict.fromkeys(partitions, 2))
    with joined(first):
        until(lambda: len(first.records) == len(VALUES), first)
        second = Member(config, unique, lambda partitions: second.consumer.committed(partitions, WAIT_S))
        with joined(second):
            until(lambda: ("revoked", [0, 1]) in first.heard and second.records, first, second)
        first.on_revoke = lambda _: None
    assert min(record.offset for record in second.records) == 2


def test_who_was_expelled_hears_that_its_partitions_are_lost(kafka, unique, config):
    create(kafka, unique)
    send(kafka, unique, VALUES)
    member = Member(config | {"max.poll.interval.ms": 6_000}, unique)
    with joined(member):
        until(lambda: member.records, member)
        until(lambda: not members_of(kafka, unique))  # it does not fetch, and so it is taken for dead
        until(lambda: ("lost", [0, 1]) in member.heard, member)


def members_of(kafka, group):
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    return admin.describe_consumer_groups([group])[group].result(20).members


def test_records_that_are_gone_are_an_error_and_no_record(kafka, unique, config):
    create(kafka, unique)
    member = Member(config, unique, lambda partitions: dict.fromkeys(partitions, 1_000))
    with joined(member):
        until(lambda: member.errors, member)
    assert member.records == []
    assert member.errors[0].code() == KafkaError._AUTO_OFFSET_RESET
    assert "out of range" in member.errors[0].str().lower()


def fail(_partitions):
    raise ZeroDivisionError("a fault of ours")


def test_what_a_callback_raises_comes_out_of_the_fetch_that_it_came_from(kafka, unique, config):
    create(kafka, unique)
    member = Member(config, unique, fail)
    with joined(member), pytest.raises(ZeroDivisionError):
        until(lambda: False, member)


def test_what_a_callback_raises_comes_out_of_close_and_it_is_closed(kafka, unique, config):
    create(kafka, unique)
    member = Member(config, unique)
    until(lambda: member.heard, member)
    member.on_revoke = fail
    with pytest.raises(ZeroDivisionError):
        member.consumer.close()
    assert members_of(kafka, unique) == []
    member.consumer.close()


def test_other_threads_run_while_it_waits(kafka, unique, config):
    create(kafka, unique)
    consumer, done = BatchConsumer(config, unique), threading.Event()
    consumer.subscribe(lambda _: {}, lambda _: None, lambda _: None)
    threading.Timer(0.2, done.set).start()
    with consumer.fetch(1, 2.0):
        assert done.is_set()
    consumer.close()


def test_its_log_goes_where_other_clients_logs_go(config, unique, caplog):
    with caplog.at_level(logging.INFO, "rdkafka"):
        consumer = BatchConsumer(config | {"bootstrap.servers": "127.0.0.1:1"}, unique)
        deadline = time.monotonic() + WAIT_S
        while not caplog.records and time.monotonic() < deadline:
            with consumer.fetch(1, 0.05) as (batch, errors):
                assert not len(batch)
                assert not any(error.fatal() for error in errors)
        consumer.close()
    assert caplog.records[0].name == "rdkafka"
    assert caplog.records[0].levelno >= logging.ERROR
    assert "127.0.0.1:1" in caplog.records[0].getMessage()


def test_a_setting_that_it_does_not_know_is_an_error(config, unique):
    with pytest.raises(KafkaException, match=r"No such configuration property.*no\.such"):
        BatchConsumer(config | {"no.such": "x"}, unique)


def test_settings_that_do_not_go_together_are_an_error(config, unique):
    with pytest.raises(KafkaException, match="session"):
        BatchConsumer(config | {"session.timeout.ms": 6_000, "max.poll.interval.ms": 1_000}, unique)


@pytest.mark.parametrize("path", ["/nowhere/librdkafka.so", None])
def test_a_library_that_cannot_be_called_is_said_in_one_line(path):
    with pytest.raises(DependencyError, match=r"librdkafka cannot be called: .*install confluent-kafka") as raised:
        Library(path or __import__("_ctypes").__file__)
    assert "\n" not in str(raised.value)
