"""A member of a consumer group that takes records in batches, with no Python object for a record.

It does what `confluent_kafka.Consumer` does for one topic, by the same library (decision 0005), and says what went
wrong by the same errors.
"""

import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from confluent_kafka import KafkaError, KafkaException

from streams import foreign, librdkafka
from streams.foreign import Ints, Layout
from streams.librdkafka import ERROR_TEXT_BYTES, Message, library
from streams.record_batch import RecordBatch

LEVELS = (50, 50, 50, 40, 30, 20, 20, 10)
"""Python's level of a line of librdkafka's, by syslog's."""
LAYOUT = Layout(
    error=Message.err.offset,
    partition=Message.partition.offset,
    offset=Message.offset.offset,
    value=Message.payload.offset,
    value_bytes=Message.len.offset,
    key=Message.key.offset,
    key_bytes=Message.key_len.offset,
    append_time=librdkafka.LOG_APPEND_TIME,
)

Assigned = Callable[[list[int]], dict[int, int]]
"""Told of partitions that are ours from here on; gives the offset at which each is to be read."""
Gone = Callable[[list[int]], None]
"""Told of partitions that are no longer ours."""


class BatchConsumer:
    """Reads one topic; commits by hand. All callbacks come from within `fetch` and `close`, in their thread.

    Args:
        config: as of `confluent_kafka.Consumer`, without callbacks; `logger` gets librdkafka's lines.
        topic: whose records are read.

    Raises:
        KafkaException: a setting that librdkafka does not know, or cannot use.
        DependencyError: there is no librdkafka.
    """

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        self._library, self._topic = library(), topic.encode()
        self._logger = config["logger"]
        self._fatal: list[KafkaError] = []
        self._raised: BaseException | None = None
        self._assigned: Assigned = lambda _: {}
        self._revoked: Gone = lambda _: None
        self._lost: Gone = lambda _: None
        self._callbacks = (
            librdkafka.Rebalanced(self._on_rebalance),
            librdkafka.Failed(self._on_error),
            librdkafka.Logged(self._on_log),
        )
        self._timestamp = self._library.address("message_timestamp")
        self._destroy = self._library.address("message_destroy")
        self._client = self._new(config)
        self._library.poll_set_consumer(self._client)
        self._library.set_log_queue(self._client, None)
        self._queue = self._library.queue_get_consumer(self._client)

    def _new(self, config: Mapping[str, Any]) -> int:
        text = ctypes.create_string_buffer(ERROR_TEXT_BYTES)
        settings = self._settings({**config, "log.queue": "true"}, text)
        client: int | None = self._library.new(librdkafka.CONSUMER, settings, text, ERROR_TEXT_BYTES)
        if client is None:
            code = self._library.last_error()
            self._library.conf_destroy(settings)
            raise KafkaException(KafkaError(code, text.value.decode(errors="replace")))
        return client

    def _settings(self, config: Mapping[str, Any], text: Any) -> int:
        settings: int = self._library.conf_new()
        for name, value in config.items():
            if name == "logger":
                continue
            if self._library.conf_set(settings, name.encode(), _spelled(value), text, ERROR_TEXT_BYTES):
                self._library.conf_destroy(settings)
                raise KafkaException(KafkaError(KafkaError._INVALID_ARG, text.value.decode(errors="replace")))
        rebalanced, failed, logged = self._callbacks
        self._library.conf_set_rebalance_cb(settings, rebalanced)
        self._library.conf_set_error_cb(settings, failed)
        self._library.conf_set_log_cb(settings, logged)
        return settings

    def subscribe(self, on_assign: Assigned, on_revoke: Gone, on_lost: Gone) -> None:
        """Join the group; `on_revoke` may still commit, `on_lost` comes when it is too late for that.

        Raises:
            KafkaException: librdkafka refuses.
        """
        self._assigned, self._revoked, self._lost = on_assign, on_revoke, on_lost
        with self._places({librdkafka.ANY_PARTITION: librdkafka.INVALID_OFFSET}) as places:
            _check(self._library.subscribe(self._client, places))

    @contextmanager
    def fetch(self, most: int, wait_s: float) -> Iterator[tuple[RecordBatch, list[KafkaError]]]:
        """Take up to `most` records, and what went wrong; they are gone at the end of the block.

        Raises:
            KafkaException: librdkafka refuses.
            Exception: what a callback raised.
        """
        messages = np.empty(most, np.int64)
        count = self._library.consume_batch_queue(self._queue, int(wait_s * 1000), messages.ctypes.data, most)
        messages = messages[: max(count, 0)]
        try:
            self._raise()
            if count < 0:
                _check(self._library.last_error())
            yield self._sorted(messages)
        finally:
            foreign.give_back(messages, self._destroy)

    def _sorted(self, messages: Ints) -> tuple[RecordBatch, list[KafkaError]]:
        """Records, and errors apart from them."""
        found = RecordBatch(foreign.read(messages, LAYOUT, self._timestamp))
        errors, self._fatal = self._fatal, []
        if not found.errors.any():
            return found, errors
        for number in np.flatnonzero(found.errors).tolist():
            code, reason = int(found.errors[number]), (found.value(number) or b"").decode(errors="replace")
            errors.append(KafkaError(code, reason, fatal=code == KafkaError._FATAL))
        return found.part(found.errors == 0), errors

    def committed(self, partitions: Iterable[int], timeout_s: float) -> dict[int, int]:
        """The committed offset of each partition, below 0 where there is none.

        Raises:
            KafkaException: one cannot be read; it does not mean that there is none.
        """
        with self._places(dict.fromkeys(partitions, librdkafka.INVALID_OFFSET)) as places:
            _check(self._library.committed(self._client, places, int(timeout_s * 1000)))
            return offsets_of(places)

    def bounds(self, partition: int, timeout_s: float) -> tuple[int, int]:
        """Ask Kafka for the first offset that is there, and the one after the last.

        Raises:
            KafkaException: no answer.
        """
        return self._watermarks(self._library.query_watermark_offsets, partition, int(timeout_s * 1000))

    def known_end(self, partition: int) -> int:
        """The offset after the last that Kafka has told of with any record; below 0 if with none."""
        return self._watermarks(self._library.get_watermark_offsets, partition)[1]

    def _watermarks(self, ask: Callable[..., int], partition: int, *timeout: int) -> tuple[int, int]:
        low, high = ctypes.c_int64(), ctypes.c_int64()
        arguments = ctypes.byref(low), ctypes.byref(high), *timeout
        _check(ask(self._client, self._topic, partition, *arguments))
        return low.value, high.value

    def commit(self, ends: Mapping[int, int]) -> None:
        """Commit the next offset to read of each partition, and wait until it is durable.

        Raises:
            KafkaException: Kafka did not take all of them.
        """
        with self._places(ends) as places:
            _check(self._library.commit(self._client, places, 0))
            offsets_of(places)

    def close(self) -> None:
        """Leave the group; revokes first.

        Raises:
            Exception: what a callback raised.
        """
        if not self._client:
            return
        self._library.consumer_close(self._client)
        self._library.queue_destroy(self._queue)
        self._library.destroy(self._client)
        self._client = 0
        self._raise()

    def _on_rebalance(self, client: int, code: int, places: Any, _opaque: Any) -> None:
        begins: Mapping[int, int] | None = None
        try:
            partitions = [place.partition for place in _each(places)]
            if code == KafkaError._ASSIGN_PARTITIONS:
                begins = self._assigned(partitions)
            elif self._library.assignment_lost(client):
                self._lost(partitions)
            else:
                self._revoked(partitions)
        except BaseException as error:  # C code cannot raise it: `fetch` and `close` do
            self._keep(error)
        self._assign(begins)

    def _assign(self, begins: Mapping[int, int] | None) -> None:
        """Answer a rebalance, which librdkafka waits for whatever has happened."""
        try:
            with self._places(begins or {}) as places:
                _check(self._library.assign(self._client, places if begins is not None else None))
        except KafkaException as error:
            self._keep(error)

    def _on_error(self, client: int, code: int, _reason: bytes, _opaque: Any) -> None:
        """Keep what ends the client; it mends everything else by itself."""
        if code == KafkaError._FATAL:
            text = ctypes.create_string_buffer(ERROR_TEXT_BYTES)
            cause = self._library.fatal_error(client, text, ERROR_TEXT_BYTES)
            self._fatal.append(KafkaError(cause, text.value.decode(errors="replace"), fatal=True))

    def _on_log(self, client: int, level: int, facility: bytes, line: bytes) -> None:
        name, *texts = (part.decode(errors="replace") for part in (self._library.name(client), facility, line))
        self._logger.log(LEVELS[level], "%s [%s] %s", texts[0], name, texts[1])

    def _keep(self, error: BaseException) -> None:
        """Let the call from which the callback came return, and raise there; the first is the cause of others."""
        self._raised = self._raised or error
        getattr(self._library, "yield")(self._client)

    def _raise(self) -> None:
        if self._raised is not None:
            raised, self._raised = self._raised, None
            raise raised

    @contextmanager
    def _places(self, offsets: Mapping[int, int]) -> Iterator[Any]:
        """A list of the topic's partitions with an offset each, for one call."""
        places = self._library.topic_partition_list_new(len(offsets))
        try:
            for partition, offset in offsets.items():
                self._library.topic_partition_list_add(places, self._topic, partition).contents.offset = offset
            yield places
        finally:
            self._library.topic_partition_list_destroy(places)


def warm() -> None:
    """Compile the kernels, or load them, before the first records need them."""
    nothing = np.empty(0, np.int64)
    RecordBatch(foreign.read(nothing, LAYOUT, 0)).joined()
    foreign.give_back(nothing, 0)


def offsets_of(places: Any) -> dict[int, int]:
    """The offset of each partition in a list that was answered.

    Raises:
        KafkaException: one of them has an error.
    """
    for place in _each(places):
        _check(place.err)
    return {place.partition: place.offset for place in _each(places)}


def _check(code: int) -> None:
    if code:
        raise KafkaException(KafkaError(code, library().err2str(code).decode()))


def _each(places: Any) -> list[librdkafka.Place]:
    return places.contents.elems[: places.contents.cnt]  # type: ignore[no-any-return] # a pointer's slice


def _spelled(value: object) -> bytes:
    """A setting as librdkafka reads it."""
    return (str(value).lower() if isinstance(value, bool) else str(value)).encode()
