"""The incidents that the decider remembers, one for each target, and the leases of those that it forgot."""

from collections.abc import Iterator
from typing import Any

import msgspec

from models.findings import Leak, Proof
from models.incidents import Incident
from models.operator import outer
from models.targets import Target

INCIDENTS_MAX = 2_000
"""Incidents that are remembered: of those without a command in force the longest unseen goes first, a held leak, or a
proof that an operator released, last: whoever floods us with bursts must not make us forget them."""
SPENT_MAX = 2_000
"""Incidents whose last lease number is remembered after them; an id that was used must not mean another command."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Incident])


class Book:
    """Incidents by target key; a forgotten one that is proved again goes on with its next lease."""

    def __init__(self) -> None:
        self._incidents: dict[str, Incident] = {}
        self._spent: dict[str, int] = {}

    def __iter__(self) -> Iterator[Incident]:
        return iter(list(self._incidents.values()))

    def get(self, key: str) -> Incident | None:
        """The newest incident of a target."""
        return self._incidents.get(key)

    def by_id(self, incident: str) -> Incident | None:
        """The incident of this id."""
        return next((found for found in self._incidents.values() if found.id == incident), None)

    def active(self) -> list[Incident]:
        """Those with a command in force."""
        return [incident for incident in self._incidents.values() if incident.active]

    def waiver(self, target: Target, proof: Proof) -> Incident | None:
        """The incident whose release by an operator covers a proof: one of a leak a leak, one of a burst a burst."""
        first_ts, kind = proof.evidence.first_ts, type(proof)
        waived = (incident for incident in self.over(target) if incident.waived >= first_ts)
        return next((incident for incident in waived if isinstance(incident.proof, kind)), None)

    def over(self, target: Target) -> Iterator[Incident]:
        """The incidents on a target and on those that have all its calls."""
        found = (self._incidents.get(wide.key()) for wide in outer(target))
        return (incident for incident in found if incident is not None)

    def put(self, incident: Incident) -> None:
        """Keep an incident in the place of the one before on its target."""
        before = self._incidents.get(incident.key)
        if before is not None and before.id != incident.id:
            self.drop(before)
        self._incidents[incident.key] = incident
        if len(self._incidents) > INCIDENTS_MAX:
            waiting = (known for known in self._incidents.values() if not known.active and known is not incident)
            if (unseen := min(waiting, key=_keeping, default=None)) is not None:
                self.drop(unseen)

    def drop(self, incident: Incident) -> None:
        """Forget an incident, but not how many leases it had."""
        del self._incidents[incident.key]
        if incident.lease:
            self.spend(incident.id, incident.lease)

    def spend(self, incident: str, lease: int) -> None:
        """Remember that an incident's leases up to this number were given."""
        self._spent[incident] = max(lease, self._spent.pop(incident, 0))
        if len(self._spent) > SPENT_MAX:
            del self._spent[next(iter(self._spent))]

    def spent(self, key: str, incident: str) -> int:
        """The number of the last lease that an incident on a target was given; 0 where there was none."""
        known = self._incidents.get(key)
        return known.lease if known is not None and known.id == incident else self._spent.get(incident, 0)

    def snapshot(self) -> dict[str, Any]:
        """The incidents, as MessagePack (a state is saved with every decision), and the leases of those forgotten."""
        return {
            "incidents": _encoder.encode(list(self._incidents.values())),
            "spent": list(self._spent.items()),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Book":
        """The book that `snapshot` described."""
        book = cls()
        for incident in _decoder.decode(state["incidents"]):
            book._incidents[incident.key] = incident
        book._spent = {incident: int(lease) for incident, lease in state["spent"]}
        return book


def _keeping(incident: Incident) -> tuple[int, int]:
    """Which incident is forgotten before another."""
    held = incident.state == "held"
    precious = incident.waived > 0 or (held and isinstance(incident.proof, Leak))
    return 2 if precious else int(held), incident.seen_at
