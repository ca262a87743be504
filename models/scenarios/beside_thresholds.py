"""The forest beside thresholds on single features, at the same false-alarm budget, on the same days of callers.

The thresholds are as good as they can be without combining numbers: one below and one above each feature, all set by
the same key-days and calibrated together by the others, so that all of them together keep the budget.
"""

from typing import Final, NamedTuple

import numpy as np

from models.features import columns
from models.forest.budget import highest, point
from models.forest.sampling import Pool
from models.forest.scoring import Singles, Walk, scores, walk_of
from models.forest.training import TREES, grown
from models.forest.trees import Reals
from models.scenarios.habits import FRAUDS, frauds, honest
from models.windows.layout import Ints
from models.windows.moments import Moments

BUDGETS: Final = (5.0, 10.0, 20.0, 50.0, 100.0)
"""Alarms for every 1,000 busy keys a day."""
ROWS_MAX: Final = 1 << 22
"""All rows are learnt from."""
BEYOND: Final = 1e-3
"""How much a number outside all that was seen counts for each unit of its own; ranks end at 1."""


class Found(NamedTuple):
    """What one budget leads to: shares of key-days with an alarm.

    Attributes:
        budget: alarms for every 1,000 busy keys a day.
        name: of the fraud, or `honest`.
        forest: share that the forest calls unusual.
        thresholds: share that a threshold on any one feature calls unusual.
    """

    budget: float
    name: str
    forest: float
    thresholds: float


class _Thresholds:
    """The rank of a key-day's most extreme number among those of the days that were learnt from."""

    def __init__(self, rows: Reals, group: Ints) -> None:
        self._known = np.sort(_extremes(rows, group), axis=0)

    def scores(self, rows: Reals, group: Ints) -> Reals:
        """Return float64[groups], how far out the furthest of its numbers is."""
        found, top = _extremes(rows, group), self._known[-1]
        ranks = [_rank(known, column) for known, column in zip(self._known.T, found.T, strict=True)]
        within = np.stack(ranks, axis=1)
        return np.asarray((within + BEYOND * np.maximum(found - top, 0.0)).max(axis=1))


def _rank(known: Reals, column: Reals) -> Reals:
    """The share of known numbers below each, between two of them in proportion."""
    values, first = np.unique(known, return_index=True)
    return np.interp(column, values, first / len(known))


def _extremes(rows: Reals, group: Ints) -> Reals:
    """Return float64[groups, 2 features], the highest of each feature, and of its negative."""
    both = np.concatenate([rows, -rows], axis=1)
    return np.stack([highest(column + 1e6, group) for column in both.T], axis=1) - 1e6


class Judges(NamedTuple):
    """Both, and the highest scores of the key-days that their thresholds are set by."""

    walk: Walk
    single: _Thresholds
    seen: tuple[Reals, Reals]

    def of(self, rows: Singles, group: Ints) -> tuple[Reals, Reals]:
        """Return by the forest and by thresholds float64[groups], how unusual each key-day is."""
        return highest(scores(self.walk, rows), group), self.single.scores(rows.astype(np.float64), group)


def taught(moments: Moments, seed: int) -> Judges:
    """Let both learn from one half of honest key-days, and set the thresholds by the other."""
    pool = Pool("caller", seed, rows_max=ROWS_MAX)
    pool.take(moments)
    sample = pool.sample()
    _, group = np.unique(sample.key, return_inverse=True)
    grows = group % 2 == 0
    walk = walk_of(grown(sample.rows[grows], seed, TREES)[0])
    single = _Thresholds(sample.rows[grows].astype(np.float64), group[grows] // 2)
    judges = Judges(walk, single, (np.zeros(0), np.zeros(0)))
    return judges._replace(seen=judges.of(sample.rows[~grows], group[~grows] // 2))


def compared(seed: int, known: int, days: int, planted: int) -> list[Found]:
    """Train both on honest callers and let them judge others.

    Args:
        seed: of all chance.
        known: honest key-days to learn from.
        days: honest key-days to judge.
        planted: key-days of each fraud to judge.
    """
    judges = taught(honest(known, np.random.default_rng([seed, 1])), seed)
    judged = {"honest": honest(days, np.random.default_rng([seed, 2]))}
    judged |= {name: frauds(name, planted, np.random.default_rng([seed, 3])) for name in FRAUDS}
    found = {name: _of(judges, moments) for name, moments in judged.items()}
    return [Found(budget, name, *_shares(judges, both, budget)) for budget in BUDGETS for name, both in found.items()]


def _of(judges: Judges, moments: Moments) -> tuple[Reals, Reals]:
    rows = columns("caller", moments).astype(np.float32)
    return judges.of(rows, moments.key.astype(np.int64) - 1)


def _shares(judges: Judges, both: tuple[Reals, Reals], budget: float) -> tuple[float, float]:
    """The shares of key-days over the threshold of a budget, of either."""
    limits = (point(budget, seen).threshold for seen in judges.seen)
    one, other = (float((scored >= limit).mean()) for scored, limit in zip(both, limits, strict=True))
    return one, other
