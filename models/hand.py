"""The operator's hand: what a signed order does to incidents, beside setting what the rules may do."""

from models.book import Book
from models.commands import incident_id
from models.decision import Decision, Heard, Stamp
from models.findings import Leak, PolicyNote
from models.incidents import ENDED, Incident
from models.issuer import Issuer
from models.operator import Operator, inside
from models.orders import AHEAD_MS, Order, OrderError
from models.outage import Outages
from models.policy import OPERATOR, decide
from models.targets import Target


class Hand:
    """Carries out orders; one that cannot be carried out changes nothing, and what was heard says why."""

    def __init__(self, book: Book, issuer: Issuer, operator: Operator, outages: Outages) -> None:
        self._book = book
        self._outages = outages
        self._issuer = issuer
        self._operator = operator

    def hear(self, note: PolicyNote, stamp: Stamp, decision: Decision) -> None:
        """Take one record of `fraud.policy`."""
        position = note.source.position
        try:
            order = self._operator.read(note, stamp.at_ms)
        except OrderError as error:
            decision.heard.append(Heard(position, "", "", str(error)))
            return
        fault = self._obey(order, stamp, decision)
        decision.heard.append(Heard(position, order.setting, order.author, fault))

    def renew(self, incident: Incident, stamp: Stamp, decision: Decision) -> None:
        """Give an operator's block its next lease: what stands goes on, also under the kill switch."""
        policy = self._operator.policy(stamp.at_ms)
        verdict, why = decide("block", OPERATOR, OPERATOR, policy, 0.0, None)
        if verdict in ("block", "limit"):
            self._issuer.lease(incident, verdict, policy, "renewal", stamp, decision)
            incident.updated_at = stamp.at_ms
            decision.incidents.append(incident)
        else:
            self._issuer.release(incident, why, "policy", stamp, decision)

    def _obey(self, order: Order, stamp: Stamp, decision: Decision) -> str:
        """Carry out an order; gives why not."""
        match order.kind:
            case "mode":
                self._lower(order, stamp, decision)
            case "allow" if order.value:
                self._let_pass(order, stamp, decision)
            case "block" if order.value:
                return self._block(order, stamp, decision)
            case "block" | "release":
                return self._release(order, stamp, decision)
            case "approve":
                return self._approve(order, stamp, decision)
        return ""

    def _lower(self, order: Order, stamp: Stamp, decision: Decision) -> None:
        """Release what the mode does not enforce; under `limit`, blocks end with the leases that they have."""
        policy = self._operator.policy(stamp.at_ms)
        for incident in self._book.active():
            mode = policy.mode_of(incident.reason)
            if mode in ("off", "shadow"):
                self._issuer.release(incident, f"mode_{mode}", _by(order), stamp, decision)

    def _let_pass(self, order: Order, stamp: Stamp, decision: Decision) -> None:
        entry = Target.from_key(order.subject)
        for incident in self._book.active():
            if inside(incident.target, entry):
                self._issuer.release(incident, "allowed", _by(order), stamp, decision)

    def _block(self, order: Order, stamp: Stamp, decision: Decision) -> str:
        """Block at once, until the order's end; no budget holds a person."""
        target = Target.from_key(order.subject)
        verdict, why = self._judge(target, "block", OPERATOR, OPERATOR, stamp)
        known = self._book.get(order.subject)
        unseen = verdict == "shadow" and known is not None and known.active  # a command to look at replaces none
        if verdict == "rejected" or unseen:
            return why
        incident = self._made(order, target, stamp, decision)
        incident.turn(incident.state, why, stamp.at_ms)
        incident.order, incident.verdict, incident.waived = order, verdict, 0
        self._book.put(incident)
        self._give(incident, verdict, order, stamp, decision)
        return ""

    def _made(self, order: Order, target: Target, stamp: Stamp, decision: Decision) -> Incident:
        """The operator's incident: the one that stands on the target, else a new one in the place of a rule's."""
        known = self._book.get(order.subject)
        standing = known is not None and known.state not in ENDED
        if known is not None and standing and known.order is not None:
            return known
        if known is not None and standing:
            known.turn("released", "superseded by an operator's block", stamp.at_ms)
            decision.incidents.append(known)
        made, at = incident_id(order.subject, order.at), stamp.at_ms
        lease = self._book.spent(order.subject, made)
        return Incident(made, order.subject, target, None, order, "held", "", "", at, at, at, lease=lease)

    def _release(self, order: Order, stamp: Stamp, decision: Decision) -> str:
        """Withdraw what is in force, or waits; the proof that led to it leads to no command again."""
        incident = self._book.get(order.subject)
        withdrawal = order.kind == "block"
        if incident is None or incident.state in ENDED or (withdrawal and incident.order is None):
            return "nothing to release"
        began = incident.opened_at if incident.order is None else incident.order.at
        if began > order.at + AHEAD_MS:
            return "given before what is in force"
        if incident.proof is not None:
            incident.waived = max(stamp.at_ms, incident.proof.evidence.last_ts)
            incident.approved = ""
        self._issuer.release(incident, OPERATOR, _by(order), stamp, decision)
        return ""

    def _approve(self, order: Order, stamp: Stamp, decision: Decision) -> str:
        """Let a held incident have its command; no budget holds a person, the mode does."""
        if self._outages.knows(order.subject):
            return "a rating outage has no command to approve: mend the rating system"
        incident = self._book.by_id(order.subject)
        if incident is None or incident.state != "held":
            return "no held incident of this id"
        worth = order.value if isinstance(order.value, str) else _worth(incident)
        verdict, why = self._judge(incident.target, worth, "approved", incident.reason, stamp)
        if verdict == "rejected":
            return why
        incident.approved, incident.verdict = worth, verdict
        incident.turn(incident.state, why, stamp.at_ms)
        self._give(incident, verdict, order, stamp, decision)
        return ""

    def _judge(self, target: Target, worth: str, why: str, rule: str, stamp: Stamp) -> tuple[str, str]:
        """What becomes of a person's decision, and why: no budget holds it, everything else does."""
        if fault := self._operator.forbids(target) or self._operator.holds(target, stamp.at_ms):
            return "rejected", fault
        return decide(worth, why, rule, self._operator.policy(stamp.at_ms), 0.0, None)

    def _give(self, incident: Incident, verdict: str, order: Order, stamp: Stamp, decision: Decision) -> None:
        policy = self._operator.policy(stamp.at_ms)
        self._issuer.lease(incident, verdict, policy, _by(order), stamp, decision)
        decision.incidents.append(incident)


def _worth(incident: Incident) -> str:
    """What a held incident's own command would be: of a leak a block, where the evidence does not say limit.

    Of a burst it is a limit, unless its evidence says block.
    """
    if incident.proof is None:
        return "block"
    blocks = ("block", "held") if isinstance(incident.proof, Leak) else ("block",)
    return "block" if incident.proof.grade in blocks else "limit"


def _by(order: Order) -> str:
    return f"operator:{order.author}"
