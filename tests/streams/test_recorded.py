"""Recorded events come in order of arrival, with where they come from, from files and from a topic alike."""

from types import SimpleNamespace

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message

from streams import recorded
from streams.errors import UsageError
from streams.recorded import of_file, of_topic, recordings
from streams.settings import Settings


def told(recording) -> list[tuple[str, int, bytes]]:
    return [
        (batch.origins[source], offset, value)
        for batch in recording.batches
        for source, offset, value in zip(batch.source.tolist(), batch.offset.tolist(), batch.values, strict=True)
    ]


def test_a_file_is_its_lines_without_the_empty_ones(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":1}\n\n  \r\n{"b":2}\r\n[3]')
    found = of_file(path)
    assert (found.name, found.total) == ("events.jsonl", path.stat().st_size)
    assert told(found) == [
        ("events.jsonl:", 1, b'{"a":1}'),
        ("events.jsonl:", 4, b'{"b":2}'),
        ("events.jsonl:", 5, b"[3]"),
    ]


def test_a_long_file_comes_in_batches_that_add_up_to_its_size(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{}\n" * 12_000)
    batches = list(of_file(path).batches)
    assert len(batches) == 3
    assert sum(batch.size for batch in batches) == path.stat().st_size
    assert batches[-1].offset[-1] == 12_000


def record(partition: int, offset: int, at_ms: int, value: bytes | None) -> Message:
    return Message(recorded.EVENTS, partition, offset, b"key", value, timestamp=(TIMESTAMP_LOG_APPEND_TIME, at_ms))


@pytest.fixture
def topic(monkeypatch):
    """Two partitions, 0 and 3."""
    held = {
        0: [record(0, 7, 100, b"a"), record(0, 8, 300, None), record(0, 9, 300, b"b")],
        3: [record(3, 0, 200, b"c"), record(3, 1, 300, b"d"), record(3, 2, 400, b"e")],
    }
    metadata = SimpleNamespace(topics={recorded.EVENTS: SimpleNamespace(partitions=held)})
    monkeypatch.setattr(recorded, "reach", lambda _: metadata)
    monkeypatch.setattr(recorded, "to_the_end", lambda _, __, partition: iter(held[partition]))
    monkeypatch.setattr(recorded, "_held", lambda _, partitions: sum(len(held[one]) for one in partitions))
    return metadata.topics


def test_the_partitions_of_a_topic_are_merged_by_the_time_of_append(topic):
    found = of_topic(Settings())
    assert (found.name, found.total) == ("signalling.events", 6)
    assert told(found) == [
        ("signalling.events/0/", 7, b"a"),
        ("signalling.events/3/", 0, b"c"),
        ("signalling.events/0/", 9, b"b"),
        ("signalling.events/3/", 1, b"d"),
        ("signalling.events/3/", 2, b"e"),
    ]


def test_records_without_a_value_count_in_the_progress(topic):
    assert sum(batch.size for batch in of_topic(Settings()).batches) == 6


def test_a_topic_that_is_missing_is_said(topic):
    topic.clear()
    with pytest.raises(UsageError, match="topics create"):
        of_topic(Settings())


@pytest.mark.parametrize("both", [True, False])
def test_files_or_the_topic_and_not_both(tmp_path, both):
    with pytest.raises(UsageError, match="--topic"):
        recordings(Settings(), [tmp_path] if both else [], both)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"gone\.jsonl: no such file"):
        recordings(Settings(), [tmp_path / "gone.jsonl"], False)
