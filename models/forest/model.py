"""The model of one kind of entity: trees, thresholds, and how they came from a sample."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.features import Entity
from models.forest.budget import Point, curve, highest, point
from models.forest.sampling import Pool, Sample
from models.forest.scoring import Singles, Walk, scores, walk_of
from models.forest.training import TREES, Witness, grown
from models.forest.trees import Trees

ROWS_MIN: Final = 100
"""Fewer rows say nothing about what is usual."""
KEY_DAYS_MIN: Final = 4
"""Two to grow trees from and two to measure by."""
GOLDEN: Final = 16
"""Rows whose scores are kept as scikit-learn gave them."""


class Golden(NamedTuple):
    """A row and its score, which whoever loads the model must get again."""

    row: tuple[float, ...]
    score: float


class Model(NamedTuple):
    """What is known about one kind of entity.

    Attributes:
        entity: of which it is.
        trees: the forest.
        chosen: the budget it was trained for, its threshold, and the alarms to be expected.
        points: the threshold curve.
        golden: rows and their scores.
        rows: rows of the sample.
        seen: rows that the sample was drawn from.
        keys: keys in the sample.
        key_days: key-days in the sample; every other one has grown the trees, and the rest have set the thresholds.
        first_ms: event time of the first row seen.
        last_ms: and of the last.
    """

    entity: Entity
    trees: Trees
    chosen: Point
    points: tuple[Point, ...]
    golden: tuple[Golden, ...]
    rows: int
    seen: int
    keys: int
    key_days: int
    first_ms: int
    last_ms: int


def lacking(sample: Sample) -> str:
    """Say what a sample lacks to be learnt from; nothing if it does."""
    rows, days = len(sample.key), len(np.unique(sample.group))
    if rows < ROWS_MIN:
        return f"{rows} rows of busy keys, at least {ROWS_MIN} are needed"
    if days < KEY_DAYS_MIN:
        return f"{days} keys and days, at least {KEY_DAYS_MIN} are needed"
    if (grows := int(_growing(sample)[1].sum())) < ROWS_MIN // 4:
        return f"{grows} rows to grow trees from, at least {ROWS_MIN // 4} are needed"
    return ""


def _growing(sample: Sample) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """The number of each row's key-day, and whether trees are grown from it: every other key-day's."""
    _, group = np.unique(sample.group, return_inverse=True)
    return group, group % 2 == 0


def trained(entity: Entity, pool: Pool, seed: int, budget: float, trees: int = TREES) -> Model:
    """Train on a pool whose sample lacks nothing.

    Args:
        entity: of which.
        pool: the sample and what is known of it.
        seed: of all chance in the trees.
        budget: false alarms that are allowed for every 1,000 busy keys a day.
        trees: how many to grow.
    """
    sample = pool.sample()
    group, grows = _growing(sample)
    made, witness = grown(sample.rows[grows], seed, trees)
    walk = walk_of(made)
    best = highest(scores(walk, sample.rows[~grows]), group[~grows] // 2)
    golden = _golden(sample.rows, walk, witness)
    counts = len(sample.key), pool.seen, len(np.unique(sample.key)), int(group.max()) + 1
    return Model(entity, made, point(budget, best), curve(best), golden, *counts, *pool.range_ms)


def _golden(rows: Singles, walk: Walk, witness: Witness) -> tuple[Golden, ...]:
    """Some rows, from the most usual to the least."""
    chosen = np.argsort(scores(walk, rows), kind="stable")[np.linspace(0, len(rows) - 1, GOLDEN).astype(np.int64)]
    expected = witness(rows[chosen]).tolist()
    return tuple(Golden(tuple(row), score) for row, score in zip(rows[chosen].tolist(), expected, strict=True))
