"""Bursts through the whole backtest: frauds are limited under their own names, honest crowds are left alone."""

import pytest

from models.tables import Tables
from streams.backtest import Backtest
from streams.settings import Settings
from tests.support.burst_stories import FRAUDS, HONEST, HOUR, SIM, START, any_of, calls, fixed, lines, ordinary

NETWORK = {"home_country_code": "212", "international_prefix": "00"}


def run(told: list[bytes], batch: int = 5_000):
    """Verdict lines and commands of a story."""
    test = Backtest(Settings.model_validate({"network": NETWORK}), Tables())
    decided = [one for at in range(0, len(told), batch) for one in test.feed("story:", at + 1, told[at : at + batch])]
    return (
        [line for one in decided for line in one.decision.verdicts],
        [(order.topic, order.command) for one in decided for order in one.decision.orders],
        [one.after for one in decided if one.decision.orders],
    )


@pytest.mark.parametrize(("rule", "scope", "value", "story"), FRAUDS.values(), ids=FRAUDS)
def test_a_burst_is_limited_under_its_name(rule, scope, value, story):
    verdicts, commands, _ = run(lines(ordinary(5), story))
    limits = [command for topic, command in commands if topic == "fraud.control" and command.action == "limit"]
    assert limits, [(line["reason"], line["verdict"], line["why"]) for line in verdicts]
    assert {(one.reason, one.target.scope, one.target.value) for one in limits} == {(rule, scope, value)}
    assert "block" not in {command.action for _, command in commands}
    assert limits[0].summary
    assert limits[0].evidence["windows"]


@pytest.mark.parametrize("story", HONEST.values(), ids=HONEST)
def test_an_honest_crowd_is_left_alone(story):
    verdicts, commands, _ = run(lines(ordinary(5), story))
    enforced = [command.target for topic, command in commands if topic == "fraud.control"]
    assert not enforced, [(line["reason"], line["target"], line["why"]) for line in verdicts]


@pytest.mark.parametrize("name", ["a stolen SIM calls everywhere", "every number of a range in order"])
def test_the_same_whatever_the_cuts(name):
    told = lines(ordinary(5), FRAUDS[name][-1])
    assert run(told) == run(told, 777)


def test_without_a_day_of_history_a_burst_is_no_more_than_shown():
    _, _, _, story = FRAUDS["a stolen SIM calls everywhere"]
    verdicts, commands, _ = run(lines(story))
    assert not commands
    assert {(line["verdict"], line["why"]) for line in verdicts} == {("rejected", "no_history")}
    far = calls("sim", 1_200, START, HOUR, fixed(SIM), any_of("+2478", 6), account="acc-1")
    verdicts, commands, _ = run(lines(far))
    assert not commands
    assert {(line["verdict"], line["why"]) for line in verdicts} == {
        ("rejected", "no_history"),
        ("held", "no_history"),
    }
