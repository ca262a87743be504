"""What the intake asks of Kafka about `signalling.events`: a member of its group, where to begin, heard commits.

Nothing is passed over: an offset that cannot be read is not "none", and a commit that one partition refused failed.
"""

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException

from streams.batch_consumer import BatchConsumer
from streams.errors import DependencyError, RingfenceError
from streams.kafka import REACH_S, consumer_config
from streams.settings import Settings

EVENTS = "signalling.events"
GROUP = "ringfence.intake"
MEMBERSHIP = {"auto.offset.reset": "error", "session.timeout.ms": 6_000, "heartbeat.interval.ms": 1_500}
"""Records that are gone are an error, never skipped; after a crash another member takes over within 6 s."""


def new_consumer(settings: Settings) -> BatchConsumer:
    """A member of the intake's group, not yet subscribed.

    Raises:
        DependencyError: there is no librdkafka.
    """
    return BatchConsumer(consumer_config(settings, GROUP) | MEMBERSHIP, EVENTS)


def begins_of(consumer: BatchConsumer, partitions: Iterable[int]) -> dict[int, int]:
    """Where to read each partition from: the committed offset, or the first record for a group that never read it.

    Raises:
        DependencyError: an offset cannot be read; it does not mean that there is none.
        RingfenceError: records that were not read yet are gone.
    """
    try:
        committed = consumer.committed(partitions, REACH_S)
        return {partition: _begin(partition, offset, consumer) for partition, offset in committed.items()}
    except KafkaException as error:
        raise DependencyError(f"{EVENTS}: cannot read the committed offsets: {error.args[0].str()}") from None


def _begin(partition: int, committed: int, consumer: BatchConsumer) -> int:
    low, _ = consumer.bounds(partition, REACH_S)
    begin = committed if committed >= 0 else low
    if begin < low:
        raise RingfenceError(
            f"{EVENTS}/{partition}: offsets {begin} to {low - 1} were deleted before they were read;"
            " the intake stops (set the group's offset by hand to go on without them)"
        )
    return begin


def commit(consumer: BatchConsumer, ends: dict[int, int]) -> None:
    """Commit the next offset to read of each partition, and wait until it is durable.

    Raises:
        DependencyError: Kafka did not take all of them.
    """
    try:
        consumer.commit(ends)
    except KafkaException as error:
        raise DependencyError(f"{EVENTS}: cannot commit offsets: {error.args[0].str()}") from None


def heed(errors: Iterable[KafkaError]) -> None:
    """Pass over what a client mends by itself.

    Raises:
        DependencyError: the client cannot go on.
        RingfenceError: records that were not read yet are gone.
    """
    for error in errors:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise RingfenceError(f"{EVENTS}: records that were not read yet are gone: {error.str()}")
        if error.fatal():
            raise DependencyError(f"{EVENTS}: {error.str()}")
