"""How far consumer groups have come: committed offsets and the ends of topics, asked over connections kept open."""

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.kafka import REACH_S, client_config, unreachable
from streams.settings import Settings

PAUSE_S = 0.1
UNSETTLED = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
}
"""What Kafka says of a topic or group that was made just now: asked again after `PAUSE_S`."""


class Group:
    """What one consumer group has committed of one topic; asking does not join the group."""

    def __init__(self, settings: Settings, group: str, topic: str) -> None:
        self._settings = settings
        self._consumer = Consumer({**client_config(settings), "group.id": group, "enable.auto.commit": False})
        found = self._ask(self._consumer.list_topics, topic)
        self._places = [TopicPartition(topic, number) for number in found.topics[topic].partitions]

    def done(self) -> int:
        """Records committed, over all partitions from offset 0 on, also those that were deleted since.

        Raises:
            DependencyError: Kafka does not answer.
        """
        return sum(self.committed().values())

    def committed(self) -> dict[int, int]:
        """The committed offset of each partition, 0 where there is none.

        Raises:
            DependencyError: Kafka does not answer.
        """
        return {place.partition: max(0, place.offset) for place in self._ask(self._consumer.committed, self._places)}

    def end(self) -> int:
        """Records that the topic ever had, over all partitions.

        Raises:
            DependencyError: Kafka does not answer.
        """
        return sum(self.ends().values())

    def ends(self) -> dict[int, int]:
        """The offset of the next record of each partition.

        Raises:
            DependencyError: Kafka does not answer.
        """
        return self._watermarks(1)

    def begins(self) -> dict[int, int]:
        """The offset of the oldest record of each partition that is kept.

        Raises:
            DependencyError: Kafka does not answer.
        """
        return self._watermarks(0)

    def _watermarks(self, which: int) -> dict[int, int]:
        ask = self._consumer.get_watermark_offsets
        return {place.partition: int(self._ask(ask, place)[which]) for place in self._places}

    def _ask(self, question: Callable[..., Any], about: Any) -> Any:
        deadline_s = time.monotonic() + REACH_S
        while True:
            try:
                return question(about, timeout=REACH_S)
            except KafkaException as error:
                if error.args[0].code() not in UNSETTLED or time.monotonic() > deadline_s:
                    raise unreachable(self._settings, error) from None
                time.sleep(PAUSE_S)

    def close(self) -> None:
        """Give the connection back."""
        self._consumer.close()
