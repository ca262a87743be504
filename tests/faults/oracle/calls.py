"""Every event that a log holds, with all that the contract says of it by itself: keys, clocks, price, payer."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from tests.faults.oracle.facts import Facts, Free, Record
from tests.faults.oracle.numbers import Called, called_of, caller_of, readings
from tests.faults.oracle.wire import Refused, latest, read

DIGITS_MIN = 7
"""Fewer digits, the calling code among them, are no telephone number abroad."""
FREE, PAID, ALLOWANCE, FAILED, UNRATED, DECLARED, NONE = (
    *("free", "paid", "allowance", "failed", "unrated", "declared"),
    "",
)


class DeadLetter(NamedTuple):
    """A record of `signalling.dlq`; `source` is its `dlq.source`."""

    key: bytes | None
    value: bytes
    reason: str
    source: str


@dataclass(frozen=True)
class Call:
    """One good event; times in ms.

    Attributes:
        partition, offset, index: where it stands.
        when: the time that lateness is judged by.
        high: highest `when` of its partition up to and including it.
        payer: kind and name of who counts as one in evidence; empty is nobody.
    """

    partition: int
    offset: int
    index: int
    kind: str
    call_id: str
    ts: int
    when: int
    start: int
    duration_ms: int
    high: int
    caller: str
    called: Called
    account: str
    via: str
    payer: str
    answered: bool
    refused: bool
    originating: bool
    price: str
    switch: str
    trunk: str
    plan: str

    @property
    def identity(self) -> tuple[str, str]:
        """What copies of it have in common."""
        return self.call_id, self.kind


def read_log(records: Iterable[Record], facts: Facts, topic: str) -> tuple[list[Call], list[DeadLetter]]:
    """All good events, by partition and offset, and all dead letters."""
    calls: list[Call] = []
    letters: list[DeadLetter] = []
    highs: dict[int, int] = {}
    for record in sorted(records, key=lambda record: record[:2]):
        for found in read(record.value, record.append_ms):
            if isinstance(found, Refused):
                place = f"{topic}/{record.partition}/{record.offset}#{found.index}"
                letters.append(DeadLetter(record.key, found.value, found.reason, place))
            else:
                calls.append(_call(record, found.index, found.fields, highs, facts))
    return calls, letters


def _call(record: Record, index: int, fields: dict[str, Any], highs: dict[int, int], facts: Facts) -> Call:
    kind, ts = fields["event"], fields["ts"]
    length = round(fields.get("duration_s", 0.0) * 1000)
    when = min(ts + length if kind == "cdr" else ts, latest(record.append_ms))
    highs[record.partition] = high = max(highs.get(record.partition, 0), when)
    called = called_of(fields["called"], fields.get("called_type"), facts)
    caller = caller_of(fields["caller"], facts)
    start = ts - length if kind == "release" else ts
    return Call(
        partition=record.partition,
        offset=record.offset,
        index=index,
        kind=kind,
        call_id=fields["call_id"],
        ts=ts,
        when=when,
        start=start,
        duration_ms=length if kind in ("release", "cdr") else 0,
        high=high,
        caller=caller,
        called=called,
        account=fields.get("account", ""),
        via=fields.get("trunk_in") or fields.get("trunk", ""),
        payer=_payer(fields, caller, facts),
        answered=kind == "answer" or (kind == "cdr" and fields.get("duration_s", 0.0) > 0),
        refused=bool(fields.get("refused_by")),
        originating=fields.get("direction", "originating") == "originating",
        price=_price(fields, called, start, when, facts),
        switch=fields.get("switch", ""),
        trunk=fields.get("trunk", ""),
        plan=fields.get("plan", ""),
    )


def _payer(fields: dict[str, Any], caller: str, facts: Facts) -> str:
    account, trunk = fields.get("account", ""), fields.get("trunk_in", "")
    by_trunk = trunk and not account and fields.get("attestation") != "A"
    named = {"trunk": trunk, "account": account, "caller": caller}
    if facts.payer == "account":
        order = ("account", "trunk" if by_trunk else "caller")
    else:
        order = ("trunk",) if by_trunk else ("caller", "account", "trunk")
    return next((f"{kind}:{named[kind]}" for kind in order if named[kind]), "")


def _price(fields: dict[str, Any], called: Called, start: int, when: int, facts: Facts) -> str:
    """What the event says about the price of a call to its number (contract, section 2)."""
    if fields["event"] == "answer" or not called.abroad or not called.code or len(called.text) - 1 < DIGITS_MIN:
        return NONE
    if fields.get("direction", "originating") != "originating" or fields.get("test") or fields.get("refused_by"):
        return NONE
    if "dialled" in fields and fields["dialled"] and called.text not in readings(fields["dialled"], facts):
        return NONE
    price = _worth(fields)
    if price == FREE and any(_declared(row, called, start, when, fields.get("plan", "")) for row in facts.free):
        return DECLARED
    return price


def _worth(fields: dict[str, Any]) -> str:
    if fields.get("rating_status") in ("allowance", "failed"):
        return str(fields["rating_status"])
    charge: Decimal | None = fields.get("charge") if fields["event"] in ("release", "cdr", "rating") else None
    if charge is not None and charge != 0:
        return PAID if charge > 0 else UNRATED
    if charge is not None and fields.get("duration_s", 0.0) > fields.get("free_s", 0.0):
        return FREE
    rate, fee = fields.get("rate"), fields.get("setup_fee")
    if rate is None or rate < 0:
        return UNRATED
    if rate > 0 or (fee or 0) > 0:
        return PAID
    return FREE if not fee else UNRATED


def _declared(row: Free, called: Called, start: int, when: int, plan: str) -> bool:
    return (
        called.text[1:].startswith(row.prefix)
        and row.plan in ("", plan)
        and (row.from_ms is None or when >= row.from_ms)
        and (row.until_ms is None or start < row.until_ms)
    )
