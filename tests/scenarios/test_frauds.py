"""Every leak is blocked where it ends, in time, while it leaks, and nobody else is refused; five seeds each."""

import pytest
from scenarios.checks import faults
from scenarios.frauds import FRAUDS
from scenarios.playing import LOOPS, play


def test_there_are_enough_of_them():
    assert len(FRAUDS) >= 25


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", FRAUDS)
def test_the_leak_is_blocked_and_nobody_else_is_refused(name, seed):
    scenario = FRAUDS[name](seed)
    assert {loop: found for loop in LOOPS if (found := faults(play(scenario, loop)))} == {}
