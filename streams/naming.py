"""Names of accounts, trunks and local callers, of which rows have only keys: read from the record that shows them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from models.bursts.telling import UNNAMED
from models.events import Event
from models.findings import Burst, Finding
from models.hashing import Key, keys_of
from models.numbers import Network, caller_keys
from models.records import decode
from streams import logs
from streams.kafka import consumer_config
from streams.settings import Settings

WAIT_S = 2.0
"""How long a record is waited for: the rows that follow wait, too."""

log = logs.get(__name__)


class Records(Protocol):
    """Where records can be read again."""

    def at(self, origin: str) -> bytes | None:
        """The value of a record, named as in evidence; None where it is gone."""


def named(finding: Finding, records: Records, network: Network) -> Finding:
    """A finding whose subject has its name; a burst that cannot be named is held, and says so."""
    if not isinstance(finding, Burst) or not finding.subject.value.startswith(UNNAMED):
        return finding
    key = int(finding.subject.value[len(UNNAMED) :], 16)
    value = records.at(finding.evidence.offsets[0])
    events = [] if value is None else decode([value]).events
    name = next((name for event in events for name in _names(finding.subject.scope, event, network, key)), "")
    if name:
        return msgspec.structs.replace(finding, subject=msgspec.structs.replace(finding.subject, value=name))
    return msgspec.structs.replace(finding, grade="held", why="unnamed") if finding.grade == "limit" else finding


def _names(scope: str, event: Event, network: Network, key: int) -> Iterable[str]:
    """Names in an event that a key of a scope may be of."""
    match scope:
        case "account":
            texts, keys = [event.account or ""], keys_of(Key.ACCOUNT, [event.account or ""])
        case "trunk":
            texts = [event.trunk_in or "", event.trunk or ""]
            keys = keys_of(Key.TRUNK, texts)
        case _:
            texts, keys = [event.caller], caller_keys([event.caller], network)
    return (text for text, found in zip(texts, keys.tolist(), strict=True) if text and found == key)


class KafkaRecords:
    """Records of `signalling.events`, each read by its offset."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Consumer | None = None

    def at(self, origin: str) -> bytes | None:
        """The value of the record at `topic/partition/offset`; None where it is gone, or not there in time."""
        topic, partition, offset = origin.rsplit("/", 2)
        try:
            return self._read(TopicPartition(topic, int(partition), int(offset)))
        except KafkaException as error:
            log.warning("a record that a burst rests on could not be read", record=origin, reason=str(error))
            return None

    def _read(self, place: TopicPartition) -> bytes | None:
        if self._consumer is None:
            self._consumer = Consumer(consumer_config(self._settings, "ringfence.names"))
        self._consumer.assign([place])
        message = self._consumer.poll(WAIT_S)
        if message is None or message.error() is not None or message.offset() != place.offset:
            return None
        return message.value()


class LineRecords:
    """Lines of a file, named `FILE:LINE`; `first` is the number of the first of them."""

    def __init__(self, first: int, lines: Sequence[bytes]) -> None:
        self._first = first
        self._lines = lines

    def at(self, origin: str) -> bytes | None:
        """The line."""
        return self._lines[int(origin.rsplit(":", 1)[1]) - self._first]
