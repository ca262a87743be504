"""Ordinary events as producers write them, and what else the scanner must not stumble over."""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from tests.examples import TS, hostile

Style = Callable[[dict[str, Any]], bytes]


def compact(fields: dict[str, Any]) -> bytes:
    """Write an event without white space, in the contract's order."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()


def spaced(fields: dict[str, Any]) -> bytes:
    """Write an event with spaces, its fields the other way round."""
    return json.dumps(dict(reversed(fields.items())), ensure_ascii=False).encode()


def indented(fields: dict[str, Any]) -> bytes:
    """Write an event on many lines, its fields in alphabetical order."""
    return b" " + json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"


STYLES: tuple[Style, ...] = (compact, spaced, indented)

_abroad = st.sampled_from(["+33387654321", "0033387654321", "+33312345678", "+800123456", "+447700900123"])
_near = st.sampled_from(["333", "0612345678", "+212661234567", "*21#", "11", "9" * 16, "33387654321"])
_callers = _near | st.sampled_from(["", "anonymous", "Restricted", "sip:bob", "06 12-34", "+1" + "0" * 30])
_names = st.sampled_from(
    ["a", "b", "prepaid", "INTL-FR-1", "x" * 8, "y" * 17, "", "a\tb", "pr\u00e9pay\u00e9", "\u2603"]
)
_decimals = st.tuples(st.integers(0, 10**9), st.integers(0, 9)).map(lambda two: f"{two[0] / 10 ** two[1]:.{two[1]}f}")
_spelled = [
    "0",
    "0.00",
    "-1",
    "-0.0",
    "0.0000005",
    "0.0000015",
    "2.0000005",
    "-0.0000001",
    f"{10**12 - 1}.5",
    "007",
    "1e3",
]
_amounts = _decimals | st.sampled_from([*_spelled, 0, 3, 0.25, -2, 1e-7, None])
_seconds = st.integers(0, 10**5) | st.sampled_from([0.0, 0.4, 61.2346, 59.9995, 1e8, None])
_optional: dict[str, st.SearchStrategy[Any]] = {
    "v": st.sampled_from([1, None]),
    "called_type": st.sampled_from(["international", "national", "subscriber", "short", "unknown", None]),
    "dialled": _abroad | _callers | st.none(),
    "direction": st.sampled_from(
        ["originating", None, "originating", "terminating", "transit", "forwarded", "roaming", None]
    ),
    "attestation": st.sampled_from(["A", "B", "C", None]),
    "rating_status": st.sampled_from(["rated", "allowance", "failed", None]),
    "test": st.sampled_from([True, False, None, None]),
    "cause": st.sampled_from([16, -1, None]),
    "free_s": _seconds,
    **dict.fromkeys(("account", "trunk_in"), _names | st.none()),
    "refused_by": st.sampled_from([None, None, "", "6f1c"]),
    **dict.fromkeys(("switch", "trunk", "plan", "currency", "rate_key"), _names | st.none()),
    **dict.fromkeys(("rate", "setup_fee", "charge"), _amounts),
    "note": st.sampled_from(["x", 'q"', [1, {"a": []}], {}, -1.5e9, True, "[{"]),
}


def moments() -> st.SearchStrategy[str]:
    """Return times as RFC 3339 text, some of which are none."""
    day = st.dates(date(1999, 12, 30), date(2026, 11, 24)).map(str) | st.sampled_from(["2000-02-30", "2100-02-29"])
    clock = st.times().map(lambda time: time.isoformat()) | st.sampled_from(["23:59:60", "24:00:00", "1:00:00"])
    zone = st.sampled_from(["Z", "z", "", "+00:00", "-00:00", "+05:30", "-23:59", "+24:00", "+0100", "+01:00 "])
    decimals = st.sampled_from(["", ".5", ".9999", ".999999", ".9999999", "."])
    return st.builds("{}{}{}{}{}".format, day, st.sampled_from(["T", "T", "T", "t", " "]), clock, decimals, zone)


_times = st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 23)).map(lambda time: time.isoformat() + "+01:30")
_needed: dict[str, st.SearchStrategy[Any]] = {
    "event": st.sampled_from(["attempt", "answer", "release", "cdr", "rating"]),
    "call_id": st.sampled_from(["a", "b", "c" * 8, "a84b4c76e66710@cas-msc-1"]),
    "ts": st.integers(TS - 1000, TS + 1000) | _times,
    "caller": _callers,
    "called": _abroad | _abroad | _near | st.sampled_from(["00 33 3-87", "(0)6"]),
    "duration_s": _seconds.map(lambda seconds: seconds or 0),
}


def ordinary() -> st.SearchStrategy[bytes]:
    """Return good events, by all producers."""
    fields = st.fixed_dictionaries(_needed, optional=_optional)
    return st.builds(lambda style, event: style(event), st.sampled_from(STYLES), fields)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Return an ordinary event with some bytes flipped, cut out or put in."""
    record = bytearray(draw(ordinary()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(record)))
        record[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2) | st.sampled_from(MARKS))
    return bytes(record[: draw(st.just(len(record)) | st.integers(0, len(record)))])


MARKS = (
    *(b'"', b"\\", b",", b":", b"{", b"}", b"[", b"]", b"0", b"-", b".", b"e1", b"null", b"\x00", b"\x1f", b" ", b"\n"),
    *(b"\xc3\xa9", b"\xe9", b"1" * 19, b'"v":1,', b'"rate":"1",', b'"x":1,'),
)


def records() -> st.SearchStrategy[bytes | None]:
    """Return records of every sort: single events, arrays of them, noise, and none."""
    one = ordinary() | mutated() | hostile()
    array = st.lists(one, max_size=5).map(lambda parts: b"[" + b" ,".join(parts) + b"]")
    return st.none() | one | array | st.lists(ordinary(), max_size=5).map(lambda parts: b"[" + b",".join(parts) + b"]")
