"""What has been told of bursts, and which numbers a caller went through: bounded, and the same after a restart."""

from typing import Any, Final, NamedTuple

from models.bursts.limits import SWEEP_SPAN, SWEEP_STEPS

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
AGAIN_MS: Final = {"block": MINUTE_MS, "limit": MINUTE_MS, "held": 15 * MINUTE_MS, "shadow": 15 * MINUTE_MS}
"""How long a grade is not told again of the same key and rule; any other a day."""
TOLD_MAX: Final = 20_000
"""Keys and rules that are remembered; beyond, the half told longest ago is forgotten, and may be told again."""
TOLD_PER_MINUTE: Final = 120
"""Findings of one owner in a minute of event time: a flood of many keys is told of by these, and counted."""
TRAILS_MAX: Final = 10_000
"""Callers whose numbers are followed at a time."""
STEPS: Final = 32
"""Numbers that are kept of one."""


class Mark(NamedTuple):
    """When something was told (event time, ms), and with which grade."""

    at_ms: int
    grade: str


class Told:
    """Which findings were told, by kind, key and rule.

    Attributes:
        untold: findings for which there was no room in their minute.
    """

    def __init__(self) -> None:
        self.untold = 0
        self._minute, self._many = 0, 0
        self._marks: dict[tuple[int, int, str], Mark] = {}

    def tells(self, kind: int, key: int, rule: str, mark: Mark) -> bool:
        """Say whether a finding is told, and remember it if so: a change of grade is, the same one after a while."""
        known = self._marks.get((kind, key, rule))
        pause_ms = DAY_MS if rule == "unusual" else AGAIN_MS.get(mark.grade, DAY_MS)
        if known is not None and known.grade == mark.grade and mark.at_ms < known.at_ms + pause_ms:
            return False
        if not self._room(mark.at_ms // MINUTE_MS):
            return False
        self._marks[kind, key, rule] = mark
        if len(self._marks) > TOLD_MAX:
            kept = sorted(self._marks.items(), key=lambda item: (item[1], item[0]))[TOLD_MAX // 2 :]
            self._marks = dict(kept)
        return True

    def _room(self, minute: int) -> bool:
        """Say whether one more may be told in a minute; the minutes of late ones count with the newest."""
        if minute > self._minute:
            self._minute, self._many = minute, 0
        self._many += 1
        self.untold += self._many > TOLD_PER_MINUTE
        return self._many <= TOLD_PER_MINUTE

    def snapshot(self) -> dict[str, Any]:
        """All marks as plain values, in the order of their keys, and how many were told in the newest minute."""
        marks = [[*key, *mark] for key, mark in sorted(self._marks.items())]
        return {"marks": marks, "minute": self._minute, "many": self._many, "untold": self.untold}

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described."""
        self._marks = {(kind, key, rule): Mark(at_ms, grade) for kind, key, rule, at_ms, grade in state["marks"]}
        self._minute, self._many, self.untold = state["minute"], state["many"], state["untold"]


class Trails:
    """The numbers that busy callers called, one at most every ten seconds."""

    def __init__(self) -> None:
        self._trails: dict[int, list[tuple[int, int]]] = {}

    def follow(self, caller: int, at_ms: int, called: int) -> list[int]:
        """Add a number to a caller's, and return those of the hour before, the oldest first."""
        if caller not in self._trails and len(self._trails) >= TRAILS_MAX:
            self._trails = {key: trail for key, trail in self._trails.items() if trail[-1][0] > at_ms - HOUR_MS}
            if len(self._trails) >= TRAILS_MAX:
                return []
        recent = [step for step in self._trails.get(caller, []) if step[0] > at_ms - HOUR_MS]
        self._trails[caller] = [*recent[-STEPS + 1 :], (at_ms, called)]
        return [number for _, number in self._trails[caller]]

    def snapshot(self) -> list[Any]:
        """All trails as plain values, in the order of the callers."""
        return [[caller, trail] for caller, trail in sorted(self._trails.items())]

    def load(self, state: list[Any]) -> None:
        """Put back what `snapshot` described."""
        self._trails = {caller: [(at_ms, called) for at_ms, called in trail] for caller, trail in state}


def swept(numbers: list[int], others: int) -> tuple[int, int] | None:
    """Return the range that numbers went through in order, close to each other; None where they did not.

    >>> swept([33_100, 33_140, 33_190, 33_230, 33_260], others=100)
    (33100, 33260)
    >>> swept([33_100, 39_140, 33_190, 33_230, 33_260], others=100) is None
    True
    """
    if len(numbers) < SWEEP_STEPS:
        return None
    ordered = sorted(numbers)
    in_order = len(set(numbers)) == len(numbers) and numbers in (ordered, ordered[::-1])
    lowest, highest = ordered[0], ordered[-1]
    return (lowest, highest) if in_order and highest - lowest < SWEEP_SPAN * others else None
