"""The decider: a pure function of the findings log (design, sections 2, 4 and 5).

A record in, commands and incidents out. Its clock is the log's: the append time of the record at hand.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from models.book import Book
from models.commands import incident_id
from models.decision import CONTROL, SHADOW, Decision, Heard, Order, Stamp
from models.findings import Finding, Leak, Mended, PolicyNote, Subject, Tick, Totals, Withdrawn
from models.hand import Hand
from models.incidents import ENDED, RULE, Incident
from models.issuer import Issuer
from models.operator import Operator, Verify, nobody
from models.policy import HOUR_MS, MINUTE_MS, Load, Policy, decide
from models.table_lookup import Protected
from models.tables import Tables
from models.targets import Scope, Target
from models.traffic import Traffic

__all__ = ["CONTROL", "SHADOW", "Decider", "Decision", "Heard", "Order", "Stamp", "due_ticks"]

SECOND_MS = 1_000
STATE_VERSION = 2


class Decider:
    """All state of the decider.

    Args:
        policy: of the configuration; operators' orders lower its mode and set its budgets.
        short_codes: their digits -> their names.
        rules: the hash of the rules in force.
        detector: what commands name as their origin.
        protected: what no command touches; by default the emergency numbers of every country.
        verify: which operators are trusted; by default none.
    """

    def __init__(
        self,
        policy: Policy,
        short_codes: Mapping[str, str],
        rules: str,
        detector: str,
        protected: Protected | None = None,
        verify: Verify = nobody,
    ) -> None:
        protected = protected or Protected(Tables(), "")
        self.policy = policy
        self._issuer = Issuer(short_codes, rules, detector, protected)
        self._operator = Operator(policy, protected, verify)
        self._taken: dict[str, tuple[int, int]] = {}
        self._lately: deque[int] = deque()
        self._traffic = Traffic()
        self._keep(Book())

    def _keep(self, book: Book) -> None:
        self._book = book
        self._hand = Hand(book, self._issuer, self._operator)

    def take(self, finding: Finding, stamp: Stamp) -> Decision:
        """Take one record of the log; one not above the last of its source changes nothing."""
        decision = Decision.nothing()
        source = finding.source
        if (source.position, source.index) <= self._taken.get(source.stream, (-1, -1)):
            return decision
        self._taken[source.stream] = (source.position, source.index)
        match finding:
            case Totals():
                self._traffic.tell(source.stream, finding.minutes)
            case Tick():
                self._pass_time(stamp, decision)
            case Leak():
                self._weigh(finding, stamp, decision)
            case Mended():
                self._end(finding.subject, "mended", stamp, decision)
            case Withdrawn():
                self._end(finding.subject, finding.why, stamp, decision)
            case PolicyNote():
                self._hand.hear(finding, stamp, decision)
        return decision

    def spend(self, incident: str, lease: int) -> None:
        """Learn of a command that stands on the control topic: its lease is never given again."""
        self._book.spend(incident, lease)

    def next_deadline(self) -> int | None:
        """When (ms) time alone changes something next: a tick before that changes nothing that shows."""
        return min((incident.next_deadline(self.policy.half_open_after_ms) for incident in self._book), default=None)

    def _weigh(self, leak: Leak, stamp: Stamp, decision: Decision) -> None:
        target = _target(leak.subject)
        known = self._book.get(target.key())
        if known is not None and known.order is not None and known.active:
            return  # an operator's block covers these calls already
        if (waiver := self._book.waiver(target, leak.evidence.first_ts)) is not None:
            waiver.seen_at = stamp.at_ms
            return
        incident = self._incident(target, known, leak, stamp)
        incident.leak, incident.seen_at = leak, stamp.at_ms
        if incident.active and not self._goes_on(incident, leak, stamp):
            return
        if not incident.active:
            incident.impact = self._impact(leak)
        verdict, why = self._judge(incident, leak, stamp)
        if verdict == "rejected":
            decision.verdicts.append(_line(incident, leak, verdict, why, stamp))
        else:
            self._conclude(incident, leak, verdict, why, stamp, decision)

    def _incident(self, target: Target, known: Incident | None, leak: Leak, stamp: Stamp) -> Incident:
        """The incident that a finding belongs to: the one on its target, unless that ended and a new proof began."""
        key, at = target.key(), stamp.at_ms
        found = incident_id(key, leak.evidence.first_ts)
        if known is not None and (known.active or known.id == found):
            return known
        lease = self._book.spent(key, found)
        return Incident(found, key, target, leak, None, "held", "", "", at, at, at, lease=lease)

    def _goes_on(self, incident: Incident, leak: Leak, stamp: Stamp) -> bool:
        """Whether a finding on a target with a command in force asks for another command."""
        if incident.state == "half_open":
            return leak.newest_start >= incident.half_open_at and stamp.at_ms >= incident.half_open_at
        surer = incident.state == "limited" and incident.worth == "block"
        return surer and self._operator.policy(stamp.at_ms).mode_of(RULE) == "enforce"

    def _impact(self, leak: Leak) -> float:
        answered = self._traffic.hour_before(leak.evidence.first_ts)
        return round(min(1.0, leak.answered / answered), 4) if answered else 0.0

    def _judge(self, incident: Incident, leak: Leak, stamp: Stamp) -> tuple[str, str]:
        """Verdict and its reason: what may never be touched, what operators keep from it, then evidence and policy."""
        if why := self._operator.forbids(incident.target):
            return "rejected", why
        if why := self._operator.holds(incident.target, stamp.at_ms):
            return "held", why
        policy = self._operator.policy(stamp.at_ms)
        if incident.approved:
            return decide(incident.approved, "approved", RULE, policy, 0.0, None)
        return decide(leak.grade, leak.why, RULE, policy, incident.impact, self._load(stamp.at_ms, incident.key))

    def _load(self, now: int, key: str) -> Load:
        while self._lately and self._lately[0] <= now - HOUR_MS:
            self._lately.popleft()
        others = [incident for incident in self._book.active() if incident.key != key]
        return Load(
            impact=sum(incident.impact for incident in others),
            active=len(others),
            last_minute=sum(at > now - MINUTE_MS for at in self._lately),
            last_hour=len(self._lately),
        )

    def _conclude(
        self, incident: Incident, leak: Leak, verdict: str, why: str, stamp: Stamp, decision: Decision
    ) -> None:
        """Act on a verdict; a lease in force stays in force where no other command takes its place."""
        self._book.put(incident)
        told = incident.verdict == verdict and incident.state not in ENDED
        incident.verdict, incident.why, incident.updated_at = verdict, why, stamp.at_ms
        if verdict in ("block", "limit"):
            self._arm(incident, leak, verdict, stamp, decision)
        elif told:
            return
        elif verdict == "shadow" and not incident.active:
            policy = self._operator.policy(stamp.at_ms)
            self._issuer.lease(incident, verdict, policy, "policy", stamp, decision)
        elif not incident.active:
            incident.state = "held"
        decision.verdicts.append(_line(incident, leak, verdict, why, stamp))
        decision.incidents.append(incident)

    def _arm(self, incident: Incident, leak: Leak, verdict: str, stamp: Stamp, decision: Decision) -> None:
        """Give the command, then release those on the targets that it takes the place of."""
        superseded = self._replaced(leak)
        supersedes = superseded[0].command if superseded else None
        self._lately.append(stamp.at_ms)
        policy = self._operator.policy(stamp.at_ms)
        self._issuer.lease(incident, verdict, policy, "policy", stamp, decision, supersedes)
        for old in superseded:
            self._issuer.release(old, f"superseded by {incident.key}", "policy", stamp, decision)

    def _replaced(self, leak: Leak) -> list[Incident]:
        found = [self._book.get(_target(subject).key()) for subject in leak.replaces]
        return [incident for incident in found if incident is not None and incident.active and incident.order is None]

    def _pass_time(self, stamp: Stamp, decision: Decision) -> None:
        self._operator.forget(stamp.at_ms)
        for incident in self._book:
            if stamp.at_ms < incident.next_deadline(self.policy.half_open_after_ms):
                continue
            if not incident.active:
                self._book.drop(incident)
            elif incident.until > max(incident.expires_at, stamp.at_ms):
                self._hand.renew(incident, stamp, decision)
            elif incident.state == "blocked" and stamp.at_ms < incident.expires_at:
                self._issuer.half_open(incident, self.policy, stamp, decision)
            else:
                incident.turn("expired", incident.why, stamp.at_ms)
                decision.incidents.append(incident)

    def _end(self, subject: Subject, why: str, stamp: Stamp, decision: Decision) -> None:
        """A rule's own incident has ended; an operator's goes on."""
        incident = self._book.get(_target(subject).key())
        if incident is not None and incident.order is None and incident.state not in ENDED:
            self._issuer.release(incident, why, "policy", stamp, decision)

    def snapshot(self) -> dict[str, Any]:
        """The state as plain versioned values."""
        return {
            "v": STATE_VERSION,
            "book": self._book.snapshot(),
            "operator": self._operator.snapshot(),
            "taken": sorted(self._taken.items()),
            "traffic": self._traffic.snapshot(),
            "lately": list(self._lately),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described.

        Raises:
            ValueError: the state is of another version.
        """
        if state.get("v") != STATE_VERSION:
            raise ValueError(f"decider state of version {state.get('v')}, this build reads {STATE_VERSION}")
        self._operator.load(state["operator"])
        self._keep(Book.restore(state["book"]))
        self._taken = {stream: (int(at), int(index)) for stream, (at, index) in state["taken"]}
        self._traffic = Traffic.restore(state["traffic"])
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


def _line(incident: Incident, leak: Leak, verdict: str, why: str, stamp: Stamp) -> dict[str, Any]:
    return {
        "incident": incident.id,
        "reason": RULE,
        "target": leak.subject,
        "verdict": verdict,
        "why": why,
        "issued_at": stamp.at_ms,
        "evidence": leak.evidence,
    }
