"""The decider: a pure function of the findings log (design, sections 2, 4 and 5).

A record in, commands and incidents out. Its clock is the log's: the append time of the record at hand.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from models.commands import Action, Args, Command, Mode, command_id, incident_id
from models.diagnosis import diagnose, summarise
from models.findings import Finding, Leak, Mended, Subject, Tick, Totals, Withdrawn
from models.incidents import Given, Incident
from models.plan import numbers_under
from models.policy import HOUR_MS, MINUTE_MS, Load, Policy, decide
from models.targets import Scope, Target

RULE = "zero_cost_route"
CONTROL, SHADOW = "fraud.control", "fraud.shadow"
KEEP_MINUTES = 240
SECOND_MS = 1_000
KEEP_ENDED_MS = 24 * HOUR_MS
"""How long an incident that has ended is remembered: as long as a lease may last."""
STATE_VERSION = 1


class Stamp(NamedTuple):
    """The record at hand: its append time (ms), its offset, and the epoch of its topic."""

    at_ms: int
    seq: int
    epoch: int


class Order(NamedTuple):
    """A command for a topic."""

    topic: str
    command: Command


class Decision(NamedTuple):
    """What one record led to: commands in order, changed incidents, and lines for a backtest's findings."""

    orders: list[Order]
    incidents: list[Incident]
    verdicts: list[dict[str, Any]]


class Decider:
    """All state of the decider; `short_codes` maps digits to names, `rules` is the hash of the rules in force."""

    def __init__(self, policy: Policy, short_codes: Mapping[str, str], rules: str, detector: str) -> None:
        self.policy = policy
        self.incidents: dict[str, Incident] = {}
        self._taken: dict[str, tuple[int, int]] = {}
        self._totals: dict[str, dict[int, int]] = {}
        self._lately: deque[int] = deque()
        self._short_codes = short_codes
        self._rules = rules
        self._detector = detector

    def take(self, finding: Finding, stamp: Stamp) -> Decision:
        """Take one record of the log; one not above the last of its source changes nothing."""
        decision = Decision([], [], [])
        source = finding.source
        if (source.position, source.index) <= self._taken.get(source.stream, (-1, -1)):
            return decision
        self._taken[source.stream] = (source.position, source.index)
        match finding:
            case Totals():
                self._count(source.stream, finding)
            case Tick():
                self._pass_time(stamp, decision)
            case Leak():
                self._weigh(finding, stamp, decision)
            case Mended():
                self._end(finding.subject, "mended", stamp, decision)
            case Withdrawn():
                self._end(finding.subject, finding.why, stamp, decision)
            case _:
                pass
        return decision

    def next_deadline(self) -> int | None:
        """When (ms) time alone changes something next: a tick before that changes nothing."""
        deadlines = (incident.next_deadline(self.policy.half_open_after_ms) for incident in self.incidents.values())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _count(self, stream: str, totals: Totals) -> None:
        counted = self._totals.setdefault(stream, {})
        counted.update(totals.minutes)
        for minute in [m for m in counted if m < totals.minutes[-1][0] - KEEP_MINUTES]:
            del counted[minute]

    def answered_hour_before(self, ts: int) -> int:
        """All answered calls in the 60 whole minutes before that of `ts` (ms)."""
        last = ts // MINUTE_MS
        return sum(counted.get(minute, 0) for counted in self._totals.values() for minute in range(last - 60, last))

    def _weigh(self, leak: Leak, stamp: Stamp, decision: Decision) -> None:
        key = _target(leak.subject).key()
        known = self.incidents.get(key)
        if known is not None and known.active:
            known.leak = leak
            if not self._goes_on(known, leak, stamp):
                return
        impact = self._impact(leak)
        load = self._load(stamp.at_ms, key)
        verdict, why = decide(leak.grade, leak.why, RULE, self.policy, impact, load)
        self._conclude(known, leak, key, verdict, why, impact, stamp, decision)

    def _goes_on(self, known: Incident, leak: Leak, stamp: Stamp) -> bool:
        """Whether a finding on a target with a command in force asks for another command."""
        if known.state == "half_open":
            return leak.newest_start >= known.half_open_at and stamp.at_ms >= known.half_open_at
        return known.state == "limited" and leak.grade == "block" and self.policy.mode_of(RULE) == "enforce"

    def _impact(self, leak: Leak) -> float:
        answered = self.answered_hour_before(leak.evidence.first_ts)
        return round(min(1.0, leak.answered / answered), 4) if answered else 0.0

    def _load(self, now: int, key: str) -> Load:
        while self._lately and self._lately[0] <= now - HOUR_MS:
            self._lately.popleft()
        others = [i for i in self.incidents.values() if i.active and i.key != key]
        return Load(
            impact=sum(i.impact for i in others),
            active=len(others),
            last_minute=sum(at > now - MINUTE_MS for at in self._lately),
            last_hour=len(self._lately),
        )

    def _conclude(
        self,
        known: Incident | None,
        leak: Leak,
        key: str,
        verdict: str,
        why: str,
        impact: float,
        stamp: Stamp,
        decision: Decision,
    ) -> None:
        incident = self._incident(known, leak, key, impact, stamp)
        if verdict == "rejected":
            decision.verdicts.append(_line(incident.id, leak, verdict, why, stamp))
            return
        self.incidents[key] = incident
        changed = incident.verdict != verdict or incident.state == "expired"
        incident.verdict, incident.why, incident.updated_at = verdict, why, stamp.at_ms
        if verdict in ("block", "limit"):
            superseded = self._replaced(leak)
            self._arm(incident, verdict, superseded[0].command if superseded else None, stamp, decision)
            for old in superseded:
                self._release(old, f"superseded by {key}", stamp, decision)
        elif verdict == "shadow" and changed:
            incident.state = "shadow"
            self._shadow(incident, stamp, decision)
        elif verdict == "held" and not incident.active:  # a lease in force stays in force
            incident.state = "held"
        if changed or verdict in ("block", "limit"):
            decision.verdicts.append(_line(incident.id, leak, verdict, why, stamp))
            decision.incidents.append(incident)

    def _incident(self, known: Incident | None, leak: Leak, key: str, impact: float, stamp: Stamp) -> Incident:
        """The incident that a finding belongs to: the one on its key, unless that ended and a new proof began."""
        found = incident_id(key, leak.evidence.first_ts)
        if known is not None and (known.active or known.id == found):
            return known
        return Incident(found, key, leak, "held", "", "", opened_at=stamp.at_ms, updated_at=stamp.at_ms, impact=impact)

    def _replaced(self, leak: Leak) -> list[Incident]:
        keys = [_target(subject).key() for subject in leak.replaces]
        return [self.incidents[key] for key in keys if key in self.incidents and self.incidents[key].active]

    def _arm(self, incident: Incident, verdict: str, supersedes: str | None, stamp: Stamp, decision: Decision) -> None:
        """Give the next lease of a block or limit."""
        if incident.state == "half_open":
            incident.rearmed += 1
        incident.lease += 1
        incident.issued_at, incident.expires_at = stamp.at_ms, stamp.at_ms + self.policy.lease_ms
        action = Action.BLOCK if verdict == "block" else Action.LIMIT
        args = None if verdict == "block" else Args(calls_per_minute=self.policy.limit_per_min)
        incident.state = "blocked" if verdict == "block" else "limited"
        self._lately.append(stamp.at_ms)
        self._give(incident, action, args, supersedes, "policy", stamp, decision)

    def _shadow(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        incident.lease += 1
        incident.issued_at, incident.expires_at = stamp.at_ms, stamp.at_ms + self.policy.lease_ms
        action = Action.BLOCK if incident.leak.grade == "block" else Action.LIMIT
        args = None if action is Action.BLOCK else Args(calls_per_minute=self.policy.limit_per_min)
        command = self._command(incident, action, args, None, stamp, Mode.SHADOW)
        incident.note(_given(command, "policy"))
        decision.orders.append(Order(SHADOW, command))

    def _pass_time(self, stamp: Stamp, decision: Decision) -> None:
        for incident in list(self.incidents.values()):
            if not incident.active and incident.updated_at < stamp.at_ms - KEEP_ENDED_MS:
                del self.incidents[incident.key]
            deadline = incident.next_deadline(self.policy.half_open_after_ms)
            if deadline is None or stamp.at_ms < deadline:
                continue
            if incident.state == "blocked" and stamp.at_ms < incident.expires_at:
                self._half_open(incident, stamp, decision)
            else:
                incident.state, incident.updated_at = "expired", stamp.at_ms
                decision.incidents.append(incident)

    def _half_open(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        """Let a trickle through: same incident, lease and end; what it costs tells whether the leak is mended."""
        incident.state, incident.half_open_at, incident.updated_at = "half_open", stamp.at_ms, stamp.at_ms
        args = Args(calls_per_minute=self.policy.trickle_per_min)
        self._give(incident, Action.LIMIT, args, incident.command, "half_open", stamp, decision)
        decision.incidents.append(incident)

    def _end(self, subject: Subject, why: str, stamp: Stamp, decision: Decision) -> None:
        incident = self.incidents.get(_target(subject).key())
        if incident is None:
            return
        if incident.active:
            self._release(incident, why, stamp, decision)
        elif incident.state in ("held", "shadow"):
            incident.state, incident.why, incident.updated_at = "released", why, stamp.at_ms
            decision.incidents.append(incident)

    def _release(self, incident: Incident, why: str, stamp: Stamp, decision: Decision) -> None:
        incident.state, incident.why, incident.updated_at = "released", why, stamp.at_ms
        self._give(incident, Action.RELEASE, None, incident.command, why, stamp, decision)
        decision.incidents.append(incident)

    def _give(
        self,
        incident: Incident,
        action: Action,
        args: Args | None,
        supersedes: str | None,
        by: str,
        stamp: Stamp,
        decision: Decision,
    ) -> None:
        command = self._command(incident, action, args, supersedes, stamp, Mode.ENFORCE)
        incident.command = command.id
        incident.note(_given(command, by))
        decision.orders.append(Order(CONTROL, command))

    def _command(
        self,
        incident: Incident,
        action: Action,
        args: Args | None,
        supersedes: str | None,
        stamp: Stamp,
        mode: Mode,
    ) -> Command:
        leak = incident.leak
        diagnosis = diagnose(leak, self._short_codes)
        odds = 10**leak.evidence.log10_odds
        impact = {"paid_share_1h": incident.impact, "calls_per_h": leak.answered}
        return Command(
            id=command_id(incident.id, mode, action, incident.lease),
            incident=incident.id,
            action=action,
            target=_target(leak.subject),
            mode=mode,
            reason=RULE,
            summary=summarise(leak, diagnosis),
            evidence=msgspec.to_builtins(leak.evidence),
            diagnosis=diagnosis,
            impact=impact | {"numbers": numbers_under(leak.subject.value)},
            score=round(odds / (1 + odds), 4),
            model=None,
            rules=self._rules,
            issued_at=stamp.at_ms,
            expires_at=incident.expires_at,
            lease=incident.lease,
            detector=self._detector,
            epoch=stamp.epoch,
            seq=stamp.seq,
            supersedes=supersedes,
            args=args,
        )

    def snapshot(self) -> dict[str, Any]:
        """The state as plain versioned values."""
        return {
            "v": STATE_VERSION,
            "incidents": [msgspec.to_builtins(i) for i in self.incidents.values()],
            "taken": sorted(self._taken.items()),
            "totals": [(stream, sorted(minutes.items())) for stream, minutes in sorted(self._totals.items())],
            "lately": list(self._lately),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described.

        Raises:
            ValueError: the state is of another version.
        """
        if state.get("v") != STATE_VERSION:
            raise ValueError(f"decider state of version {state.get('v')}, this build reads {STATE_VERSION}")
        incidents = [msgspec.convert(incident, Incident) for incident in state["incidents"]]
        self.incidents = {incident.key: incident for incident in incidents}
        self._taken = {stream: (int(at), int(index)) for stream, (at, index) in state["taken"]}
        self._totals = {stream: dict(map(tuple, minutes)) for stream, minutes in state["totals"]}
        self._lately = deque(state["lately"])


def due_ticks(decider: Decider, from_ms: int, until_ms: int) -> Iterator[int]:
    """Whole seconds in (from, until] at which time changes something; state moves on between them."""
    while (deadline := decider.next_deadline()) is not None:
        tick = max(-(-deadline // SECOND_MS) * SECOND_MS, from_ms // SECOND_MS * SECOND_MS + SECOND_MS)
        if tick > until_ms:
            return
        yield tick
        from_ms = tick


def _target(subject: Subject) -> Target:
    return Target(Scope(subject.scope), subject.value, subject.switch, subject.trunk, subject.plan)


def _given(command: Command, by: str) -> Given:
    return Given(command.id, command.action, command.lease, command.issued_at, command.expires_at, by)


def _line(incident: str, leak: Leak, verdict: str, why: str, stamp: Stamp) -> dict[str, Any]:
    return {
        "incident": incident,
        "reason": RULE,
        "target": leak.subject,
        "verdict": verdict,
        "why": why,
        "issued_at": stamp.at_ms,
        "evidence": leak.evidence,
    }
