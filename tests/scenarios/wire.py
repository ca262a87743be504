"""What switches report of a call: its events (contract, section 2), each with the time at which it arrives."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
from scenarios.world import CURRENCY, NO_FIELDS, SECOND_MS, Call, Style

RINGING_MS = 3 * SECOND_MS
FREE = "0"


class Report(NamedTuple):
    """An event's bytes and when they arrive; `shows` says whether it shows what the call costs."""

    arrives_ms: int
    value: bytes
    shows: bool


def reports(call: Call, name: str, price: str, row: str = "") -> list[Report]:
    """The events of a call that goes through.

    Args:
        call: it.
        name: its `call_id`.
        price: what a minute costs as it was rated: `0` under a leak.
        row: the row of the rate table that matched, where rating tells it.
    """
    match call.style:
        case Style.CDR:
            return list(_record(call, name, price, row))
        case Style.SETUP:
            return list(_story(call, name, price, {"rate": price, "currency": CURRENCY}, row))
        case Style.RELEASE:
            return list(_story(call, name, price, {"rate": FREE, "currency": CURRENCY}, row))
        case Style.BARE:
            return list(_story(call, name, price, {}, row))


def refused(call: Call, name: str, command: str) -> list[Report]:
    """The one event of a call that a command of ours turned away."""
    return [_report(call.at_ms, call, name, "attempt", {"refused_by": command}, shows=False)]


def _story(call: Call, name: str, price: str, rated: dict[str, Any], row: str) -> Iterator[Report]:
    """Attempt, answer and release."""
    by_row = {"rate_key": row} if row else {}
    yield _report(call.at_ms, call, name, "attempt", rated | by_row, shows=call.style is Style.SETUP)
    if not call.duration_s:
        yield _report(call.at_ms + 10 * RINGING_MS, call, name, "release", {"duration_s": 0, "cause": 19}, shows=False)
        return
    answered_ms = call.at_ms + RINGING_MS
    ended_ms = answered_ms + round(call.duration_s * 1000)
    yield _report(answered_ms, call, name, "answer", {}, shows=False)
    ended = {"duration_s": call.duration_s, "charge": charge(call, price), "currency": CURRENCY, "cause": 16}
    yield _report(ended_ms, call, name, "release", ended | by_row, shows=True)


def _record(call: Call, name: str, price: str, row: str) -> Iterator[Report]:
    ended = {"duration_s": call.duration_s, "cause": 16 if call.duration_s else 19}
    if call.duration_s:
        ended |= {"charge": charge(call, price), "currency": CURRENCY}
    by_row = {"rate_key": row} if row else {}
    arrives_ms = call.at_ms + round(call.duration_s * 1000) + call.lag_ms
    made = _report(call.at_ms, call, name, "cdr", ended | by_row, shows=call.duration_s > 0)
    yield made._replace(arrives_ms=arrives_ms)


def charge(call: Call, price: str) -> str:
    """What a call costs at a price a minute, decimal text."""
    return f"{float(price) * call.duration_s / 60:.4f}"


def _report(at_ms: int, call: Call, name: str, event: str, more: dict[str, Any], *, shows: bool) -> Report:
    parties = {"v": 1, "event": event, "call_id": name, "ts": at_ms, "caller": call.by.caller, "called": call.called}
    parties |= {"account": call.by.account, "plan": call.by.plan, "switch": call.by.switch}
    parties["called_type"] = "international" if call.abroad else "national"
    if call.trunk:
        parties["trunk"] = call.trunk
    if event in ("attempt", "cdr"):
        parties["dialled"] = call.dialled or ("00" + call.called[1:] if call.abroad else call.called)
    last = call.ends if event in ("release", "cdr") else NO_FIELDS
    told = {field: value for field, value in (parties | more | {**call.fields, **last}).items() if value is not ...}
    return Report(at_ms + call.late_ms, orjson.dumps(told), shows)
