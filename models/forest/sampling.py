"""A bounded sample of what is to be learnt from: all rows of some key-days, the same however moments come.

A key-day is a key on one day (UTC). Those with the lowest hashes under the seed are kept, whole, as many as fit: which
they are follows from the set of rows alone, not from their order, nor from how they are cut into batches. Whole, since
alarms are counted by key-days: what a forest is measured by is the highest score of a day.
"""

from collections import Counter
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.features import KINDS, Entity, columns, features_of, refused
from models.forest.scoring import Singles
from models.hashing import Keys, mixed
from models.windows.layout import Ints
from models.windows.moments import Moments

DAY_MS: Final = 86_400_000
ROWS_MAX: Final = 200_000
"""Rows kept of each kind; 14 MB with 12 features, and twice that while it is full."""


class Sample(NamedTuple):
    """Rows of whole key-days, in the order of their hashes and times.

    Attributes:
        rows: float32[rows, features].
        key: uint64[rows].
        at_ms: int64[rows].
        group: uint64[rows], hash of the key-day.
    """

    rows: Singles
    key: Keys
    at_ms: Ints
    group: Keys

    def of(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Sample":
        """Some of the rows."""
        return Sample._make(column[chosen] for column in self)


class Pool:
    """The sample of one kind of entity.

    Attributes:
        seen: rows that came and had all features.
        refused: rows that came and were refused, by feature.
        range_ms: event times of the first and the last row seen; (0, 0) of none.
    """

    def __init__(self, entity: Entity, seed: int, rows_max: int = ROWS_MAX) -> None:
        self.seen = 0
        self.refused: Counter[str] = Counter()
        self.range_ms = (0, 0)
        self._entity, self._seed, self._rows_max = entity, seed, rows_max
        self._parts: list[Sample] = []
        self._held = 0
        self._below: int | None = None

    def take(self, moments: Moments) -> None:
        """Take moments that are all of this kind."""
        rows, entity = columns(self._entity, moments), self._entity
        bad = refused(entity, rows)
        for feature, column in zip(features_of(entity), bad.T, strict=True):
            self.refused[feature.name] += int(column.sum())
        good = np.asarray(~bad.any(axis=1))
        if not good.any():
            return
        at_ms = moments.at_ms[good]
        first, last = int(at_ms.min()), int(at_ms.max())
        self.range_ms = (min(self.range_ms[0], first), max(self.range_ms[1], last)) if self.seen else (first, last)
        self.seen += len(at_ms)
        self._hold(Sample(rows[good].astype(np.float32), moments.key[good], at_ms, self._groups(moments, good)))

    def _groups(self, moments: Moments, good: npt.NDArray[np.bool_]) -> Keys:
        day = (moments.at_ms[good] // DAY_MS).astype(np.uint64)
        return mixed(mixed(moments.key[good], np.array([self._seed])), day)

    def _hold(self, part: Sample) -> None:
        if self._below is not None:
            part = part.of(part.group < self._below)
        if len(part.key):
            self._parts.append(part)
        self._held += len(part.key)
        if self._held > 2 * self._rows_max:
            self._parts = [self.sample()]
            self._held = len(self._parts[0].key)

    def sample(self) -> Sample:
        """The rows that are kept."""
        if not self._parts:
            none = np.zeros(0, np.uint64)
            rows = np.zeros((0, len(features_of(self._entity))), np.float32)
            return Sample(rows, none, none.astype(np.int64), none)
        whole = Sample._make(np.concatenate(column) for column in zip(*self._parts, strict=True))
        whole = whole.of(np.lexsort([*whole.rows.T[::-1], whole.at_ms, whole.group]))
        groups, begins = np.unique(whole.group, return_index=True)
        ends = np.append(begins[1:], len(whole.group))
        fit = max(1, int(np.searchsorted(ends, self._rows_max, side="right")))  # one is kept, however large
        if fit == len(groups):
            return whole
        self._below = int(groups[fit])
        return whole.of(whole.group < self._below)


class Sampler:
    """The samples of all kinds of entities that have models; moments of other kinds are passed over."""

    def __init__(self, seed: int, rows_max: int = ROWS_MAX) -> None:
        self.pools: dict[Entity, Pool] = {entity: Pool(entity, seed, rows_max) for entity in KINDS}

    def take(self, moments: Moments) -> None:
        """Take some moments."""
        for entity, kind in KINDS.items():
            mine = moments.kind == kind
            if mine.any():
                self.pools[entity].take(Moments._make(column[mine] for column in moments))
