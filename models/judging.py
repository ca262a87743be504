"""One record judged with care: what each event is, or why not; the definition that bulk decoding keeps to."""

import re
from typing import Final

import msgspec
import numba as nb
import numpy as np
import numpy.typing as npt

from models.events import Event
from models.rejects import WHOLE_RECORD, Reason, Reject

RECORD_MAX: Final = 1 << 20
EVENTS_MAX: Final = 10_000
EVENT_MAX: Final = 64 << 10
DEPTH_MAX: Final = 16
PARSE_DEPTH_MAX: Final = 128
"""Deeper records are not even split: a recursive parser's limit would depend on who called it."""
DETAIL_MAX: Final = 200
SPACE: Final = b" \t\n\r"
"""JSON's white space (RFC 8259 section 2)."""

Fault = tuple[Reason, str]


class _Version(msgspec.Struct):
    v: msgspec.Raw = msgspec.Raw(b"1")


_split = msgspec.json.Decoder(list[msgspec.Raw]).decode
_syntax = msgspec.json.Decoder(msgspec.Raw).decode
_version = msgspec.json.Decoder(_Version).decode
_event = msgspec.json.Decoder(Event).decode


@nb.njit(cache=True)
def _depth(text: npt.NDArray[np.uint8]) -> int:
    """Return how deep arrays and objects nest, brackets in strings left out."""
    level = deepest = 0
    quoted = escaped = False
    for byte in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = byte == 92
            quoted = byte != 34
        elif byte == 34:
            quoted = True
        elif byte in (91, 123):
            level += 1
            deepest = max(deepest, level)
        elif byte in (93, 125):
            level -= 1
    return deepest


def depth(value: bytes) -> int:
    """Return how many levels of arrays and objects a JSON text has.

    >>> depth(b'{"a":[1,"[[["]}')
    2
    """
    if value.count(b"[") + value.count(b"{") <= 1:
        return value.count(b"[") + value.count(b"{")
    return int(_depth(np.frombuffer(value, np.uint8)))


def is_array(value: bytes) -> bool:
    """Say whether a record's first significant byte opens an array."""
    return value.lstrip(SPACE).startswith(b"[")


def own_bytes(value: bytes) -> list[bytes]:
    """Return the bytes of each event of a well-formed record; a single event's are the record's, untouched.

    >>> own_bytes(b' [{"a": 1} , 2]')
    [b'{"a": 1}', b'2']
    """
    return [bytes(part) for part in _split(value)] if is_array(value) else [value]


def judge(record: int, value: bytes | None) -> list[Event | Reject]:
    """Return the record's events in order, each as itself or as why it is refused.

    A record that does not parse is a single `Reject` with index -1. Times are not looked at.
    """
    fault = _unparsable(value)
    if value is None or fault:
        reason, detail = fault or (Reason.EMPTY, "no value")
        return [Reject(record, WHOLE_RECORD, reason, detail, value or b"")]
    outer = int(is_array(value))
    judged: list[Event | Reject] = []
    for index, part in enumerate(own_bytes(value)):
        found = _one(part, outer)
        judged.append(found if isinstance(found, Event) else Reject(record, index, *found, part))
    return judged


def _unparsable(value: bytes | None) -> Fault | None:
    """Return why the record as a whole cannot be split into events."""
    if value is None or not value.strip(SPACE):
        return Reason.EMPTY, "no value"
    if len(value) > RECORD_MAX:
        return Reason.RECORD_TOO_LARGE, f"{len(value)} bytes, at most {RECORD_MAX}"
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return Reason.NOT_UTF8, f"{error.reason} (byte {error.start})"
    levels = depth(value)
    if levels > PARSE_DEPTH_MAX:
        return Reason.TOO_DEEP, f"{levels} levels, at most {DEPTH_MAX}"
    return _malformed(value)


def _malformed(value: bytes) -> Fault | None:
    try:
        _syntax(value)
    except msgspec.DecodeError as error:
        return Reason.NOT_JSON, one_line(str(error))
    if value.lstrip(SPACE)[:1] not in (b"[", b"{"):
        return Reason.NOT_AN_EVENT, "neither an object nor an array"
    if is_array(value) and (events := len(_split(value))) > EVENTS_MAX:
        return Reason.TOO_MANY_EVENTS, f"{events} events, at most {EVENTS_MAX}"
    return None


def _one(part: bytes, outer: int) -> Event | Fault:
    """Return the event, or why not, from its own bytes inside `outer` levels of array."""
    text = part.strip(SPACE)
    if not text.startswith(b"{"):
        return Reason.NOT_AN_EVENT, "not an object"
    if len(text) > EVENT_MAX:
        return Reason.EVENT_TOO_LARGE, f"{len(text)} bytes, at most {EVENT_MAX}"
    if (levels := depth(text) + outer) > DEPTH_MAX:
        return Reason.TOO_DEEP, f"{levels} levels, at most {DEPTH_MAX}"
    try:
        return _event(text)
    except ValueError as error:  # msgspec's errors, and int's limit of 4,300 digits
        return _mistake(text, str(error))


def _mistake(text: bytes, message: str) -> Fault:
    """Name the reason of a well-formed object that is no event; an unknown version comes first."""
    version = bytes(_version(text).v)
    if re.fullmatch(rb"-?[0-9]+", version) and version != b"1":
        return Reason.UNKNOWN_VERSION, f"`v` is {one_line(version.decode())}, known is 1"
    missing = "missing required field" in message
    return (Reason.MISSING_FIELD if missing else Reason.BAD_FIELD), one_line(message)


def one_line(text: str) -> str:
    r"""Return text that fits a header and a log line: printable, and cut to 200 characters.

    >>> one_line("a\nb")
    'a?b'
    """
    return "".join(character if character.isprintable() else "?" for character in text[:DETAIL_MAX])


def warm() -> None:
    """Compile the kernel, or load it from the cache, before the first batch needs it."""
    depth(b"[[]]")
