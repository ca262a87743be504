"""The operator's hand on incidents: blocks, releases and approvals, and when they cannot be carried out."""

from itertools import pairwise

import pytest

from models import commands
from models.commands import incident_id
from models.findings import Source, Withdrawn
from models.issuer import OPERATOR_LEASE_MS
from models.orders import AHEAD_MS
from models.policy import HOUR_MS, MINUTE_MS, Policy
from models.table_lookup import Protected
from models.tables import ProtectedNumber, Tables
from tests.support.findings_log import FRANCE, NARROW, NOW, Log, decider, leak, mended

KEY = "prefix:+333"
HELD = incident_id(KEY, NOW - 2000)
DAY_MS = 24 * HOUR_MS


def test_an_operators_block_names_who_and_why_and_validates():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    (order,) = log.orders
    command = order.command
    assert (str(command.action), command.reason, command.lease) == ("block", "operator", 1)
    assert command.incident == incident_id(KEY, NOW)
    assert command.expires_at == NOW + HOUR_MS
    assert command.summary == "Asked for by ana: the switch team asked"
    assert commands.decode(commands.encode(command)) == command
    assert log.states == ["blocked"]


def test_an_operators_block_is_renewed_until_its_end_without_a_gap_and_never_beyond_a_day():
    log, until = Log(), NOW + 3 * DAY_MS
    log.order(f"block:{KEY}", until=until)
    at = NOW
    while (deadline := log.decider.next_deadline()) < until + DAY_MS - MINUTE_MS:
        at = deadline
        log.tick(at)
    blocks = [order.command for order in log.orders]
    assert {str(command.action) for command in blocks} == {"block"}
    assert [command.lease for command in blocks] == [1, 2, 3, 4]
    assert len({command.id for command in blocks}) == 4
    for before, after in pairwise(blocks):
        assert after.issued_at < before.expires_at < after.expires_at <= after.issued_at + OPERATOR_LEASE_MS
    assert blocks[-1].expires_at == until
    assert log.states == ["blocked"] * 4 + ["expired"]


def test_a_block_without_an_end_ends_after_a_day():
    log = Log()
    log.order(f"block:{KEY}")
    log.tick(NOW + OPERATOR_LEASE_MS - MINUTE_MS)
    assert [order.command.expires_at for order in log.orders] == [NOW + OPERATOR_LEASE_MS, NOW + DAY_MS]


def test_a_renewal_after_a_long_silence_comes_late_rather_than_never():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + 3 * DAY_MS)
    log.tick(NOW + 2 * DAY_MS)
    assert log.actions == [("fraud.control", "block", 1), ("fraud.control", "block", 2)]


def test_another_block_on_the_target_changes_its_end_at_once():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    log.order(f"block:{KEY}", until=NOW + MINUTE_MS, given_at=NOW + 1)
    first, second = (order.command for order in log.orders)
    assert (second.incident, second.lease, second.expires_at) == (first.incident, 2, NOW + MINUTE_MS)
    log.tick(NOW + MINUTE_MS)
    assert log.states[-1] == "expired"


def test_an_operators_block_takes_over_from_a_rules_and_outlives_its_leak():
    log = Log()
    log.put(leak())
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    log.put(leak(), NOW + 1000)
    log.put(mended(), NOW + 2000)
    log.tick(NOW + 30 * MINUTE_MS)
    assert log.story == [("block", KEY), ("block", KEY)]
    assert log.states == ["blocked", "released", "blocked"]
    log.tick(NOW + HOUR_MS)
    log.put(leak(), NOW + HOUR_MS)
    assert log.story[2:] == [("block", KEY)]


def test_a_finding_under_an_operators_block_leaves_its_grounds_alone():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + 2 * DAY_MS)
    log.put(leak(), NOW + 1000)
    log.tick(NOW + OPERATOR_LEASE_MS - MINUTE_MS)
    first, renewed = (order.command for order in log.orders)
    assert (renewed.lease, renewed.summary, renewed.evidence) == (2, first.summary, first.evidence)


def test_a_wider_leak_does_not_take_the_place_of_an_operators_block():
    log = Log()
    log.order("block:prefix:+3331", until=NOW + HOUR_MS)
    log.put(leak(replaces=(NARROW,)), NOW + 1000)
    assert log.story == [("block", "prefix:+3331"), ("block", KEY)]


@pytest.mark.parametrize(("setting", "value"), [(f"release:{KEY}", True), (f"block:{KEY}", False)])
def test_an_operators_block_is_withdrawn(setting, value):
    log = Log()
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    log.order(setting, value, NOW + 1000)
    assert log.story == [("block", KEY), ("release", KEY)]
    assert log.orders[1].command.expires_at == NOW + HOUR_MS
    log.put(leak(first_ts=NOW + 500), NOW + 2000)
    assert log.story[2:] == [("block", KEY)]


@pytest.mark.parametrize(("mode", "topic", "action"), [("limit", "control", "limit"), ("shadow", "shadow", "block")])
def test_the_mode_bounds_an_operators_block_too(mode, topic, action):
    log = Log()
    log.order("mode", mode)
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    assert log.actions == [(f"fraud.{topic}", action, 1)]


def test_a_block_that_would_only_be_shown_takes_no_command_away():
    log = Log(decider(Policy(rules={"zero_cost_route": "enforce", "operator": "shadow"})))
    log.put(leak())
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    log.put(mended(), NOW + 1000)
    assert (log.faults, log.story) == (["mode_shadow"], [("block", KEY), ("release", KEY)])


def test_a_block_under_a_lower_mode_is_renewed_as_that_mode_has_it():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + 2 * DAY_MS)
    log.order("mode", "limit")
    log.tick(NOW + OPERATOR_LEASE_MS - MINUTE_MS)
    assert log.story == [("block", KEY), ("limit", KEY)]


PROTECTED = Protected(Tables(protected=(ProtectedNumber("+3331", "crisis line"),)), "MA")


@pytest.mark.parametrize(
    ("before", "setting", "fault"),
    [
        ([], "block:prefix:+33312", "protected"),
        ([], "block:called:112", "protected"),
        ([("allow:prefix:+333", True)], "block:prefix:+3332", "allowed"),
        ([("kill", True)], "block:prefix:+333", "kill"),
        ([("mode", "off")], "block:prefix:+333", "mode_off"),
        ([], "release:prefix:+333", "nothing to release"),
        ([], f"approve:{HELD}", "no held incident of this id"),
    ],
)
def test_an_order_that_cannot_be_carried_out_says_why_and_changes_nothing(before, setting, fault):
    log = Log(decider(protected=PROTECTED))
    for earlier, value in before:
        log.order(earlier, value)
    decision = log.order(setting)
    assert log.faults[-1] == fault
    assert (decision.orders, decision.incidents) == ([], [])


def test_a_released_proof_leads_to_no_command_again_and_a_new_one_does():
    log = Log()
    log.put(leak())
    log.order(f"release:{KEY}", at_ms=NOW + 1000)
    for later in range(2, 30):
        log.put(leak(newest_start=NOW + later * HOUR_MS), NOW + later * HOUR_MS)
        log.tick(NOW + later * HOUR_MS + 1)
    log.put(leak(NARROW, first_ts=NOW - 1000), NOW + 30 * HOUR_MS)
    assert log.story == [("block", KEY), ("release", KEY)]
    log.put(leak(first_ts=NOW + 30 * HOUR_MS), NOW + 31 * HOUR_MS)
    assert log.story[2:] == [("block", KEY)]


def test_a_release_of_what_is_held_keeps_it_from_being_told_again():
    log = Log()
    log.put(leak(grade="held", why="no_history"))
    log.order(f"release:{KEY}", at_ms=NOW + 1000)
    log.put(leak(), NOW + 2000)
    assert (log.orders, log.states) == ([], ["held", "released"])


@pytest.mark.parametrize(
    ("grade", "value", "action"),
    [
        ("held", True, "block"),
        ("held", "limit", "limit"),
        ("block", True, "block"),
        ("limit", True, "limit"),
        ("limit", "block", "block"),
    ],
)
def test_an_approved_incident_becomes_its_command(grade, value, action):
    log = Log()
    log.order("budget:active_blocks", 0)
    log.put(leak(grade=grade))
    assert log.states == ["held"]
    log.order(f"approve:{HELD}", value)
    (order,) = log.orders
    assert (str(order.command.action), order.command.reason) == (action, "zero_cost_route")
    assert order.command.incident == HELD


def test_an_approval_holds_for_the_whole_incident():
    log = Log()
    log.put(leak(grade="held", why="whole_calling_code"))
    log.order(f"approve:{HELD}")
    opened = NOW + 10 * MINUTE_MS
    log.tick(opened)
    log.put(leak(grade="held", why="whole_calling_code", newest_start=opened), opened)
    assert log.actions == [
        ("fraud.control", action, lease) for action, lease in (("block", 1), ("limit", 1), ("block", 2))
    ]
    log.put(mended(), opened + 1000)
    assert log.story[-1] == ("release", KEY)


def test_an_approval_is_no_more_than_the_mode_allows():
    log = Log()
    log.put(leak(grade="held", why="no_history"))
    log.order("mode", "shadow")
    log.order(f"approve:{HELD}")
    assert log.actions == [("fraud.shadow", "block", 1)]


def test_a_charge_that_withdraws_the_proof_ends_an_approved_command():
    log = Log()
    log.put(leak(grade="held", why="no_history"))
    log.order(f"approve:{HELD}")
    log.put(Withdrawn(Source("rows", 0, -1), FRANCE, NOW, "charged_at_release"))
    assert log.story == [("block", KEY), ("release", KEY)]


@pytest.mark.parametrize(("ahead", "action"), [(0, "release"), (1, "block")])
def test_a_release_does_not_undo_what_was_given_well_after_it(ahead, action):
    log = Log()
    log.put(leak(), NOW)
    log.order(f"release:{KEY}", given_at=NOW - AHEAD_MS - ahead)
    assert log.story[-1] == (action, KEY)
    assert log.faults == ["given before what is in force" if ahead else ""]
