"""The forest at work: what it says about keys at a moment, and why."""

from collections import Counter
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.features import KINDS, Entity, columns, features_of, refused
from models.forest.artifact import Loaded
from models.forest.scoring import Walk, scores, shortening, walk_of
from models.forest.trees import Reals
from models.windows.moments import Moments

REASONS_MAX: Final = 3
Reasons = tuple[tuple[str, float], ...]


class Testimony(NamedTuple):
    """What the forest says of moments.

    Attributes:
        score: float64[n], above 0 and up to 1, the higher the more unusual; NaN where there is no model of that kind,
            or the row was refused.
        unusual: bool[n], whether the score is at or over the threshold of its kind.
        reasons: features and their shares of what made the row unusual, the most telling first, at most three; none
            where it is not unusual.
        refused: rows that were refused, by feature; a row may be under several.
    """

    score: Reals
    unusual: npt.NDArray[np.bool_]
    reasons: list[Reasons]
    refused: dict[str, int]


Testimony.__test__ = False  # type: ignore[attr-defined]  # pytest takes what begins with Test for tests


class _Kind(NamedTuple):
    entity: Entity
    walk: Walk
    threshold: float
    names: tuple[str, ...]


class Forest:
    """The models in force.

    Attributes:
        name: `sha256:…` of the manifest, as in a command's `model`.
        kinds: entities that there is a model of.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.name = loaded.name
        self.kinds = tuple(entry.kind for entry in loaded.manifest.models)
        self._kinds = [
            _Kind(
                entry.kind,
                walk_of(loaded.trees[entry.kind]),
                entry.chosen.threshold,
                tuple(column.name for column in entry.features),
            )
            for entry in loaded.manifest.models
        ]

    def testify(self, moments: Moments) -> Testimony:
        """Say how unusual keys are at their moments; a row with a number missing or out of range is never scored."""
        many = len(moments.key)
        found = Testimony(np.full(many, np.nan), np.zeros(many, np.bool_), [()] * many, {})
        bad = Counter[str]()
        for kind in self._kinds:
            mine = np.flatnonzero(moments.kind == KINDS[kind.entity])
            if len(mine):
                bad.update(_judge(kind, Moments._make(column[mine] for column in moments), mine, found))
        return found._replace(refused=dict(sorted(bad.items())))


def _judge(kind: _Kind, moments: Moments, mine: npt.NDArray[np.intp], found: Testimony) -> dict[str, int]:
    """Fill in what is found of one kind's rows; returns how many were refused by feature."""
    rows = columns(kind.entity, moments)
    bad = refused(kind.entity, rows)
    good = np.flatnonzero(~bad.any(axis=1))
    score = scores(kind.walk, rows[good])
    found.score[mine[good]] = score
    unusual = good[score >= kind.threshold]
    found.unusual[mine[unusual]] = True
    for row, reasons in zip(mine[unusual].tolist(), reasons_of(kind.walk, rows[unusual], kind.names), strict=True):
        found.reasons[row] = reasons
    counts = bad.sum(axis=0).tolist()
    return {feature.name: many for feature, many in zip(features_of(kind.entity), counts, strict=True) if many}


def reasons_of(walk: Walk, rows: Reals, names: tuple[str, ...]) -> list[Reasons]:
    """Return the most telling features of each row, with their shares of all shortening of its paths."""
    shares = np.maximum(shortening(walk, rows), 0.0)
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    order = np.argsort(-shares, axis=1, kind="stable")[:, :REASONS_MAX]
    return [
        tuple((names[column], share[column]) for column in best if share[column] > 0)
        for best, share in zip(order.tolist(), shares.tolist(), strict=True)
    ]


def warm(forest: Forest) -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    for kind in forest._kinds:
        rows = np.zeros((1, len(kind.names)))
        scores(kind.walk, rows)
        shortening(kind.walk, rows)
