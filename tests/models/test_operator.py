"""What operators set: mode, kill switch, budgets and allow entries in force on the decider, and what is no order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.findings import Subject
from models.operator import inside, outer
from models.policy import HOUR_MS, MINUTE_MS, Policy
from models.targets import Scope, Target
from tests.support.findings_log import FRANCE, NARROW, NOW, SPAIN, Log, asked, decider, leak, mended, note, totals

KEY = "prefix:+333"
DAY_MS = 24 * HOUR_MS


@pytest.mark.parametrize(
    ("configured", "ordered", "action"),
    [
        ("enforce", "limit", ("fraud.control", "limit", 1)),
        ("limit", "enforce", ("fraud.control", "limit", 1)),
        ("enforce", "shadow", ("fraud.shadow", "block", 1)),
        ("shadow", "enforce", ("fraud.shadow", "block", 1)),
    ],
)
def test_of_the_configured_and_the_ordered_mode_the_lower_counts(configured, ordered, action):
    log = Log(decider(Policy(mode=configured)))
    log.order("mode", ordered)
    log.put(leak())
    assert log.actions == [action]


def test_an_ordered_mode_ends():
    log = Log()
    log.order("mode", "shadow", until=NOW + MINUTE_MS)
    log.put(leak())
    log.put(leak(), NOW + MINUTE_MS)
    assert log.actions == [("fraud.shadow", "block", 1), ("fraud.control", "block", 2)]


@pytest.mark.parametrize(("mode", "released"), [("off", True), ("shadow", True), ("limit", False), ("enforce", False)])
def test_a_mode_that_does_not_enforce_releases_what_is_in_force(mode, released):
    log = Log()
    log.put(leak())
    log.order("block:caller:+34611112222", until=NOW + HOUR_MS)
    log.order("mode", mode)
    expected = [("release", KEY), ("release", "caller:+34611112222")] if released else []
    assert log.story[2:] == expected


def test_under_the_kill_switch_nothing_is_commanded_and_what_stands_runs_its_course():
    log = Log()
    log.put(leak())
    log.order("kill", value=True)
    log.put(leak(SPAIN))
    assert log.verdicts[-1] == ("held", "kill")
    log.tick(NOW + 10 * MINUTE_MS)
    log.put(leak(newest_start=NOW + 10 * MINUTE_MS), NOW + 10 * MINUTE_MS)
    log.put(mended(), NOW + 11 * MINUTE_MS)
    assert log.story == [("block", KEY), ("limit", KEY), ("release", KEY)]
    log.order("kill", value=False, at_ms=NOW + 12 * MINUTE_MS)
    log.put(leak(SPAIN), NOW + 12 * MINUTE_MS)
    assert log.story[3:] == [("block", "prefix:+3461")]


def test_a_budget_is_set_by_name_and_given_back():
    log = Log()
    log.put(totals(100))
    log.order("budget:impact_per_command", 0.04)
    log.put(leak(answered=5))
    assert log.verdicts == [("held", "impact_per_command")]
    log.order("budget:impact_per_command", None)
    log.put(leak(answered=5))
    assert log.story == [("block", KEY)]


@pytest.mark.parametrize(
    ("entry", "subject", "kept"),
    [
        (KEY, FRANCE, False),
        (KEY, NARROW, False),
        (KEY, Subject("called", "+33312345678"), False),
        (KEY, Subject("prefix", "+333", switch="s1"), False),
        ("prefix:+333@switch=s1", FRANCE, True),
        ("prefix:+3331", FRANCE, True),
        ("called:+33312345678", FRANCE, True),
        ("prefix:+34", FRANCE, True),
    ],
)
def test_an_allow_entry_keeps_commands_from_all_targets_inside_it(entry, subject, kept):
    log = Log()
    log.put(leak(subject))
    log.order(f"allow:{entry}", until=NOW + HOUR_MS)
    log.put(leak(subject), NOW + 1000)
    actions = [action for action, _ in log.story]
    assert actions == (["block"] if kept else ["block", "release"])
    if not kept:
        assert log.verdicts[-1] == ("held", "allowed")


@pytest.mark.parametrize("ends", ["until", "withdrawn"])
def test_after_its_allow_entry_a_leak_is_blocked_again(ends):
    log = Log()
    log.put(leak())
    log.order(f"allow:{KEY}", until=NOW + HOUR_MS)
    if ends == "withdrawn":
        log.order(f"allow:{KEY}", value=False, at_ms=NOW + MINUTE_MS)
    log.put(leak(), NOW + (HOUR_MS if ends == "until" else 2 * MINUTE_MS))
    assert log.actions[2:] == [("fraud.control", "block", 2)]


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (note(asked(f"block:{KEY}"), ()), "bad signature"),
        (note(asked(f"block:{KEY}"), (("sig", b"bad"),)), "bad signature"),
        (replace(note(asked(f"block:{KEY}")), value="$"), "base64"),
        (replace(note(asked(f"block:{KEY}")), value="AAAA"), "not an order"),
        (replace(note(asked(f"block:{KEY}")), key=note(asked("kill")).key), "key is not its setting"),
        (note(asked("volume", 11)), "unknown setting"),
        (note(asked("budget:volume", 11)), "unknown budget"),
        (note(asked("mode", "loud")), "mode is one of"),
        (note(asked(f"block:{KEY}", until=NOW)), "expired"),
        (note(asked(f"block:{KEY}", at=NOW - DAY_MS)), "expired"),
        (note(asked(f"block:{KEY}", at=NOW + HOUR_MS)), "ahead"),
    ],
)
def test_what_is_no_order_changes_nothing_and_is_reported(record, fault):
    log = Log()
    before = log.decider.snapshot() | {"taken": None}
    decision = log.put(record)
    assert len(log.faults) == 1
    assert fault in log.faults[0].lower()
    assert decision.heard[0].setting == decision.heard[0].author == ""
    assert (log.orders, log.states, log.decider.snapshot() | {"taken": None}) == ([], [], before)


def test_a_record_written_again_is_not_carried_out_again():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + HOUR_MS)
    log.order(f"release:{KEY}", given_at=NOW + 1)
    log.put(leak(first_ts=NOW + 1000), NOW + 2000)
    log.order(f"release:{KEY}", given_at=NOW + 1, at_ms=NOW + 3000)
    log.order(f"block:{KEY}", until=NOW + HOUR_MS, given_at=NOW, at_ms=NOW + 4000)
    assert log.faults == ["", "", "written again", "written again"]
    assert [action for action, _ in log.story] == ["block", "release", "block"]


def test_a_decider_without_memory_reads_the_whole_topic_and_ends_where_it_was():
    log = Log()
    log.order(f"block:{KEY}", until=NOW + 9 * DAY_MS, at_ms=NOW + 5 * DAY_MS, given_at=NOW)
    log.order(f"release:{KEY}", at_ms=NOW + 5 * DAY_MS, given_at=NOW + 1000)
    log.order("block:prefix:+34", until=NOW + 9 * DAY_MS, at_ms=NOW + 5 * DAY_MS, given_at=NOW)
    assert log.story == [("block", KEY), ("release", KEY), ("block", "prefix:+34")]


def test_what_was_forwarded_twice_is_taken_once():
    log = Log()
    record = note(asked(f"block:{KEY}", until=NOW + HOUR_MS), position=5)
    log.put(record)
    assert log.put(record, NOW + 1000).heard == []
    assert log.put(replace(record, source=replace(record.source, position=4))).heard == []
    assert len(log.orders) == 1


named = st.none() | st.sampled_from(["a", "b"])
targets = st.builds(
    Target,
    st.sampled_from(list(Scope)),
    st.sampled_from(["+3", "+33", "+333", "+3331", "+34", "333", "33"]),
    named,
    named,
    named,
)


@given(targets, targets)
def test_the_targets_over_one_are_those_that_it_is_inside_of(target, other):
    over = [found.key() for found in outer(target)]
    assert over[0] == target.key()
    assert len(over) == len(set(over))
    if not other.fault():
        assert inside(target, other) is (other.key() in over)
