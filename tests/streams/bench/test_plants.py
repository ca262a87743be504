"""Planted leaks: the rules find each on its own prefix, from its own calls, and its mend ends it."""

import numpy as np
import pytest

from models.commands import Action
from models.tables import Tables
from streams.backtest import Backtest
from streams.bench.control import FirstCommand, latencies
from streams.bench.plants import HISTORY, LEAKS_MAX, PAYERS, plants
from streams.bench.plants import history as paid_history
from streams.settings import Network, Policy, Settings

BEGIN_MS = 1_790_000_000_000
LEAKS = 60
POLICY = Policy(
    impact_per_command=1, impact_total=1, commands_per_minute=10_000, commands_per_hour=10_000, active_blocks=10_000
)


@pytest.fixture(scope="module")
def planted():
    return plants(np.random.default_rng(1), BEGIN_MS + 2_000, 3_000, range(LEAKS))


@pytest.fixture(scope="module")
def commands(planted):
    test = Backtest(Settings(network=Network(home_country_code="212"), policy=POLICY), Tables())
    taught = paid_history(np.random.default_rng(2), BEGIN_MS, 2_000)
    values = [event.value for event in taught + planted]
    return [order.command for one in test.feed("day:", 1, values) for order in one.decision.orders]


def leaks_of(planted):
    return {event.leak for event in planted if event.leak}


def test_every_leak_has_a_prefix_of_its_own_and_several_payers(planted):
    free = [event for event in planted if event.leak]
    assert len(leaks_of(planted)) == LEAKS
    assert len(free) == LEAKS * PAYERS
    assert len({event.key for event in planted}) == len(planted)


def test_each_is_found_on_its_prefix_and_on_no_other(planted, commands):
    found = {command.target.value for command in commands if command.action is Action.BLOCK}
    assert found == leaks_of(planted)


def test_each_proof_is_the_leaks_own_calls(planted, commands):
    for command in commands:
        lines = [int(line.removeprefix("day:")) for line in command.evidence["offsets"]]
        assert {planted[line - 1 - HISTORY].leak for line in lines} == {command.target.value}


def test_the_mend_releases_every_one(planted, commands):
    released = {command.target.value for command in commands if command.action is Action.RELEASE}
    assert released == leaks_of(planted)


def test_there_are_as_many_prefixes_as_promised():
    planted = plants(np.random.default_rng(1), 0, 0, range(LEAKS_MAX))
    assert len(leaks_of(planted)) == LEAKS_MAX


def test_latency_counts_from_the_scheduled_time_of_the_last_call_of_the_proof():
    commands = {"+43110": FirstCommand(10_500, ("e/0/1", "e/0/7")), "+331": FirstCommand(10_600, ("e/9/9",))}
    assert latencies(commands, {"e/0/1": 100, "e/0/7": 380, "e/0/8": 420}, 10_000.0) == {"+43110": 120.0}
