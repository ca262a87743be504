"""The forest adds: at the same false-alarm budget it finds frauds that thresholds on single features miss."""

import pytest

from models.scenarios.beside_thresholds import BUDGETS, compared
from models.scenarios.habits import FRAUDS


@pytest.fixture(scope="module")
def found():
    return {(line.budget, line.name): line for line in compared(seed=1, known=1_200, days=400, planted=50)}


@pytest.mark.parametrize("budget", [budget for budget in BUDGETS if budget >= 20])
def test_more_frauds_at_the_same_budget(found, budget):
    lines = [found[budget, name] for name in FRAUDS]
    assert all(line.forest >= line.thresholds for line in lines if budget >= 50)
    assert sum(line.forest for line in lines) >= 1.5 * sum(line.thresholds for line in lines)


@pytest.mark.parametrize("budget", BUDGETS)
def test_neither_costs_more_alarms_than_were_allowed(found, budget):
    """By more than chance: of 400 days, three standard deviations."""
    share = budget / 1000
    honest, slack = found[budget, "honest"], 3 * (share * (1 - share) * (1 / 400 + 1 / 600)) ** 0.5
    assert max(honest.forest, honest.thresholds) <= share + slack
