"""The limit of any consumer in Python: read the same records and decode them, nothing else.

Run as a process of its own (`python -m streams.bench.limit BOOTSTRAP RECORDS`), so that nothing else is counted.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec
from confluent_kafka import Consumer, TopicPartition

from streams.bench.home import EVENTS
from streams.errors import DependencyError
from streams.kafka import consumer_config
from streams.kafka_settings import Kafka
from streams.settings import Settings

BATCH = 10_000
WARM_SHARE = 0.1
"""Part of the records that is read before the clock starts."""
TIME_S = 120.0


class Plain(msgspec.Struct, gc=False):
    """The fields that the loads have, without the contract's checks."""

    event: str
    call_id: str
    ts: int
    caller: str
    called: str
    v: int = 1
    called_type: str | None = None
    dialled: str | None = None
    account: str | None = None
    plan: str | None = None
    switch: str | None = None
    trunk: str | None = None
    rate: str | float | None = None
    currency: str | None = None
    duration_s: float | None = None
    charge: str | float | None = None
    cause: int | None = None


_decode = msgspec.json.Decoder(Plain | list[Plain]).decode


def decode_all(values: Sequence[bytes]) -> int:
    """Decode records one by one, as a consumer must whose verdict on one never depends on others; gives the bad.

    >>> decode_all([b"{"])
    1
    """
    bad = 0
    for value in values:
        try:
            _decode(value)
        except ValueError:
            bad += 1
    return bad


def measure(bootstrap_servers: str, records: int, partitions: int) -> float:
    """Processor time per record, microseconds, of reading and decoding in a process of its own.

    Raises:
        DependencyError: it failed.
    """
    command = [sys.executable, "-m", "streams.bench.limit", bootstrap_servers, str(records), str(partitions)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIME_S, check=False)
    if done.returncode:
        raise DependencyError(f"the limit was not measured: {done.stderr.strip().splitlines()[-1:]}")
    return float(json.loads(done.stdout)["us_per_record"])


def _read(bootstrap_servers: str, records: int, partitions: int) -> float:
    settings = Settings(kafka=Kafka(bootstrap_servers=bootstrap_servers))
    consumer = Consumer(consumer_config(settings, "ringfence.limit"))
    consumer.assign([TopicPartition(EVENTS, partition, 0) for partition in range(partitions)])
    read = counted = 0
    begun_s, deadline_s = 0.0, time.monotonic() + TIME_S
    while read < records and time.monotonic() < deadline_s:
        messages = consumer.consume(BATCH, 0.1)
        if not begun_s and read >= WARM_SHARE * records:
            begun_s, counted = time.process_time(), read
        read += len(messages)
        decode_all([message.value() or b"" for message in messages])
    used_s = time.process_time() - begun_s
    consumer.close()
    return used_s / (read - counted) * 1e6


if __name__ == "__main__":
    print(json.dumps({"us_per_record": _read(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))}))  # noqa: T201 - its result
