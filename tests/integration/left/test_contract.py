"""What the demo leaves on the public topics is what the published contract says, to every reader."""

import json
import re
import subprocess
import sys

import pytest

from streams.signing import KeyRing, Role
from tests.contract import REFERENCE, ROOT, faults

DOCUMENT = json.loads((REFERENCE / "asyncapi.json").read_text())
CHANNELS = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
SAID = set(CHANNELS) - {"fraud.shadow"}
"""Topics that the demo writes to: it enforces, so nothing is in shadow mode."""
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def resolved(reference):
    """What a `#/…` reference of the document points to."""
    found = DOCUMENT
    for name in reference["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def schema_of(part):
    return part["schema"]["$ref"].removeprefix("schemas/").removesuffix(".schema.json")


def complaints(message, record):
    """Why a record is not one of the document's messages."""
    found = []
    pattern = message["bindings"]["kafka"]["key"].get("pattern", "")
    if not re.search(pattern, (record.key() or b"").decode()):
        found.append(f"key {record.key()}")
    if "payload" in message:
        found += faults(schema_of(message["payload"]), record.value())
    if "headers" in message:
        found += faults(schema_of(message["headers"]), headers(record))
    return found


def headers(record):
    """Headers as the schemas see them: text, and a signature by its bytes in hexadecimal digits."""
    return {name: value.hex() if name == "sig" else value.decode() for name, value in record.headers() or ()}


@pytest.mark.parametrize("topic", sorted(CHANNELS))
def test_every_record_is_one_of_the_channels_messages(demo, topic):
    messages = [resolved(reference) for reference in CHANNELS[topic]["messages"].values()]
    refused = {dict(letter.headers())["dlq.source"].decode() for letter in demo.records("signalling.dlq")}
    found = [record for record in demo.records(topic) if record.value() is not None]
    assert bool(found) == (topic in SAID)
    for record in found:
        if f"{topic}/{record.partition()}/{record.offset()}#0" in refused:
            assert not valid_event(record.value())
        else:
            why = [complaints(message, record) for message in messages]
            assert [] in why, (record.key(), record.value(), why)


def valid_event(value):
    try:
        return not faults("event-record", value)
    except ValueError:
        return False


def test_there_are_acknowledgements_heartbeats_and_dead_letters_of_two_kinds(demo):
    keys = [record.key().decode() for record in demo.records("fraud.acks")]
    assert "demo" in keys
    commands = {json.loads(record.value())["id"] for record in demo.records("fraud.control")}
    assert {key.partition("|")[2] for key in keys if "|" in key} == commands
    letters = {(letter.value(), *letter.headers()) for letter in demo.records("signalling.dlq")}
    # an intake that was killed before it committed writes its letters again, with the same bytes
    assert sorted(dict(headers)["dlq.reason"] for _, *headers in letters) == [b"bad_field", b"not_json"]


def test_commands_and_orders_are_signed(demo):
    ring = KeyRing.load(demo.settings.keys.dir)
    for topic, role in (("fraud.control", Role.DECIDER), ("fraud.policy", Role.OPERATOR)):
        for record in demo.records(topic):
            ring.verify(role, topic, record.key(), record.value(), record.headers())


def read_commands(demo, key):
    """Start the example, which needs nothing of ours."""
    servers = demo.settings.kafka.bootstrap_servers
    command = [sys.executable, str(ROOT / "examples" / "read_commands.py"), servers, str(key)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=key.parent)


def test_the_example_reads_the_commands_and_verifies_them(demo):
    reader = read_commands(demo, demo.settings.keys.dir / "decider" / "demo-decider.pub.pem")
    with reader:
        values = [record.value() for record in demo.records("fraud.control")]
        assert [reader.stdout.readline() for _ in values] == [value + b"\n" for value in values]
        reader.terminate()
    assert [json.loads(value)["action"] for value in values] == ["block", "limit", "release"]


def test_the_example_believes_nobody_else(demo):
    with read_commands(demo, demo.settings.keys.dir / "operator" / "demo-operator.pub.pem") as reader:
        assert b"bad signature" in reader.stderr.readline()
        reader.terminate()
