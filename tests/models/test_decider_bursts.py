"""Bursts in the decider: what limits, what is only shown, how a limit lives, and what a wider command covers."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from models import commands
from models.commands import incident_id
from models.findings import Subject
from models.incidents import RENEW_MS
from models.policy import HOUR_MS, MINUTE_MS, OVERDUE_MS, Policy
from tests.support.findings_log import (
    ACCOUNT,
    CALLER,
    FRANCE,
    NOW,
    SEEN,
    SPAIN,
    VICTIM,
    Log,
    burst,
    decider,
    leak,
    mended,
    totals,
)

LEASE_MS = 15 * MINUTE_MS
ENFORCING = Policy(rules={"zero_cost_route": "enforce", "rate_burst": "enforce", "victim_flood": "enforce"})
LIMIT, SHADOW, BLOCK = ("fraud.control", "limit", 1), ("fraud.shadow", "limit", 1), ("fraud.control", "block", 1)


@pytest.mark.parametrize(
    ("grade", "rule", "forest", "action", "line"),
    [
        ("limit", "rate_burst", {}, LIMIT, ("limit", "above_usual")),
        ("limit", "rate_burst", SEEN, LIMIT, ("limit", "above_usual")),
        ("block", "rate_burst", {}, LIMIT, ("limit", "mode_limit")),
        ("shadow", "rate_burst", {}, SHADOW, ("shadow", "above_usual")),
        ("shadow", "rate_burst", {"score": 0.5}, SHADOW, ("shadow", "above_usual")),
        ("shadow", "rate_burst", SEEN, LIMIT, ("limit", "forest_agrees")),
        ("held", "rate_burst", SEEN, None, ("held", "above_usual")),
        ("rejected", "rate_burst", SEEN, None, ("rejected", "above_usual")),
        ("shadow", "unusual", SEEN, SHADOW, ("shadow", "forest_alone")),
        ("block", "unusual", SEEN, SHADOW, ("shadow", "forest_alone")),
        ("shadow", "unusual", {}, None, ("rejected", "no_witness")),
    ],
)
def test_what_a_burst_leads_to(grade, rule, forest, action, line):
    log = Log()
    for nth in range(3):
        log.put(burst(grade=grade, rule=rule, at_ms=NOW + nth * 10_000, **forest), NOW + nth * 10_000)
    assert log.actions == ([action] if action else [])
    assert log.verdicts == [line]


def test_a_burst_blocks_only_where_the_operator_lets_its_rule():
    log = Log(decider(ENFORCING))
    log.put(burst(grade="block"))
    log.put(burst(ACCOUNT, grade="limit"))
    assert log.actions == [BLOCK, LIMIT]


def test_the_command_of_a_burst_says_what_was_counted_what_was_normal_and_who_agrees():
    log = Log()
    log.put(totals(1_000))
    log.put(burst(grade="shadow", answered=17, **SEEN))
    command = log.orders[0].command
    assert command.summary == (
        "Caller +2126…67 tried 412 calls in 5 min; 3 are usual at this hour."
        " The isolation forest finds it unusual, most by attempts_5min."
    )
    assert (command.reason, command.score, command.model) == ("rate_burst", 0.83, "sha256:ab")
    assert command.impact == {"paid_share_1h": 0.017, "calls_per_h": 17}
    assert command.evidence["proving_s"] == 300
    assert [window["attempts"] for window in command.evidence["windows"]] == [90, 412, 420, 460]
    assert command.diagnosis["kind"] == "rate_burst"
    assert command.incident == incident_id("caller:+212661234567", NOW - 300_000)
    assert commands.decode(commands.encode(command)).args.calls_per_minute == 6


def test_a_limit_leaves_what_is_usual():
    log = Log()
    found = burst(Subject("trunk", "IC-7"))
    busy = tuple(replace(window, normal=window.window_s * 10.0) for window in found.evidence.windows)
    log.put(replace(found, evidence=replace(found.evidence, windows=busy)))
    assert log.orders[0].command.args.calls_per_minute == 600


def test_a_limit_is_renewed_while_its_burst_is_found_and_ends_after_it():
    log, last = Log(), NOW + 40 * MINUTE_MS
    for at in range(NOW, last, 10_000):
        log.put(burst(at_ms=at), at)
        log.tick(at + 1_000)
    for at in range(last, last + HOUR_MS, 1_000):
        log.tick(at)
    leases = [order.command for order in log.orders]
    assert [(str(command.action), command.lease) for command in leases] == [("limit", n) for n in (1, 2, 3, 4)]
    for before, after in pairwise(leases):
        assert after.issued_at == before.expires_at - RENEW_MS
    assert log.states == ["limited"] * 4 + ["expired"]
    assert log.verdicts == [("limit", "above_usual")]


@pytest.mark.parametrize(("pause_min", "renewed"), [(5, True), (6, False)])
def test_a_limit_is_renewed_by_a_finding_of_the_last_five_minutes(pause_min, renewed):
    log, renewal = Log(), NOW + LEASE_MS - RENEW_MS
    log.put(burst())
    log.put(burst(at_ms=renewal - pause_min * MINUTE_MS), renewal - pause_min * MINUTE_MS)
    log.tick(renewal)
    log.tick(NOW + LEASE_MS)
    assert log.states == ["limited", "limited" if renewed else "expired"]


def test_a_limit_of_a_leak_is_renewed_while_free_calls_are_found_and_becomes_a_block_when_it_is_sure():
    log = Log()
    log.put(leak(grade="limit"))
    for minute in range(1, 20):
        log.put(leak(grade="limit"), NOW + minute * MINUTE_MS)
    assert log.actions == [LIMIT, ("fraud.control", "limit", 2)]
    log.put(leak(), NOW + 29 * MINUTE_MS - RENEW_MS)
    assert log.actions[2:] == [("fraud.control", "block", 3)]


def test_a_finding_of_the_last_minute_renews_too():
    log = Log()
    log.put(burst())
    log.tick(NOW + LEASE_MS - RENEW_MS)
    log.put(burst(at_ms=NOW + LEASE_MS - 1), NOW + LEASE_MS - 1)
    assert [order.command.lease for order in log.orders] == [1, 2]


@pytest.mark.parametrize("stop", [("kill", True), ("mode", "shadow"), ("allow:caller:+212661234567", True)])
def test_a_limit_is_not_renewed_against_an_operators_hand(stop):
    log = Log()
    log.put(burst())
    log.order(*stop)
    for at in range(NOW, NOW + 20 * MINUTE_MS, 10_000):
        log.put(burst(at_ms=at), at)
        log.tick(at)
    assert ("fraud.control", "limit", 2) not in log.actions


def test_no_budget_asks_about_a_renewal_and_a_renewal_takes_no_budget():
    log = Log(decider(Policy(commands_per_hour=2)))
    log.put(burst())
    for minute in range(1, 60):
        log.put(burst(at_ms=NOW + minute * MINUTE_MS), NOW + minute * MINUTE_MS)
    assert [order.command.lease for order in log.orders] == [1, 2, 3, 4, 5]
    log.put(leak(), NOW + 59 * MINUTE_MS)
    assert log.story[-1] == ("block", "prefix:+333")


@pytest.mark.parametrize(
    ("subject", "within", "wide"),
    [
        (VICTIM, (), leak()),
        (Subject("prefix", "+333123"), (), leak()),
        (replace(VICTIM, switch="s1"), (), leak()),
        (CALLER, (ACCOUNT,), burst(ACCOUNT)),
        (CALLER, (Subject("trunk", "IC-7"),), burst(Subject("trunk", "IC-7"))),
    ],
)
def test_a_wider_command_covers_a_burst_and_says_so_once(subject, within, wide):
    log = Log()
    log.put(wide)
    for nth in range(5):
        decision = log.put(burst(subject, at_ms=NOW + nth * 10_000, within=within), NOW + nth * 10_000)
        assert (decision.orders, decision.incidents) == ([], [])
    assert len(log.orders) == 1
    assert log.verdicts[1:] == [("rejected", "covered")]


def test_a_covered_finding_names_the_incident_that_covers_it():
    log = Log()
    block = log.put(leak()).orders[0].command
    (line,) = log.put(burst(VICTIM)).verdicts
    assert (line["incident"], line["target"]) == (block.incident, VICTIM)


@pytest.mark.parametrize("wide", [leak(replace(FRANCE, plan="student")), leak(SPAIN), leak(grade="held")])
def test_a_command_that_touches_other_calls_covers_nothing(wide):
    log = Log()
    log.put(wide)
    log.put(burst(VICTIM))
    assert log.story[-1] == ("limit", "called:+33312345678")


def test_a_limit_does_not_cover_what_would_block():
    log = Log(decider(ENFORCING))
    log.put(leak(grade="limit"))
    log.put(burst(VICTIM, rule="victim_flood", grade="block"))
    assert log.story == [("limit", "prefix:+333"), ("block", "called:+33312345678")]


def test_an_accounts_limit_takes_the_place_of_its_callers():
    log = Log()
    log.put(burst())
    log.put(burst(ACCOUNT, replaces=(CALLER,)))
    assert log.story == [
        ("limit", "caller:+212661234567"), ("limit", "account:acc-17"), ("release", "caller:+212661234567")
    ]  # fmt: skip


def test_one_target_has_one_incident_and_the_weaker_of_two_rules_changes_nothing():
    log = Log()
    log.put(burst())
    log.put(burst(rule="unusual", grade="shadow", **SEEN), NOW + 1)
    log.put(burst(rule="wangiri"), NOW + 2)
    assert log.actions == [LIMIT]
    assert log.verdicts == [("limit", "above_usual"), ("rejected", "covered"), ("rejected", "covered")]


def test_the_forest_alone_renews_nothing():
    log = Log()
    log.put(burst())
    for at in range(NOW, NOW + 20 * MINUTE_MS, 10_000):
        log.put(burst(rule="unusual", grade="shadow", at_ms=at, **SEEN), at)
        log.tick(at)
    assert log.states[:2] == ["limited", "expired"]


def test_a_proof_of_a_leak_on_the_target_of_a_limited_burst_blocks_and_its_end_releases():
    log = Log()
    log.put(burst(VICTIM, rule="victim_flood"))
    log.put(leak(VICTIM), NOW + 1000)
    log.put(mended(VICTIM), NOW + 2000)
    assert [(str(o.command.action), o.command.reason) for o in log.orders] == [
        ("limit", "victim_flood"), ("block", "zero_cost_route"), ("release", "zero_cost_route")
    ]  # fmt: skip


def test_a_mended_leak_does_not_end_a_burst():
    log = Log()
    log.put(burst(VICTIM))
    log.put(mended(VICTIM))
    assert log.actions == [LIMIT]


def test_a_whole_calling_code_is_never_limited_by_a_burst_but_held():
    log = Log()
    log.put(burst(Subject("prefix", "+216")))
    log.put(burst(Subject("prefix", "+21671")))
    assert log.verdicts == [("held", "whole_calling_code"), ("limit", "above_usual")]


@pytest.mark.parametrize("value", ["anonymous", "", "*", "restricted"])
def test_a_caller_without_a_number_is_no_target(value):
    log = Log()
    log.put(burst(Subject("caller", value)))
    assert (log.orders, log.verdicts) == ([], [("rejected", "bad_target")])


def test_bursts_leave_half_of_the_counts_to_leaks():
    log = Log(decider(Policy(commands_per_minute=4)))
    for nth in range(4):
        log.put(burst(Subject("account", f"acc-{nth}")))
    log.put(leak())
    log.put(leak(SPAIN))
    assert [verdict for verdict, _ in log.verdicts] == ["limit", "limit", "held", "held", "block", "block"]


@pytest.mark.parametrize("subject", [FRANCE, CALLER])
def test_what_a_count_holds_is_limited_after_a_quarter_of_an_hour_and_not_blocked(subject):
    log = Log(decider(ENFORCING))
    log.order("budget:active_blocks", 0)
    found = leak() if subject is FRANCE else burst(grade="block")
    for at in range(NOW, NOW + OVERDUE_MS, MINUTE_MS):
        log.put(replace(found, source=replace(found.source, position=-1)), at)
        assert log.orders == []
    log.tick(NOW + OVERDUE_MS - 1000)
    assert log.orders == []
    log.tick(NOW + OVERDUE_MS)
    assert log.actions == [LIMIT]
    assert log.verdicts == [("held", "active_blocks"), ("limit", "overdue")]


def test_a_proof_that_went_stale_is_not_limited_but_the_next_finding_is():
    log = Log()
    log.order("budget:active_blocks", 0)
    log.put(leak())
    for at in range(NOW, NOW + 2 * OVERDUE_MS, 60_000):
        log.tick(at)
    assert log.orders == []
    log.put(leak(), NOW + 2 * OVERDUE_MS)
    assert log.actions == [LIMIT]


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (("budget:impact_per_command", 0.0), leak(answered=50)),
        (("budget:impact_total", 0.0), leak(answered=50)),
        (("kill", True), leak()),
        (("kill", False), leak(grade="held", why="no_history")),
        (("kill", False), burst(grade="held", why="no_history")),
    ],
)
def test_nothing_else_that_is_held_has_a_deadline(order, found):
    log = Log()
    log.put(totals(1_000))
    log.order(*order)
    for at in range(NOW, NOW + 3 * OVERDUE_MS, MINUTE_MS):
        log.put(replace(found, source=replace(found.source, position=-1)), at)
        log.tick(at)
    assert log.orders == []
    assert log.states == ["held"]


def test_the_pace_of_commands_bounds_what_is_overdue_too():
    log = Log(decider(Policy(commands_per_minute=2)))
    log.order("budget:active_blocks", 0)
    prefixes = [Subject("prefix", f"+3461{digit}") for digit in range(6)]
    for prefix in prefixes:
        log.put(leak(prefix))
    for prefix in prefixes:
        log.put(leak(prefix), NOW + OVERDUE_MS - 1)
    log.tick(NOW + OVERDUE_MS)
    assert log.actions == [LIMIT, LIMIT]


@pytest.mark.parametrize(("found", "states"), [(leak, ["held"]), (burst, ["held", "expired"])])
def test_a_held_leak_waits_for_a_person_as_long_as_it_takes_and_a_burst_for_a_day(found, states):
    log = Log()
    log.put(found(grade="held", why="no_history"))
    for hour in range(0, 24 * 7):
        log.tick(NOW + hour * HOUR_MS)
    assert log.states == states
    key, first_ts = ("prefix:+333", NOW - 2000) if found is leak else ("caller:+212661234567", NOW - 300_000)
    log.order(f"approve:{incident_id(key, first_ts)}", at_ms=NOW + 7 * 24 * HOUR_MS)
    assert log.actions == ([BLOCK] if found is leak else [])


def test_what_waited_ends_where_a_new_proof_begins():
    log = Log()
    log.put(leak(grade="held"))
    log.put(leak(grade="held", first_ts=NOW + 1000), NOW + 2000)
    assert log.states == ["held", "expired", "held"]


def test_a_burst_that_an_operator_released_is_left_alone_until_it_pauses():
    log, again = Log(), NOW + 4 * HOUR_MS
    log.put(burst())
    log.order("release:caller:+212661234567", at_ms=NOW + 1000)
    for at in range(NOW + 10_000, NOW + 3 * HOUR_MS, 10_000):
        log.put(burst(at_ms=at), at)
    assert log.story == [("limit", "caller:+212661234567"), ("release", "caller:+212661234567")]
    assert log.verdicts == [("limit", "above_usual"), ("rejected", "waived")]
    log.put(burst(at_ms=again), again)
    assert log.actions[2:] == [LIMIT]


@pytest.mark.parametrize(("value", "action"), [(True, "limit"), ("block", "limit"), ("limit", "limit")])
def test_an_approved_burst_is_limited(value, action):
    log = Log()
    log.put(burst(grade="held", why="no_history"))
    log.order(f"approve:{incident_id('caller:+212661234567', NOW - 300_000)}", value)
    assert log.actions == [("fraud.control", action, 1)]


def test_a_rejected_finding_is_told_again_when_it_comes_back_after_an_hour():
    log = Log(decider(Policy(mode="off")))
    for at in (0, 10_000, 20_000, 20_000 + HOUR_MS):
        log.put(burst(at_ms=NOW + at), NOW + at)
    assert log.verdicts == [("rejected", "mode_off")] * 2


def test_a_block_that_is_needed_a_third_time_without_a_mend_says_so():
    log, at = Log(), NOW
    log.put(leak())
    for _ in range(4):
        at += 10 * MINUTE_MS
        log.tick(at)
        log.put(leak(newest_start=at), at)
    whys = [why for verdict, why in log.verdicts if verdict == "block"]
    usual = "free_where_paid_before"
    assert whys == [usual, usual, usual, "rearmed_without_mend", usual]


def test_a_release_covers_what_is_inside_it_only_as_long_as_its_own_burst_may_last():
    log, prefix = Log(), Subject("prefix", "+333123")
    log.put(burst(prefix))
    log.order("release:prefix:+333123", at_ms=NOW + 1000)
    for minute in range(1, 8):
        log.put(burst(VICTIM, at_ms=NOW + minute * MINUTE_MS), NOW + minute * MINUTE_MS)
    assert log.verdicts == [("limit", "above_usual"), ("rejected", "waived"), ("limit", "above_usual")]
    assert log.orders[-1].command.issued_at == NOW + 6 * MINUTE_MS


def test_a_leak_that_an_operator_released_says_nothing_of_bursts_inside_it():
    log = Log()
    log.put(leak())
    log.order("release:prefix:+333", at_ms=NOW + 1000)
    log.put(burst(VICTIM, at_ms=NOW + 2000), NOW + 2000)
    assert log.story[2:] == [("limit", "called:+33312345678")]


def test_time_that_was_waited_for_another_reason_does_not_count():
    log = Log()
    log.put(totals(1_000))
    log.order("budget:active_blocks", 0)
    for minute in range(20):
        log.put(leak(answered=60), NOW + minute * MINUTE_MS)
    log.order("budget:impact_per_command", 0.1, NOW + 20 * MINUTE_MS)
    for minute in range(20, 35):
        log.put(leak(answered=60), NOW + minute * MINUTE_MS)
    assert log.orders == []
    log.put(leak(answered=60), NOW + 35 * MINUTE_MS)
    assert log.actions == [LIMIT]


def test_a_leak_that_takes_over_a_burst_is_weighed_by_its_own_impact():
    log = Log()
    log.put(totals(1_000))
    log.put(burst(VICTIM))
    log.put(leak(VICTIM, answered=60))
    assert log.verdicts == [("limit", "above_usual"), ("held", "impact_per_command")]


@pytest.mark.parametrize("order", [("kill", True), ("block:caller:+212661234567", True)])
def test_what_its_rule_rejects_is_rejected_for_the_rules_reason(order):
    log = Log()
    log.order(*order)
    log.put(burst(grade="rejected", why="usual_load"))
    assert log.verdicts == [("rejected", "usual_load")]


@pytest.mark.parametrize(("value", "action"), [(True, "limit"), ("block", "block")])
def test_a_burst_is_blocked_by_a_person_who_says_so_where_its_rule_may(value, action):
    log = Log(decider(ENFORCING))
    log.put(burst(grade="held", why="no_history"))
    log.order(f"approve:{incident_id('caller:+212661234567', NOW - 300_000)}", value)
    assert log.actions == [("fraud.control", action, 1)]


@pytest.mark.parametrize(("rules", "action"), [(ENFORCING.rules, "block"), (Policy().rules, "limit")])
def test_a_shadow_shows_what_would_be_done_if_the_network_enforced(rules, action):
    log = Log(decider(Policy(mode="shadow", rules=rules)))
    log.put(burst(grade="block"))
    assert log.actions == [("fraud.shadow", action, 1)]


def test_a_short_lease_is_renewed_half_way():
    log = Log(decider(Policy(lease_ms=30_000)))
    log.put(burst())
    for at in range(NOW, NOW + 60_000, 1000):
        log.tick(at)
    issued = [order.command.issued_at - NOW for order in log.orders]
    assert issued == [0, 15_000, 30_000, 45_000]
