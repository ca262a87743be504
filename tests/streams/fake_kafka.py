"""A consumer, records and an outbox in memory, for tests of what the intake does with them."""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException, Message

from streams import foreign
from streams.record_batch import RecordBatch

APPENDED_MS = 1_795_470_000_000


def message(partition: int, offset: int, value: bytes | None, key: bytes | None = b"key") -> Message:
    """A record of `signalling.events`, as Python's client makes them."""
    appended = (TIMESTAMP_LOG_APPEND_TIME, APPENDED_MS)
    return Message("signalling.events", partition, offset, key, value, timestamp=appended)


@contextmanager
def fetched(messages: Iterable[Message]) -> Iterator[tuple[RecordBatch, list[KafkaError]]]:
    """The same records as columns on memory that holds their bytes until the end, and the errors among them."""
    good = [message for message in messages if message.error() is None]
    errors = [message.error() for message in messages if message.error() is not None]
    fields = np.zeros((foreign.FIELDS, len(good)), np.int64)
    fields[foreign.PARTITION] = [message.partition() for message in good]
    fields[foreign.OFFSET] = [message.offset() for message in good]
    stamps = [message.timestamp() for message in good]
    fields[foreign.APPENDED_MS] = [ts if kind == TIMESTAMP_LOG_APPEND_TIME else 0 for kind, ts in stamps]
    held = [_stored(fields[foreign.VALUE :, number], one.value(), one.key()) for number, one in enumerate(good)]
    yield RecordBatch(fields), errors
    fields[foreign.VALUE :] = 0
    held.clear()


def _stored(places: Any, *values: bytes | None) -> list[Any]:
    """Put addresses and sizes of texts in their places; gives what holds the texts."""
    texts = [None if value is None else ctypes.create_string_buffer(value, len(value) + 1) for value in values]
    for number, (value, text) in enumerate(zip(values, texts, strict=True)):
        if value is not None:
            places[2 * number : 2 * number + 2] = ctypes.addressof(text), len(value)
    return texts


class FakeConsumer:
    """Gives what `steps` say: lists of messages, or functions called with it, as Kafka calls back from `fetch`."""

    def __init__(self, steps: list[Any], stop: Any) -> None:
        self.steps, self._stop = steps, stop
        self.stored: dict[int, int] = {}
        self.commits: list[dict[int, int]] = []
        self.assigned: dict[int, int] = {}
        self.committed_error: Any = None
        self.commit_error: Any = None

    def subscribe(self, on_assign: Any, on_revoke: Any, on_lost: Any) -> None:
        self._on_assign, self.on_revoke, self.on_lost = on_assign, on_revoke, on_lost

    def on_assign(self, partitions: list[int]) -> None:
        self.assigned = dict(self._on_assign(partitions))

    def fetch(self, _most: int, _wait_s: float) -> Any:
        if not self.steps:
            self._stop.set()
            return fetched([])
        step = self.steps.pop(0)
        return fetched(step if isinstance(step, list) else step(self) or [])

    def committed(self, partitions: list[int], timeout_s: float) -> dict[int, int]:
        if self.committed_error:
            raise KafkaException(self.committed_error)
        return {partition: self.stored.get(partition, -1001) for partition in partitions}

    def bounds(self, _partition: int, timeout_s: float) -> tuple[int, int]:
        return 0, 1_000

    def known_end(self, _partition: int) -> int:
        return 1_000

    def commit(self, ends: dict[int, int]) -> None:
        if self.commit_error:
            raise KafkaException(self.commit_error)
        self.commits.append(ends)
        self.stored |= ends

    def close(self) -> None:
        if self.assigned:
            self.on_revoke(list(self.assigned))


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
