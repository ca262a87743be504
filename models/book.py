"""The incidents that the decider remembers, one for each target, and the leases of those that it forgot."""

from collections.abc import Iterator
from typing import Any

import msgspec

from models.incidents import Incident
from models.operator import inside
from models.targets import Target

INCIDENTS_MAX = 2_000
"""Incidents that are remembered: those without a command in force go first, the longest unseen before the others."""
SPENT_MAX = 2_000
"""Incidents whose last lease number is remembered after them; an id that was used must not mean another command."""


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

    def waiver(self, target: Target, first_ts: int) -> Incident | None:
        """The incident whose release by an operator covers a proof that began at `first_ts` (ms)."""
        waived = (incident for incident in self._incidents.values() if incident.waived >= first_ts)
        return next((incident for incident in waived if inside(target, incident.target)), None)

    def put(self, incident: Incident) -> None:
        """Keep an incident in the place of the one before on its target."""
        before = self._incidents.get(incident.key)
        if before is not None and before.id != incident.id:
            self.drop(before)
        self._incidents[incident.key] = incident
        if len(self._incidents) > INCIDENTS_MAX:
            waiting = (known for known in self._incidents.values() if not known.active and known is not incident)
            if (unseen := min(waiting, key=lambda known: known.seen_at, default=None)) is not None:
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
        """The incidents as plain values."""
        return {
            "incidents": [msgspec.to_builtins(incident) for incident in self._incidents.values()],
            "spent": list(self._spent.items()),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Book":
        """The book that `snapshot` described."""
        book = cls()
        for plain in state["incidents"]:
            incident = msgspec.convert(plain, Incident)
            book._incidents[incident.key] = incident
        book._spent = {incident: int(lease) for incident, lease in state["spent"]}
        return book
