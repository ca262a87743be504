"""When a finding asks for nothing new: what is in force, or known already, of its target says as much."""

from collections.abc import Mapping
from typing import NamedTuple

from models.book import Book
from models.findings import Burst, Proof, Subject
from models.incidents import ENDED, Incident
from models.policy import worth_of
from models.targets import Scope, Target

_RANK: Mapping[str, int] = {"rejected": 0, "held": 1, "shadow": 1, "limit": 2, "block": 3}
_RANK_IN_FORCE: Mapping[str, int] = {"limited": 2, "half_open": 3, "blocked": 3}


def target_of(subject: Subject) -> Target:
    """The target of a command about a subject."""
    return Target(Scope(subject.scope), subject.value, subject.switch, subject.trunk, subject.plan)


class Cover(NamedTuple):
    """The incident under which a finding falls, and why it asks for nothing new."""

    incident: Incident
    why: str


def covering(book: Book, target: Target, proof: Proof, at_ms: int) -> Cover | None:
    """What covers a proof on a target; None where it has to be judged. A waiver learns that its proof goes on."""
    known = book.get(target.key())
    if known is not None and known.order is not None and known.active:
        return Cover(known, "covered")
    if (waiver := book.waiver(target, proof)) is not None:
        waiver.seen_at = at_ms
        if isinstance(proof, Burst) and waiver.key == target.key():  # its windows touch: it is still the same burst
            waiver.waived = max(waiver.waived, proof.evidence.last_ts)
        return Cover(waiver, "waived")
    if known is not None and outweighed(proof, known, at_ms):
        return Cover(known, "covered")
    found = wider(proof, target, book)
    return None if found is None else Cover(found, "covered")


def goes_on(known: Incident, proof: Proof) -> bool:
    """Whether a finding is of a burst, and on the target of an incident that has not ended."""
    return isinstance(proof, Burst) and known.order is None and known.state not in ENDED


def wider(proof: Proof, target: Target, book: Book) -> Incident | None:
    """The incident on a wider target whose command in force is as strict as a burst could ask for; else None.

    A blocked prefix swallows its victims, a limited account its callers. Leaks settle among themselves which prefix
    takes the place of which, in `Leak.replaces`.
    """
    if not isinstance(proof, Burst):
        return None
    rank = _RANK[worth_of(proof)]
    over = (incident for inner in (target, *map(target_of, proof.within)) for incident in book.over(inner))
    others = (incident for incident in over if incident.active and incident.target != target)
    return next((incident for incident in others if _RANK_IN_FORCE[incident.state] >= rank), None)


def outweighed(proof: Proof, known: Incident, at_ms: int) -> bool:
    """Whether another rule's proof on the same target, in force or found lately, is worth as much.

    One target has one incident: the proof that stands is not replaced by one that leads to no more.
    """
    if known.proof is None or known.proof.rule == proof.rule or known.state in ENDED:
        return False
    rank = _RANK_IN_FORCE.get(known.state, _RANK.get(known.verdict, 0))
    return (known.active or known.fresh(at_ms)) and _RANK[worth_of(proof)] <= rank
