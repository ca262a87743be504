"""What became of every finding, as lines: each verdict with its reason, and a rejection once while it recurs."""

from typing import Any

from models.covers import target_of
from models.decision import Decision, Stamp
from models.findings import Proof
from models.incidents import Incident
from models.issuer import Issuer
from models.scores import score_of
from models.told import Told


class VerdictLines:
    """Writes the lines of `Decision.verdicts`, which a backtest shows and the service counts."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._told = Told()

    def reject(self, incident: Incident, proof: Proof, why: str, stamp: Stamp, decision: Decision) -> None:
        """Say why a finding leads to nothing, once."""
        if not self._told.again(f"{target_of(proof.subject).key()}|{proof.rule}|{why}", stamp.at_ms):
            self.write(incident, proof, "rejected", why, stamp, decision)

    def write(self, incident: Incident, proof: Proof, verdict: str, why: str, stamp: Stamp, decision: Decision) -> None:
        """Say what a finding leads to, and why."""
        line = {
            "incident": incident.id,
            "reason": proof.rule,
            "target": proof.subject,
            "verdict": verdict,
            "why": why,
            "issued_at": stamp.at_ms,
            "evidence": proof.evidence,
            "summary": self._issuer.summary(proof),
            "score": score_of(proof),
        }
        decision.verdicts.append(line)

    def snapshot(self) -> list[Any]:
        """The rejections that were told, as plain values."""
        return self._told.snapshot()

    def load(self, state: list[Any]) -> None:
        """Put back what `snapshot` described."""
        self._told = Told.restore(state)
