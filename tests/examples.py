"""Events for tests: the contract's own example, and good events with some fields changed."""

import json
from typing import Any

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
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


def raw(**fields: str) -> bytes:
    """Return an event's record with fields added as JSON text, spelled as given."""
    added = "".join(f',"{name}":{text}' for name, text in fields.items())
    kept = {name: value for name, value in ATTEMPT.items() if name not in fields}
    return json.dumps(kept)[:-1].encode() + added.encode() + b"}"
