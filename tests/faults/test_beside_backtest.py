"""After kills, pauses and rebalances a service has the backtest's state and has given the backtest's commands."""

from collections import Counter

import pytest

from tests.faults.beside_backtest import differences, expected_of
from tests.faults.guards import GUARDS
from tests.faults.simulation import Simulation
from tests.faults.traffic import plans_in_one_partition

SEEDS = 25
"""Schedules of each plan."""
PLANS = plans_in_one_partition()


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(tmp_path_factory.mktemp("keys"), PLANS) as made:
        yield made


@pytest.fixture(scope="module")
def expected(simulation):
    return [expected_of(plan, simulation.settings, simulation.tables) for plan in PLANS]


def compared(simulation, expected, seed):
    """What a schedule left, None where it came to no end, and how that differs from what the backtest has."""
    outcome = simulation.run(seed).outcome
    if outcome is None:
        return None, []
    return outcome, differences(outcome, expected[seed % len(PLANS)], simulation.settings, simulation.tables)


@pytest.mark.parametrize("plan", range(len(PLANS)), ids=lambda at: PLANS[at].name)
def test_after_any_schedule_the_state_and_the_commands_are_the_backtests(simulation, expected, plan):
    seen: Counter[str] = Counter()
    for seed in range(plan, plan + SEEDS * len(PLANS), len(PLANS)):
        outcome, found = compared(simulation, expected, seed)
        assert outcome is not None, seed
        assert not found, (seed, found[:5])
        seen += outcome.counts
        seen.update(kind for _, _, kind in outcome.reached.elements())
        seen["rebalances"] += sum(group.rebalances for group in outcome.cluster.groups.values())
    assert min(seen[what] for what in ("kill", "freeze", "expelled", "rebalances")) > 0, seen


def test_the_backtest_knows_every_copy(expected):
    for plan, one in zip(PLANS, expected, strict=True):
        assert one.detector.counts == dict.fromkeys(one.detector.counts, 0) | plan.verdict.counts
        assert one.detector.counts["duplicates"] > 0


def test_where_stamps_are_ignored_the_state_is_another(simulation, expected):
    with GUARDS["stamps"]():
        assert any(compared(simulation, expected, seed)[1] for seed in range(50))
