"""How our confluent-kafka clients are set up, and whether Kafka answers at all."""

import logging
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as exported
    AdminClient,
    ClusterMetadata,
)

from streams.errors import DependencyError, UsageError
from streams.settings import Settings

REACH_S = 8.0
"""How long Kafka may take to answer; with start-up a verb says within 10 s that it is out of reach."""
MAX_MESSAGE_BYTES = 2 << 20
"""Contract, section 1: `max.message.bytes` of the topics that carry more than one event."""
MAX_BLOCK_BYTES = 4 << 20
"""`max.message.bytes` of `ringfence.rows`: a row is half as long as the event that it is of."""

# librdkafka's own lines go where ours go; before logs are set up they would only repeat our error
_LOG = logging.getLogger("rdkafka")
_LOG.addHandler(logging.NullHandler())


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client needs: where Kafka is and how to get in.

    Raises:
        UsageError: a secret's file cannot be read.
    """
    return {"client.id": "ringfence", "logger": _LOG, **settings.kafka.librdkafka()}


def producer_config(settings: Settings) -> dict[str, Any]:
    """An idempotent producer whose keys land where Java's land (contract, section 1: murmur2).

    No compression: aiokafka reads lz4, snappy and zstd only with a further library.
    """
    return client_config(settings) | {
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": 2,
        "message.max.bytes": MAX_BLOCK_BYTES,
    }


def consumer_config(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer that commits by hand, fetches far ahead, and never waits long for a record.

    By default librdkafka rests a second when its queue is full (`fetch.queue.backoff.ms`): a stall in every
    burst.
    """
    return client_config(settings) | {
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 2,
        "fetch.wait.max.ms": 50,
        "queued.min.messages": 500_000,
    }


def admin(settings: Settings) -> AdminClient:
    """An admin client.

    Raises:
        UsageError: librdkafka does not know a setting, or cannot use its value.
    """
    try:
        return AdminClient(client_config(settings))
    except KafkaException as error:
        raise UsageError(f"[kafka]: {_reason(error)}") from None


def reach(settings: Settings, timeout_s: float = REACH_S) -> ClusterMetadata:
    """Ask Kafka for its brokers and topics.

    Raises:
        DependencyError: no answer within `timeout_s`.
        UsageError: settings that librdkafka cannot use.
    """
    return metadata(admin(settings), settings, timeout_s)


def metadata(client: AdminClient, settings: Settings, timeout_s: float = REACH_S) -> ClusterMetadata:
    """The same with a client that is there already.

    Raises:
        DependencyError: no answer within `timeout_s`.
    """
    try:
        return client.list_topics(timeout=timeout_s)
    except KafkaException as error:
        raise unreachable(settings, error) from None


def unreachable(settings: Settings, error: KafkaException) -> DependencyError:
    """Say in one line that Kafka did not answer, and what to do."""
    return DependencyError(
        f"Kafka at {settings.kafka.bootstrap_servers} is out of reach: {_reason(error)}"
        " (start it, or set [kafka] bootstrap_servers)"
    )


def _reason(error: KafkaException) -> str:
    cause = error.args[0] if error.args else error
    return " ".join((cause.str() if isinstance(cause, KafkaError) else str(cause)).split())
