"""An incident: one target that leaks, bursts, or that an operator blocks, from its first finding to its end."""

from typing import Any, Literal

import msgspec

from models.findings import Leak, Proof
from models.orders import Order
from models.policy import HOUR_MS, MINUTE_MS, OPERATOR, OVERDUE_MS, worth_of
from models.scores import score_of
from models.targets import Target

State = Literal["held", "shadow", "blocked", "limited", "half_open", "released", "expired"]
ACTIVE = ("blocked", "limited", "half_open")
"""States in which a command of the incident is in force."""
ENDED = ("released", "expired")
HISTORY_MAX = 50
"""Commands of one incident that its record names; the newest are kept."""
KEEP_ENDED_MS = 24 * HOUR_MS
"""How long an incident without a command in force is remembered after its last finding: as long as a lease may last."""
RENEW_MS = MINUTE_MS
"""A lease that is renewed is so this long before it ends, so that no call slips between two."""
FRESH_MS = 5 * MINUTE_MS
"""A proof that was found within this time still holds: while a burst goes on, it is found every few seconds."""
NEVER = 1 << 62
"""A deadline that does not come (ms)."""
REARMED_TOLD = 3
"""After so many leases that a half-open block needed anew, a person is told again (design, section 5)."""


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

    Either `proof` is its newest finding, or `order` is the operator's block that made it. `seen_at` is when it was
    last found. `approved` is what an operator has made of a held one: `block` or `limit`. `waived` is the time up to
    which proofs are covered by an operator's release; 0 = none was given. `waits_from` is since when a count budget
    holds it; 0 = none does.
    """

    id: str
    key: str
    target: Target
    proof: Proof | None
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
    waits_from: int = 0
    given: list[Given] = []

    @property
    def active(self) -> bool:
        """Whether a command of it is in force."""
        return self.state in ACTIVE

    @property
    def reason(self) -> str:
        """What its commands give as their reason."""
        return OPERATOR if self.order is not None or self.proof is None else self.proof.rule

    @property
    def worth(self) -> str:
        """What it justifies in mode `enforce`: `block` or `limit`."""
        sure = self.proof is None or worth_of(self.proof) == "block"
        return self.approved or ("block" if sure else "limit")

    @property
    def until(self) -> int:
        """How long an operator's block is renewed; 0 for every other incident."""
        return 0 if self.order is None else self.order.ends or 0

    @property
    def renews(self) -> bool:
        """Whether its lease is a rule's limit, which is renewed as long as its proof is found."""
        return self.state == "limited" and self.order is None

    @property
    def renewed_at(self) -> int:
        """When a lease that is renewed is so: in the last minute, or the last half where it is shorter."""
        return self.expires_at - min(RENEW_MS, (self.expires_at - self.issued_at) // 2)

    @property
    def overdue_at(self) -> int:
        """When what a count budget holds has waited long enough, ms; 0 = none holds it."""
        return self.waits_from + OVERDUE_MS if self.waits_from and self.state == "held" else 0

    def fresh(self, at_ms: int) -> bool:
        """Whether it was found lately."""
        return at_ms - self.seen_at <= FRESH_MS

    def renewable(self, at_ms: int) -> bool:
        """Whether it is time to renew its lease."""
        return self.renews and at_ms >= self.renewed_at

    @property
    def answer_at(self) -> int:
        """When prices of the calls that its half-open block let through will have been told, as late as they come."""
        return self.half_open_at + (self.proof.late_ms if isinstance(self.proof, Leak) else 0)

    def next_deadline(self, half_open_after_ms: int) -> int:
        """When time alone changes the incident next."""
        if not self.active:
            return self.overdue_at if self.updated_at < self.overdue_at else self._forgotten_at
        if self.until > self.expires_at:
            return self.expires_at - RENEW_MS
        if self.renews and self.fresh(self.renewed_at):
            return self.renewed_at
        trickle_at = self.issued_at + half_open_after_ms
        if self.state == "blocked" and self.order is None and trickle_at < self.expires_at:
            return trickle_at
        return self.expires_at

    @property
    def _forgotten_at(self) -> int:
        """When it is old news; a leak that is held waits for a person as long as its row may still be wrong."""
        if self.state == "held" and isinstance(self.proof, Leak):
            return NEVER
        return max(self.updated_at, self.seen_at) + KEEP_ENDED_MS

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
            "score": None if self.proof is None else score_of(self.proof),
            "evidence": {} if self.proof is None else self.proof.evidence,
            "impact": {"paid_share_1h": self.impact, "calls_per_h": self.proof.answered if self.proof else 0},
            "commands": self.given,
            "findings_offset": findings_offset,
        }
