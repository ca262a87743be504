"""What evidence may do: modes may only lower it, budgets hold it, and the counts are exact."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.findings import Forest, Grade
from models.policy import DECISIONS, LADDER, RULE_MODES, WORTH, Kind, Load, Policy, Rule, Verdict, decide

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
        ("shadow", "enforce", ("shadow", "why")),
        ("shadow", "limit", ("shadow", "why")),
        ("shadow", "off", ("rejected", "mode_off")),
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


grades, forests = st.sampled_from(get_args(Grade)), st.sampled_from(get_args(Forest))
loads = st.builds(Load, st.floats(0, 1), st.integers(0, 200), st.integers(0, 40), st.integers(0, 400))
rules = st.sampled_from([rule for rule in get_args(Rule) if rule != "operator"])
modes = st.sampled_from(LADDER)
policies = st.builds(
    Policy,
    mode=st.sampled_from(LADDER),
    rules=st.dictionaries(st.sampled_from(get_args(Rule)), st.sampled_from(LADDER)),
)


@given(grades, st.sampled_from(LADDER), st.floats(0, 1), loads, forests, st.booleans())
def test_policy_never_makes_more_of_a_leak(grade, mode, impact, load, forest, overdue):
    verdict, _ = decide(grade, "why", RULE, Policy(mode=mode), impact, load, forest, overdue=overdue)
    assert HARSH[verdict] <= HARSH[grade]


@given(grades, policies, st.floats(0, 1), loads, forests, st.booleans())
def test_the_forest_alone_commands_nothing_whatever_the_policy(grade, policy, impact, load, forest, overdue):
    verdict, why = decide(grade, "why", "unusual", policy, impact, load, forest, overdue=overdue)
    assert verdict in ("shadow", "held", "rejected")
    assert verdict != "shadow" or (forest == "agrees" and why == "forest_alone")


@given(rules, grades, policies, st.floats(0, 1), loads, st.booleans())
def test_the_forest_turns_a_weak_rule_into_a_limit_and_changes_nothing_else(rule, grade, policy, impact, load, overdue):
    with_it, without = (
        decide(grade, "why", rule, policy, impact, load, forest, overdue=overdue) for forest in ("agrees", "silent")
    )
    if rule != "unusual" and (rule == RULE or grade != "shadow"):
        assert with_it == without
    else:
        assert HARSH[with_it[0]] <= HARSH["limit"]


@given(rules, grades, policies, st.floats(0, 1), loads, forests, st.booleans())
def test_only_what_proves_a_block_in_a_rule_that_may_enforce_blocks(rule, grade, policy, impact, load, forest, overdue):
    verdict, why = decide(grade, "why", rule, policy, impact, load, forest, overdue=overdue)
    assert why
    if verdict == "block":
        assert (grade, policy.mode_of(rule), overdue) == ("block", "enforce", False)
        assert impact <= policy.impact_per_command


@given(grades, st.sampled_from(["rate_burst", "victim_flood", "wangiri", "range_sweep"]), forests)
def test_by_default_no_burst_blocks(grade, rule, forest):
    assert decide(grade, "why", rule, Policy(), 0.0, IDLE, forest)[0] != "block"


def test_every_grade_of_every_proof_and_witness_has_one_row():
    rows = [(row.proof, row.grade, forest) for row in WORTH for forest in row.forest]
    assert len(rows) == len(set(rows))
    proofs = [proof for proof in get_args(Kind) if proof != "person"]
    assert set(product(proofs, get_args(Grade), get_args(Forest))) <= set(rows)
    assert set(DECISIONS) == set(product(("block", "limit", "shadow"), LADDER))
    assert {row.worth for row in WORTH} <= set(get_args(Verdict))


@pytest.mark.parametrize(
    ("rule", "load", "why"),
    [
        ("rate_burst", Load(0.04, 0, 0, 0), "impact_total"),
        ("rate_burst", Load(0.0, 0, 9, 99), ""),
        ("rate_burst", Load(0.0, 0, 10, 10), "commands_per_minute"),
        ("rate_burst", Load(0.0, 0, 0, 100), "commands_per_hour"),
        ("rate_burst", Load(0.0, 50, 0, 0), "active_blocks"),
        (RULE, Load(0.04, 50, 10, 100), ""),
    ],
)
def test_bursts_have_half_of_what_all_commands_share(rule, load, why):
    assert decide("limit", "why", rule, Policy(), 0.02, load)[1] == (why or "why")


@pytest.mark.parametrize(
    ("impact", "load", "expected"),
    [
        (0.0, Load(0.0, 500, 0, 0), ("limit", "overdue")),
        (0.0, IDLE, ("limit", "overdue")),
        (0.06, IDLE, ("held", "impact_per_command")),
        (0.05, Load(0.06, 0, 0, 0), ("held", "impact_total")),
        (0.0, Load(0.0, 500, 20, 20), ("held", "commands_per_minute")),
        (0.0, Load(0.0, 500, 0, 200), ("held", "commands_per_hour")),
    ],
)
def test_what_is_overdue_is_limited_and_needs_no_room_among_the_blocks(impact, load, expected):
    assert decide("block", "why", RULE, Policy(), impact, load, overdue=True) == expected
