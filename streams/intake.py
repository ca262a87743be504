"""The intake: records of `signalling.events` to blocks of rows and dead letters; keeps no state (design, section 2).

Offsets are committed only after every block and dead letter that came of them is acknowledged, and after every
owner was told that they are covered. A restart reads again from there; owners drop what they have.
"""

import signal
import threading
import time
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from models.digits import INTERNATIONAL
from models.records import decode
from models.rejects import Reject
from models.rows import Rows, rows_of, warm
from models.tables import Tables
from streams import metrics
from streams.blocks import ROWS_MAX, Block, Cover, encode
from streams.errors import DependencyError, RingfenceError
from streams.heartbeat import Heartbeat
from streams.kafka import REACH_S, consumer_config
from streams.outbox import Outbox
from streams.reading import topic_id
from streams.settings import Settings

EVENTS, ROWS, DEAD_LETTERS = "signalling.events", "ringfence.rows", "signalling.dlq"
GROUP = "ringfence.intake"
BATCH = 2_000
WAIT_S = 0.005
"""How long a batch may wait to fill: latency where calls are few."""
COMMIT_S = 0.5
LOG_APPEND_TIME = 2
MEMBERSHIP = {"auto.offset.reset": "error", "session.timeout.ms": 6_000, "heartbeat.interval.ms": 1_500}
"""Records that are gone are an error, never skipped; after a crash another member takes over within 6 s."""
BUILD = b"ringfence/0.1.0"


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Intake(settings, tables).run(stop, Heartbeat.from_env())


class Intake:
    """One member of the intake's consumer group."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        warm()
        self._settings = settings
        self._tables = tables
        self._network = settings.numbering()
        self._outbox = Outbox(settings)
        self._targets = self._outbox.partitions(ROWS)
        self._topic_id = topic_id(settings, EVENTS)
        self._position: dict[int, int] = {}
        self._covered: dict[tuple[int, int], int] = {}
        self._committed: dict[int, int] = {}
        self._moved = 0
        self._consumer = Consumer(consumer_config(settings, GROUP) | MEMBERSHIP)

    def run(self, stop: threading.Event, heartbeat: Heartbeat) -> None:
        """Take records until `stop` is set.

        Raises:
            RingfenceError: Kafka is out of reach, or records that were not read yet are gone.
        """
        self._consumer.subscribe([EVENTS], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)
        due = time.monotonic() + COMMIT_S
        try:
            while not stop.is_set():
                self.take([message for message in self._consumer.consume(BATCH, WAIT_S) if _good(message)])
                if time.monotonic() >= due:
                    self.commit()
                    due = time.monotonic() + COMMIT_S
                heartbeat.beat(bool(self._position), self._moved, self._lag())
            self.commit()
        finally:
            self._consumer.close()

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for found in consumer.committed(partitions, timeout=REACH_S):
            low, _ = consumer.get_watermark_offsets(found, timeout=REACH_S)
            begin = found.offset if found.offset >= 0 else low
            if begin < low:
                raise RingfenceError(
                    f"{EVENTS}/{found.partition}: offsets {begin} to {low - 1} were deleted before they were read;"
                    " the intake stops (set the group's offset by hand to go on without them)"
                )
            self._position[found.partition] = self._committed[found.partition] = begin
            self._covered |= {(target, found.partition): begin for target in range(self._targets)}
        consumer.assign([TopicPartition(EVENTS, p, begin) for p, begin in self._position.items()])

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.commit()
        self._lost(consumer, partitions)

    def _lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._position.pop(partition.partition, None)

    def take(self, messages: list[Message]) -> None:
        """Turn records into blocks and dead letters and send them."""
        if not messages:
            return
        values = [message.value() for message in messages]
        decoded = decode(values, [_appended(message) for message in messages])
        if len(decoded.events) > ROWS_MAX and len(messages) > 1:
            half = len(messages) // 2
            self.take(messages[:half])
            self.take(messages[half:])
            return
        partitions = sorted({message.partition() or 0 for message in messages})
        source = np.array([partitions.index(message.partition() or 0) for message in messages], np.int32)
        offset = np.array([message.offset() for message in messages], np.int64)
        payer = self._settings.detection.payer
        rows, bad = rows_of(decoded, self._network, self._tables, source, offset, payer)
        self._send_dead_letters([*decoded.rejects, *bad], messages)
        self._send_blocks(rows, partitions, source, offset)
        metrics.EVENTS_READ.inc(len(rows))
        self._moved += len(messages)

    def _send_blocks(self, rows: Rows, partitions: list[int], source: Any, offset: Any) -> None:
        high = {}
        for number, partition in enumerate(partitions):
            self._position[partition] = int(offset[source == number].max()) + 1
            shown = rows.high[rows.source == number]
            high[partition] = int(shown.max()) if shown.size else 0
        owner = owners(rows, self._targets)
        for target in np.unique(owner).tolist():
            covers = tuple(self._cover(target, partition, high[partition]) for partition in partitions)
            self._send_block(target, Block(covers, rows.take(owner == target)))

    def _cover(self, target: int, partition: int, high: int) -> Cover:
        """What the next block covers for an owner: everything since the last one that it got."""
        begin, end = self._covered[target, partition], self._position[partition]
        self._covered[target, partition] = end
        return Cover(f"{EVENTS}/{partition}/", self._topic_id, begin, end, high)

    def _send_block(self, target: int, block: Block) -> None:
        self._outbox.send(ROWS, encode(block), partition=target)
        metrics.ROWS_PRODUCED.inc(len(block.rows))
        metrics.BLOCKS_PRODUCED.inc()

    def _send_dead_letters(self, rejects: list[Reject], messages: list[Message]) -> None:
        for reject in rejects:
            message = messages[reject.record]
            self._outbox.send(DEAD_LETTERS, reject.value, message.key(), headers=_headers(reject, message))
            metrics.EVENTS_REJECTED.labels(reason=reject.reason.value).inc()

    def commit(self) -> None:
        """Tell every owner what is covered, wait for all acknowledgements, and commit the source offsets.

        Raises:
            DependencyError: Kafka did not take a record or the offsets.
        """
        behind = {p: end for p, end in self._position.items() if end > self._committed[p]}
        if not behind:
            return
        for target in range(self._targets):
            lagging = [p for p in behind if self._covered[target, p] < self._position[p]]
            if lagging:
                self._send_block(target, Block(tuple(self._cover(target, p, 0) for p in lagging), Rows.empty()))
        self._outbox.settle()
        try:
            self._consumer.commit(
                offsets=[TopicPartition(EVENTS, p, end) for p, end in behind.items()], asynchronous=False
            )
        except KafkaException as error:
            raise DependencyError(f"{EVENTS}: cannot commit offsets: {error.args[0].str()}") from None
        self._committed |= behind

    def _lag(self) -> int:
        lag = 0
        for partition, position in self._position.items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(EVENTS, partition), cached=True)
            lag += max(0, high - position)
        return lag


def owners(rows: Rows, targets: int) -> Any:
    """The rows partition of each row: by calling code; numbers at home by the called number."""
    key = np.where(rows.reach == INTERNATIONAL, rows.code.astype(np.uint64), rows.called)
    mixed = (key ^ (key >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(targets)).astype(np.int64)


def _good(message: Message) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise RingfenceError(f"{EVENTS}: records that were not read yet are gone: {error.str()}")
    if error.fatal():
        raise DependencyError(f"{EVENTS}: {error.str()}")
    return False


def _appended(message: Message) -> int:
    kind, ts = message.timestamp()
    return ts if kind == LOG_APPEND_TIME else 0


def _headers(reject: Reject, message: Message) -> list[tuple[str, bytes]]:
    topic, partition, offset = EVENTS, str(message.partition()), str(message.offset())
    source = f"{topic}/{partition}/{offset}#{max(reject.index, 0)}"
    return [
        ("dlq.reason", reject.reason.value.encode()),
        ("dlq.stage", b"intake"),
        ("dlq.source", source.encode()),
        ("dlq.detail", reject.detail.encode()),
        ("dlq.build", BUILD),
        ("__connect.errors.topic", topic.encode()),
        ("__connect.errors.partition", partition.encode()),
        ("__connect.errors.offset", offset.encode()),
        ("__connect.errors.exception.message", f"{reject.reason.value}: {reject.detail}".encode()),
    ]
