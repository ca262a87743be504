"""An incident: one target that leaks, from the first finding to the end of its last lease; `fraud.incidents`."""

from typing import Any, Literal

import msgspec

from models.findings import Leak

State = Literal["held", "shadow", "blocked", "limited", "half_open", "released", "expired"]
ACTIVE = ("blocked", "limited", "half_open")
"""States in which a command of the incident is in force."""
HISTORY_MAX = 50
"""Commands of one incident that its record names; the newest are kept."""


class Given(msgspec.Struct):
    """One command as the incident remembers it; times in ms since the epoch."""

    id: str
    action: str
    lease: int
    issued_at: int
    expires_at: int
    by: str


class Incident(msgspec.Struct):
    """State of one incident; `key` is its target's, times in ms, `impact` a share of the answered calls."""

    id: str
    key: str
    leak: Leak
    state: State
    verdict: str
    why: str
    opened_at: int
    updated_at: int
    impact: float
    lease: int = 0
    issued_at: int = 0
    expires_at: int = 0
    half_open_at: int = 0
    command: str | None = None
    rearmed: int = 0
    given: list[Given] = []

    @property
    def active(self) -> bool:
        """Whether a command of it is in force."""
        return self.state in ACTIVE

    def next_deadline(self, half_open_after_ms: int) -> int | None:
        """When time alone changes the incident next."""
        if self.state == "blocked" and self.issued_at + half_open_after_ms < self.expires_at:
            return self.issued_at + half_open_after_ms
        return self.expires_at if self.active else None

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
            "reason": "zero_cost_route",
            "target": self.leak.subject,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "expires_at": self.expires_at if self.active else None,
            "rearmed": self.rearmed,
            "evidence": self.leak.evidence,
            "impact": {"paid_share_1h": self.impact, "calls_per_h": self.leak.answered},
            "commands": self.given,
            "findings_offset": findings_offset,
        }
