"""Events for tests: the contract's own example, and good events with some fields changed."""

import json
from typing import Any

from hypothesis import strategies as st

TS = 1795467960281
"""When the example's call was attempted, ms."""

ATTEMPT: dict[str, Any] = {
    "v": 1,
    "event": "attempt",
    "call_id": "a84b4c76e66710@cas-msc-1",
    "ts": TS,
    "caller": "+212661234567",
    "dialled": "0033387654321",
    "called": "+33387654321",
    "called_type": "international",
    "account": "acc-0042",
    "plan": "prepaid",
    "switch": "cas-msc-1",
    "trunk": "INTL-FR-1",
    "rate": "0",
    "currency": "MAD",
}
ANSWER: dict[str, Any] = {
    "v": 1,
    "event": "answer",
    "call_id": "a84b4c76e66710@cas-msc-1",
    "ts": 1795467964100,
    "caller": "+212661234567",
    "called": "+33387654321",
    "account": "acc-0042",
    "switch": "cas-msc-1",
}
RELEASE: dict[str, Any] = {
    "v": 1,
    "event": "release",
    "call_id": "a84b4c76e66710@cas-msc-1",
    "ts": 1795468025300,
    "caller": "+212661234567",
    "called": "+33387654321",
    "account": "acc-0042",
    "plan": "prepaid",
    "switch": "cas-msc-1",
    "duration_s": 61.2,
    "charge": "0.00",
    "currency": "MAD",
    "cause": 16,
}


def event(base: dict[str, Any] = ATTEMPT, **changes: Any) -> bytes:
    """Return an event's record; a field changed to ... is left out."""
    fields = {**base, **changes}
    kept = {name: value for name, value in fields.items() if value is not ...}
    return json.dumps(kept, ensure_ascii=False).encode()


def raw(**fields: str) -> bytes:
    """Return an event's record with fields added as JSON text, spelled as given."""
    added = "".join(f',"{name}":{text}' for name, text in fields.items())
    kept = {name: value for name, value in ATTEMPT.items() if name not in fields}
    return json.dumps(kept)[:-1].encode() + added.encode() + b"}"


_FRAGMENTS = (
    b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"\\u00e9", b"\xe9", b"\xc3\xa9", b"null", b"0", b"-", b"e9", b"NaN",
    b"\n", b"[[[[[[[[", b"]]]]]]]]", b"[]", b"{}", b'"x":', b'"v":2', b'"ts":0', b'"rate":"sNaN"', b'"called":"+"',
)  # fmt: skip


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A good event with a few places replaced by fragments of JSON."""
    record = draw(st.sampled_from([event(), event(ANSWER), event(RELEASE), event(ts="2026-11-24T21:06:00Z")]))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(record)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 20]))
        record = record[:start] + draw(st.sampled_from(_FRAGMENTS) | st.binary(max_size=3)) + record[end:]
    return record


def hostile() -> st.SearchStrategy[bytes]:
    """Return records of every sort: noise, events good and broken, arrays of them, and pieces of JSON."""
    values = st.sampled_from([0, 17, -1, 2**63, 1e300, 0.5, "", "NaN", "0.00", "+33 3", None, True, [], {}, ...])
    fields = st.dictionaries(st.sampled_from([*ATTEMPT, *RELEASE, "setup_fee", "test", "note"]), values, max_size=2)
    changed = st.builds(lambda base, changes: event(base, **changes), st.sampled_from([ATTEMPT, RELEASE]), fields)
    one = changed | _mutated()
    array = st.lists(one | st.sampled_from(_FRAGMENTS), max_size=4).map(lambda parts: b"[" + b",".join(parts) + b"]")
    pieces = st.lists(one | st.sampled_from(_FRAGMENTS), max_size=4).map(b"".join)
    return st.binary(max_size=20) | one | array | pieces | st.lists(one, max_size=3).map(b",".join)
