"""Writes the commands of incidents: their leases, ids, evidence and words."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from models import burst_words
from models.commands import Action, Args, Command, Mode, command_id
from models.decision import CONTROL, SHADOW, Decision, Order, Stamp
from models.diagnosis import diagnose, summarise
from models.findings import Burst, Proof
from models.incidents import Given, Incident, State
from models.orders import Order as Asked
from models.plan import numbers_under
from models.policy import COUNT_MAX, HOUR_MS, Policy
from models.scores import score_of
from models.table_lookup import Protected
from models.targets import Scope

OPERATOR_LEASE_MS = 23 * HOUR_MS
"""An operator's block outlives us by as much as the contract's 24 h allow, less what clocks may differ."""
PASSING_MAX = 20
"""Protected numbers under a target that its command names."""
STATES: Mapping[str, State] = {"block": "blocked", "limit": "limited", "shadow": "shadow"}


class Issuer:
    """Gives commands; `short_codes` maps digits to names, `rules` is the hash of the rules in force."""

    def __init__(self, short_codes: Mapping[str, str], rules: str, detector: str, protected: Protected) -> None:
        self._short_codes = short_codes
        self._rules = rules
        self._detector = detector
        self._protected = protected

    def lease(
        self,
        incident: Incident,
        verdict: str,
        policy: Policy,
        by: str,
        stamp: Stamp,
        decision: Decision,
        supersedes: str | None = None,
    ) -> None:
        """Give the next lease: `verdict` is `block`, `limit`, or `shadow` for what a person may only look at."""
        incident.rearmed += incident.state == "half_open"
        incident.lease += 1
        incident.issued_at, incident.expires_at = stamp.at_ms, _end(incident, policy, stamp)
        incident.state = STATES[verdict]
        action = Action(_shown(incident, policy) if verdict == "shadow" else verdict)
        args = None if action is Action.BLOCK else Args(calls_per_minute=_allowance(incident, policy))
        mode = Mode.SHADOW if verdict == "shadow" else Mode.ENFORCE
        self._give(incident, action, by, stamp, decision, mode=mode, args=args, supersedes=supersedes)

    def half_open(self, incident: Incident, policy: Policy, stamp: Stamp, decision: Decision) -> None:
        """Let a trickle through: same incident, lease and end; what it costs tells whether the leak is mended."""
        incident.turn("half_open", incident.why, stamp.at_ms)
        incident.half_open_at = stamp.at_ms
        args = Args(calls_per_minute=policy.trickle_per_min)
        self._give(incident, Action.LIMIT, "half_open", stamp, decision, args=args, supersedes=incident.command)
        decision.incidents.append(incident)

    def wait(self, incident: Incident, policy: Policy, stamp: Stamp, decision: Decision) -> None:
        """Go on letting a trickle through, by the next lease: what it costs is told of later than one lease lasts."""
        incident.lease += 1
        incident.issued_at, incident.expires_at = stamp.at_ms, _end(incident, policy, stamp)
        args = Args(calls_per_minute=policy.trickle_per_min)
        self._give(incident, Action.LIMIT, "half_open", stamp, decision, args=args, supersedes=incident.command)
        decision.incidents.append(incident)

    def release(self, incident: Incident, why: str, by: str, stamp: Stamp, decision: Decision) -> None:
        """Withdraw what is in force; an incident that only waits ends without a command."""
        active = incident.active
        incident.turn("released", why, stamp.at_ms)
        if active:
            self._give(incident, Action.RELEASE, by, stamp, decision, supersedes=incident.command)
        decision.incidents.append(incident)

    def _give(
        self,
        incident: Incident,
        action: Action,
        by: str,
        stamp: Stamp,
        decision: Decision,
        *,
        mode: Mode = Mode.ENFORCE,
        args: Args | None = None,
        supersedes: str | None = None,
    ) -> None:
        command = Command(
            id=command_id(incident.id, mode, action, incident.lease),
            incident=incident.id,
            action=action,
            target=incident.target,
            mode=mode,
            reason=incident.reason,
            issued_at=stamp.at_ms,
            expires_at=incident.expires_at,
            lease=incident.lease,
            rules=self._rules,
            detector=self._detector,
            epoch=stamp.epoch,
            seq=stamp.seq,
            supersedes=supersedes,
            args=args,
            **self._grounds(incident),
        )
        if mode is Mode.ENFORCE:
            incident.command = command.id
        incident.note(Given(command.id, action, command.lease, command.issued_at, command.expires_at, by))
        decision.orders.append(Order(CONTROL if mode is Mode.ENFORCE else SHADOW, command))

    def _grounds(self, incident: Incident) -> dict[str, Any]:
        """What a person can check: the members of a command that say why, and what it touches."""
        target = incident.target
        impact: dict[str, Any] = {}
        if target.value.startswith("+") and target.scope in (Scope.PREFIX, Scope.CALLED):
            impact["numbers"] = numbers_under(target.value)
        if target.scope is Scope.PREFIX and (passing := self._protected.under(target.value)):
            impact["passing"] = list(passing[:PASSING_MAX])
        if incident.proof is not None:
            return self._proof(incident.proof, impact | {"paid_share_1h": incident.impact})
        return {} if incident.order is None else _asked(incident.order, impact)

    def _proof(self, proof: Proof, impact: dict[str, Any]) -> dict[str, Any]:
        return {
            **self.words(proof),
            "evidence": msgspec.to_builtins(proof.evidence),
            "impact": impact | {"calls_per_h": proof.answered},
            "score": score_of(proof),
            "model": proof.model if isinstance(proof, Burst) else None,
        }

    def _diagnosis(self, proof: Proof) -> dict[str, Any]:
        return burst_words.diagnose(proof) if isinstance(proof, Burst) else diagnose(proof, self._short_codes)

    def words(self, proof: Proof) -> dict[str, Any]:
        """What was found in one sentence, and its cause, as a command and an incident's record say them."""
        return {"summary": self.summary(proof), "diagnosis": self._diagnosis(proof)}

    def summary(self, proof: Proof) -> str:
        """What was found, in one sentence."""
        return burst_words.summarise(proof) if isinstance(proof, Burst) else summarise(proof, self._diagnosis(proof))


def _shown(incident: Incident, policy: Policy) -> str:
    """What a command that is only shown would be if the network's mode were `enforce`: its rule's own mode counts."""
    return incident.worth if policy.rules.get(incident.reason, "limit") == "enforce" else "limit"


def _allowance(incident: Incident, policy: Policy) -> int:
    """Calls a minute that a limit leaves: of a burst at least what is usual, so that the usual load passes."""
    if incident.order is not None or not isinstance(incident.proof, Burst):
        return policy.limit_per_min
    window = incident.proof.evidence.proving
    usual = math.ceil((window.normal or 0.0) * 60 / window.window_s)
    return min(max(policy.limit_per_min, usual), COUNT_MAX)


def _asked(order: Asked, impact: dict[str, Any]) -> dict[str, Any]:
    evidence = {"author": order.author, "reason": order.reason, "at": order.at, "until": order.ends}
    return {"summary": f"Asked for by {order.author}: {order.reason}", "evidence": evidence, "impact": impact}


def _end(incident: Incident, policy: Policy, stamp: Stamp) -> int:
    if incident.order is None:
        return stamp.at_ms + policy.lease_ms
    return min(incident.until, stamp.at_ms + OPERATOR_LEASE_MS)
