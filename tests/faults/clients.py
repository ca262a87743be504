"""Kafka's clients as our code sees them, over the virtual Kafka, and the points at which a life may end."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from streams.event_source import EVENTS
from tests.faults.lives import Life
from tests.faults.virtual_kafka import Cluster, Group, InFlight, Lane
from tests.streams.fake_kafka import fetched

TOPICS = {
    "signalling.events": 3,
    "signalling.dlq": 2,
    "ringfence.rows": 2,
    "ringfence.state": 2,
    "ringfence.findings": 1,
    "ringfence.decider": 1,
    "fraud.control": 1,
    "fraud.shadow": 1,
    "fraud.incidents": 1,
    "fraud.policy": 1,
}
NAMED = {
    "signalling.dlq": "before a dead letter",
    "ringfence.rows": "before a block",
    "ringfence.findings": "before a finding",
    "ringfence.decider": "before the decider's state",
    "fraud.control": "before a command",
    "fraud.shadow": "before a command",
    "fraud.incidents": "before an incident",
}
"""Points before a record is handed to the producer, by its topic."""


def point_of(topic: str, key: bytes | None, value: bytes | None) -> str:
    """The name of the point before a record."""
    if topic != "ringfence.state":
        return NAMED[topic]
    if value is None:
        return "between manifest and drop"
    return "between pages and manifest" if (key or b"").startswith(b"manifest") else "before a page"


class Producer:
    """An idempotent producer: what it was handed arrives in order, sooner or later."""

    def __init__(self, _config: dict[str, Any]) -> None:
        self._life = Life.current()
        self._cluster, self._wire = self._life.cluster, self._life.wire

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        *,
        headers: Any = None,
        on_delivery: Any = None,
        partition: int | None = None,
    ) -> None:
        self._life.point(point_of(topic, key, value))
        self._wire.send(
            self._cluster.lane_of(topic, partition, key), InFlight(key, value, list(headers or []), on_delivery)
        )

    def poll(self, _timeout_s: float) -> int:
        return 0

    def flush(self, _timeout_s: float) -> int:
        self._life.point("between produce and ack")
        self._wire.deliver_all()
        self._life.point("after an ack")
        return 0

    def list_topics(self, topic: str, timeout: float) -> Any:
        partitions = dict.fromkeys(range(self._cluster.partitions[topic]))
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=partitions)})


class Reader:
    """A consumer outside of any group: reads a partition to the end that it had at first."""

    def __init__(self, _config: dict[str, Any]) -> None:
        self._cluster = cluster_of(threading.current_thread())
        self._lane: Lane = ("", 0)
        self._next = 0

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        lane = place.topic, place.partition
        return self._cluster.low.get(lane, 0), len(self._cluster.logs[lane])

    def assign(self, places: list[TopicPartition]) -> None:
        (place,) = places
        self._lane, self._next = (place.topic, place.partition), place.offset

    def poll(self, _timeout_s: float) -> Message | None:
        found = self.consume(1, _timeout_s)
        return found[0] if found else None

    def consume(self, count: int, _timeout_s: float) -> list[Message]:
        self._next = max(self._next, self._cluster.low.get(self._lane, 0))
        found = self._cluster.logs[self._lane][self._next : self._next + count]
        self._next += len(found)
        return found

    def position(self, places: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(*self._lane, self._next) for _ in places]

    def close(self) -> None:
        pass


class Feed:
    """What the forwarder reads `fraud.policy` by."""

    def __init__(self, _settings: Any, _name: str, topics: tuple[str, ...]) -> None:
        self._records = self._read(Life.current().cluster, topics)

    @staticmethod
    def _read(cluster: Cluster, topics: tuple[str, ...]) -> Iterator[Any]:
        at = 0
        while True:
            log = cluster.logs[topics[0], 0]
            if at < len(log):
                found = log[at]
                yield SimpleNamespace(
                    partition=0, offset=at, key=found.key(), value=found.value(), headers=found.headers()
                )
                at += 1
            else:
                yield None

    def poll(self, _timeout_s: float) -> Any:
        return next(self._records)


class EventConsumer:
    """A member of the intake's group; `choose` says how many records of which partitions come next."""

    def __init__(self, life: Life, group: Group, choose: Callable[[dict[int, int]], dict[int, int]]) -> None:
        self._life, self._group, self._choose = life, group, choose
        self._cluster = life.cluster
        self._at: dict[int, int] = {}
        self._callbacks: Any = None

    def subscribe(self, on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self._callbacks = SimpleNamespace(assign=on_assign, revoke=on_revoke, lost=on_lost)
        self._life.member = self._group.join(self._life)

    def fetch(self, _most: int, _wait_s: float) -> Any:
        return fetched(self._next())

    def _next(self) -> list[Any]:
        self._life.point("before a fetch")
        self._life.wait()
        member = self._life.member
        if member.expelled:
            return self._expelled()
        if member.must_revoke:
            self._revoke()
        elif member.to_assign is not None:
            share, member.to_assign = member.to_assign, None
            if share:
                self._at = dict(self._callbacks.assign(sorted(share)))
        else:
            return list(self._fetched())
        return []

    def _expelled(self) -> list[Any]:
        """What was fetched before comes first; then it hears of it, and joins again."""
        found = list(self._fetched())
        if not found:
            lost, self._at = sorted(self._at), {}
            if lost:
                self._callbacks.lost(lost)
            self._life.member = self._group.join(self._life)
        return found

    def _revoke(self) -> None:
        self._life.revoking = True
        self._callbacks.revoke(sorted(self._at))
        self._life.revoking = False
        self._at = {}
        self._group.revoked(self._life.member)

    def _fetched(self) -> Iterator[Any]:
        for partition, count in self._choose(self._at).items():
            lane = EVENTS, partition
            at = self._at[partition]
            if at < self._cluster.low.get(lane, 0):
                made: Any = Message
                yield made(error=KafkaError(KafkaError._AUTO_OFFSET_RESET, "offset out of range"))
                return
            yield from self._cluster.logs[lane][at : at + count]
            self._at[partition] = at + count

    def committed(self, partitions: list[int], timeout_s: float) -> dict[int, int]:
        return {partition: self._group.committed.get(partition, -1001) for partition in partitions}

    def bounds(self, partition: int, timeout_s: float) -> tuple[int, int]:
        lane = EVENTS, partition
        return self._cluster.low.get(lane, 0), len(self._cluster.logs[lane])

    def known_end(self, partition: int) -> int:
        return len(self._cluster.logs[EVENTS, partition])

    def commit(self, ends: dict[int, int]) -> None:
        self._life.point("between ack and commit")
        if not self._group.commit(self._life.member, dict(ends)):
            raise KafkaException(KafkaError(KafkaError.ILLEGAL_GENERATION, "expelled"))
        self._life.point("after a commit")

    def close(self) -> None:
        self._life.check()
        if self._at and not self._life.member.expelled:
            self._revoke()
        self._group.leave(self._life.member)


_cluster_at_hand: list[Cluster] = []


def use(cluster: Cluster) -> None:
    """What code outside of any life reads from, as when state is looked at in the end."""
    _cluster_at_hand[:] = [cluster]


def cluster_of(thread: threading.Thread) -> Cluster:
    """The Kafka that a thread's code talks to."""
    return thread.cluster if isinstance(thread, Life) else _cluster_at_hand[0]
