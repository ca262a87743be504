"""A simulated switch: planned calls and the rules in force become events (contract, section 2), the truth beside."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from models.leases import LeaseTable, Ruling
from models.matching import CallView
from models.scenarios.network import FREE, Kind, PlannedCall

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
    """What became of a call.

    `leaked` = free only because of the wrong row, whether refused or not; `mended` = its row was wrong and costs again.
    """

    call: PlannedCall
    ruling: Ruling
    leaked: bool
    mended: bool
    events: list[Emitted]

    @property
    def refused(self) -> bool:
        """Whether the switch turned the call away."""
        return self.ruling.effect == "refuse"


@dataclass(slots=True)
class Tally:
    """The truth that only a simulation knows; `lost` and `saved` in the tariff's money.

    Of the calls `refused`, `refused_after_mend` would have paid at the row that was mended while its block went on: no
    detector can know of a mend before somebody pays. `honest_refused` are all others that were not free by the leak.
    """

    calls: int = 0
    refused: int = 0
    refused_after_mend: int = 0
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
            self.refused_after_mend += placed.mended
            self.honest_refused += not (placed.leaked or placed.mended)
            self.saved += worth if placed.leaked else FREE
        elif placed.leaked:
            self.leaked_through += 1
            self.payers.add(placed.call.account)
            self.lost += worth


class Switch:
    """All switches of the network as one.

    `rules` is what it obeys. `wrong_row` is free while it is set, whatever the price should be; `mended_row` was wrong,
    costs again, and may still be blocked.
    """

    def __init__(self, rules: LeaseTable | None = None) -> None:
        self.rules = rules or LeaseTable()
        self.tally = Tally()
        self.wrong_row: str | None = None
        self.mended_row: str | None = None

    def mend(self) -> None:
        """Take the wrong row out of the table."""
        self.wrong_row, self.mended_row = None, self.wrong_row

    def place(self, call: PlannedCall, now_ms: int) -> Placed:
        """Make a call at `now_ms` (since the epoch): obey the rules, rate it, and report it."""
        ruling = self.rules.judge(view_of(call), now_ms)
        leaked, mended = _under(self.wrong_row, call), _under(self.mended_row, call)
        reports = self._refused(call, now_ms, leaked, ruling) if ruling.command else _story(call, now_ms, leaked)
        events = [Emitted(event["ts"], call.call_id.encode(), orjson.dumps(event)) for event in reports]
        placed = Placed(call, ruling, leaked, mended, events)
        self.tally.add(placed)
        return placed

    @staticmethod
    def _refused(call: PlannedCall, now_ms: int, leaked: bool, ruling: Ruling) -> list[dict[str, Any]]:
        return [_attempt(call, now_ms, leaked) | {"refused_by": ruling.command}]


def _abroad(call: PlannedCall) -> bool:
    return call.dialled.startswith("00")


def _under(row: str | None, call: PlannedCall) -> bool:
    """Whether a row of the table prices a call: a wrong one makes it free even for who has a bundle to pay with."""
    return row is not None and _abroad(call) and call.called.startswith(row)


def view_of(call: PlannedCall) -> CallView:
    """The call as rules see it: a prefix touches only what was dialled as international (contract, 3, rule 4)."""
    return CallView(
        called=call.called if _abroad(call) else call.dialled,
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
    return [*reports, release | _status(call, leaked)]


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
        **_status(call, leaked),
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


def _status(call: PlannedCall, leaked: bool) -> dict[str, str]:
    return {"rating_status": "allowance"} if call.kind is Kind.ALLOWANCE and not leaked else {}


def _charge(call: PlannedCall, leaked: bool) -> Decimal:
    if leaked or call.kind in FREE_AT_RELEASE:
        return FREE
    return (call.price * Decimal(str(call.duration_s)) / 60).quantize(Decimal("0.01"))
