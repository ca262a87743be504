"""A rating outage as an incident: what shows it, its record on `fraud.incidents`, its line of a backtest's findings."""

from typing import Any, Literal, NamedTuple

import msgspec

from models.findings import Subject

REASON = "rating_outage"


class Evidence(msgspec.Struct, frozen=True):
    """What shows an outage: which calling codes turned free on which switches, or how many ratings failed of how many.

    `first_ts` and `last_ts` are ms since the epoch, event time.
    """

    first_ts: int
    last_ts: int
    switches: tuple[str, ...]
    codes: tuple[str, ...] = ()
    failed: int = 0
    rated: int = 0


class Outage(msgspec.Struct):
    """One outage, from its first sign to its end; it has no command. `key` is its first switch's, times in ms."""

    id: str
    key: str
    target: Subject
    why: str
    opened_at: int
    updated_at: int
    evidence: Evidence
    state: Literal["held", "released"] = "held"

    def record(self, findings_offset: int) -> dict[str, Any]:
        """The incident as `fraud.incidents` shows it (`models.incidents.Incident.record`)."""
        return {
            "v": 1,
            "incident": self.id,
            "state": self.state,
            "verdict": "held",
            "why": self.why,
            "reason": REASON,
            "target": self.target,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "expires_at": None,
            "rearmed": 0,
            "score": None,
            "evidence": self.evidence,
            "impact": {"paid_share_1h": 0.0, "calls_per_h": 0},
            "commands": [],
            "findings_offset": findings_offset,
        }

    def line(self) -> dict[str, Any]:
        """The line of a backtest's findings that says it began."""
        found = {"incident": self.id, "reason": REASON, "target": self.target, "verdict": "held", "why": self.why}
        return found | {
            "issued_at": self.opened_at,
            "evidence": self.evidence,
            "summary": self.summary(),
            "score": None,
        }

    def summary(self) -> str:
        """What it is, in a sentence for a person."""
        of, where = self.evidence, ", ".join(self.evidence.switches)
        if of.failed:
            return f"Rating is down on {where}: it failed for {of.failed} of {of.failed + of.rated} calls."
        return f"Rating is down on {where}: calls to {len(of.codes)} countries turned free together."


class Change(NamedTuple):
    """What a finding changed: the outage if anything shows, and whether it began."""

    outage: Outage | None
    began: bool = False


NO_CHANGE = Change(None)
