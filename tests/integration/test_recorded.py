"""A topic is read from its beginning to where it ends now, its partitions merged by the times of their records."""

import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from streams import recorded
from streams.kafka import admin, producer_config, reach
from streams.recorded import of_topic
from streams.settings import Settings

PARTITIONS, MANY = 3, 60


@pytest.fixture
def settings(kafka, unique, monkeypatch):
    """The settings of a cluster whose topic of events is this test's own."""
    monkeypatch.setattr(recorded, "EVENTS", unique)
    settings = Settings(kafka={"bootstrap_servers": kafka.bootstrap_servers})
    client = admin(settings)
    client.create_topics([NewTopic(unique, PARTITIONS, 1)])[unique].result()
    while unique not in reach(settings).topics:
        time.sleep(0.02)  # the brokers hear of it a moment after the controller has made it
    return settings


def test_all_records_in_the_order_of_their_times(settings):
    producer, begin_ms = Producer(producer_config(settings)), int(time.time() * 1000) - MANY
    for number in range(MANY):
        place = {"partition": number % PARTITIONS, "timestamp": begin_ms + number}
        producer.produce(recorded.EVENTS, str(number).encode(), **place)
    producer.flush()
    found = of_topic(settings)
    assert found.total == MANY
    batches = list(found.batches)
    assert [int(value) for batch in batches for value in batch.values] == list(range(MANY))
    assert [batch.origins[at] for batch in batches for at in batch.source] == [
        f"{recorded.EVENTS}/{number % PARTITIONS}/" for number in range(MANY)
    ]
    assert [int(offset) for batch in batches for offset in batch.offset] == [n // PARTITIONS for n in range(MANY)]
    assert sum(batch.size for batch in batches) == MANY


def test_an_empty_topic_is_no_records(settings):
    found = of_topic(settings)
    assert (found.total, list(found.batches)) == (0, [])
