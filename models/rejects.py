"""Why a record or an event is refused, and the bytes that go to the dead letters."""

import enum

import msgspec


class Reason(enum.StrEnum):
    """The closed list of `dlq.reason` for input that cannot be counted (contract section 2)."""

    EMPTY = "empty"
    """No value (a tombstone), or nothing but white space."""
    RECORD_TOO_LARGE = "record_too_large"
    """The record is over 1 MiB."""
    NOT_UTF8 = "not_utf8"
    """A byte sequence anywhere in the record is not UTF-8."""
    NOT_JSON = "not_json"
    """Not one JSON text (RFC 8259): cut off, trailing characters, `NaN`, a lone surrogate."""
    NOT_AN_EVENT = "not_an_event"
    """JSON, but neither an object nor an array of objects."""
    TOO_MANY_EVENTS = "too_many_events"
    """An array of more than 10,000."""
    TOO_DEEP = "too_deep"
    """More than 16 levels of arrays and objects, counted from the record's outside."""
    EVENT_TOO_LARGE = "event_too_large"
    """One event is over 64 KiB."""
    UNKNOWN_VERSION = "unknown_version"
    """`v` is a whole number that we do not know."""
    MISSING_FIELD = "missing_field"
    """A field that this kind of event needs is not there."""
    BAD_FIELD = "bad_field"
    """A field has the wrong type, an unknown word, or is out of bounds."""
    BAD_AMOUNT = "bad_amount"
    """`rate`, `setup_fee` or `charge` is NaN, infinite, or 10^12 or more."""
    BAD_CALLED = "bad_called"
    """`called`, without visual separators, is not `^\\+?[0-9*#]{1,32}$`."""
    TS_TOO_OLD = "ts_too_old"
    """`ts` is before the year 2000 (seconds in place of milliseconds look like that)."""
    TS_AHEAD = "ts_ahead"
    """`ts` is more than 5 minutes after the record was appended, or past the year 9999."""


class Reject(msgspec.Struct, frozen=True):
    """A record, or one event of a record, that is not counted.

    Attributes:
        record: position of the record in the batch.
        index: position of the event in the record's array (0 for a single event); -1 is the whole record.
        reason: why, from the closed list.
        detail: what exactly, for a person; one line, never a whole telephone number.
        value: the bytes to dead-letter: the whole record, or the bad event's own.
    """

    record: int
    index: int
    reason: Reason
    detail: str
    value: bytes


WHOLE_RECORD = -1
"""`Reject.index` where the record does not parse."""
