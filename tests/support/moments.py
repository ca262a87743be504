"""Moments for tests of the forest: consistent counts of made-up keys."""

from typing import Any

import numpy as np

from models.kinds import Kind
from models.windows.moments import Moments

DAY_MS = 86_400_000
NOON_MS = 1_795_435_200_000


def moments(kind: Kind, many: int, seed: int = 1, keys: int = 50, days: int = 3, **columns: Any) -> Moments:
    """Moments of ordinary keys at random times of some days; columns that are given stand instead."""
    rng = np.random.default_rng(seed)
    day = rng.poisson(rng.uniform(60, 400, many)) + 1
    attempts = np.stack([day // 300, day // 100, day // 12, day], axis=1)
    answered = rng.binomial(attempts, 0.6)
    made = Moments(
        kind=np.full(many, kind, np.uint8),
        key=rng.integers(1, keys + 1, many).astype(np.uint64) * np.uint64(7919),
        at_ms=NOON_MS + rng.integers(0, days, many) * DAY_MS + rng.integers(0, 100, many) * 300_000,
        attempts=attempts,
        refused=np.zeros_like(attempts),
        answered=answered,
        ended=attempts,
        talked=answered,
        short=rng.binomial(answered, 0.05),
        duration_ms=(answered * rng.uniform(60_000, 180_000, (many, 1))).astype(np.int64),
        distinct=np.maximum(rng.binomial(attempts, 0.5), np.minimum(attempts, 1)),
        exact=np.ones((many, 4), np.bool_),
        usual=rng.uniform(5, 30, many),
        known_ms=np.full(many, 5 * DAY_MS),
    )
    return made._replace(**columns)


def chosen(some: Moments, which: Any) -> Moments:
    """Some of the moments."""
    return Moments._make(column[which] for column in some)


def joined(*parts: Moments) -> Moments:
    """Moments one after another."""
    return Moments._make(np.concatenate(column) for column in zip(*parts, strict=True))
