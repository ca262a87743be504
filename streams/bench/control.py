"""What stands on `fraud.control`: the first command of each target, when it was appended, and its proof."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import orjson
from confluent_kafka import Consumer, TopicPartition

from streams.kafka import consumer_config
from streams.settings import Settings

CONTROL = "fraud.control"


class FirstCommand(NamedTuple):
    """The first command on a prefix: append time (ms since the epoch) and the records that prove it."""

    appended_ms: int
    offsets: tuple[str, ...]


def first_commands(
    settings: Settings, enough: Callable[[Mapping[str, FirstCommand]], bool], timeout_s: float
) -> dict[str, FirstCommand]:
    """Read from the beginning until `enough` is content or time is up; by the target's value."""
    consumer = Consumer(consumer_config(settings, "ringfence.bench"))
    consumer.assign([TopicPartition(CONTROL, 0, 0)])
    found: dict[str, FirstCommand] = {}
    deadline_s = time.monotonic() + timeout_s
    while not enough(found) and time.monotonic() < deadline_s:
        for message in consumer.consume(1_000, 0.05):
            if message.error() is None and (value := message.value()):
                command = orjson.loads(value)
                offsets = tuple(command["evidence"]["offsets"])
                found.setdefault(command["target"]["value"], FirstCommand(message.timestamp()[1], offsets))
    consumer.close()
    return found


def latencies(commands: Mapping[str, FirstCommand], scheduled: Mapping[str, int], begun_ms: float) -> dict[str, float]:
    """Ms from the scheduled time of the last event of each proof to the append of its command, by prefix.

    Args:
        commands: as `first_commands` gave them.
        scheduled: time on the schedule (ms) of the events that were watched, by `topic/partition/offset`.
        begun_ms: wall time (ms) of time 0 on the schedule.

    >>> command = FirstCommand(10_500, ("t/0/1", "t/0/2", "t/0/9"))
    >>> latencies({"+331": command}, {"t/0/1": 100, "t/0/2": 400}, 10_000.0)
    {'+331': 100.0}
    """
    found = {}
    for prefix, command in commands.items():
        times = [scheduled[source] for source in command.offsets if source in scheduled]
        if times:
            found[prefix] = command.appended_ms - begun_ms - max(times)
    return found
