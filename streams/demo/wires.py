"""The demo's wires to Kafka and to the enforcer: events out; commands and rules in, each with its time of arrival."""

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from models.commands import Command, decode
from models.scenarios.switch import Emitted
from streams.demo.processes import Enforcer
from streams.enforcers.driver import Change, Loaded, RuleChange
from streams.errors import DependencyError
from streams.kafka import REACH_S, consumer_config, producer_config
from streams.settings import Settings

EVENTS, CONTROL = "signalling.events", "fraud.control"
FLUSH_S = 30.0
POLL_S = 0.02


def wall_ms() -> float:
    """The time, ms since the epoch with fractions."""
    return time.time_ns() / 1e6


class Rule(NamedTuple):
    """A line of the log enforcer, and when (ms) it reached us."""

    change: Change
    at_ms: float


class Commanded(NamedTuple):
    """A record of `fraud.control`, and its append time (ms)."""

    command: Command
    appended_ms: int


class Gone(NamedTuple):
    """The enforcer writes no more: how it ended."""

    reason: str


Arrival = Rule | Commanded | Gone

_changes = msgspec.json.Decoder(Loaded | RuleChange)


class Events:
    """Producer of `signalling.events`; remembers when each watched event was produced, by partition and offset."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(producer_config(settings))
        self._produced: dict[str, float] = {}
        self._failed: str = ""

    def send(self, event: Emitted, *, watch: bool = False) -> None:
        """Hand an event over; waits where the producer's queue is full.

        Raises:
            DependencyError: Kafka did not take an event.
        """
        at_ms = wall_ms()

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed = error.str()
            elif watch:
                self._produced[f"{EVENTS}/{message.partition()}/{message.offset()}"] = at_ms

        while True:
            try:
                self._producer.produce(EVENTS, event.value, event.key, on_delivery=delivered)
                break
            except BufferError:
                self._producer.poll(POLL_S)
        self.poll()

    def poll(self) -> None:
        """Take delivery reports.

        Raises:
            DependencyError: Kafka did not take an event.
        """
        self._producer.poll(0)
        if self._failed:
            raise DependencyError(f"{EVENTS}: Kafka did not take an event: {self._failed}")

    def flush(self) -> None:
        """Wait until Kafka has everything.

        Raises:
            DependencyError: it does not.
        """
        if self._producer.flush(FLUSH_S):
            raise DependencyError(f"{EVENTS}: Kafka did not take all events in {FLUSH_S:.0f} s")
        self.poll()

    def last_produced(self, sources: Iterable[str]) -> float | None:
        """When (ms) the last of these watched events was produced; `sources` as in a command's `offsets`."""
        return max((self._produced[source] for source in sources if source in self._produced), default=None)


@contextmanager
def arrivals(settings: Settings, enforcer: Enforcer) -> Iterator["queue.SimpleQueue[Arrival]"]:
    """The queue that commands and rules arrive in, fed by a thread each."""
    inbox: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
    stop = threading.Event()
    threads = [
        threading.Thread(target=_read_control, args=(settings, inbox, stop), daemon=True),
        threading.Thread(target=_read_rules, args=(enforcer, inbox), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield inbox
    finally:
        stop.set()
        threads[0].join(REACH_S)  # the other ends with the enforcer


def _read_control(settings: Settings, inbox: "queue.SimpleQueue[Arrival]", stop: threading.Event) -> None:
    consumer = Consumer(consumer_config(settings, "ringfence.demo"))
    consumer.assign([TopicPartition(CONTROL, 0, 0)])
    try:
        while not stop.is_set():
            message = consumer.poll(POLL_S)
            if message is not None and message.error() is None and (value := message.value()) is not None:
                inbox.put(Commanded(decode(value), message.timestamp()[1]))
    finally:
        consumer.close()


def _read_rules(enforcer: Enforcer, inbox: "queue.SimpleQueue[Arrival]") -> None:
    for line in enforcer.lines():
        with suppress(msgspec.DecodeError):  # a killed one leaves half a line, and says it again in its next life
            inbox.put(Rule(_changes.decode(line), wall_ms()))
    inbox.put(Gone(enforcer.end()))


def lag(settings: Settings, group: str, topic: str) -> int:
    """How many records of a topic a group has not committed yet."""
    consumer = Consumer(consumer_config(settings, group))
    try:
        found = consumer.list_topics(topic, timeout=REACH_S).topics[topic].partitions
        committed = consumer.committed([TopicPartition(topic, number) for number in found], timeout=REACH_S)
        waiting = 0
        for place in committed:
            low, high = consumer.get_watermark_offsets(place, timeout=REACH_S)
            waiting += high - max(place.offset, low)
        return waiting
    finally:
        consumer.close()
