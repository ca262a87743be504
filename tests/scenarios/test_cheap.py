"""An absurd price is blocked like a zero, where it ends and in time, and nobody else is refused; five seeds each."""

import pytest
from scenarios.cheap import CHEAP
from scenarios.checks import faults, first_block
from scenarios.playing import LOOPS, play


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", list(CHEAP))
def test_an_absurd_price_is_blocked_as_a_leak(name, seed):
    played = {loop: play(CHEAP[name](seed), loop) for loop in LOOPS}
    assert {loop: found for loop, one in played.items() if (found := faults(one))} == {}
    for one in played.values():
        block = first_block(one, one.scenario.leaks[0])
        assert "instead of 3.50 MAD" in block.command.summary
