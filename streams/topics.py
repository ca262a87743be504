"""The topics of the contract (section 1) and our own: the table, creation, and where a cluster differs."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # public, but not marked as exported
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from streams.errors import UsageError
from streams.kafka import MAX_BLOCK_BYTES, MAX_MESSAGE_BYTES, REACH_S, admin, metadata, unreachable
from streams.kafka_settings import Kafka
from streams.settings import Settings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
VISIBLE_EVERY_S = 0.05
APPEND_TIME = {"message.timestamp.type": "LogAppendTime"}
COMPACT = {"cleanup.policy": "compact"}
SMALL_SEGMENTS = {"segment.bytes": str(64 << 20)}
"""Kafka compacts closed segments only: with its 1 GiB a restart would read what pages replaced long ago."""
WIDE = {"max.message.bytes": str(MAX_MESSAGE_BYTES)}


def deleted_after(retention_ms: int) -> dict[str, str]:
    """Configuration of a topic that forgets after `retention_ms`."""
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


class Topic(NamedTuple):
    """A topic as it should be; `config` holds only what must not be the cluster's default."""

    name: str
    partitions: int
    config: Mapping[str, str]

    @property
    def internal(self) -> bool:
        """Ours alone: its partition count is fixed when it is created."""
        return self.name.startswith("ringfence.")


class Difference(NamedTuple):
    """Where a cluster is not as it should be; a missing topic has the setting `topic`."""

    topic: str
    setting: str
    found: str
    wanted: str


def wanted(kafka: Kafka) -> tuple[Topic, ...]:
    """All topics; the counts of events and rows are the configuration's."""
    rows = kafka.row_partitions
    control = {**COMPACT, "min.compaction.lag.ms": str(25 * HOUR_MS), **APPEND_TIME}
    return (
        Topic("signalling.events", kafka.event_partitions, {**deleted_after(72 * HOUR_MS), **APPEND_TIME, **WIDE}),
        Topic("signalling.dlq", 1, {**deleted_after(7 * DAY_MS), **WIDE}),
        Topic("fraud.control", 1, control),
        Topic("fraud.shadow", 1, {**deleted_after(30 * DAY_MS), **APPEND_TIME}),
        Topic("fraud.incidents", 1, COMPACT),
        Topic("fraud.acks", 1, deleted_after(7 * DAY_MS)),
        Topic("fraud.policy", 1, COMPACT),
        Topic("ringfence.rows", rows, {**deleted_after(DAY_MS), "max.message.bytes": str(MAX_BLOCK_BYTES)}),
        Topic("ringfence.state", rows, {**COMPACT, **SMALL_SEGMENTS, **WIDE}),
        Topic("ringfence.findings", 1, {**deleted_after(7 * DAY_MS), **APPEND_TIME}),
        Topic("ringfence.decider", 1, {**COMPACT, **SMALL_SEGMENTS, **WIDE}),
    )


def copies(kafka: Kafka, brokers: int) -> tuple[int, int]:
    """Replication factor and `min.insync.replicas` on a cluster of `brokers` (contract, section 1).

    >>> copies(Kafka(), 1), copies(Kafka(), 5)
    ((1, 1), (3, 2))
    """
    factor = kafka.replication_factor or min(brokers, 3)
    return factor, kafka.min_insync_replicas or (1 if factor < 3 else 2)


def create(settings: Settings) -> list[str]:
    """Make the topics that are missing and leave the others alone; gives the names of the new ones.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: Kafka refuses (too few brokers for the replication factor, no right to create).
    """
    client = admin(settings)
    there = metadata(client, settings)
    factor, in_sync = copies(settings.kafka, len(there.brokers))
    missing = [
        NewTopic(t.name, t.partitions, factor, config={**t.config, "min.insync.replicas": str(in_sync)})
        for t in wanted(settings.kafka)
        if t.name not in there.topics
    ]
    if not missing:
        return []
    futures = client.create_topics(missing, operation_timeout=REACH_S, request_timeout=REACH_S)
    made = [name for name, future in futures.items() if _created(name, future, settings)]
    _await(made, client, settings)
    return made


def _await(names: list[str], client: AdminClient, settings: Settings) -> None:
    """Wait until the brokers know what the controller has made: who comes next must not find them missing."""
    deadline_s = time.monotonic() + REACH_S
    while not set(names) <= metadata(client, settings).topics.keys() and time.monotonic() < deadline_s:
        time.sleep(VISIBLE_EVERY_S)


def _created(name: str, future: Any, settings: Settings) -> bool:
    try:
        future.result()
    except KafkaException as error:
        code = error.args[0].code()
        if code == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        if error.args[0].retriable() or code in {KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT}:
            raise unreachable(settings, error) from None
        raise UsageError(f"topic {name}: Kafka refuses to create it: {error.args[0].str()}") from None
    return True


def check(settings: Settings) -> list[Difference]:
    """Compare the cluster with the table; an empty list is a good cluster.

    Raises:
        DependencyError: Kafka is out of reach.
    """
    client = admin(settings)
    there = metadata(client, settings)
    topics = wanted(settings.kafka)
    found = _configurations(client, settings, [t.name for t in topics if t.name in there.topics])
    return [difference for topic in topics for difference in _differences(topic, there, found, settings)]


def _differences(
    topic: Topic, there: ClusterMetadata, found: Mapping[str, Mapping[str, str]], settings: Settings
) -> Iterator[Difference]:
    if topic.name not in found:
        yield Difference(topic.name, "topic", "missing", "present")
        return
    partitions = there.topics[topic.name].partitions
    factor, in_sync = copies(settings.kafka, len(there.brokers))
    facts = {
        "partitions": (len(partitions), topic.partitions),
        "replication factor": (min((len(p.replicas) for p in partitions.values()), default=0), factor),
    }
    for name, value in {**topic.config, "min.insync.replicas": str(in_sync)}.items():
        facts[name] = (found[topic.name].get(name, ""), value)  # type: ignore[assignment] # both are printed
    for name, (is_, should) in facts.items():
        if is_ != should:
            yield Difference(topic.name, name, str(is_), str(should))


def _configurations(client: AdminClient, settings: Settings, names: list[str]) -> dict[str, dict[str, str]]:
    """Every topic's configuration as text; a topic that is not there has none."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    answers = client.describe_configs(resources, request_timeout=REACH_S)
    found = {resource.name: _configuration(future, settings) for resource, future in answers.items()}
    return {name: config for name, config in found.items() if config is not None}


def _configuration(future: Any, settings: Settings) -> dict[str, str] | None:
    try:
        return {name: str(entry.value) for name, entry in future.result().items()}
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None  # it was deleted since we asked for the list
        raise unreachable(settings, error) from None


def require(settings: Settings) -> None:
    """See that the service can start: every topic is there, and ours have the configured partition counts.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: a topic is missing, or a partition count of ours was changed.
    """
    there = metadata(admin(settings), settings)
    missing = [t.name for t in wanted(settings.kafka) if t.name not in there.topics]
    if missing:
        raise UsageError(
            f"topics are missing on {settings.kafka.bootstrap_servers}: {', '.join(missing)}"
            " (make them: ringfence topics create)"
        )
    for topic in filter(lambda topic: topic.internal, wanted(settings.kafka)):
        count = len(there.topics[topic.name].partitions)
        if count != topic.partitions:
            raise UsageError(
                f"topic {topic.name} has {count} partitions, configured are {topic.partitions}:"
                " the count is fixed when it is made (set [kafka] row_partitions back)"
            )
