"""The operator's queue: incidents in the order in which a person should look at them."""

from collections.abc import Iterable
from typing import Any

Incident = dict[str, Any]


def in_order(incidents: Iterable[Incident]) -> list[Incident]:
    """What waits for a person first; then by its score, the surest first; then the newest.

    The score is the odds of a leak, or the isolation forest's word on a burst: no model, no score, and so the last.

    >>> [found["n"] for found in in_order([{"n": 1}, {"n": 2, "score": 0.9}, {"n": 3, "state": "held"}])]
    [3, 2, 1]
    """
    return sorted(incidents, key=_place)


def _place(incident: Incident) -> tuple[bool, float, int]:
    waits, score = incident.get("state") == "held", incident.get("score")
    sure = float(score) if isinstance(score, int | float) else 0.0
    return not waits, -sure, -int(incident.get("updated_at") or 0)
