"""What evidence may do: modes may only lower it, budgets hold it, and the counts are exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import LADDER, RULE_MODES, Load, Policy, decide

RULE = "zero_cost_route"
IDLE = Load(impact=0.0, active=0, last_minute=0, last_hour=0)
HARSH = {"block": 3, "limit": 2, "shadow": 1, "held": 0, "rejected": 0}


@pytest.mark.parametrize(
    ("grade", "mode", "expected"),
    [
        ("block", "enforce", ("block", "why")),
        ("block", "limit", ("limit", "mode_limit")),
        ("block", "shadow", ("shadow", "mode_shadow")),
        ("block", "off", ("rejected", "mode_off")),
        ("limit", "enforce", ("limit", "why")),
        ("limit", "limit", ("limit", "why")),
        ("limit", "shadow", ("shadow", "mode_shadow")),
        ("limit", "off", ("rejected", "mode_off")),
        ("held", "enforce", ("held", "why")),
        ("held", "off", ("held", "why")),
        ("rejected", "enforce", ("rejected", "why")),
    ],
)
def test_decisions(grade, mode, expected):
    assert decide(grade, "why", RULE, Policy(mode=mode), 0.0, IDLE) == expected


@given(st.sampled_from(LADDER), st.sampled_from(LADDER))
def test_the_lower_of_two_modes_holds(network, rule):
    assert Policy(mode=network, rules={RULE: rule}).mode_of(RULE) == min(network, rule, key=LADDER.index)


@pytest.mark.parametrize("mode", LADDER)
@pytest.mark.parametrize("rule", RULE_MODES)
def test_no_rule_is_above_the_networks_mode_or_its_own(mode, rule):
    assert LADDER.index(Policy(mode=mode).mode_of(rule)) == min(LADDER.index(mode), LADDER.index(RULE_MODES[rule]))


def test_no_budget_holds_a_person():
    poor = Policy(impact_per_command=0.0, active_blocks=0, commands_per_hour=0)
    assert decide("block", "why", RULE, poor, 1.0, None) == ("block", "why")


def test_a_rule_that_is_not_named_may_only_limit():
    assert Policy().mode_of("rate_burst") == "limit"


@pytest.mark.parametrize(
    ("impact", "load", "why"),
    [
        (0.05, IDLE, ""),
        (0.051, IDLE, "impact_per_command"),
        (0.05, Load(0.05, 0, 0, 0), ""),
        (0.05, Load(0.06, 0, 0, 0), "impact_total"),
        (0.0, Load(0.0, 0, 19, 199), ""),
        (0.0, Load(0.0, 0, 20, 20), "commands_per_minute"),
        (0.0, Load(0.0, 0, 0, 200), "commands_per_hour"),
        (0.0, Load(0.0, 99, 0, 0), ""),
        (0.0, Load(0.0, 100, 0, 0), "active_blocks"),
    ],
)
def test_a_budget_that_would_be_exceeded_holds(impact, load, why):
    expected = ("held", why) if why else ("block", "why")
    assert decide("block", "why", RULE, Policy(), impact, load) == expected


@given(
    st.sampled_from(["block", "limit", "held", "rejected"]),
    st.sampled_from(LADDER),
    st.floats(0, 1),
    st.builds(Load, st.floats(0, 1), st.integers(0, 200), st.integers(0, 40), st.integers(0, 400)),
)
def test_policy_never_makes_more_of_the_evidence(grade, mode, impact, load):
    verdict, _ = decide(grade, "why", RULE, Policy(mode=mode), impact, load)
    assert HARSH[verdict] <= HARSH[grade]
