"""What we rely on in Faust (design, section 3): committed is what was acknowledged by hand, in order, and no more."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.heartbeat import Beat
from streams.kafka import MAX_BLOCK_BYTES

APP = """
import os, faust
app = faust.App({group!r}, broker="aiokafka://{bootstrap}", store="memory://", web_enabled=False, datadir={datadir!r},
                topic_disable_leader=True, topic_allow_declare=False, consumer_auto_offset_reset="earliest",
                broker_commit_interval=0.2, broker_session_timeout=6.0, broker_heartbeat_interval=1.5)
topic = app.topic({topic!r}, key_serializer="raw", value_serializer="raw", value_type=bytes)

@app.agent(topic, concurrency=1)
async def agent(stream):
    async for event in stream.noack().events():
        print(event.message.offset, event.value.decode(), round(event.message.timestamp * 1000) > 0, flush=True)
        if event.message.offset < 5:
            event.ack()

faust.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()
"""


def test_a_noack_stream_commits_only_what_was_acknowledged_by_hand(kafka, unique, tmp_path):
    topic = f"{unique}-faust"
    with running(APP, kafka.bootstrap_servers, topic, tmp_path, records=10) as (_, output):
        lines = [output.readline() for _ in range(10)]
        committed = _committed(kafka.bootstrap_servers, topic, topic)
    told = [line.rpartition("\x1b[?25h")[2].split() for line in lines]  # Faust moves the cursor before its first line
    assert told == [[str(number), str(number), "True"] for number in range(10)]
    assert committed == 5


STUCK = """
import asyncio
from models.tables import Tables
from streams import app
from streams.faust_role import FaustRole
from streams.heartbeat import Heartbeat
from streams.settings import Settings

class Stuck(FaustRole):
    async def take(self, event):
        await asyncio.sleep(3600)
    async def tick(self):
        self.beat()
    async def revoked(self, partitions):
        pass

settings = Settings(kafka={{"bootstrap_servers": {bootstrap!r}}}, service={{"state_dir": {datadir!r}}})
role = Stuck("stuck", {topic!r}, settings, Tables(), Heartbeat(1))
role.serve(lambda settings, step: app._flow({group!r}, {topic!r}, settings, step, tick_s=0.2, waiting=16))
"""


def test_a_role_whose_handler_hangs_beats_on_and_tells_what_waits(kafka, unique, tmp_path):
    topic = f"{unique}-stuck"
    with running(STUCK, kafka.bootstrap_servers, topic, tmp_path) as (producer, output):
        beats = (msgspec.json.decode(line, type=Beat) for line in output)
        assert next(beat for beat in beats if beat.ready)
        fill(producer, topic, 10)
        assert next(beat for beat in beats if beat.lag == 10).moved == 0


SLOW = """
import asyncio
import faust
app = faust.App({group!r}, broker="aiokafka://{bootstrap}", store="memory://", web_enabled=False, datadir={datadir!r},
                topic_disable_leader=True, topic_allow_declare=False, consumer_auto_offset_reset="earliest",
                stream_buffer_maxsize=4)
topic = app.topic({topic!r}, key_serializer="raw", value_serializer="raw", value_type=bytes)

@app.agent(topic, concurrency=1)
async def agent(stream):
    async for event in stream.noack().events():
        await asyncio.sleep(0.005)
        print(event.message.offset, stream.channel.queue.qsize(), flush=True)

faust.Worker(app, loglevel="ERROR", quiet=True, redirect_stdouts=False).execute_from_commandline()
"""


def test_a_slow_role_is_not_given_more_than_may_wait_and_still_gets_all_of_it_in_order(kafka, unique, tmp_path):
    topic, many = f"{unique}-slow", 200
    with running(SLOW, kafka.bootstrap_servers, topic, tmp_path, records=many) as (_, output):
        lines = [output.readline() for _ in range(many)]
    told = [tuple(map(int, line.rpartition("\x1b[?25h")[2].split())) for line in lines]
    assert [offset for offset, _ in told] == list(range(many))
    assert max(waiting for _, waiting in told) <= 4


FETCHING = """
import asyncio
from models.tables import Tables
from streams import app
from streams.faust_role import FaustRole
from streams.heartbeat import Heartbeat
from streams.settings import Settings

class Asking(FaustRole):
    async def take(self, event):
        fetcher = self.app.consumer._thread._consumer._fetcher
        print(fetcher._fetch_min_bytes, fetcher._max_partition_fetch_bytes, fetcher._check_crcs, flush=True)
    async def tick(self):
        pass
    async def revoked(self, partitions):
        pass

settings = Settings(kafka={{"bootstrap_servers": {bootstrap!r}}}, service={{"state_dir": {datadir!r}}})
role = Asking("asking", {topic!r}, settings, Tables(), Heartbeat(None))
role.serve(lambda settings, step: app._flow({group!r}, {topic!r}, settings, step, tick_s=0.2, waiting=16))
"""


def test_a_block_comes_at_once_and_whole_and_its_checksum_is_not_computed(kafka, unique, tmp_path):
    """Faust and aiokafka have settings of their own for each; a fetch that waits for more would cost latency."""
    topic = f"{unique}-fetching"
    with running(FETCHING, kafka.bootstrap_servers, topic, tmp_path, records=1) as (_, output):
        told = output.readline().split()
    assert told == ["1", str(MAX_BLOCK_BYTES), "False"]


@contextmanager
def running(
    script: str, bootstrap: str, topic: str, datadir: Path, records: int = 0
) -> Iterator[tuple[Producer, IO[str]]]:
    """A script that reads a topic of its own, in a group of this name: who can fill the topic, and what it says."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(10)
    producer = Producer({"bootstrap.servers": bootstrap})
    fill(producer, topic, records)
    places = {"group": topic, "bootstrap": bootstrap, "topic": topic, "datadir": str(datadir)}
    command = [sys.executable, "-c", textwrap.dedent(script).format(**places)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield producer, process.stdout
        finally:
            process.kill()


def fill(producer: Producer, topic: str, records: int) -> None:
    for number in range(records):
        producer.produce(topic, str(number).encode())
    producer.flush(10)


def _committed(bootstrap: str, group: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    deadline, offset = time.monotonic() + 20, -1
    while offset < 5 and time.monotonic() < deadline:
        offset = consumer.committed([TopicPartition(topic, 0)], timeout=10)[0].offset
    consumer.close()
    return offset
