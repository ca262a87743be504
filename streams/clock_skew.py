"""Whether broker and decider agree on the time: every tick on `ringfence.findings` was stamped by both."""

from collections.abc import Iterator

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaException, Message, TopicPartition

from models.findings import Tick, decode
from streams.kafka import REACH_S, consumer_config, unreachable
from streams.settings import Settings

FINDINGS = "ringfence.findings"
LAST = 200
"""Records at the end of the log among which the newest tick must be."""


def skew_ms(settings: Settings) -> int | None:
    """How far the broker's clock is ahead of the decider's, ms; None where there is no tick to tell.

    A tick names the second in which it was made, so that up to a second of it is the way there.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    consumer = Consumer(consumer_config(settings, "ringfence.doctor"))
    try:
        told = [_told(message) for message in _newest(consumer)]
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()
    return next((skew for skew in reversed(told) if skew is not None), None)


def _newest(consumer: Consumer) -> Iterator[Message]:
    low, high = consumer.get_watermark_offsets(TopicPartition(FINDINGS, 0), timeout=REACH_S)
    offset = max(low, high - LAST)
    consumer.assign([TopicPartition(FINDINGS, 0, offset)])
    while offset < high and (message := consumer.poll(REACH_S)) is not None and message.error() is None:
        offset = (message.offset() or 0) + 1
        yield message


def _told(message: Message) -> int | None:
    """What one record tells."""
    kind, appended_ms = message.timestamp()
    try:
        finding = decode(message.value() or b"")
    except ValueError:
        return None
    if not isinstance(finding, Tick) or kind != TIMESTAMP_LOG_APPEND_TIME:
        return None
    return appended_ms - finding.source.position * 1000
