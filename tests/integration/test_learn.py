"""`ringfence learn --topic` against a real Kafka proposes what it proposes from the same events in a file."""

import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic
from support.histories import gift, usual

import streams.recorded
from streams.__main__ import main
from streams.kafka import admin, producer_config, reach
from streams.settings import Settings

pytestmark = pytest.mark.kafka
LINES = usual() + usual("+44") + gift("+216") + gift("+4475")


@pytest.fixture
def topic(kafka, unique, monkeypatch):
    """A topic of this test's own that holds the events, over four partitions."""
    monkeypatch.setenv("RINGFENCE_KAFKA__BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("RINGFENCE_NETWORK__HOME_COUNTRY_CODE", "212")
    client = admin(Settings())
    client.create_topics([NewTopic(unique, 4, 1)])[unique].result()
    while unique not in reach(Settings()).topics:
        time.sleep(0.02)  # the brokers hear of it a moment after the controller has made it
    producer = Producer(producer_config(Settings()))
    for number, line in enumerate(LINES):
        producer.produce(unique, line, str(number).encode())
    assert producer.flush(30) == 0
    monkeypatch.setattr(streams.recorded, "EVENTS", unique)
    return unique


def learn(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["learn", *map(str, arguments)])
    assert ended.value.code == 0


def written(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_topic_teaches_what_a_file_teaches(topic, tmp_path):
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(LINES))
    learn(tmp_path / "events.jsonl", "--output", tmp_path / "file")
    learn("--topic", "--output", tmp_path / "topic")
    assert written(tmp_path / "file") == written(tmp_path / "topic")
    assert b"\n+216," in written(tmp_path / "topic")["proposed_free_prefixes.csv"]
