"""Reads commands from fraud.control and verifies their signatures: BOOTSTRAP_SERVERS PUBLIC_KEY_FILE."""

import sys
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

public_key = load_pem_public_key(Path(sys.argv[2]).read_bytes())
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "reader", "enable.auto.commit": False})
partitions = consumer.list_topics("fraud.control", 10).topics["fraud.control"].partitions
consumer.assign([TopicPartition("fraud.control", number, OFFSET_BEGINNING) for number in partitions])
while True:
    record = consumer.poll(1.0)
    if record is None or record.error() or record.value() is None:
        continue
    signed = b"\0".join([b"ringfence-command-v1", record.topic().encode(), record.key() or b"", record.value()])
    try:
        public_key.verify(dict(record.headers() or []).get("sig") or b"", signed)
        print(record.value().decode(), flush=True)
    except InvalidSignature:
        print(f"offset {record.offset()}: bad signature, not a command", file=sys.stderr, flush=True)
