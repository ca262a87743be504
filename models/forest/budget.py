"""Thresholds from a false-alarm budget: how many of 1,000 busy keys may be called unusual on an ordinary day.

A key-day is the unit: a key that is over the threshold at any moment of a day is one alarm. The highest scores of n
key-days that the trees have not seen are what days to come are measured by. If those are like these, the next one is
above the k + 1st highest of n with a probability of at most (k + 1) / (n + 1), whatever the distribution (Vovk,
Gammerman, Shafer: Algorithmic Learning in a Random World, 2005). So k = floor(budget (n + 1)) - 1. Nothing is assumed
about how many of the training days' keys were frauds: those are above it, too, and cost budget, not correctness.
"""

from typing import Final, NamedTuple

import numpy as np

from models.forest.trees import Reals
from models.windows.layout import Ints

LADDER: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
"""Budgets of a threshold curve, alarms for every 1,000 busy keys a day."""
PER: Final = 1000.0


class Point(NamedTuple):
    """One point of a threshold curve.

    Attributes:
        budget: alarms for every 1,000 busy keys a day that are allowed.
        threshold: a score at or over it is unusual.
        expected: alarms that are to be expected at most; more than the budget where there were too few key-days.
    """

    budget: float
    threshold: float
    expected: float


def highest(scores: Reals, group: Ints) -> Reals:
    """Return the highest score of each group (key-day); `group` numbers them from 0."""
    best = np.zeros(int(group.max(initial=-1)) + 1)
    np.maximum.at(best, group, scores)
    return best


def point(budget: float, best: Reals) -> Point:
    """Return the threshold of a budget by the highest scores of key-days, at least one."""
    ordered, many = np.sort(best)[::-1], len(best)
    above = min(max(int(budget * (many + 1) / PER) - 1, 0), many - 1)
    threshold = float(np.nextafter(ordered[above], np.inf))
    return Point(budget, threshold, PER * (above + 1) / (many + 1))


def curve(best: Reals) -> tuple[Point, ...]:
    """Return the points of `LADDER`."""
    return tuple(point(budget, best) for budget in LADDER)
