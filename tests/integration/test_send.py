"""`ringfence send` and `ringfence topics` against a real Kafka: bytes, keys, partitions, and what is refused."""

import io
import json
import subprocess
import sys
import time
from collections import Counter

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import NewTopic

from streams.__main__ import main
from streams.cli.send import _Pace
from streams.kafka import admin, reach
from streams.settings import Settings

GOOD = b'{"event": "attempt",  "call_id":"c1@sw","ts":1795467960281,"caller":"+212661234567","called":"+33387654321","x":"\xc3\xa9"}'  # noqa: E501 - a line as it is on the wire
ANSWER = b'{"event":"answer","call_id":"c1@sw","ts":1795467964100,"caller":"","called":"333"}'
NO_TIME = b'{"event":"attempt","call_id":"c2","caller":"","called":"+33387654321"}'
PARTITIONS = 4


@pytest.fixture
def topic(kafka, unique, monkeypatch):
    """A topic of this test's own; the command line finds it by the environment."""
    monkeypatch.setenv("RINGFENCE_KAFKA__BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    client = admin(Settings())
    client.create_topics([NewTopic(unique, PARTITIONS, 1)])[unique].result()
    while unique not in reach(Settings()).topics:
        time.sleep(0.02)  # the brokers hear of it a moment after the controller has made it
    return unique


def send(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["send", *map(str, arguments)])
    return ended.value.code or 0


def records(topic: str) -> list[tuple[int, bytes | None, bytes]]:
    """All records of a topic: partition, key, value."""
    consumer = Consumer({**Settings().kafka.librdkafka(), "group.id": topic, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    found, ends = [], 0
    while ends < PARTITIONS:
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            ends += 1
        else:
            found.append((message.partition(), message.key(), message.value()))
    consumer.close()
    return found


def test_good_lines_arrive_byte_for_byte_keyed_by_their_call(topic, tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_bytes(GOOD + b"\n\n" + ANSWER + b"\r\n[" + ANSWER + b"]")
    assert send(path, "--topic", topic) == 0
    arrived = records(topic)
    assert Counter((key, value) for _, key, value in arrived) == Counter(
        [(b"c1@sw", GOOD), (b"c1@sw", ANSWER), (None, b"[" + ANSWER + b"]")]
    )
    assert len({partition for partition, key, _ in arrived if key}) == 1
    assert capsys.readouterr().out == "3 sent, 0 rejected\n"


def test_a_broken_line_is_named_and_the_others_are_sent(topic, tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([b"{", GOOD, NO_TIME, b"[" + ANSWER + b"," + NO_TIME + b"]", ANSWER]))
    assert send(path, "--topic", topic) == 1
    captured = capsys.readouterr()
    named = [line.removeprefix(f"{path}:").split(":")[:2] for line in captured.err.splitlines()[:-1]]
    assert named == [["1", " not_json"], ["3", " missing_field"], ["4", " missing_field"]]
    assert captured.err.splitlines()[-1] == "ringfence: 3 lines were rejected and not sent"
    assert captured.out == "2 sent, 3 rejected\n"
    assert {value for _, _, value in records(topic)} == {GOOD, ANSWER}


def test_standard_input_is_a_file_and_json_is_for_scripts(topic, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    assert send("-", "--topic", topic, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"sent": 1, "rejected": 0}


def test_a_topic_that_is_not_there_is_wrong_usage(topic, tmp_path, capsys):
    path = tmp_path / "events.jsonl"
    path.write_bytes(GOOD)
    assert send(path, "--topic", f"{topic}-not") == 2
    assert "is missing (make it: ringfence topics create)" in capsys.readouterr().err


def test_a_rate_is_kept_on_the_whole_even_where_sleep_returns_early():
    now, sent_at = [100.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds * 0.6 + 1e-6

    pace = _Pace(10.0, lambda: now[0], sleep)
    for _ in range(5):
        pace.wait()
        sent_at.append(now[0] - 100)
        now[0] += 0.03
    assert sent_at == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=1e-4)


def test_topics_check_answers_no_in_a_table_and_in_json(kafka, monkeypatch, tmp_path):
    monkeypatch.setenv("RINGFENCE_KAFKA__BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("RINGFENCE_KAFKA__EVENT_PARTITIONS", "9999")
    ask = [sys.executable, "-m", "streams", "topics", "check"]
    table = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert (table.returncode, table.stderr.splitlines()[-1][:10]) == (1, "ringfence:")
    assert "signalling.events" in table.stdout
    answer = json.loads(subprocess.run([*ask, "--json"], capture_output=True, check=False).stdout)
    assert answer["ok"] is False
    assert "signalling.events" in {difference["topic"] for difference in answer["differences"]}
