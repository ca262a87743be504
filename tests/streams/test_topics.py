"""The topics: the contract's table, creation on a real Kafka, and what `check` and `require` see."""

import dataclasses
import socket
import time
from collections.abc import Callable

import pytest
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from streams.broker import Broker
from streams.errors import DependencyError, UsageError
from streams.kafka import admin, reach
from streams.kafka_settings import Kafka
from streams.settings import Settings
from streams.topics import Difference, check, copies, create, require, wanted

HOURS_MS = 3_600_000


@dataclasses.dataclass(frozen=True)
class Row:
    """One row of the contract's table, as text: policy, retention or compaction lag in hours, append time."""

    policy: str
    retention_h: int | None = None
    compaction_lag_h: int | None = None
    append_time: bool = False


CONTRACT = {
    "signalling.events": Row("delete", 72, append_time=True),
    "signalling.dlq": Row("delete", 7 * 24),
    "fraud.control": Row("compact", compaction_lag_h=25, append_time=True),
    "fraud.shadow": Row("delete", 30 * 24, append_time=True),
    "fraud.incidents": Row("compact"),
    "fraud.acks": Row("delete", 7 * 24),
    "fraud.policy": Row("compact"),
    "ringfence.rows": Row("delete", 24),
    "ringfence.state": Row("compact"),
    "ringfence.findings": Row("delete", 7 * 24, append_time=True),
    "ringfence.decider": Row("compact"),
}


def hours(config, name):
    return int(config[name]) / HOURS_MS if name in config else None


@pytest.mark.parametrize("topic", wanted(Kafka()), ids=lambda topic: topic.name)
def test_every_topic_is_as_the_contract_says(topic):
    config = topic.config
    assert CONTRACT[topic.name] == Row(
        config["cleanup.policy"],
        hours(config, "retention.ms"),
        hours(config, "min.compaction.lag.ms"),
        config.get("message.timestamp.type") == "LogAppendTime",
    )


def test_no_topic_is_forgotten():
    assert {topic.name for topic in wanted(Kafka())} == set(CONTRACT)


@pytest.mark.parametrize(
    ("name", "mebibytes"),
    [
        *(("signalling.events", 2), ("signalling.dlq", 2)),
        *(("ringfence.rows", 4), ("ringfence.state", 2), ("ringfence.decider", 2)),
    ],
)
def test_what_carries_more_than_an_event_takes_some_mebibytes(name, mebibytes):
    (topic,) = [topic for topic in wanted(Kafka()) if topic.name == name]
    assert topic.config["max.message.bytes"] == str(mebibytes * 1024 * 1024)


def test_partition_counts_are_the_configurations():
    counts = {topic.name: topic.partitions for topic in wanted(Kafka(event_partitions=7, row_partitions=3))}
    assert (counts["signalling.events"], counts["ringfence.rows"], counts["ringfence.state"]) == (7, 3, 3)
    assert counts["ringfence.findings"] == counts["ringfence.decider"] == 1


@pytest.mark.parametrize(
    ("given", "brokers", "expected"),
    [
        ({}, 1, (1, 1)),
        ({}, 3, (3, 2)),
        ({}, 9, (3, 2)),
        ({"replication_factor": 5, "min_insync_replicas": 3}, 9, (5, 3)),
    ],
)
def test_copies_follow_the_size_of_the_cluster_unless_they_are_set(given, brokers, expected):
    assert copies(Kafka(**given), brokers) == expected


@pytest.fixture(scope="module")
def cluster():
    """A Kafka of this module's own: the topics have fixed names, and the tests break them."""
    with Broker(ephemeral=True) as broker:
        yield Settings(kafka={"bootstrap_servers": broker.bootstrap_servers})


@pytest.fixture
def fresh(cluster):
    client = admin(cluster)
    create(cluster)
    yield cluster
    names = [topic.name for topic in wanted(cluster.kafka)]
    for future in client.delete_topics([name for name in names if name in reach(cluster).topics]).values():
        future.result()


def becomes(cluster: Settings, expected: Callable[[list[Difference]], bool]) -> list[Difference]:
    """What `check` finds once the broker has heard of a change that the controller has made."""
    deadline_s = time.monotonic() + 10
    while not expected(found := check(cluster)) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return found


def test_creation_makes_what_is_missing_once(fresh):
    client, name = admin(fresh), "fraud.control"
    client.delete_topics([name])[name].result()
    assert becomes(fresh, bool) == [Difference(name, "topic", "missing", "present")]
    with pytest.raises(UsageError, match=r"topics are missing .*: fraud\.control \(make them: ringfence topics create"):
        require(fresh)
    assert create(fresh) == [name]
    assert create(fresh) == []
    assert check(fresh) == []
    require(fresh)


def test_a_changed_configuration_is_found(fresh):
    entry = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, "fraud.acks", incremental_configs=[entry])
    client = admin(fresh)
    client.incremental_alter_configs([resource])[resource].result()
    assert becomes(fresh, bool) == [Difference("fraud.acks", "retention.ms", "1000", str(7 * 24 * HOURS_MS))]


def test_the_service_refuses_a_changed_partition_count_of_ours_only(fresh):
    client = admin(fresh)
    for name, refusal in (("signalling.events", None), ("ringfence.rows", "ringfence.rows has 6 partitions")):
        for future in client.create_partitions([NewPartitions(name, 6)]).values():
            future.result()
        difference = Difference(name, "partitions", "6", "4")
        assert difference in becomes(fresh, lambda found, difference=difference: difference in found)
        if refusal is None:
            require(fresh)
    with pytest.raises(UsageError, match=refusal):
        require(fresh)


def test_more_copies_than_brokers_is_said_in_one_line(cluster):
    greedy = Settings(kafka={"bootstrap_servers": cluster.kafka.bootstrap_servers, "replication_factor": 3})
    with pytest.raises(UsageError, match=r"^topic signalling\.events: Kafka refuses to create it: .*replica"):
        create(greedy)


def test_a_kafka_out_of_reach_is_one_line_with_what_to_do():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        settings = Settings(kafka={"bootstrap_servers": address})
        with pytest.raises(DependencyError, match=rf"^Kafka at {address} is out of reach: .*\(start it") as caught:
            reach(settings, timeout_s=0.5)
    assert "\n" not in str(caught.value)


def test_a_name_that_librdkafka_does_not_know_is_one_line():
    settings = Settings(kafka={"socket.keepalive.enabled": "true"})
    with pytest.raises(UsageError, match=r'^\[kafka\]: No such configuration property: "socket\.keepalive'):
        admin(settings)
