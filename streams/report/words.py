"""What the report calls rules, verdicts, reasons, times and amounts; a name that it does not know is spelled out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

LEAK: Final = "zero_cost_route"
RULES: Final[Mapping[str, str]] = {
    LEAK: "Free international route",
    "rate_burst": "Burst of calls",
    "victim_flood": "Flood of calls to one number",
    "wangiri": "Wangiri: short calls that ask for a call back",
    "range_sweep": "Sweep of a number range",
    "unusual": "Unusual traffic (isolation forest)",
    "rating_outage": "Rating system down",
    "operator": "Asked for by an operator",
}
"""Rules as in a command's `reason` (contract, section 3)."""
VERDICTS: Final[Mapping[str, str]] = {
    "block": "blocked",
    "limit": "limited",
    "shadow": "shadow",
    "held": "held for a person",
    "rejected": "rejected",
}
COMMANDS: Final[Mapping[str, str]] = {
    "block": "block",
    "limit": "limit",
    "trickle": "half open: a trickle is let through",
    "shadow": "shadow: for people to look at only",
    "release": "release",
}
ENDINGS: Final[Mapping[str, str]] = {
    "mended": "released: two payers paid there again",
    "charged_at_release": "released: calls of the proof were charged when they ended",
    "expired": "the lease ran out, nothing confirmed it",
    "rating_outage": "released: rating as a whole was down",
    "allowed": "released: an operator allows calls there",
    "quiet": "nothing more was free there",
}
"""How an incident ended, by the reason of its release."""
WHYS: Final[Mapping[str, str]] = {
    "free_where_paid_before": "calls were free where they had been paid before",
    "weak_evidence": "too few payers, or too weak a change of the price",
    "no_history": "nothing is known of the price there: no history, no tariff row, no short code that fits",
    "mixed_before": "free and paid calls were mixed there before, as where bundles are sold",
    "whole_calling_code": "a whole calling code is blocked only where a short code or a row of the table explains it",
    "no_price_at_set_up": "only set-ups speak for it, at a switch that has shown no price at set-up before",
    "impact_per_command": "one command would touch more of the answered calls than its budget allows",
    "impact_total": "all commands together would touch more of the answered calls than their budget allows",
    "commands_per_minute": "the budget of commands a minute is spent",
    "commands_per_hour": "the budget of commands an hour is spent",
    "active_blocks": "as many commands are in force as the budget allows",
    "mode_off": "this rule is switched off",
    "mode_shadow": "this rule only shows what it would do",
    "mode_limit": "this rule may limit and not block",
    "protected": "the number is protected: emergency, short, or on the operator's list",
    "bad_target": "no command can have this target",
    "kill": "the kill switch was on",
    "allowed": "an operator allows calls there",
    "approved": "an operator approved it",
    "operator": "an operator asked for it",
    "rating_outage": "rating as a whole was down: no route leaks",
    "over_normal": "far more than is usual there at this hour, and above the floor",
    "weak": "more than is usual, and no strong sign",
    "redialling": "one who redials: many attempts, few numbers",
    "unverified_caller": "nothing vouches for the caller's number, which anybody can show",
    "many_callers": "an account of many callers, as a company or a carrier has",
    "few_callers": "few callers, who redial",
    "several_lines": "the number takes several calls at once, and is made for many",
    "announcement": "it answers nearly every call, for a short time: an announcement or a vote",
    "whole_route": "a whole route is busier than usual",
    "unrelated_codes": "unrelated calling codes turned free together on one switch",
    "failed_ratings": "too large a share of the ratings failed",
    "forest_agrees": "the rule alone is weak, and the isolation forest finds it unusual, too",
    "no_witness": "the isolation forest, which would have to find it unusual, does not",
    "overdue": "nobody decided within the time that a budget may hold it",
    "covered": "a command that is wider covers these calls already",
    "rearmed_without_mend": "it was blocked again and again, and nobody has mended it",
    "forest_alone": "only the isolation forest finds it unusual",
    "": "other reasons",
}
"""Reasons of verdicts: those of the evidence, then those of policy and operators."""
OTHER_WHYS: Final[Mapping[str, str]] = {"no_history": "too little is known of what is usual there"}
"""Reasons that say another thing where it is not the price that is judged."""
UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def said(words: Mapping[str, str], name: str) -> str:
    """A name in words, spelled out where it has none.

    >>> said(VERDICTS, "block"), said(WHYS, "moon_phase")
    ('blocked', 'moon phase')
    """
    return words.get(name) or name.replace("_", " ")


def because(reason: str, why: str) -> str:
    """The reason of a rule's verdict in words.

    >>> because("zero_cost_route", "weak_evidence"), because("rate_burst", "no_history")
    ('too few payers, or too weak a change of the price', 'too little is known of what is usual there')
    """
    return said(WHYS if reason == LEAK else {**WHYS, **OTHER_WHYS}, why)


def at(ms: int | None) -> str:
    """A time of day in UTC, to the second.

    >>> at(1_795_500_000_000)
    '2026-11-24 06:00:00'
    """
    return "-" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def lasting(ms: int | None) -> str:
    """A stretch of time in its two largest units.

    >>> lasting(1_432), lasting(5_000), lasting(754_000), lasting(86_400_000), lasting(None)
    ('1.4 s', '5 s', '12 min 34 s', '1 d', '-')
    """
    if ms is None:
        return "-"
    if abs(ms) < 60_000:
        return f"{round(ms / 1000, 1):g} s"
    size, unit = next(pair for pair in UNITS if ms >= pair[0])
    whole, rest = divmod(ms, size)
    smaller = next((pair for pair in UNITS if pair[0] < size), (1, ""))
    return f"{whole} {unit}" + (f" {rest // smaller[0]} {smaller[1]}" if rest >= smaller[0] else "")


def amount(value: object, currency: str = "") -> str:
    """A sum of money with its currency.

    >>> from decimal import Decimal
    >>> amount(Decimal("12345.50"), "MAD"), amount(None)
    ('12,345.50 MAD', 'not known')
    """
    return "not known" if value is None else f"{value:,} {currency}".rstrip()


def many(count: int, one: str, more: str = "") -> str:
    """A count and what is counted.

    >>> many(1, "call"), many(1200, "call"), many(2, "switch", "switches")
    ('1 call', '1,200 calls', '2 switches')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"
