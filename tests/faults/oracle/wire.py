"""From a record's bytes to its events, or to why it is refused (contract, section 2): one record at a time."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

RECORD_MAX, EVENT_MAX, EVENTS_MAX, DEPTH_MAX = 1 << 20, 64 << 10, 10_000, 16
HOPELESS_DEPTH = 128
"""A record nested deeper than this is not even taken apart."""
YEAR_2000_MS, YEAR_9999_MS = 946_684_800_000, 253_402_300_799_999
AHEAD_MS = 300_000
DURATION_MAX_S = 10 * 366 * 86_400
AMOUNT_MAX = 10**12
NAME_MAX, CALL_ID_MAX = 256, 128
SPACE = " \t\n\r"
WORDS = {
    "event": {"attempt", "answer", "release", "cdr", "rating"},
    "called_type": {"international", "national", "subscriber", "short", "unknown"},
    "direction": {"originating", "terminating", "transit", "forwarded", "roaming"},
    "attestation": {"A", "B", "C"},
    "rating_status": {"rated", "allowance", "failed"},
}
NAMES = ("dialled", "account", "plan", "switch", "trunk", "trunk_in", "rate_key", "currency", "refused_by")
AMOUNTS = ("rate", "setup_fee", "charge")
NEEDED = ("event", "call_id", "ts", "caller", "called")
SEPARATORS = re.compile("[ ().\u00a0/\u2000-\u200b\u2010-\u2015\u202f-]")
CALLED = re.compile(r"\+?[0-9*#]{1,32}")
RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
AMOUNT_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(?i:inf|infinity|s?nan\d*)")


class Number(str):
    """A JSON number as it is spelled."""

    __slots__ = ()


class Refused(NamedTuple):
    """A record or event that does not count: its place in the record's array, why, and its bytes."""

    index: int
    reason: str
    value: bytes


class Read(NamedTuple):
    """An event that is good: its place in the record's array, its fields; `ts` is in ms, amounts are `Decimal`."""

    index: int
    fields: dict[str, Any]


class BadError(Exception):
    """Why an event is refused: `args[0]` is the reason."""


def read(value: bytes | None, append_ms: int) -> list[Read | Refused]:
    """What a record holds, in order; a record that is no JSON text is refused as a whole."""
    raw = value or b""
    if reason := _whole(raw):
        return [Refused(0, reason, raw)]
    text = raw.decode()
    is_array = text.lstrip(SPACE).startswith("[")
    parts = _elements(text) if is_array else [text]
    if len(parts) > EVENTS_MAX:
        return [Refused(0, "too_many_events", raw)]
    found: list[Read | Refused] = []
    for index, part in enumerate(parts):
        try:
            found.append(Read(index, _event(part, int(is_array), append_ms)))
        except BadError as bad:
            found.append(Refused(index, bad.args[0], part.encode()))
    return found


def _whole(raw: bytes) -> str:
    """Why a record cannot be taken apart; empty where it can."""
    if not raw.strip(SPACE.encode()):
        return "empty"
    if len(raw) > RECORD_MAX:
        return "record_too_large"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    if _depth(text) > HOPELESS_DEPTH:
        return "too_deep"
    try:
        parsed = _parse(text.strip(SPACE))
        json.dumps(parsed, ensure_ascii=False).encode()  # a lone surrogate has no bytes
    except ValueError:
        return "not_json"
    return "" if isinstance(parsed, dict | list) else "not_an_event"


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_decoder = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant)


def _parse(text: str) -> Any:
    return _decoder.decode(text)


def _elements(text: str) -> list[str]:
    """The texts of an array's elements, without the space around them."""
    parts = []
    at = _after_space(text, text.index("[") + 1)
    while text[at] != "]":
        if text[at] == ",":
            at = _after_space(text, at + 1)
        _, end = _decoder.raw_decode(text, at)
        parts.append(text[at:end])
        at = _after_space(text, end)
    return parts


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings."""
    level = deepest = 0
    bare = re.sub(r'"(\\.|[^"\\])*("|$)', "", text, flags=re.DOTALL)
    for letter in re.findall(r"[\[\]{}]", bare):
        level += 1 if letter in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _event(part: str, outer: int, append_ms: int) -> dict[str, Any]:
    text = part.strip(SPACE)
    if not text.startswith("{"):
        raise BadError("not_an_event")
    if len(text.encode()) > EVENT_MAX:
        raise BadError("event_too_large")
    if _depth(text) + outer > DEPTH_MAX:
        raise BadError("too_deep")
    given = {name: content for name, content in _parse(text).items() if content is not None or name in NEEDED}
    version = given.get("v", Number("1"))
    if isinstance(version, Number) and re.fullmatch(r"-?\d+", version) and version != "1":
        raise BadError("unknown_version")
    fields = {name: _field(name, content) for name, content in given.items()}
    _see_that_all_is_there(fields)
    _see_that_it_has_happened(fields["ts"], append_ms)
    if not CALLED.fullmatch(SEPARATORS.sub("", fields["called"])):
        raise BadError("bad_called")
    for name in AMOUNTS:
        amount = fields.get(name)
        if amount is not None and not (amount.is_finite() and amount.copy_abs() < AMOUNT_MAX):
            raise BadError("bad_amount")
    return fields


def _see_that_all_is_there(fields: dict[str, Any]) -> None:
    ends = fields.get("event") in ("release", "cdr")
    if any(name not in fields for name in NEEDED) or (ends and "duration_s" not in fields):
        raise BadError("missing_field")


def _see_that_it_has_happened(ts: int, append_ms: int) -> None:
    if ts < YEAR_2000_MS:
        raise BadError("ts_too_old")
    if ts > latest(append_ms):
        raise BadError("ts_ahead")


def latest(append_ms: int) -> int:
    """The latest time (ms) that an event may show, by when its record was appended (0: not known)."""
    return min(append_ms + AHEAD_MS, YEAR_9999_MS) if append_ms > 0 else YEAR_9999_MS


def _field(name: str, content: Any) -> Any:  # noqa: PLR0911 - a table of types, spelled out
    """A field's value, in its own type.

    Raises:
        BadError: it is of another type or out of bounds.
    """
    if name == "v":
        return _need(content == "1" and isinstance(content, Number), 1)
    if name in WORDS:
        return _need(_is_text(content) and content in WORDS[name], content)
    if name == "call_id":
        return _need(_is_text(content) and 1 <= len(content) <= CALL_ID_MAX, content)
    if name in ("caller", "called", *NAMES):
        return _need(_is_text(content) and len(content) <= NAME_MAX, content)
    if name == "ts":
        return _time(content)
    if name in AMOUNTS:
        return _amount(content)
    if name in ("duration_s", "free_s"):
        return _seconds(content)
    if name == "cause":
        whole = isinstance(content, Number) and re.fullmatch(r"-?\d{1,19}", content)
        return _need(whole and -(2**63) <= int(content) < 2**63, content)
    if name == "test":
        return _need(isinstance(content, bool), content)
    return content


def _need(good: Any, content: Any) -> Any:
    if not good:
        raise BadError("bad_field")
    return content


def _is_text(content: Any) -> bool:
    return isinstance(content, str) and not isinstance(content, Number)


def _time(content: Any) -> int:
    if isinstance(content, Number):
        _need(re.fullmatch(r"-?\d{1,19}", content) and -(2**63) <= int(content) < 2**63, content)
        return int(content)
    found = RFC3339.fullmatch(content) if isinstance(content, str) else None
    _need(found, content)
    assert found is not None
    try:
        moment = datetime.fromisoformat(content[:10] + "T" + content[11:19]).replace(tzinfo=UTC)
        zone = found[8]
        shift = timedelta() if zone in "Zz" else timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        moment = moment + shift if zone[0] == "-" else moment - shift
    except (ValueError, OverflowError):
        raise BadError("bad_field") from None
    whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return whole + int(((found[7] or ".0")[1:] + "000")[:3])


def _amount(content: Any) -> Decimal:
    _need(isinstance(content, str) and AMOUNT_TEXT.fullmatch(content), content)
    return Decimal(content)


def _seconds(content: Any) -> float:
    _need(isinstance(content, Number), content)
    seconds = float(content)
    return _need(0 <= seconds <= DURATION_MAX_S, seconds)
