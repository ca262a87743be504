"""Nothing is commanded where nothing leaks, and nobody is refused; an outage is one incident. Five seeds each."""

from pathlib import Path

import pytest
from scenarios.checks import commanded, refusals
from scenarios.honest import HONEST
from scenarios.outages import END, FROM, OUTAGES
from scenarios.playing import LOOPS, Played, play
from scenarios.scenario import minute
from scenarios.world import MINUTE_MS

SEEDS = range(5)
KNOWN: dict[str, str] = {}
"""Scenarios that the rule does not pass yet, and why."""
SETTLED_MS = MINUTE_MS
"""After the third code of one switch, what the other switches have shown by then is released, too."""
TABLE = Path(__file__).parents[2] / "docs/reference/legitimate-zeros.md"


def cases(names):
    marks = {name: [pytest.mark.xfail(strict=True, reason=why)] for name, why in KNOWN.items()}
    return [pytest.param(name, id=name, marks=marks.get(name, ())) for name in names]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", cases(HONEST))
def test_nothing_is_commanded_and_nobody_refused(name, seed):
    scenario = HONEST[name](seed)
    found = {loop: [*commanded(played), *refusals(played)] for loop in LOOPS for played in [play(scenario, loop)]}
    assert found == {loop: [] for loop in LOOPS}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", cases(OUTAGES))
def test_an_outage_is_one_incident_that_ends_every_command(name, seed, loop):
    played = play(OUTAGES[name](seed), loop)
    told = [(after, line) for after, line in played.findings if line["reason"] == "rating_outage"]
    assert [(line["verdict"], line["target"].scope) for _, line in told] == [("held", "switch")]
    settled_ms = told[0][1]["issued_at"] + SETTLED_MS
    assert minute(FROM) < settled_ms < minute(END)
    assert in_force(played, settled_ms) == []
    assert [order.key for order in played.orders if order.holds and order.at_ms > settled_ms] == []
    assert [one.call.called for one in played.placed if one.refused and one.call.at_ms > settled_ms] == []


def in_force(played: Played, at_ms: int) -> list[str]:
    """Keys of the commands that hold at a moment."""
    newest = {order.key: order for order in played.orders if order.at_ms <= at_ms}
    return [key for key, order in newest.items() if order.holds]


def test_every_legitimate_zero_names_scenarios_that_there_are():
    named = {word for word in TABLE.read_text(encoding="utf-8").split("`") if word in HONEST or word in OUTAGES}
    rows = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    scenarios = [row.rsplit("|", 2)[1].replace("`", " ").replace(",", " ").split() for row in rows if "---" not in row]
    assert all(scenarios), "each row names a scenario"
    assert {name for row in scenarios for name in row} == named == {*HONEST, *OUTAGES}
