"""What evidence may do: the table of decisions, modes, and budgets (design, section 5)."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from models.findings import FOREST_ALONE, ZERO_COST, Forest, Grade, Proof

Mode = Literal["off", "shadow", "limit", "enforce"]
LADDER: tuple[Mode, ...] = get_args(Mode)
"""Modes from the mildest; of several that apply the lowest wins (contract, section 5)."""
Rule = Literal["zero_cost_route", "rate_burst", "victim_flood", "wangiri", "range_sweep", "unusual", "operator"]
"""What a command's `reason` may be (contract, section 3)."""
OPERATOR: Rule = "operator"
RULE_MODES: Mapping[str, Mode] = {
    rule: "enforce" if rule in {"zero_cost_route", OPERATOR} else "limit" for rule in get_args(Rule)
}
"""By default a proof and an operator may block, every other rule may limit."""
Verdict = Literal["block", "limit", "shadow", "held", "rejected"]
Kind = Literal["leak", "burst", "forest", "person"]
"""Whose word it is: free calls, a rule on windows, the isolation forest alone, a person."""
KINDS: Mapping[str, Kind] = {ZERO_COST: "leak", FOREST_ALONE: "forest", OPERATOR: "person"}
"""Kinds by rule; every other rule is one on windows."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Row(NamedTuple):
    """What a proof is worth: `why` is the reason that it takes; empty = the evidence's own."""

    proof: Kind
    grade: Grade
    forest: tuple[Forest, ...]
    worth: Verdict
    why: str = ""


ANY: tuple[Forest, ...] = get_args(Forest)
NOT_SEEN: tuple[Forest, ...] = ("none", "silent")
WORTH: tuple[Row, ...] = (
    Row("leak", "block", ANY, "block"),
    Row("leak", "limit", ANY, "limit"),
    Row("leak", "shadow", ANY, "shadow"),
    Row("leak", "held", ANY, "held"),
    Row("leak", "rejected", ANY, "rejected"),
    Row("burst", "block", ANY, "block"),
    Row("burst", "limit", ANY, "limit"),
    Row("burst", "shadow", ("agrees",), "limit", "forest_agrees"),
    Row("burst", "shadow", NOT_SEEN, "shadow"),
    Row("burst", "held", ANY, "held"),
    Row("burst", "rejected", ANY, "rejected"),
    Row("forest", "block", ("agrees",), "shadow", "forest_alone"),
    Row("forest", "limit", ("agrees",), "shadow", "forest_alone"),
    Row("forest", "shadow", ("agrees",), "shadow", "forest_alone"),
    Row("forest", "held", ("agrees",), "held"),
    Row("forest", "rejected", ("agrees",), "rejected"),
    *(Row("forest", grade, NOT_SEEN, "rejected", "no_witness") for grade in get_args(Grade)),
    Row("person", "block", ANY, "block"),
    Row("person", "limit", ANY, "limit"),
)
"""First step: proof, grade of its evidence and what the isolation forest says, to what that is worth.

The forest alone never blocks; it turns a weak rule into a limit (design, section 5).
"""
DECISIONS: Mapping[tuple[Verdict, Mode], Verdict] = {
    ("block", "enforce"): "block",
    ("block", "limit"): "limit",
    ("block", "shadow"): "shadow",
    ("block", "off"): "rejected",
    ("limit", "enforce"): "limit",
    ("limit", "limit"): "limit",
    ("limit", "shadow"): "shadow",
    ("limit", "off"): "rejected",
    ("shadow", "enforce"): "shadow",
    ("shadow", "limit"): "shadow",
    ("shadow", "shadow"): "shadow",
    ("shadow", "off"): "rejected",
}
"""Second step: what the proof is worth and the rule's mode to a verdict; a worth that is not here stands as it is."""
_WORTH = {(row.proof, row.grade, forest): (row.worth, row.why) for row in WORTH for forest in row.forest}

COUNTS = ("commands_per_minute", "commands_per_hour", "active_blocks")
SHARES = ("impact_per_command", "impact_total")
BUDGETS = (*SHARES, *COUNTS)
"""The budgets that an operator may set by name: members of `Policy`."""
COUNT_MAX = 1_000_000
BLOCKS = "active_blocks"
BURSTS_PART = 0.5
"""Of the budgets of all commands together, how much bursts may use: the rest is there when a leak is proved."""
OVERDUE_MS = 15 * MINUTE_MS
"""What a count budget holds becomes a limit after this time (issue 6, "The decision"); nothing else has a deadline."""


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


def worth_of(proof: Proof) -> Verdict:
    """What a proof is worth in mode `enforce`, by the table."""
    return _WORTH[KINDS.get(proof.rule, "burst"), proof.grade, proof.forest][0]


def decide(
    grade: str,
    why: str,
    rule: str,
    policy: Policy,
    impact: float,
    load: Load | None,
    forest: Forest = "none",
    *,
    overdue: bool = False,
) -> tuple[Verdict, str]:
    """The verdict on a finding and its reason's name.

    Args:
        grade: what the evidence justifies.
        why: the evidence's own reason.
        rule: the rule that found it, as in a command's `reason`.
        policy: the operator's policy.
        impact: share of the answered calls that a command would touch.
        load: the commands in force; None where a person has decided, whom no budget holds.
        forest: what the isolation forest says.
        overdue: it was held by a count budget, and its time is over: it is limited, and needs no room among the blocks.
    """
    kind: Kind = "person" if load is None else KINDS.get(rule, "burst")
    mode = policy.mode_of(rule)
    worth, changed = _WORTH[kind, grade, forest]  # type: ignore[index] # grades of findings that were decoded
    verdict = DECISIONS.get((worth, mode), worth)
    why = (changed or why) if verdict == worth else f"mode_{mode}"
    if load is None or verdict not in ("block", "limit"):
        return verdict, why
    if over := next((name for name in _exceeded(policy, kind, impact, load) if not (overdue and name == BLOCKS)), ""):
        return "held", over
    return ("limit", "overdue") if overdue else (verdict, why)


def _exceeded(policy: Policy, kind: Kind, impact: float, load: Load) -> Iterator[str]:
    """The budgets that one more command would exceed."""
    part = 1.0 if kind == "leak" else BURSTS_PART
    checks = (
        ("impact_per_command", impact > policy.impact_per_command),
        ("impact_total", load.impact + impact > policy.impact_total * part),
        ("commands_per_minute", load.last_minute >= math.ceil(policy.commands_per_minute * part)),
        ("commands_per_hour", load.last_hour >= math.ceil(policy.commands_per_hour * part)),
        ("active_blocks", load.active >= math.ceil(policy.active_blocks * part)),
    )
    return (name for name, exceeded in checks if exceeded)
