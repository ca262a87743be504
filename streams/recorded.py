"""Events that were recorded, in order of arrival: files of JSON lines, or all that a topic holds at this moment."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.backtest import batches
from streams.errors import UsageError
from streams.event_source import EVENTS
from streams.kafka import REACH_S, consumer_config, reach, unreachable
from streams.reading import to_the_end
from streams.settings import Settings

MANY = 5_000
"""Records that are handed on at once."""


class Batch(NamedTuple):
    """Some records, as they came.

    Attributes:
        values: their bytes.
        origins: names of the sources, each ending in a separator.
        source: int32[records], which of `origins` each came from.
        offset: int64[records], its offset there, or its line from 1.
        size: by how much of `Recording.total` this gets on.
    """

    values: list[bytes]
    origins: tuple[str, ...]
    source: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int64]
    size: int


class Recording(NamedTuple):
    """A file or a topic.

    Attributes:
        name: for a person.
        total: bytes of a file, records of a topic.
        batches: what is in it, read while it is asked for.
    """

    name: str
    total: int
    batches: Iterator[Batch]


def recordings(settings: Settings, files: Sequence[Path], topic: bool) -> list[Recording]:
    """What a verb with `FILE…|--topic` reads, in this order.

    Raises:
        UsageError: neither or both are named, a file is not there, or the topic is missing.
        DependencyError: Kafka is out of reach.
    """
    if bool(files) == topic:
        raise UsageError("name files of events, or --topic, and not both")
    return [of_topic(settings)] if topic else [of_file(path) for path in files]


def of_file(path: Path) -> Recording:
    """A file of JSON lines; empty lines are passed over.

    Raises:
        UsageError: it is not there; later, it cannot be read.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    return Recording(path.name, path.stat().st_size, _lines(path))


def _lines(path: Path) -> Iterator[Batch]:
    origins = (f"{path.name}:",)
    for first, lines in batches(path):
        filled = [number for number, line in enumerate(lines) if line.strip()]
        offset = np.array(filled, np.int64) + first
        size = sum(len(line) + 1 for line in lines)
        yield Batch([lines[number] for number in filled], origins, np.zeros(len(filled), np.int32), offset, size)


def of_topic(settings: Settings) -> Recording:
    """All records of `signalling.events`, its partitions merged by the time of append; later ones are not waited for.

    Raises:
        UsageError: the topic is missing.
        DependencyError: Kafka is out of reach; later, it goes silent on the way.
    """
    found = reach(settings).topics.get(EVENTS)
    if found is None:
        raise UsageError(f"topic {EVENTS} is missing (make it: ringfence topics create)")
    partitions = sorted(found.partitions)
    return Recording(EVENTS, _held(settings, partitions), _merged(settings, partitions))


def _held(settings: Settings, partitions: Sequence[int]) -> int:
    """How many offsets there are between beginnings and ends."""
    consumer = Consumer(consumer_config(settings, "ringfence.reader"))
    try:
        bounds = [consumer.get_watermark_offsets(TopicPartition(EVENTS, one), timeout=REACH_S) for one in partitions]
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()
    return sum(high - low for low, high in bounds)


def _merged(settings: Settings, partitions: Sequence[int]) -> Iterator[Batch]:
    origins = tuple(f"{EVENTS}/{partition}/" for partition in partitions)
    readers = [_stamped(settings, partition, place) for place, partition in enumerate(partitions)]
    records = merge(*readers, key=lambda record: record[:2])
    while some := list(islice(records, MANY)):
        kept = [(place, message) for _, place, message in some if message.value() is not None]
        yield Batch(
            [message.value() or b"" for _, message in kept],
            origins,
            np.array([place for place, _ in kept], np.int32),
            np.array([message.offset() for _, message in kept], np.int64),
            len(some),
        )


def _stamped(settings: Settings, partition: int, place: int) -> Iterator[tuple[int, int, Message]]:
    """A partition's records with the time of append and the partition's place."""
    for message in to_the_end(settings, EVENTS, partition):
        yield message.timestamp()[1], place, message
