"""What waits in a topic for a group: asked of Kafka itself, for a client that hangs would not know."""

from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from streams.kafka import consumer_config
from streams.settings import Settings

ANSWER_S = 2.0
"""How long Kafka may take to answer: it is asked again soon, and the end of a role would wait for it."""


class Span(NamedTuple):
    """Offsets of a partition: the first one that the group has not acknowledged, and the end."""

    begin: int
    end: int


class Backlog:
    """Looks at a topic as its group does, without being a member."""

    def __init__(self, settings: Settings, group: str, topic: str) -> None:
        self._consumer = Consumer(consumer_config(settings, group))
        self._topic = topic

    def look(self, partitions: Iterable[int]) -> dict[int, Span]:
        """The span of each partition; what was deleted before it was read waits no more.

        Raises:
            KafkaException: Kafka does not answer.
        """
        places = [TopicPartition(self._topic, partition) for partition in partitions]
        found = {}
        for place in self._consumer.committed(places, timeout=ANSWER_S) if places else ():
            if place.error is not None:
                continue
            low, high = self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            found[place.partition] = Span(max(low, place.offset), high)
        return found
