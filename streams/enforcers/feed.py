"""What an enforcer reads from Kafka: all partitions of its topics, from the beginning, and never in a group."""

from typing import Any, cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streams import logs
from streams.enforcers.reports import Acknowledged
from streams.enforcers.worker import CONTROL, POLICY, Record
from streams.errors import UsageError
from streams.kafka import REACH_S, admin, consumer_config, metadata, unreachable
from streams.settings import Settings
from streams.signing import Headers

ACKS = "fraud.acks"
REFRESH_TIMEOUT_S = 0.2
"""A look for new partitions may take this long: leases end in time while Kafka is away.

It has a connection of its own: on the consumer's it would wait behind a fetch.
"""
POLL_S = 0.5

log = logs.get(__name__)


def config(settings: Settings, name: str) -> dict[str, Any]:
    """A consumer that is told where a partition ends; its group is a name only: nothing is committed.

    A waiting fetch is answered as soon as there is a record: it costs no latency, and asks seldom.
    """
    return consumer_config(settings, f"ringfence-enforcer-{name}") | {
        "enable.partition.eof": True,
        "fetch.wait.max.ms": 500,
        "queued.min.messages": 10_000,
        "topic.metadata.refresh.interval.ms": 30_000,
    }


class Feed:
    """The records of `fraud.control` and `fraud.policy`, and whether they have been read to their end.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: a topic is missing.
    """

    def __init__(self, settings: Settings, name: str, topics: tuple[str, ...] = (CONTROL, POLICY)) -> None:
        self._topics = topics
        self._admin = admin(settings)
        there = metadata(self._admin, settings).topics
        missing = [topic for topic in topics if topic not in there or not there[topic].partitions]
        if missing:
            raise UsageError(f"topics are missing: {', '.join(missing)} (make them: ringfence topics create)")
        self._consumer = Consumer(config(settings, name))
        self._next: dict[tuple[str, int], int] = {}
        self._unread: set[tuple[str, int]] = set()
        self._add([(topic, partition) for topic in topics for partition in there[topic].partitions])

    @property
    def loading(self) -> bool:
        """Whether a partition is still to be read to its end."""
        return bool(self._unread)

    @property
    def offsets(self) -> dict[str, int]:
        """The next offset to read, by `topic/partition`."""
        return {f"{topic}/{partition}": max(offset, 0) for (topic, partition), offset in sorted(self._next.items())}

    def poll(self, timeout_s: float) -> Record | None:
        """The next record, waiting at most `timeout_s`; an error of Kafka's is no record."""
        message = self._consumer.poll(timeout_s)
        if message is None:
            return None
        error = message.error()
        if error is not None:
            self._note(message, error)
            return None
        record = _record(message)
        self._next[record.topic, record.partition] = record.offset + 1
        return record

    def refresh(self) -> bool:
        """Look for new partitions and read them too; gives whether there are any."""
        found = []
        for topic in self._topics:
            try:
                partitions = self._admin.list_topics(topic, timeout=REFRESH_TIMEOUT_S).topics[topic].partitions
            except KafkaException:
                return False  # it is away; the next look is soon enough
            found += [(topic, partition) for partition in partitions if (topic, partition) not in self._next]
        if found:
            self._add(found)
        return bool(found)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _add(self, places: list[tuple[str, int]]) -> None:
        """Read these too; the partitions that are being read go on undisturbed."""
        self._next |= dict.fromkeys(places, OFFSET_BEGINNING)
        self._unread.update(places)
        self._consumer.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])

    def _note(self, message: Message, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            end = _record(message)
            self._unread.discard((end.topic, end.partition))
            self._next[end.topic, end.partition] = end.offset
        else:
            log.warning("Kafka", error=error.str())


def _record(message: Message) -> Record:
    kind, timestamp_ms = message.timestamp()
    return Record(
        *cast("tuple[str, int, int]", (message.topic(), message.partition(), message.offset())),
        message.key(),
        message.value(),
        cast("Headers | None", message.headers()),
        timestamp_ms if kind == TIMESTAMP_LOG_APPEND_TIME else None,
    )


def read_acknowledged(settings: Settings, name: str) -> Acknowledged:
    """Read `fraud.acks` to its end for what this enforcer has answered before.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """
    found = Acknowledged(name)
    feed = Feed(settings, f"{name}-acks", (ACKS,))
    silent = 0.0
    try:
        while feed.loading:
            record = feed.poll(POLL_S)
            silent = 0.0 if record else silent + POLL_S
            if silent > REACH_S:
                timed_out = KafkaError(KafkaError._TIMED_OUT, f"{ACKS} is not answered")
                raise unreachable(settings, KafkaException(timed_out))
            if record is not None:
                found.note(record.key, record.value)
    finally:
        feed.close()
    return found
