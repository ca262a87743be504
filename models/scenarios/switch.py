"""A simulated switch: planned calls and the rules in force become events (contract, section 2), the truth beside."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from models.leases import Ruling
from models.matching import CallView
from models.scenarios.network import FREE, Kind, PlannedCall
from models.scenarios.rule_table import RuleTable

RINGING_MS = 800
CURRENCY = "MAD"
NORMAL, NO_ANSWER = 16, 19
"""Q.850 causes: normal call clearing; no answer from user."""
FREE_AT_SETUP = frozenset({Kind.ALLOWANCE, Kind.CHARGED_LATE, Kind.ROAMING, Kind.FORWARDED, Kind.REDIAL, Kind.DECLARED})
FREE_AT_RELEASE = FREE_AT_SETUP - {Kind.CHARGED_LATE}
DIRECTIONS = {Kind.ROAMING: "roaming", Kind.FORWARDED: "forwarded"}


class Emitted(NamedTuple):
    """An event for `signalling.events` at its time (ms since the epoch); the key is the call's id."""

    at_ms: int
    key: bytes
    value: bytes


class Placed(NamedTuple):
    """What became of a call; `leaked` = free only because of the wrong row, whether refused or not."""

    call: PlannedCall
    ruling: Ruling
    leaked: bool
    events: list[Emitted]

    @property
    def refused(self) -> bool:
        """Whether the switch turned the call away."""
        return self.ruling.effect == "refuse"


@dataclass(slots=True)
class Tally:
    """The truth that only a simulation knows; `lost` and `saved` in the tariff's money."""

    calls: int = 0
    refused: int = 0
    honest_refused: int = 0
    leaked_through: int = 0
    payers: set[str] = field(default_factory=set)
    lost: Decimal = FREE
    saved: Decimal = FREE

    def add(self, placed: Placed) -> None:
        """Count one call."""
        worth = placed.call.price * Decimal(str(placed.call.duration_s)) / 60
        self.calls += 1
        if placed.refused:
            self.refused += 1
            self.honest_refused += not placed.leaked
            self.saved += worth if placed.leaked else FREE
        elif placed.leaked:
            self.leaked_through += 1
            self.payers.add(placed.call.account)
            self.lost += worth


class Switch:
    """All switches of the network as one: `wrong_row` is free while it is set, whatever the price should be."""

    def __init__(self) -> None:
        self.rules = RuleTable()
        self.tally = Tally()
        self.wrong_row: str | None = None

    def place(self, call: PlannedCall, now_ms: int) -> Placed:
        """Make a call at `now_ms` (since the epoch): obey the rules, rate it, and report it."""
        ruling = self.rules.judge(_seen(call), now_ms)
        leaked = self._leaks(call)
        reports = self._refused(call, now_ms, leaked, ruling) if ruling.command else _story(call, now_ms, leaked)
        events = [Emitted(event["ts"], call.call_id.encode(), orjson.dumps(event)) for event in reports]
        placed = Placed(call, ruling, leaked, events)
        self.tally.add(placed)
        return placed

    def _leaks(self, call: PlannedCall) -> bool:
        row = self.wrong_row
        return row is not None and call.kind is Kind.PAID and call.called.startswith(row)

    @staticmethod
    def _refused(call: PlannedCall, now_ms: int, leaked: bool, ruling: Ruling) -> list[dict[str, Any]]:
        return [_attempt(call, now_ms, leaked) | {"refused_by": ruling.command}]


def _seen(call: PlannedCall) -> CallView:
    """The call as rules see it: a prefix touches only what was dialled as international (contract, 3, rule 4)."""
    abroad = call.dialled.startswith("00")
    return CallView(
        called=call.called if abroad else call.dialled,
        caller=call.caller,
        account=call.account,
        switch=call.switch,
        trunk=call.trunk,
        plan=call.plan,
    )


def _story(call: PlannedCall, now_ms: int, leaked: bool) -> list[dict[str, Any]]:
    """Attempt, answer and release of a call that is let through."""
    answered_ms = now_ms + RINGING_MS
    reports = [_attempt(call, now_ms, leaked)]
    if call.duration_s:
        reports.append({"v": 1, "event": "answer", "ts": answered_ms, **_parties(call)})
    end_ms = answered_ms + round(call.duration_s * 1000)
    release = {"v": 1, "event": "release", "ts": end_ms, **_parties(call), "duration_s": call.duration_s}
    if call.duration_s:
        release |= {"charge": str(_charge(call, leaked)), "currency": CURRENCY, "cause": NORMAL}
    else:
        release["cause"] = NO_ANSWER
    return [*reports, release | _status(call)]


def _attempt(call: PlannedCall, now_ms: int, leaked: bool) -> dict[str, Any]:
    rate = FREE if leaked or call.kind in FREE_AT_SETUP else call.price
    return {
        "v": 1,
        "event": "attempt",
        "ts": now_ms,
        **_parties(call),
        "dialled": call.dialled,
        "rate": str(rate),
        "currency": CURRENCY,
        **_status(call),
    }


def _parties(call: PlannedCall) -> dict[str, str]:
    """What every event of a call repeats."""
    parties = {
        "call_id": call.call_id,
        "caller": call.caller,
        "called": call.called,
        "called_type": call.called_type,
        "account": call.account,
        "plan": call.plan,
        "switch": call.switch,
    }
    if call.trunk:
        parties["trunk"] = call.trunk
    if call.kind in DIRECTIONS:
        parties |= {"direction": DIRECTIONS[call.kind], "dialled": call.dialled}
    return parties


def _status(call: PlannedCall) -> dict[str, str]:
    return {"rating_status": "allowance"} if call.kind is Kind.ALLOWANCE else {}


def _charge(call: PlannedCall, leaked: bool) -> Decimal:
    if leaked or call.kind in FREE_AT_RELEASE:
        return FREE
    return (call.price * Decimal(str(call.duration_s)) / 60).quantize(Decimal("0.01"))
