"""Dead letters: what was refused, its own bytes, and headers that say why and where it stood (contract, section 2)."""

from typing import NamedTuple

from models.rejects import Reject
from streams.kafka import MAX_MESSAGE_BYTES
from streams.version import installed

TOPIC = "signalling.dlq"
BUILD = f"ringfence/{installed()}".encode()
OVERHEAD_BYTES = 8_192
"""Room in a record of the largest size for its headers and Kafka's framing."""
ROOM_BYTES = MAX_MESSAGE_BYTES - OVERHEAD_BYTES


class Place(NamedTuple):
    """Where a refused record stood, and its key."""

    topic: str
    partition: int
    offset: int
    key: bytes | None


class Letter(NamedTuple):
    """A record for `signalling.dlq`."""

    value: bytes
    key: bytes | None
    headers: list[tuple[str, bytes]]


def letter(reject: Reject, place: Place) -> Letter:
    """The dead letter of a refused record or event.

    A record that the topic cannot hold with its key (it takes 2 MiB) is cut, and `dlq.detail` says so: it would
    stop the intake for good, and the whole of it stands where `dlq.source` points.
    """
    key = place.key if len(place.key or b"") <= ROOM_BYTES else None
    room = ROOM_BYTES - len(key or b"")
    detail = reject.detail
    if len(reject.value) > room:
        detail = f"{detail}; the first {room} of its {len(reject.value)} bytes"
    return Letter(reject.value[:room], key, _headers(reject, place, detail))


def _headers(reject: Reject, place: Place, detail: str) -> list[tuple[str, bytes]]:
    source = f"{place.topic}/{place.partition}/{place.offset}#{max(reject.index, 0)}"
    texts = {
        "dlq.reason": reject.reason.value,
        "dlq.stage": "intake",
        "dlq.source": source,
        "dlq.detail": detail,
        "__connect.errors.topic": place.topic,
        "__connect.errors.partition": str(place.partition),
        "__connect.errors.offset": str(place.offset),
        "__connect.errors.exception.message": f"{reject.reason.value}: {detail}",
    }
    return [*((name, text.encode()) for name, text in texts.items()), ("dlq.build", BUILD)]
