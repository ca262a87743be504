"""Reading one partition from its beginning to where it ends now: how state comes back after a restart."""

from collections.abc import Generator, Iterator

from confluent_kafka import Consumer, KafkaException, Message, TopicCollection, TopicPartition

from streams.errors import DependencyError
from streams.kafka import REACH_S, admin, consumer_config, unreachable
from streams.settings import Settings

STALL_S = 30.0
MANY = 200
"""Records that are asked for at once."""


def to_the_end(settings: Settings, topic: str, partition: int) -> Iterator[Message]:
    """Every record of a partition that is there now, oldest first.

    Raises:
        DependencyError: Kafka is out of reach, or goes silent on the way.
    """
    consumer = Consumer(consumer_config(settings, "ringfence.reader"))
    try:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=REACH_S)
        consumer.assign([TopicPartition(topic, partition, low)])
        while low < high:
            message = consumer.poll(STALL_S)
            if message is None or message.error() is not None:
                raise DependencyError(f"{topic}/{partition}: reading stopped at offset {low} of {high}")
            low = (message.offset() or 0) + 1
            yield message
            position = consumer.position([TopicPartition(topic, partition)])[0].offset
            low = max(low, position)
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()


class RowsLog:
    """One partition of a topic whose records are read again by their offsets."""

    def __init__(self, settings: Settings, topic: str, partition: int) -> None:
        self._settings = settings
        self._place = TopicPartition(topic, partition)

    def between(self, begin: int, end: int) -> Iterator[tuple[int, bytes | None]]:
        """The records from offset `begin` until `end`, with their offsets.

        Raises:
            DependencyError: Kafka is out of reach or goes silent, or records of these offsets are gone.
        """
        if begin >= end:
            return
        consumer = Consumer(consumer_config(self._settings, "ringfence.reader"))
        try:
            consumer.assign([TopicPartition(self._place.topic, self._place.partition, begin)])
            while begin < end:
                begin = yield from self._next(consumer.consume(min(MANY, end - begin), STALL_S), begin, end)
        except KafkaException as error:
            raise unreachable(self._settings, error) from None
        finally:
            consumer.close()

    def _next(self, found: list[Message], begin: int, end: int) -> Generator[tuple[int, bytes | None], None, int]:
        """Some records, which begin at `begin`; gives the offset after them."""
        if not found or any(message.error() is not None for message in found):
            raise DependencyError(f"{self._name}: reading stopped at offset {begin}, before {end}")
        for message in found:
            if message.offset() != begin:
                raise DependencyError(
                    f"{self._name}: the state still needs the records from offset {begin} on, and they are gone"
                    " (retention is too short for it; delete the topic ringfence.state to begin anew)"
                )
            yield begin, message.value()
            begin += 1
        return begin

    @property
    def _name(self) -> str:
        return f"{self._place.topic}/{self._place.partition}"


def topic_id(settings: Settings, topic: str) -> str:
    """The id of a topic (KIP-516): another one than before means that the topic was made anew.

    Raises:
        DependencyError: Kafka is out of reach or the topic is not there.
    """
    client = admin(settings)
    try:
        return str(client.describe_topics(TopicCollection([topic]))[topic].result(REACH_S).topic_id)
    except TimeoutError:
        raise DependencyError(f"{topic}: Kafka did not describe it within {REACH_S:.0f} s") from None
    except KafkaException as error:
        raise unreachable(settings, error) from None
