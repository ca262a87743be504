"""What a leak costs an hour: its calls of an hour, as long as calls there last, at the price they should have."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from models.findings import Leak

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
ASSUMED_TALK_MS = 3 * MINUTE_MS
"""Length of a call where none was charged yet: a round figure for planning, and no measurement.

Real records lie on both sides of it: answered calls out last 68 s on average in Nodobo (27 students, 2010), 18 min in
the VAST 2008 contest.
"""
SPREAD_MS = 5 * MINUTE_MS
"""Free calls are spread over at least this long: three within two seconds are not yet 5,400 an hour."""
CENT = Decimal("0.01")
TENTH = Decimal("0.1")


class Risk(NamedTuple):
    """Money at risk: `money_per_h` is decimal text, None where no price is known; `sentence` explains it."""

    money_per_h: str | None
    currency: str | None
    sentence: str


def risk_of(leak: Leak) -> Risk:
    """What an hour of a leak costs at the price before: as many calls as are free now, or were answered before."""
    evidence, rate = leak.evidence, leak.evidence.expected_rate
    calls, minutes = _calls_per_h(leak), Decimal(leak.talk_ms or ASSUMED_TALK_MS) / MINUTE_MS
    assumed = "" if leak.talk_ms else " (assumed)"
    calling = f"{_short(calls)} free calls an hour of {_short(minutes)} min{assumed}"
    if rate is None:
        return Risk(None, None, f"{calling}; what a call there should cost is not known")
    money = str((calls * minutes * Decimal(rate)).quantize(CENT, ROUND_HALF_UP))
    unit = f" {evidence.currency}" if evidence.currency else ""
    return Risk(money, evidence.currency, f"{money}{unit} an hour: {calling} at {rate}{unit} a minute")


def _calls_per_h(leak: Leak) -> Decimal:
    """Free calls an hour since the first; no fewer than the answered calls of the hour before it."""
    lasted_ms = max(SPREAD_MS, leak.evidence.last_ts - leak.evidence.first_ts)
    return max(Decimal(leak.answered), Decimal(leak.evidence.free_calls * HOUR_MS) / lasted_ms)


def _short(value: Decimal) -> str:
    """A number with one decimal place, and none where it is a whole one.

    >>> _short(Decimal("36")), _short(Decimal("0.04"))
    ('36', '0.0')
    """
    rounded = value.quantize(TENTH, ROUND_HALF_UP)
    return str(int(rounded)) if rounded == value and rounded == int(rounded) else str(rounded)
