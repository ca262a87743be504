"""Growing isolation trees with scikit-learn; nothing of it is kept but arrays."""

from collections.abc import Callable
from typing import Final

from models.forest.scoring import Singles
from models.forest.trees import Reals, Trees, trees_of

Witness = Callable[[Singles], Reals]
"""Scores as scikit-learn gives them, with our sign."""

TREES: Final = 100
"""Path lengths converge before that (Liu et al., 2008, section 4)."""
SAMPLE: Final = 1024
"""Rows of each tree. Liu et al. take 256 of a cloud with a few odd points; our rows lie in several clouds of habits,
and what is odd lies between them: with 1,024 about twice as many planted frauds were found (`bench/forest.py`)."""


def grown(rows: Singles, seed: int, trees: int = TREES, sample: int = SAMPLE) -> tuple[Trees, Witness]:
    """Grow a forest; the same rows in the same order and the same seed give the same arrays.

    Args:
        rows: float32[rows, features], finite, two at least.
        seed: of all chance, 0 to 2^32 - 1.
        trees: how many.
        sample: rows of each at most.

    Returns:
        The trees, and scikit-learn's own scores.
    """
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - half a second that only training needs

    forest = IsolationForest(n_estimators=trees, max_samples=min(sample, len(rows)), random_state=seed).fit(rows)
    return trees_of(forest), lambda asked: -forest.score_samples(asked)
