"""Reading one partition from its beginning to where it ends now: how state comes back after a restart."""

from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaException, Message, TopicCollection, TopicPartition

from streams.errors import DependencyError
from streams.kafka import REACH_S, admin, consumer_config, unreachable
from streams.settings import Settings

STALL_S = 30.0


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


def topic_id(settings: Settings, topic: str) -> str:
    """The id of a topic (KIP-516): another one than before means that the topic was made anew.

    Raises:
        DependencyError: Kafka is out of reach or the topic is not there.
    """
    client = admin(settings)
    try:
        return str(client.describe_topics(TopicCollection([topic]))[topic].result(REACH_S).topic_id)
    except KafkaException as error:
        raise unreachable(settings, error) from None
