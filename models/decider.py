"""The decider: a pure function of the findings log (design, sections 2, 4 and 5).

A record in, commands and incidents out. Its clock is the log's: the append time of the record at hand.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from models.book import Book
from models.commands import incident_id
from models.covers import covering, goes_on, target_of
from models.decision import CONTROL, SHADOW, Decision, Heard, Order, Stamp
from models.findings import Burst, Finding, Leak, Mended, PolicyNote, Proof, Subject, Tick, Totals, Withdrawn
from models.hand import Hand
from models.incidents import ENDED, REARMED_TOLD, Incident
from models.issuer import Issuer
from models.operator import Operator, Verify, nobody
from models.outage import Outages
from models.outage_incident import REASON as OUTAGE
from models.outage_incident import Change, Outage
from models.plan import calling_code
from models.policy import COUNTS, HOUR_MS, MINUTE_MS, Load, Policy, decide, worth_of
from models.table_lookup import Protected
from models.tables import Tables
from models.targets import Scope, Target
from models.traffic import Traffic
from models.verdict_lines import VerdictLines

__all__ = ["CONTROL", "SHADOW", "Decider", "Decision", "Heard", "Order", "Stamp", "due_ticks"]

SECOND_MS = 1_000
STATE_VERSION = 3


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
        self._lines = VerdictLines(self._issuer)
        self._keep(Book(), Outages())

    def _keep(self, book: Book, outages: Outages) -> None:
        self._book, self._outages = book, outages
        self._hand = Hand(book, self._issuer, self._operator, outages)

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
                self._heed(self._outages.tell(source.stream, finding.ratings, stamp.at_ms), stamp, decision)
            case Tick():
                self._pass_time(stamp, decision)
                self._heed(self._outages.pass_time(stamp.at_ms), stamp, decision)
            case Leak():
                self._note(finding, stamp, decision)
                self._weigh(finding, stamp, decision)
            case Burst():
                self._weigh(finding, stamp, decision)
            case Mended():
                self._heed(self._outages.mend(target_of(finding.subject).key(), stamp.at_ms), stamp, decision)
                self._end(finding.subject, "mended", stamp, decision)
            case Withdrawn():
                self._heed(self._outages.mend(target_of(finding.subject).key(), stamp.at_ms), stamp, decision)
                self._end(finding.subject, finding.why, stamp, decision)
            case PolicyNote():
                self._hand.hear(finding, stamp, decision)
        return decision

    def record(self, incident: Incident | Outage, findings_offset: int) -> dict[str, Any]:
        """An incident as `fraud.incidents` shows it, with its cause in words: what is held has no command to say it."""
        record = incident.record(findings_offset)
        proof = incident.proof if isinstance(incident, Incident) else None
        return record if proof is None else record | self._issuer.words(proof)

    def spend(self, incident: str, lease: int) -> None:
        """Learn of a command that stands on the control topic: its lease is never given again."""
        self._book.spend(incident, lease)

    def next_deadline(self) -> int | None:
        """When (ms) time alone changes something next: a tick before that changes nothing that shows."""
        due = [incident.next_deadline(self.policy.half_open_after_ms) for incident in self._book]
        outage = self._outages.next_deadline()
        return min(due if outage is None else [*due, outage], default=None)

    def _note(self, leak: Leak, stamp: Stamp, decision: Decision) -> None:
        """Look whether a leak is a sign of a rating outage."""
        replaced = [target_of(subject).key() for subject in leak.replaces]
        change = self._outages.note(target_of(leak.subject).key(), leak, stamp.at_ms, replaced)
        self._heed(change, stamp, decision)

    def _heed(self, change: Change, stamp: Stamp, decision: Decision) -> None:
        """Show a rating outage, and release the rules' blocks of what turned free with it: they are no leaks."""
        if change.outage is None:
            return
        if change.began:
            decision.verdicts.append(change.outage.line())
        decision.incidents.append(change.outage)
        for incident in self._book.active():
            if isinstance(incident.proof, Leak) and not incident.approved and self._outages.doubts(incident.proof):
                self._issuer.release(incident, OUTAGE, "policy", stamp, decision)

    def _weigh(self, proof: Proof, stamp: Stamp, decision: Decision) -> None:
        target = target_of(proof.subject)
        known = self._book.get(target.key())
        if worth_of(proof) == "rejected" and not (known is not None and known.approved):
            self._dismiss(target, known, proof, stamp, decision)
            return
        if cover := covering(self._book, target, proof, stamp.at_ms):
            self._lines.reject(cover.incident, proof, cover.why, stamp, decision)
            return
        incident = self._incident(target, known, proof, stamp)
        if not incident.active or incident.reason != proof.rule:
            incident.impact = self._impact(proof)
        incident.proof, incident.seen_at = proof, stamp.at_ms
        if incident.active and not self._goes_on(incident, proof, stamp):
            self._renew(incident, stamp, decision)
            return
        verdict, why = self._judge(incident, proof, stamp)
        if verdict == "rejected":
            self._lines.reject(incident, proof, why, stamp, decision)
        else:
            self._conclude(incident, proof, verdict, why, stamp, decision)

    def _dismiss(self, target: Target, known: Incident | None, proof: Proof, stamp: Stamp, decision: Decision) -> None:
        """A finding that is worth nothing by itself leaves what is known of its target alone."""
        policy, idle = self._operator.policy(stamp.at_ms), Load(0.0, 0, 0, 0)
        _, why = decide(proof.grade, proof.why, proof.rule, policy, 0.0, idle, proof.forest)
        incident = self._incident(target, known, proof, stamp)
        self._lines.reject(incident, proof, self._operator.forbids(target) or why, stamp, decision)

    def _incident(self, target: Target, known: Incident | None, proof: Proof, stamp: Stamp) -> Incident:
        """The incident that a finding belongs to: the one on its target, unless that ended and a new proof began.

        The windows of a burst move on with it, so that its proofs have no one beginning: it is the incident's as long
        as that has not ended.
        """
        key, at = target.key(), stamp.at_ms
        found = incident_id(key, proof.evidence.first_ts)
        if known is not None and (known.active or known.id == found or goes_on(known, proof)):
            return known
        lease = self._book.spent(key, found)
        return Incident(found, key, target, proof, None, "held", "", "", at, at, at, lease=lease)

    def _goes_on(self, incident: Incident, proof: Proof, stamp: Stamp) -> bool:
        """Whether a finding on a target with a command in force asks for another command."""
        if incident.state == "half_open":
            return proof.newest_start >= incident.half_open_at and stamp.at_ms >= incident.half_open_at
        surer = incident.state == "limited" and incident.worth == "block"
        return surer and self._operator.policy(stamp.at_ms).mode_of(proof.rule) == "enforce"

    def _impact(self, proof: Proof) -> float:
        answered = self._traffic.hour_before(proof.compared_at)
        return round(min(1.0, proof.answered / answered), 4) if answered else 0.0

    def _judge(self, incident: Incident, proof: Proof, stamp: Stamp) -> tuple[str, str]:
        """Verdict and its reason: what may never be touched, what operators keep from it, then evidence and policy."""
        if why := self._operator.forbids(incident.target):
            return "rejected", why
        if why := self._kept(incident, proof, stamp):
            return "held", why
        policy = self._operator.policy(stamp.at_ms)
        if incident.approved:
            return decide(incident.approved, "approved", proof.rule, policy, 0.0, None)
        load = self._load(stamp.at_ms, incident.key)
        overdue = 0 < incident.overdue_at <= stamp.at_ms
        why = proof.why
        return decide(proof.grade, why, proof.rule, policy, incident.impact, load, proof.forest, overdue=overdue)

    def _kept(self, incident: Incident, proof: Proof, stamp: Stamp) -> str:
        """Why a person has to decide; empty where nobody has to. A whole calling code takes an exact proof."""
        target = incident.target
        if why := self._operator.holds(target, stamp.at_ms):
            return why
        if isinstance(proof, Leak) and not incident.approved and self._outages.holds(proof):
            return OUTAGE
        whole = target.scope is Scope.PREFIX and calling_code(target.value) == target.value.removeprefix("+")
        unproved = whole and isinstance(proof, Burst) and not incident.approved
        return "whole_calling_code" if unproved else ""

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
        self, incident: Incident, proof: Proof, verdict: str, why: str, stamp: Stamp, decision: Decision
    ) -> None:
        """Act on a verdict; a lease in force stays in force where no other command takes its place."""
        self._enter(incident, stamp, decision)
        told = incident.verdict == verdict and incident.state not in ENDED
        counted_out = verdict == "held" and why in COUNTS and not incident.active
        incident.waits_from = (incident.waits_from or stamp.at_ms) if counted_out else 0
        incident.verdict, incident.why, incident.updated_at = verdict, why, stamp.at_ms
        if verdict in ("block", "limit"):
            self._arm(incident, proof, verdict, stamp, decision)
        elif told:
            return
        elif verdict == "shadow" and not incident.active:
            policy = self._operator.policy(stamp.at_ms)
            self._issuer.lease(incident, verdict, policy, "policy", stamp, decision)
        elif not incident.active:
            incident.state = "held"
        self._lines.write(incident, proof, verdict, incident.why, stamp, decision)
        decision.incidents.append(incident)

    def _enter(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        """Remember an incident; another one that waited on its target has ended."""
        before = self._book.get(incident.key)
        if before is not None and before.id != incident.id and before.state not in ENDED:
            before.turn("expired", f"superseded by {incident.id}", stamp.at_ms)
            decision.incidents.append(before)
        self._book.put(incident)

    def _arm(self, incident: Incident, proof: Proof, verdict: str, stamp: Stamp, decision: Decision) -> None:
        """Give the command, then release those on the targets that it takes the place of."""
        superseded = self._replaced(proof)
        supersedes = superseded[0].command if superseded else None
        self._lately.append(stamp.at_ms)
        policy, rearmed = self._operator.policy(stamp.at_ms), incident.rearmed
        self._issuer.lease(incident, verdict, policy, "policy", stamp, decision, supersedes)
        if rearmed < incident.rearmed and incident.rearmed % REARMED_TOLD == 0:
            incident.why = "rearmed_without_mend"
        for old in superseded:
            self._issuer.release(old, f"superseded by {incident.key}", "policy", stamp, decision)

    def _replaced(self, proof: Proof) -> list[Incident]:
        found = [self._book.get(target_of(subject).key()) for subject in proof.replaces]
        return [incident for incident in found if incident is not None and incident.active and incident.order is None]

    def _renew(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        """Renew a limit in its last minute: no budget asks about what is in force, but operators may keep from it."""
        if not incident.renewable(stamp.at_ms):
            return
        policy = self._operator.policy(stamp.at_ms)
        stopped = self._operator.forbids(incident.target) or self._operator.holds(incident.target, stamp.at_ms)
        verdict, _ = decide("limit", "renewal", incident.reason, policy, 0.0, None)
        if verdict == "limit" and not stopped:
            incident.updated_at = stamp.at_ms
            self._issuer.lease(incident, verdict, policy, "renewal", stamp, decision)
            decision.incidents.append(incident)

    def _overdue(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        """What a count budget has held for its time is limited, if it was found lately and the other budgets allow."""
        incident.updated_at = stamp.at_ms
        if incident.proof is None or not incident.fresh(stamp.at_ms):
            return
        verdict, why = self._judge(incident, incident.proof, stamp)
        if verdict == "limit":
            self._conclude(incident, incident.proof, verdict, why, stamp, decision)

    def _pass_time(self, stamp: Stamp, decision: Decision) -> None:
        self._operator.forget(stamp.at_ms)
        for incident in self._book:
            if stamp.at_ms < incident.next_deadline(self.policy.half_open_after_ms):
                continue
            if incident.updated_at < incident.overdue_at:
                self._overdue(incident, stamp, decision)
            elif incident.state == "held":
                incident.turn("expired", "not_found_again", stamp.at_ms)
                decision.incidents.append(incident)
            elif not incident.active:
                self._book.drop(incident)
            elif incident.until > max(incident.expires_at, stamp.at_ms):
                self._hand.renew(incident, stamp, decision)
            elif incident.renewable(stamp.at_ms) and stamp.at_ms < incident.expires_at:
                self._renew(incident, stamp, decision)
            elif incident.state == "blocked" and stamp.at_ms < incident.expires_at:
                self._issuer.half_open(incident, self.policy, stamp, decision)
            elif incident.state == "half_open" and stamp.at_ms < incident.answer_at:
                self._issuer.wait(incident, self.policy, stamp, decision)
            else:
                incident.turn("expired", incident.why, stamp.at_ms)
                decision.incidents.append(incident)

    def _end(self, subject: Subject, why: str, stamp: Stamp, decision: Decision) -> None:
        """A leak's own incident has ended; an operator's goes on, and so does a burst's."""
        incident = self._book.get(target_of(subject).key())
        leaked = incident is not None and incident.order is None and isinstance(incident.proof, Leak)
        if incident is not None and leaked and incident.state not in ENDED:
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
            "told": self._lines.snapshot(),
            "outages": self._outages.snapshot(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described.

        Raises:
            ValueError: the state is of another version.
        """
        if state.get("v") != STATE_VERSION:
            raise ValueError(f"decider state of version {state.get('v')}, this build reads {STATE_VERSION}")
        self._operator.load(state["operator"])
        self._keep(Book.restore(state["book"]), Outages.restore(state["outages"]))
        self._taken = {stream: (int(at), int(index)) for stream, (at, index) in state["taken"]}
        self._traffic = Traffic.restore(state["traffic"])
        self._lately = deque(state["lately"])
        self._lines.load(state["told"])


def due_ticks(decider: Decider, from_ms: int, until_ms: int) -> Iterator[int]:
    """Whole seconds in (from, until] at which time changes something; state moves on between them."""
    while (deadline := decider.next_deadline()) is not None:
        tick = max(-(-deadline // SECOND_MS) * SECOND_MS, from_ms // SECOND_MS * SECOND_MS + SECOND_MS)
        if tick > until_ms:
            return
        yield tick
        from_ms = tick
