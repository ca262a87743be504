"""Every kind of input that is refused: its name, the record's bytes, the reason, and the bytes to dead-letter.

The records are refused whichever others they are read with, and where the detector runs (Kafka or backtest), but for
`AHEAD`, which needs the append time.
"""

from typing import NamedTuple

from models.rejects import Reason
from tests.examples import ATTEMPT, RELEASE, TS, event, raw


class Bad(NamedTuple):
    """A record with one bad event, or that is bad as a whole; `value` None: the whole record is dead-lettered."""

    name: str
    record: bytes
    reason: Reason
    value: bytes | None = None


GOOD = event()


def _nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def _among_good(bad: bytes) -> bytes:
    return b"[ " + GOOD + b" ,\n " + bad + b" ,\t" + GOOD + b"]"


_FIELDS = (
    ("a version to come", event(v=2), Reason.UNKNOWN_VERSION),
    ("a version to come with other fields", b'{"v":2,"kind":"attempt"}', Reason.UNKNOWN_VERSION),
    ("a version in quotes", event(v="1"), Reason.BAD_FIELD),
    ("no kind", event(event=...), Reason.MISSING_FIELD),
    ("an unknown kind", event(event="ringing"), Reason.BAD_FIELD),
    ("no call_id", event(call_id=...), Reason.MISSING_FIELD),
    ("an empty call_id", event(call_id=""), Reason.BAD_FIELD),
    ("a numeric call_id", event(call_id=17), Reason.BAD_FIELD),
    ("a call_id of 129 characters", event(call_id="x" * 129), Reason.BAD_FIELD),
    ("no ts", event(ts=...), Reason.MISSING_FIELD),
    ("a fractional ts", event(ts=TS + 0.5), Reason.BAD_FIELD),
    ("a ts in quotes", event(ts=str(TS)), Reason.BAD_FIELD),
    ("a ts of 30 digits", raw(ts="1" * 30), Reason.BAD_FIELD),
    ("a ts of 5,000 digits", raw(ts="1" * 5000), Reason.BAD_FIELD),
    ("a ts without an offset", event(ts="2026-11-24T01:06:00"), Reason.BAD_FIELD),
    ("a ts in seconds", event(ts=TS // 1000), Reason.TS_TOO_OLD),
    ("a ts of 1999", event(ts="1999-12-31T23:59:59.999Z"), Reason.TS_TOO_OLD),
    ("a ts past 9999", event(ts=253_402_300_800_000), Reason.TS_AHEAD),
    ("no caller", event(caller=...), Reason.MISSING_FIELD),
    ("a caller that is null", event(caller=None), Reason.BAD_FIELD),
    ("no called", event(called=...), Reason.MISSING_FIELD),
    ("an empty called", event(called=""), Reason.BAD_CALLED),
    ("a called that is a SIP URI", event(called="sip:+33387654321@example.org"), Reason.BAD_CALLED),
    ("a called with a plus inside", event(called="33+387654321"), Reason.BAD_CALLED),
    ("a called of 33 digits", event(called="3" * 33), Reason.BAD_CALLED),
    ("a called with a line break", event(called="+333876\n54321"), Reason.BAD_CALLED),
    ("a called in Arabic digits", event(called="+\u0663\u0663\u0663"), Reason.BAD_CALLED),
    ("an unknown called_type", event(called_type="national-significant"), Reason.BAD_FIELD),
    ("an account of 257 characters", event(account="x" * 257), Reason.BAD_FIELD),
    ("a rate that is text", event(rate="free"), Reason.BAD_FIELD),
    ("a rate that is true", event(rate=True), Reason.BAD_FIELD),
    ("a rate that is NaN", event(rate="NaN"), Reason.BAD_AMOUNT),
    ("a rate that is a signalling NaN", event(rate="sNaN"), Reason.BAD_AMOUNT),
    ("a charge that is infinite", event(RELEASE, charge="-Infinity"), Reason.BAD_AMOUNT),
    ("a setup_fee beyond any price", raw(setup_fee="1e999"), Reason.BAD_AMOUNT),
    ("a charge beyond any number", event(RELEASE, charge="-1e9999999999"), Reason.BAD_AMOUNT),
    ("a release without duration_s", event(RELEASE, duration_s=...), Reason.MISSING_FIELD),
    ("a cdr without duration_s", event(event="cdr"), Reason.MISSING_FIELD),
    ("a negative duration_s", event(RELEASE, duration_s=-1), Reason.BAD_FIELD),
    ("a duration_s of a century", event(RELEASE, duration_s=3.2e9), Reason.BAD_FIELD),
    ("a duration_s beyond floats", raw(duration_s="1e999"), Reason.BAD_FIELD),
    ("a test that is 1", event(test=1), Reason.BAD_FIELD),
    ("a cause beyond int64", event(cause=2**63), Reason.BAD_FIELD),
    ("an event of 64 KiB and a byte", event(note="x" * (65_537 - len(event(note="")))), Reason.EVENT_TOO_LARGE),
    ("an event of 17 levels", raw(note=_nested(16)), Reason.TOO_DEEP),
    ("a number for an event", b"17", Reason.NOT_AN_EVENT),
    ("null for an event", b"null", Reason.NOT_AN_EVENT),
    ("an array in the array", b"[" + GOOD + b"]", Reason.NOT_AN_EVENT),
)
"""Bad by a field: in an array only this event is refused."""

_RECORDS = (
    Bad("an empty record", b"", Reason.EMPTY),
    Bad("white space", b" \n", Reason.EMPTY),
    Bad("text", b"call started", Reason.NOT_JSON),
    Bad("an event cut off", GOOD[:-1], Reason.NOT_JSON),
    Bad("an event and more", GOOD + b"x", Reason.NOT_JSON),
    Bad("two events with a comma", GOOD + b"," + GOOD, Reason.NOT_JSON),
    Bad("two events on two lines", GOOD + b"\n" + GOOD, Reason.NOT_JSON),
    Bad("an event that closes an array", GOOD + b"]", Reason.NOT_JSON),
    Bad("an array left open", b"[" + GOOD, Reason.NOT_JSON),
    Bad("an array with a comma too many", b"[" + GOOD + b",]", Reason.NOT_JSON),
    Bad("a bare NaN", raw(rate="NaN"), Reason.NOT_JSON),
    Bad("a mistyped event cut off", event(ts="x")[:-1], Reason.NOT_JSON),
    Bad("a lone surrogate", raw(note='"\\ud800"'), Reason.NOT_JSON),
    Bad("a byte-order mark", b"\xef\xbb\xbf" + GOOD, Reason.NOT_JSON),
    Bad("Latin-1 in a known field", raw(plan='"prepay\u00e9"').replace(b"\xc3\xa9", b"\xe9"), Reason.NOT_UTF8),
    Bad("Latin-1 in an unknown field", raw(note='"\u00e9"').replace(b"\xc3\xa9", b"\xe9"), Reason.NOT_UTF8),
    Bad("a string", b'"attempt"', Reason.NOT_AN_EVENT),
    Bad("a number", b"0", Reason.NOT_AN_EVENT),
    Bad("10,001 events", b"[" + b",".join([b"{}"] * 10_001) + b"]", Reason.TOO_MANY_EVENTS),
    Bad("a record over 1 MiB", b"[" + GOOD + b" " * (1 << 20) + b"]", Reason.RECORD_TOO_LARGE),
    Bad("200 levels", raw(note=_nested(200)), Reason.TOO_DEEP),
    Bad("100,000 levels in an array", b"[" + GOOD + b"," + _nested(100_000).encode() + b"]", Reason.TOO_DEEP),
)

BAD_EVENTS: list[Bad] = [
    *(Bad(name, record, reason) for name, record, reason in _FIELDS if not record.startswith(b"[")),
    *(Bad(f"{name}, in an array", _among_good(record), reason, record) for name, record, reason in _FIELDS),
    *_RECORDS,
]

AHEAD = Bad("a ts of 5 minutes and a millisecond ahead", event(ts=TS + 300_001), Reason.TS_AHEAD)
"""Bad where the record was appended at `examples.TS`."""
assert ATTEMPT["ts"] == TS
