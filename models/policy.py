"""What evidence may do: the table of decisions, modes, and budgets (design, section 5)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Mode = Literal["off", "shadow", "limit", "enforce"]
LADDER: tuple[Mode, ...] = ("off", "shadow", "limit", "enforce")
"""Modes from the mildest; of several that apply the lowest wins."""
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


class Policy(msgspec.Struct, frozen=True):
    """The operator's policy: modes, leases (ms), impact as shares of answered calls, and counts of commands."""

    mode: Mode = "enforce"
    rules: Mapping[str, Mode] = msgspec.field(default_factory=lambda: {"zero_cost_route": "enforce"})
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
        """The mode that holds for a rule: the lower of the network's and the rule's own (by default `limit`)."""
        return min(self.mode, self.rules.get(rule, "limit"), key=LADDER.index)


class Load(msgspec.Struct, frozen=True):
    """What the commands in force already touch, and how many were given lately."""

    impact: float
    active: int
    last_minute: int
    last_hour: int


def decide(grade: str, why: str, rule: str, policy: Policy, impact: float, load: Load) -> tuple[Verdict, str]:
    """The verdict on a finding and its reason's name.

    Args:
        grade: what the evidence justifies.
        why: the evidence's own reason.
        rule: the rule that found it, as in a command's `reason`.
        policy: the operator's policy.
        impact: share of the answered calls that a command would touch.
        load: the commands in force.
    """
    mode = policy.mode_of(rule)
    verdict = DECISIONS.get((grade, mode))
    if verdict is None:
        return ("held", why) if grade == "held" else ("rejected", why)
    if verdict in ("shadow", "rejected"):
        return verdict, f"mode_{mode}"
    if over := _over(policy, impact, load):
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
