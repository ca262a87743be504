"""Reports as bytes: three producers that order, space and spell the contract's fields differently; pure."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from streams.bench.traffic import (
    ALLOWANCE,
    ANSWER,
    ATTEMPT,
    CALLERS,
    CDR,
    DESTINATIONS,
    FORWARDED,
    RELEASE,
    RINGING_MS,
    SPREAD,
    Calls,
    Reports,
)

PLANS = (b"prepaid", b"postpaid", b"student")
SWITCHES = tuple(b"cas-msc-%d" % number for number in range(4))
KIND_NAMES = {ATTEMPT: b"attempt", ANSWER: b"answer", RELEASE: b"release", CDR: b"cdr"}

_PARTIES = ("v", "event", "call_id", "ts", "caller", "called", "called_type", "account", "plan", "switch", "trunk")
_RATED = ("dialled", "rate", "currency")
_ENDED = ("duration_s", "charge", "cause")
FIELDS: dict[int, tuple[str, ...]] = {
    ATTEMPT: _PARTIES + _RATED,
    ANSWER: _PARTIES,
    RELEASE: (*_PARTIES, *_ENDED, "currency"),
    CDR: _PARTIES + _RATED + _ENDED,
}
"""The contract's fields (section 2) that a kind of event carries."""
_TEXT: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "v": (b"1", ()),
    "call_id": (b'"%016x@%s"', ("ident", "switch")),
    "ts": (b"%d", ("ts",)),
    "caller": (b'"+2126%08d"', ("caller",)),
    "called": (b'"%s%d"', ("plus", "called")),
    "called_type": (b'"%s"', ("type",)),
    "dialled": (b'"%s%d"', ("access", "dialled")),
    "account": (b'"acc-%07d"', ("account",)),
    "plan": (b'"%s"', ("plan",)),
    "switch": (b'"%s"', ("switch",)),
    "trunk": (b'"%s"', ("trunk",)),
    "rate": (b'"%.2f"', ("rate",)),
    "currency": (b'"MAD"', ()),
    "duration_s": (b"%.1f", ("duration",)),
    "charge": (b'"%.2f"', ("charge",)),
    "cause": (b"%d", ("cause",)),
}
"""How a field is spelled, and the columns that it takes."""


class Producer(NamedTuple):
    """How one reporter writes JSON: the order of its fields, and what stands between and around them."""

    order: tuple[str, ...]
    comma: bytes
    colon: bytes
    opening: bytes
    closing: bytes
    numbers: bool
    """Amounts as JSON numbers, not as text."""

    def template(self, kind: int) -> tuple[bytes, tuple[str, ...]]:
        """A bytes template for events of a kind, and the columns that fill it."""
        parts: list[bytes] = []
        columns: list[str] = []
        for name in sorted(FIELDS[kind], key=self.order.index):
            text, needs = (b'"%s"' % KIND_NAMES[kind], ()) if name == "event" else _TEXT[name]
            if self.numbers and name in ("rate", "charge"):
                text = text.strip(b'"')
            parts.append(b'"%s"%s%s' % (name.encode(), self.colon, text))
            columns += needs
        body = self.comma.join(parts)
        return self.opening + body + b"%s" + self.closing, (*columns, "extra")

    def reason(self, why: int) -> bytes:
        """The field that says why a call is free, with its comma."""
        known = {ALLOWANCE: (b"rating_status", b"allowance"), FORWARDED: (b"direction", b"forwarded")}
        return b'%s"%s"%s"%s"' % (self.comma, known[why][0], self.colon, known[why][1]) if why in known else b""


_CONTRACT_ORDER = (
    *("v", "event", "call_id", "ts", "caller", "dialled", "called", "called_type", "account", "plan"),
    *("switch", "trunk", "rate", "currency", "duration_s", "charge", "cause"),
)
_BY_PARTY = (
    *("switch", "trunk", "event", "ts", "call_id", "account", "plan", "caller", "called", "dialled"),
    *("called_type", "currency", "rate", "charge", "duration_s", "cause", "v"),
)
PRODUCERS = (
    Producer(_CONTRACT_ORDER, b",", b":", b"{", b"}", numbers=False),
    Producer(tuple(sorted(_CONTRACT_ORDER)), b", ", b": ", b"{", b"}", numbers=True),
    Producer(_BY_PARTY, b" ,", b":", b"{ ", b" }\n", numbers=False),
)
"""A probe that writes compactly, an adapter in a scripting language, and a switch vendor's own writer."""


class Record(NamedTuple):
    """One record for `signalling.events`."""

    key: bytes
    value: bytes


def render(calls: Calls, reports: Reports, begin_ms: int) -> list[Record]:
    """The records of reports, in their order; event times are counted from `begin_ms`."""
    columns = _columns(calls, reports, begin_ms)
    switch, ident = columns["switch"], columns["ident"]
    values: list[bytes] = [b""] * len(reports.call)
    producer = calls.caller[reports.call] % len(PRODUCERS)
    for number, one in enumerate(PRODUCERS):
        extras = np.array([one.reason(why) for why in range(5)], object)
        columns["extra"] = extras[calls.why[reports.call]]
        for kind in KIND_NAMES:
            where = np.flatnonzero((producer == number) & (reports.kind == kind))
            for position, value in zip(where.tolist(), _fill(one, kind, columns, where), strict=True):
                values[position] = value
    keys = map(b"%016x@%s".__mod__, zip(ident.tolist(), switch.tolist(), strict=True))
    return [Record(key, value) for key, value in zip(keys, values, strict=True)]


def _fill(producer: Producer, kind: int, columns: dict[str, Any], where: Any) -> Iterator[bytes]:
    template, names = producer.template(kind)
    return map(template.__mod__, zip(*(columns[name][where].tolist() for name in names), strict=True))


def _columns(calls: Calls, reports: Reports, begin_ms: int) -> dict[str, Any]:
    """What templates are filled with, one element per report."""
    at = reports.call
    place, caller, tenths = calls.destination[at], calls.caller[at], calls.tenths[at]
    price = np.where(calls.free[at], 0, _of("price")[place]) / 100
    international = _of("kind")[place] == "international"
    happened = np.select(
        [reports.kind == ANSWER, reports.kind == RELEASE],
        [calls.start[at] + RINGING_MS, calls.start[at] + RINGING_MS + tenths * 100],
        calls.start[at],
    )
    called = calls.called[at]
    dialled = np.where(_of("kind")[place] == "national", called % 10**9, called)
    return {
        "ts": begin_ms + happened,
        "ident": calls.ident[at],
        "caller": caller * SPREAD % 10**8,
        "account": caller % CALLERS,
        "plan": np.array(PLANS, object)[caller % len(PLANS)],
        "switch": np.array(SWITCHES, object)[caller % len(SWITCHES)],
        "trunk": np.array([b"T-%d" % number for number in range(len(DESTINATIONS))], object)[place // 4],
        "called": called,
        "plus": np.where(_of("kind")[place] == "short", b"", b"+").astype(object),
        "type": np.array([d.kind.encode() for d in DESTINATIONS], object)[place],
        "dialled": np.where(calls.why[at] == FORWARDED, 661_000_000 + caller % 10**6, dialled),
        "access": np.select(
            [calls.why[at] == FORWARDED, international, _of("kind")[place] == "national"], [b"0", b"00", b"0"], b""
        ).astype(object),
        "rate": price,
        "duration": tenths / 10,
        "charge": price * tenths / 600,
        "cause": np.where(calls.answered[at], 16, 19),
    }


def _of(field: str) -> Any:
    return np.array([getattr(destination, field) for destination in DESTINATIONS])


def spoil(value: bytes, how: int) -> bytes:
    """Make a good record bad in one of five ways: each has another reason among the dead letters."""
    match how % 5:
        case 0:
            return value[: len(value) // 2]
        case 1:
            return value.replace(b'"ts"', b'"time"')
        case 2:
            return value.replace(b'"called"', b'"called":"12ab","was"', 1)
        case 3:
            return value.replace(b'"call_id"', b'"call_id":7,"was"', 1)
        case _:
            return value.replace(b"+", b"\xff", 1)


def in_arrays(records: Sequence[Record], size: int) -> list[Record]:
    """The same events as JSON arrays of `size`, each under its first event's key."""
    return [
        Record(chunk[0].key, b"[" + b",".join(record.value for record in chunk) + b"]")
        for chunk in (records[begin : begin + size] for begin in range(0, len(records), size))
    ]
