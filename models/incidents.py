"""An incident: one target that leaks or that an operator blocks, from its first finding to its end."""

from typing import Any, Literal

import msgspec

from models.findings import Leak
from models.orders import Order
from models.policy import HOUR_MS, MINUTE_MS, OPERATOR
from models.targets import Target

RULE = "zero_cost_route"
State = Literal["held", "shadow", "blocked", "limited", "half_open", "released", "expired"]
ACTIVE = ("blocked", "limited", "half_open")
"""States in which a command of the incident is in force."""
ENDED = ("released", "expired")
HISTORY_MAX = 50
"""Commands of one incident that its record names; the newest are kept."""
KEEP_ENDED_MS = 24 * HOUR_MS
"""How long an incident without a command in force is remembered after its last finding: as long as a lease may last."""
RENEW_MS = MINUTE_MS
"""An operator's block is renewed this long before its lease ends, so that no call slips between two leases."""


class Given(msgspec.Struct):
    """One command as the incident remembers it; times in ms since the epoch."""

    id: str
    action: str
    lease: int
    issued_at: int
    expires_at: int
    by: str


class Incident(msgspec.Struct):
    """State of one incident; `key` is its target's, times in ms, `impact` a share of the answered calls.

    Either `leak` is its newest finding, or `order` is the operator's block that made it. `seen_at` is when it was
    last found. `approved` is what an operator has made of a held one: `block` or `limit`. `waived` is the time up to
    which proofs are covered by an operator's release; 0 = none was given.
    """

    id: str
    key: str
    target: Target
    leak: Leak | None
    order: Order | None
    state: State
    verdict: str
    why: str
    opened_at: int
    updated_at: int
    seen_at: int
    impact: float = 0.0
    lease: int = 0
    issued_at: int = 0
    expires_at: int = 0
    half_open_at: int = 0
    command: str | None = None
    rearmed: int = 0
    approved: str = ""
    waived: int = 0
    given: list[Given] = []

    @property
    def active(self) -> bool:
        """Whether a command of it is in force."""
        return self.state in ACTIVE

    @property
    def reason(self) -> str:
        """What its commands give as their reason."""
        return RULE if self.order is None else OPERATOR

    @property
    def worth(self) -> str:
        """What it justifies in mode `enforce`: `block` or `limit`."""
        sure = self.leak is None or self.leak.grade == "block"
        return self.approved or ("block" if sure else "limit")

    @property
    def until(self) -> int:
        """How long an operator's block is renewed; 0 for every other incident."""
        return 0 if self.order is None else self.order.ends or 0

    def next_deadline(self, half_open_after_ms: int) -> int:
        """When time alone changes the incident next."""
        if not self.active:
            return max(self.updated_at, self.seen_at) + KEEP_ENDED_MS
        if self.until > self.expires_at:
            return self.expires_at - RENEW_MS
        trickle_at = self.issued_at + half_open_after_ms
        if self.state == "blocked" and self.order is None and trickle_at < self.expires_at:
            return trickle_at
        return self.expires_at

    def turn(self, state: State, why: str, at_ms: int) -> None:
        """Change the state."""
        self.state, self.why, self.updated_at = state, why, at_ms

    def note(self, given: Given) -> None:
        """Remember a command."""
        self.given = [*self.given[-HISTORY_MAX + 1 :], given]

    def record(self, findings_offset: int) -> dict[str, Any]:
        """The incident as `fraud.incidents` shows it, stamped with the findings record that changed it."""
        return {
            "v": 1,
            "incident": self.id,
            "state": self.state,
            "verdict": self.verdict,
            "why": self.why,
            "reason": self.reason,
            "target": self.target,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "expires_at": self.expires_at if self.active else None,
            "rearmed": self.rearmed,
            "evidence": {} if self.leak is None else self.leak.evidence,
            "impact": {"paid_share_1h": self.impact, "calls_per_h": self.leak.answered if self.leak else 0},
            "commands": self.given,
            "findings_offset": findings_offset,
        }
