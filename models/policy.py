"""What evidence may do: the table of decisions, modes, and budgets (design, section 5)."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec

Mode = Literal["off", "shadow", "limit", "enforce"]
LADDER: tuple[Mode, ...] = get_args(Mode)
"""Modes from the mildest; of several that apply the lowest wins (contract, section 5)."""
Rule = Literal["zero_cost_route", "rate_burst", "victim_flood", "wangiri", "range_sweep", "operator"]
"""What a command's `reason` may be (contract, section 3)."""
OPERATOR: Rule = "operator"
RULE_MODES: Mapping[str, Mode] = {
    rule: "enforce" if rule in {"zero_cost_route", OPERATOR} else "limit" for rule in get_args(Rule)
}
"""By default a proof and an operator may block, every other rule may limit."""
Verdict = Literal["block", "limit", "shadow", "held", "rejected"]
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

DECISIONS: dict[tuple[str, Mode], Verdict] = {
    ("block", "enforce"): "block",
    ("block", "limit"): "limit",
    ("block", "shadow"): "shadow",
    ("block", "off"): "rejected",
    ("limit", "enforce"): "limit",
    ("limit", "limit"): "limit",
    ("limit", "shadow"): "shadow",
    ("limit", "off"): "rejected",
}
"""Grade of the evidence and mode of the rule to a verdict; a grade that is not here stands as it is."""

COUNTS = ("commands_per_minute", "commands_per_hour", "active_blocks")
SHARES = ("impact_per_command", "impact_total")
BUDGETS = (*SHARES, *COUNTS)
"""The budgets that an operator may set by name: members of `Policy`."""
COUNT_MAX = 1_000_000


def budget_fault(name: str, value: Any) -> str:
    """Why a budget may not have this value; empty where it may.

    >>> budget_fault("impact_total", 0.2), budget_fault("active_blocks", 0.5)
    ('', 'active_blocks is a whole number from 0 to 1000000')
    """
    if name not in BUDGETS:
        return f"unknown budget: there are {', '.join(BUDGETS)}"
    if name in SHARES:
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        return "" if good else f"{name} is a share from 0 to 1"
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MAX
    return "" if good else f"{name} is a whole number from 0 to {COUNT_MAX}"


def lowest(*modes: Mode) -> Mode:
    """Of several modes the one that counts."""
    return min(modes, key=LADDER.index)


class Policy(msgspec.Struct, frozen=True):
    """The operator's policy: modes, leases (ms), impact as shares of answered calls, and counts of commands."""

    mode: Mode = "enforce"
    rules: Mapping[str, Mode] = msgspec.field(default_factory=lambda: RULE_MODES)
    impact_per_command: float = 0.05
    impact_total: float = 0.10
    lease_ms: int = 15 * MINUTE_MS
    half_open_after_ms: int = 10 * MINUTE_MS
    trickle_per_min: int = 1
    limit_per_min: int = 6
    commands_per_minute: int = 20
    commands_per_hour: int = 200
    active_blocks: int = 100

    def mode_of(self, rule: str) -> Mode:
        """The mode that holds for a rule: the lower of the network's and the rule's own (by default `limit`).

        >>> Policy(mode="shadow").mode_of("zero_cost_route")
        'shadow'
        """
        return lowest(self.mode, self.rules.get(rule, "limit"))


class Load(msgspec.Struct, frozen=True):
    """What the commands in force already touch, and how many were given lately."""

    impact: float
    active: int
    last_minute: int
    last_hour: int


def decide(grade: str, why: str, rule: str, policy: Policy, impact: float, load: Load | None) -> tuple[Verdict, str]:
    """The verdict on a finding and its reason's name.

    Args:
        grade: what the evidence justifies.
        why: the evidence's own reason.
        rule: the rule that found it, as in a command's `reason`.
        policy: the operator's policy.
        impact: share of the answered calls that a command would touch.
        load: the commands in force; None where a person has decided, whom no budget holds.
    """
    mode = policy.mode_of(rule)
    verdict = DECISIONS.get((grade, mode))
    if verdict is None:
        return ("held", why) if grade == "held" else ("rejected", why)
    if verdict in ("shadow", "rejected"):
        return verdict, f"mode_{mode}"
    if load is not None and (over := _over(policy, impact, load)):
        return "held", over
    return verdict, why if verdict == grade else f"mode_{mode}"


def _over(policy: Policy, impact: float, load: Load) -> str:
    """The first budget that one more command would exceed."""
    checks = (
        ("impact_per_command", impact > policy.impact_per_command),
        ("impact_total", load.impact + impact > policy.impact_total),
        ("commands_per_minute", load.last_minute >= policy.commands_per_minute),
        ("commands_per_hour", load.last_hour >= policy.commands_per_hour),
        ("active_blocks", load.active >= policy.active_blocks),
    )
    return next((name for name, exceeded in checks if exceeded), "")
