"""A consumer, messages and an outbox in memory, for tests of what the intake does with them."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message, TopicPartition

APPENDED_MS = 1_795_470_000_000


def message(partition: int, offset: int, value: bytes | None, key: bytes | None = b"key") -> Message:
    """A record of `signalling.events`, as the client makes them."""
    appended = (TIMESTAMP_LOG_APPEND_TIME, APPENDED_MS)
    return Message("signalling.events", partition, offset, key, value, timestamp=appended)


class FakeConsumer:
    """Gives what `steps` say: lists of messages, or functions called with it, as Kafka calls back from `consume`."""

    def __init__(self, steps: list[Any], stop: Any) -> None:
        self.steps, self._stop = steps, stop
        self.stored: dict[int, int] = {}
        self.commits: list[dict[int, int]] = []
        self.assigned: list[TopicPartition] = []
        self.committed_error: Any = None
        self.commit_error: Any = None

    def subscribe(self, _topics: Any, on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self.on_assign, self.on_revoke, self.on_lost = on_assign, on_revoke, on_lost

    def consume(self, _count: int, _wait_s: float) -> list[Message]:
        if not self.steps:
            self._stop.set()
            return []
        step = self.steps.pop(0)
        return step if isinstance(step, list) else step(self) or []

    def committed(self, places: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        found = [TopicPartition(p.topic, p.partition, self.stored.get(p.partition, -1001)) for p in places]
        return [_Failed(p, self.committed_error) if self.committed_error else p for p in found]

    def get_watermark_offsets(self, _place: Any, timeout: float = 0, cached: bool = False) -> tuple[int, int]:
        return 0, 1_000

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    def commit(self, offsets: list[TopicPartition], asynchronous: bool) -> list[Any]:
        assert not asynchronous
        if self.commit_error:
            return [_Failed(place, self.commit_error) for place in offsets]
        self.commits.append({place.partition: place.offset for place in offsets})
        self.stored |= self.commits[-1]
        return offsets

    def close(self) -> None:
        if self.assigned:
            self.on_revoke(self, self.assigned)


class _Failed:
    """A place whose answer is an error."""

    def __init__(self, place: TopicPartition, error: Any) -> None:
        self.partition, self.offset, self.error = place.partition, place.offset, error


class FakeOutbox:
    """Keeps what is sent: (topic, value, key, partition, headers); `refuse` says which of the first ones fail."""

    def __init__(self, targets: int, refuse: Iterable[bool] = ()) -> None:
        self.sent: list[tuple[str, bytes, bytes | None, int | None, list[Any]]] = []
        self._targets, self._refuse = targets, iter(refuse)

    def partitions(self, _topic: str) -> int:
        return self._targets

    def send(self, topic: str, value: Any, key: Any = None, partition: Any = None, headers: Any = ()) -> None:
        if next(self._refuse, False):
            raise ZeroDivisionError("a fault of ours, in the middle of a batch")
        self.sent.append((topic, value, key, partition, list(headers)))

    def settle(self) -> None:
        pass
