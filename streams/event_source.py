"""What the intake asks of Kafka about `signalling.events`: a member of its group, where to begin, heard commits.

Nothing is passed over: an offset that cannot be read is not "none", and a commit that one partition refused failed.
"""

from collections.abc import Sequence

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.errors import DependencyError, RingfenceError
from streams.kafka import REACH_S, consumer_config
from streams.settings import Settings

EVENTS = "signalling.events"
GROUP = "ringfence.intake"
MEMBERSHIP = {"auto.offset.reset": "error", "session.timeout.ms": 6_000, "heartbeat.interval.ms": 1_500}
"""Records that are gone are an error, never skipped; after a crash another member takes over within 6 s."""


def new_consumer(settings: Settings) -> Consumer:
    """A member of the intake's group, not yet subscribed."""
    return Consumer(consumer_config(settings, GROUP) | MEMBERSHIP)


def begin_of(consumer: Consumer, found: TopicPartition) -> int:
    """Where to read a partition from: the committed offset, or the first record for a group that never read it.

    Raises:
        KafkaException: the committed offset cannot be read; it does not mean that there is none.
        RingfenceError: records that were not read yet are gone.
    """
    if found.error is not None:
        raise KafkaException(found.error)
    low, _ = consumer.get_watermark_offsets(found, timeout=REACH_S)
    begin = found.offset if found.offset >= 0 else low
    if begin < low:
        raise RingfenceError(
            f"{EVENTS}/{found.partition}: offsets {begin} to {low - 1} were deleted before they were read;"
            " the intake stops (set the group's offset by hand to go on without them)"
        )
    return begin


def commit(consumer: Consumer, ends: dict[int, int]) -> None:
    """Commit the next offset to read of each partition, and wait until it is durable.

    Raises:
        DependencyError: Kafka did not take all of them.
    """
    places = [TopicPartition(EVENTS, partition, end) for partition, end in ends.items()]
    try:
        done = consumer.commit(offsets=places, asynchronous=False) or []
    except KafkaException as error:
        raise _uncommitted(error.args[0]) from None
    for place in done:
        if place.error is not None:
            raise _uncommitted(place.error)


def _uncommitted(error: KafkaError) -> DependencyError:
    return DependencyError(f"{EVENTS}: cannot commit offsets: {error.str()}")


def is_good(message: Message) -> bool:
    """Whether this is a record; what a client mends by itself is none.

    Raises:
        DependencyError: the client cannot go on.
        RingfenceError: records that were not read yet are gone.
    """
    error = message.error()
    if error is None:
        return True
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        raise RingfenceError(f"{EVENTS}: records that were not read yet are gone: {error.str()}")
    if error.fatal():
        raise DependencyError(f"{EVENTS}: {error.str()}")
    return False


def append_times(messages: Sequence[Message]) -> list[int]:
    """When each record was appended, ms; 0 where the log does not say."""
    stamps = [message.timestamp() for message in messages]
    return [ts if kind == TIMESTAMP_LOG_APPEND_TIME else 0 for kind, ts in stamps]
