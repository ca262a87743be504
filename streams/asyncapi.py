"""The contract as an AsyncAPI 3.0 document: the public topics, their configuration, keys and messages.

    python -m streams.asyncapi DIRECTORY

writes `asyncapi.json` and `schemas/*.schema.json` there; the committed ones are in docs/reference.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from streams.kafka_settings import Kafka
from streams.schemas import file_of, schemas
from streams.topics import Topic, wanted

BINDING = "0.5.0"
"""Version of AsyncAPI's Kafka bindings; since it, `topicConfiguration` may hold any setting."""
TARGET_KEY = "^(prefix|called|caller|account|trunk):.+$"
UUID_KEY = "^[0-9a-f-]{36}$"
Json = dict[str, Any]


class Message(NamedTuple):
    """One kind of record: the schema of its value (empty: any bytes), its key's pattern, and its headers' schema."""

    title: str
    schema: str
    key: str
    key_means: str
    headers: str = ""


class Channel(NamedTuple):
    """What stands on a topic, for whom, and whether the service reads (`receive`) or writes (`send`) it."""

    action: str
    means: str
    messages: tuple[str, ...]


MESSAGES = {
    "event": Message("Signalling event", "event-record", "", "call_id; any key is accepted"),
    "deadLetter": Message("Refused event", "", "", "the original key", "dead-letter-headers"),
    "command": Message("Command", "command", TARGET_KEY, "target key", "signature-headers"),
    "shadowCommand": Message("Shadow command", "shadow-command", TARGET_KEY, "target key", "signature-headers"),
    "incident": Message("Incident", "incident", UUID_KEY, "incident id"),
    "acknowledgement": Message("Acknowledgement", "acknowledgement", r"^[^|]+\|.+$", "enforcer|command id"),
    "heartbeat": Message("Heartbeat", "heartbeat", "^[^|]+$", "enforcer"),
    "order": Message(
        "Order of an operator's",
        "order",
        "^(mode|kill|(budget|allow|block|release|approve):.+)$",
        "the setting",
        "signature-headers",
    ),
}

CHANNELS = {
    "signalling.events": Channel("receive", "What happens on the switches, from probes and adapters.", ("event",)),
    "signalling.dlq": Channel("send", "What could not be counted: the original bytes, untouched.", ("deadLetter",)),
    "fraud.control": Channel("send", "Commands to the enforcers; the decider alone writes.", ("command",)),
    "fraud.shadow": Channel("send", "What would be commanded in another mode.", ("shadowCommand",)),
    "fraud.incidents": Channel("send", "The newest state of every incident.", ("incident",)),
    "fraud.acks": Channel(
        "receive", "What enforcers did about commands, and that they live.", ("acknowledgement", "heartbeat")
    ),
    "fraud.policy": Channel("receive", "What operators decide; enforcers read it too.", ("order",)),
}


def document() -> Json:
    """The whole document; it names the schemas by file."""
    topics = {topic.name: topic for topic in wanted(Kafka()) if not topic.internal}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ringfence",
            "version": "1.0.0",
            "description": "Topics and messages of major version 1. Within it only optional fields are added.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": Kafka().bootstrap_servers, "protocol": "kafka"}},
        "channels": {channel_id(name): _channel(topics[name], channel) for name, channel in CHANNELS.items()},
        "operations": {_operation(name, channel): _acts(name, channel) for name, channel in CHANNELS.items()},
        "components": {"messages": {name: _message(message) for name, message in MESSAGES.items()}},
    }


def channel_id(topic: str) -> str:
    """The channel's id: AsyncAPI's tools take letters, digits, hyphens and underscores only.

    >>> channel_id("fraud.control")
    'fraudControl'
    """
    first, *others = topic.split(".")
    return first + "".join(map(str.capitalize, others))


def _operation(topic: str, channel: Channel) -> str:
    name = channel_id(topic)
    return channel.action + name[0].upper() + name[1:]


def _acts(topic: str, channel: Channel) -> Json:
    reference = {"$ref": f"#/channels/{channel_id(topic)}"}
    return {"action": channel.action, "channel": reference, "summary": channel.means}


def _channel(topic: Topic, channel: Channel) -> Json:
    return {
        "address": topic.name,
        "description": channel.means,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {name: _setting(name, value) for name, value in topic.config.items()},
                "bindingVersion": BINDING,
            }
        },
    }


def _setting(name: str, value: str) -> Any:
    """A topic's setting as the binding types it: numbers as numbers, the clean-up policy as a list."""
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.isdecimal() else value


def _message(message: Message) -> Json:
    key = {"type": "string", "description": message.key_means} | ({"pattern": message.key} if message.key else {})
    made: Json = {
        "title": message.title,
        "contentType": "application/json" if message.schema else "application/octet-stream",
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }
    if message.schema:
        made["payload"] = _reference(message.schema)
    if message.headers:
        made["headers"] = _reference(message.headers)
    return made


def _reference(schema: str) -> Json:
    return {
        "schemaFormat": "application/schema+json;version=draft-2020-12",
        "schema": {"$ref": f"schemas/{file_of(schema)}"},
    }


def files() -> dict[str, bytes]:
    """Every file of the published contract, by its path from docs/reference."""
    made: dict[str, Json] = {"asyncapi.json": document()}
    made |= {f"schemas/{file_of(name)}": schema for name, schema in schemas().items()}
    return {path: msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n" for path, value in made.items()}


def main(directory: Path) -> None:
    """Write the files under a directory."""
    for path, content in files().items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
