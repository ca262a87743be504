"""Operators' orders on `fraud.policy`: written signed and acknowledged, read back verified; and what they act on."""

from collections.abc import Iterator, Sequence
from typing import cast

import msgspec
from confluent_kafka import Message

from models import commands
from models.commands import Action, Command
from models.orders import Order, OrderError, Orders, decode, encode, read
from streams.enforcers.worker import CONTROL, POLICY
from streams.errors import UsageError
from streams.kafka import reach
from streams.outbox import Outbox
from streams.reading import to_the_end
from streams.settings import Settings
from streams.signing import Headers, KeyRing, Role, SignatureError

INCIDENTS = "fraud.incidents"
SETTINGS = ("mode", "kill", "budget", "allow", "block")
"""Kinds of order that hold until another one or their end."""


class State(msgspec.Struct):
    """What an operator must know of an incident before approving it."""

    incident: str
    state: str
    summary: str = ""


def give(settings: Settings, orders: Sequence[Order], key_name: str | None) -> str:
    """Sign orders and write them; gives the kid of the key, once Kafka has acknowledged all of them.

    Args:
        settings: where Kafka and the keys are.
        orders: what to write; nothing is written where one of them is none.
        key_name: the operator's key to sign with; None = the only one.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: an order that is none, no key to sign with, or no topic.
    """
    signer = KeyRing.load(settings.keys.dir).signer(Role.OPERATOR, key_name)
    records = [(order.setting.encode(), _checked(order)) for order in orders]
    require(settings, POLICY)
    outbox = Outbox(settings)
    for key, value in records:
        outbox.send(POLICY, value, key, headers=signer.sign(POLICY, key, value))
    outbox.settle()
    return signer.kid


def _checked(order: Order) -> bytes:
    """The order's bytes, as those who read it will take them."""
    value = encode(order)
    try:
        decode(value)
    except OrderError as error:
        raise UsageError(f"{order.setting}: {error}") from None
    return value


def require(settings: Settings, topic: str) -> None:
    """See that a topic is there.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """
    if topic not in reach(settings).topics:
        raise UsageError(f"topic {topic} is missing (make it: ringfence topics create)")


def in_force(settings: Settings, now_ms: int) -> tuple[list[Order], int]:
    """The settings in force, and how many records of the topic nobody vouches for.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """
    keys, orders, refused = KeyRing.load(settings.keys.dir), Orders(), 0
    released: dict[str, Order | None] = {}
    for message in _records(settings, POLICY):
        try:
            order = _order(keys, message)
        except (SignatureError, OrderError):
            refused += 1
            continue
        if not orders.offer(order, now_ms) and order.kind == "release":
            block = f"block:{order.subject}"
            released[block] = orders.newest(block)
    found = [order for order in orders.in_force(now_ms) if order.kind in SETTINGS]
    return [order for order in found if released.get(order.setting) != order], refused


def _order(keys: KeyRing, message: Message) -> Order:
    key, value = message.key() or b"", message.value() or b""
    keys.verify(Role.OPERATOR, POLICY, key, value, _headers(message))
    return read(key, value)


def commands_in_force(settings: Settings, now_ms: int, since_ms: int) -> list[Command]:
    """The commands that enforcers hold now and that were issued since then, by key.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """
    keys = KeyRing.load(settings.keys.dir)
    newest: dict[str, Command] = {}
    for message in _records(settings, CONTROL):
        key, value = message.key() or b"", message.value() or b""
        try:
            keys.verify(Role.DECIDER, CONTROL, key, value, _headers(message))
            command = commands.decode(value)
        except (SignatureError, commands.CommandError):
            continue
        known = newest.get(command.target.key())
        if known is None or command.rank > known.rank:
            newest[command.target.key()] = command
    return [
        command
        for _, command in sorted(newest.items())
        if command.action is not Action.RELEASE and command.expires_at > now_ms and command.issued_at >= since_ms
    ]


def incident_state(settings: Settings, incident: str) -> State | None:
    """The newest state of an incident; None where there is no such incident.

    Raises:
        DependencyError: Kafka is out of reach.
        UsageError: the topic is missing.
    """
    found = None
    for message in _records(settings, INCIDENTS):
        if message.key() == incident.encode():
            found = msgspec.json.decode(message.value() or b"", type=State)
    return found


def _headers(message: Message) -> Headers | None:
    return cast("Headers | None", message.headers())


def _records(settings: Settings, topic: str) -> Iterator[Message]:
    """The records of a topic of one partition; tombstones say nothing."""
    require(settings, topic)
    return (message for message in to_the_end(settings, topic, 0) if message.value() is not None)
