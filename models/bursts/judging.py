"""The burst rules: from what a busy key did, and what was normal for it, to a rule, a grade and its reason."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.bursts.limits import (
    CALLERS_MIN,
    CALLERS_SHARE,
    FAR_TIMES,
    FLOORS,
    LINES,
    MACHINE_MS,
    MACHINE_SHARE,
    OTHERS_MIN,
    QUIET_DAY,
    QUIET_HOUR,
    REPEATED,
    STRONG_TIMES,
    TALKED_SHARE,
    WANGIRI_ANSWERED,
    WANGIRI_OTHERS,
    WEAK_TIMES,
)
from models.findings import Grade
from models.kinds import Kind
from models.windows.asking import DISTINCT
from models.windows.hours import Normal
from models.windows.layout import WINDOWS_MS, Ints, Small

ATTEMPTS, REFUSED, ANSWERED, ENDED, TALKED, SHORT, DURATION = range(7)
"""Fields of a window's sums, as in `models.windows.layout.Bucket`."""
HOUR, DAY = 2, 3
"""Positions in `WINDOWS_MS`."""
NONE, WEAK, STRONG = 0, 1, 2
HOUR_MS: Final = WINDOWS_MS[HOUR]

Floats = npt.NDArray[np.float64]


class Signs(NamedTuple):
    """How far keys are above their normal.

    Attributes:
        strength: uint8[n], NONE, WEAK or STRONG.
        far: bool[n], whether a floor is reached several times over.
        window: int64[n], the shortest window that shows the strength.
        normal: float64[n, 4], attempts that were normal in each window.
    """

    strength: Small
    far: npt.NDArray[np.bool_]
    window: Ints
    normal: Floats


class Case(NamedTuple):
    """One key at one moment; `sums` is int64[4, FIELDS], `sweep` the range of numbers that it called in order.

    `strong` and `far` are those of `Signs`.
    """

    strong: bool
    far: bool
    window: int
    sums: Ints
    unverified: bool
    sweep: tuple[int, int] | None

    @property
    def attempts(self) -> int:
        """Attempts in the window that proves."""
        return int(self.sums[self.window, ATTEMPTS])

    @property
    def others(self) -> int:
        """Other parties in it."""
        return int(self.sums[self.window, DISTINCT])

    @property
    def answered(self) -> int:
        """Answered calls in it."""
        return int(self.sums[self.window, ANSWERED])


class Outcome(NamedTuple):
    """A rule with the grade that it justifies, and why."""

    rule: str
    grade: Grade
    why: str


def normal_in_windows(normal: Normal) -> Floats:
    """Return attempts that were normal in each window, float64[n, 4]; a key that was never busy has a quiet one's."""
    hour, day = np.maximum(normal.hour, QUIET_HOUR), np.maximum(normal.day, QUIET_DAY)
    return np.stack([hour / 60, hour / 12, hour, day], axis=1)


def signs(kind: Kind, attempts: Ints, normal: Normal) -> Signs:
    """Return how far keys of a kind are above their normal.

    Args:
        kind: of the keys.
        attempts: int64[n, 4], in each window.
        normal: of each.
    """
    usual = normal_in_windows(normal)
    strong = (attempts >= np.array(FLOORS[kind])) & (attempts >= STRONG_TIMES * usual)
    weak = (attempts >= np.array(FLOORS[kind].weak)) & (attempts >= WEAK_TIMES * usual)
    strength = np.where(strong.any(axis=1), STRONG, np.where(weak.any(axis=1), WEAK, NONE)).astype(np.uint8)
    window = np.where(strength == STRONG, strong.argmax(axis=1), weak.argmax(axis=1))
    far = np.any(strong & (attempts >= FAR_TIMES * np.array(FLOORS[kind])), axis=1)
    return Signs(strength, far, window, usual)


def _sure(case: Case, rule: str) -> Outcome:
    """What a rule justifies by its sign alone."""
    return Outcome(rule, "limit", "over_normal") if case.strong else Outcome(rule, "shadow", "weak")


def _caller(case: Case) -> Outcome:
    if case.sweep is not None:
        found = _sure(case, "range_sweep")
    elif case.answered <= WANGIRI_ANSWERED * case.attempts and case.others >= WANGIRI_OTHERS * case.attempts:
        found = _sure(case, "wangiri")
    elif case.others < OTHERS_MIN and case.answered < TALKED_SHARE * case.attempts:
        return Outcome("rate_burst", "rejected", "redialling")
    else:
        found = _sure(case, "rate_burst")
    if case.unverified and found.grade == "limit":
        return found._replace(grade="shadow", why="unverified_caller")
    return found


def _account(case: Case) -> Outcome | None:
    """An account of one caller is that caller's matter, one of many a carrier's or a company's."""
    callers = int(case.sums[DAY, DISTINCT])
    if callers == 0:
        return _sure(case, "rate_burst")
    return None if callers == 1 else Outcome("rate_burst", "shadow", "many_callers")


def _called(case: Case) -> Outcome:
    over = max(case.window, HOUR)
    callers = int(case.sums[over, DISTINCT])
    many = callers >= CALLERS_MIN and callers >= CALLERS_SHARE * int(case.sums[over, ATTEMPTS])
    talked, duration = case.sums[:, TALKED], case.sums[:, DURATION]
    if not many:
        return Outcome("victim_flood", "rejected", "few_callers")
    if (duration[1:] > LINES * np.array(WINDOWS_MS[1:])).any():
        return Outcome("victim_flood", "rejected", "several_lines")
    answers_all = case.answered >= MACHINE_SHARE * case.attempts
    if answers_all and talked[case.window] and duration[case.window] < MACHINE_MS * talked[case.window]:
        return Outcome("victim_flood", "rejected", "announcement")
    return _sure(case, "victim_flood")


def _route(case: Case) -> Outcome | None:
    """Of many others who had a call each, it is an event of the day; of few, a person is told."""
    if not case.strong or case.attempts < REPEATED * case.others:
        return None
    return Outcome("rate_burst", "shadow", "whole_route")


RULES: Final[Mapping[Kind, Callable[[Case], Outcome | None]]] = {
    Kind.CALLER: _caller,
    Kind.ACCOUNT: _account,
    Kind.CALLED: _called,
    Kind.PREFIX: _route,
    Kind.TRUNK: _route,
}


def judge(kind: Kind, case: Case, *, known: bool) -> Outcome | None:
    """What one key's burst justifies by the rules alone; None where it is nobody's matter.

    Args:
        kind: of the key.
        case: what it did.
        known: whether its owner has seen enough to know what is normal.
    """
    found = RULES[kind](case)
    if found is None or found.grade == "rejected":
        return found
    if not known:
        grade: Grade = "held" if case.far else "rejected"
        return found._replace(grade=grade, why="no_history") if found.grade == "limit" else None
    return found
