"""A threshold keeps its budget on days like those that set it, whatever the scores are distributed like."""

import numpy as np
import pytest

from models.forest.budget import LADDER, curve, highest, point


def test_the_highest_score_of_each_group():
    assert highest(np.array([0.5, 0.7, 0.4]), np.array([1, 0, 1])).tolist() == [0.7, 0.5]


@pytest.mark.parametrize(
    ("budget", "many", "above"),
    [(100.0, 9, 0), (100.0, 19, 1), (100.0, 99, 9), (10.0, 99, 0), (1.0, 999, 0), (1.0, 998, 0), (500.0, 3, 1)],
)
def test_so_many_of_those_that_set_it_are_above(budget, many, above):
    best = np.random.default_rng(1).permutation(many) / many + 0.1
    found = point(budget, best)
    assert (best >= found.threshold).sum() == above
    assert found.expected == pytest.approx(1000 * (above + 1) / (many + 1))


def test_too_few_days_are_said():
    found = point(1.0, np.linspace(0.4, 0.6, 10))
    assert found.threshold > 0.6
    assert found.expected == pytest.approx(1000 / 11)


@pytest.mark.parametrize("draw", ["normal", "exponential", "uniform", "integers"])
@pytest.mark.parametrize("budget", [20.0, 100.0])
def test_days_like_these_keep_the_budget(draw, budget):
    rng = np.random.default_rng(1)
    make = {"integers": lambda many: rng.integers(0, 50, many).astype(float)}.get(
        draw, lambda n: getattr(rng, draw)(size=n)
    )
    over = [(make(500) >= point(budget, make(300)).threshold).mean() for _ in range(300)]
    assert 1000 * np.mean(over) <= 1.1 * budget


def test_equal_scores_never_cost_more_than_the_budget():
    assert (np.full(100, 0.5) >= point(50.0, np.full(100, 0.5)).threshold).sum() == 0


def test_a_larger_budget_has_a_threshold_as_low_or_lower():
    points = curve(np.random.default_rng(2).random(5000))
    assert [one.budget for one in points] == list(LADDER)
    thresholds = [one.threshold for one in points]
    assert thresholds == sorted(thresholds, reverse=True)
