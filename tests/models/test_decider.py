"""The decider: a pure function of its log; leases, half-opening, budgets, shadows, memory, repeats and restarts."""

import pytest
from msgspec.structs import replace

from models import commands
from models.decider import Decision, due_ticks
from models.findings import Source, Subject, Withdrawn
from models.incidents import KEEP_ENDED_MS
from models.policy import MINUTE_MS, Policy
from models.table_lookup import Protected
from models.tables import ProtectedNumber, ShortCode, Tables
from tests.support.findings_log import FRANCE, NOW, SPAIN, Log, decider, leak, mended, totals

NOTHING = Decision.nothing()


def test_a_block_carries_ids_that_follow_from_its_proof():
    log = Log()
    log.put(leak())
    (order,) = log.orders
    command = order.command
    assert order.topic == "fraud.control"
    assert command.incident == commands.incident_id("prefix:+333", NOW - 2000)
    assert command.id == commands.command_id(command.incident, command.mode, command.action, 1)
    assert (command.issued_at, command.expires_at) == (NOW, NOW + 15 * MINUTE_MS)
    assert (command.epoch, command.seq) == (1, 0)
    assert not command.fault()


def test_a_repeated_record_changes_nothing():
    log = Log()
    found = leak(source=Source("rows", 0, 5))
    log.put(found)
    decision = log.put(found)
    assert decision == NOTHING
    assert log.put(replace(found, source=Source("rows", 0, 4))) == NOTHING
    assert len(log.orders) == 1


def test_more_free_calls_under_a_block_give_no_command():
    log = Log()
    for nth in range(5):
        log.put(leak(), NOW + nth * 1000)
    assert log.actions == [("fraud.control", "block", 1)]


def test_a_block_half_opens_and_then_expires():
    log = Log()
    log.put(leak())
    log.tick(NOW + 10 * MINUTE_MS - 1000)
    assert len(log.orders) == 1
    log.tick(NOW + 10 * MINUTE_MS)
    limit = log.orders[1].command
    assert (str(limit.action), limit.args.calls_per_minute, limit.lease) == ("limit", 1, 1)
    assert (limit.expires_at, limit.supersedes) == (NOW + 15 * MINUTE_MS, log.orders[0].command.id)
    log.tick(NOW + 15 * MINUTE_MS)
    assert log.states == ["blocked", "half_open", "expired"]
    assert len(log.orders) == 2


@pytest.mark.parametrize(("start", "again"), [(-1, False), (0, True), (5, True)])
def test_only_a_call_that_the_half_open_block_let_through_renews_it(start, again):
    log = Log()
    log.put(leak())
    opened = NOW + 10 * MINUTE_MS
    log.tick(opened)
    log.put(leak(newest_start=opened + start), opened + 10)
    expected = [("fraud.control", "block", 2)] if again else []
    assert log.actions[2:] == expected


def test_a_half_open_block_waits_as_long_as_prices_come_late():
    log = Log()
    log.put(leak(late_ms=40 * MINUTE_MS))
    for minute in range(1, 80):
        log.tick(NOW + minute * MINUTE_MS)
    assert log.actions == [("fraud.control", "block", 1), *(("fraud.control", "limit", n) for n in (1, 2, 3, 4))]
    assert {order.command.args.calls_per_minute for order in log.orders[1:]} == {1}
    assert log.states == ["blocked", *["half_open"] * 4, "expired"]
    assert log.orders[-1].command.expires_at == NOW + 60 * MINUTE_MS


def test_a_call_let_through_is_told_late_and_renews_the_block_all_the_same():
    log = Log()
    log.put(leak(late_ms=40 * MINUTE_MS))
    for minute in range(1, 31):
        log.tick(NOW + minute * MINUTE_MS)
    log.put(leak(newest_start=NOW + 11 * MINUTE_MS, late_ms=40 * MINUTE_MS), NOW + 31 * MINUTE_MS)
    assert log.actions[-1] == ("fraud.control", "block", 4)


@pytest.mark.parametrize("end", [mended(), Withdrawn(Source("rows", 0, -1), FRANCE, NOW, "charged_at_release")])
def test_an_end_releases_what_is_in_force_once(end):
    log = Log()
    log.put(leak())
    log.put(end, NOW + 5000)
    log.put(end, NOW + 6000)
    assert log.actions == [("fraud.control", "block", 1), ("fraud.control", "release", 1)]
    assert log.orders[1].command.expires_at == log.orders[0].command.expires_at


def test_an_end_of_nothing_is_nothing():
    assert Log().put(mended()) == NOTHING


def test_a_new_proof_after_a_release_is_a_new_incident():
    log = Log()
    log.put(leak())
    log.put(mended(), NOW + 5000)
    log.put(leak(first_ts=NOW + 6000), NOW + 7000)
    first, _, second = (order.command for order in log.orders)
    assert (second.lease, str(second.action)) == (1, "block")
    assert second.incident != first.incident


def test_a_wider_block_releases_the_keys_that_it_replaces_after_it():
    log = Log()
    log.put(leak(Subject("prefix", "+3331")))
    log.put(leak(replaces=(Subject("prefix", "+3331"), Subject("prefix", "+3332"))), NOW + 1)
    keyed = [(str(o.command.action), o.command.target.key()) for o in log.orders]
    assert keyed == [("block", "prefix:+3331"), ("block", "prefix:+333"), ("release", "prefix:+3331")]
    assert log.orders[1].command.supersedes == log.orders[0].command.id


def test_a_limit_that_becomes_certain_becomes_a_block():
    log = Log()
    log.put(leak(grade="limit"))
    log.put(leak(), NOW + 1000)
    assert log.actions == [("fraud.control", "limit", 1), ("fraud.control", "block", 2)]


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        ("enforce", [("fraud.control", "block", 1)]),
        ("limit", [("fraud.control", "limit", 1)]),
        ("shadow", [("fraud.shadow", "block", 1)]),
        ("off", []),
    ],
)
def test_modes(mode, actions):
    log = Log(decider(Policy(mode=mode)))
    for nth in range(3):
        log.put(leak(), NOW + nth * 1000)
    assert log.actions == actions


def test_a_limit_in_force_is_not_forgotten_where_there_is_no_room_for_a_block():
    log = Log(decider(Policy(commands_per_minute=1)))
    log.put(leak(grade="limit"))
    log.put(leak(), NOW + 1000)
    assert log.verdicts[-1] == ("held", "commands_per_minute")
    log.put(mended(), NOW + 2000)
    assert log.actions == [("fraud.control", "limit", 1), ("fraud.control", "release", 1)]


@pytest.mark.parametrize(("answered", "verdict"), [(5, "block"), (6, "held")])
def test_what_a_block_would_touch_is_a_share_of_all_answered_calls(answered, verdict):
    log = Log()
    log.put(totals(100))
    log.put(leak(answered=answered))
    assert log.verdicts[0][0] == verdict
    assert bool(log.orders) == (verdict == "block")
    if log.orders:
        assert log.orders[0].command.impact["paid_share_1h"] == 0.05


def test_a_held_finding_is_told_once_and_acts_when_there_is_room():
    log = Log(decider(Policy(active_blocks=1)))
    log.put(leak(SPAIN))
    log.put(leak())
    log.put(leak(), NOW + 1000)
    assert log.verdicts[1:] == [("held", "active_blocks")]
    log.put(mended(SPAIN), NOW + 2000)
    log.put(leak(), NOW + 3000)
    assert log.orders[-1].command.target.key() == "prefix:+333"


def test_commands_of_a_minute_are_counted_and_forgotten():
    log = Log(decider(Policy(commands_per_minute=2)))
    for nth in range(3):
        log.put(leak(Subject("prefix", f"+3461{nth}")), NOW + nth)
    assert [verdict for verdict, _ in log.verdicts] == ["block", "block", "held"]
    log.put(leak(Subject("prefix", "+34612")), NOW + MINUTE_MS)
    assert log.verdicts[-1][0] == "block"


@pytest.mark.parametrize(("grade", "why"), [("held", "no_history"), ("block", "mode_shadow")])
def test_what_was_told_and_released_is_told_anew_when_it_is_proved_again(grade, why):
    log = Log(decider(Policy(mode="shadow")))
    for _ in range(2):
        log.put(leak(grade=grade, why=why))
        log.put(leak(grade=grade, why=why))
        log.put(mended())
    state = "held" if grade == "held" else "shadow"
    assert log.states == [state, "released"] * 2
    assert log.verdicts == [(state, why)] * 2


def test_a_proof_that_comes_back_after_its_incident_was_forgotten_goes_on_with_the_next_lease():
    log = Log()
    log.put(leak())
    log.tick(NOW + 15 * MINUTE_MS)
    log.put(leak(SPAIN), NOW + 15 * MINUTE_MS)
    forgotten = NOW + 15 * MINUTE_MS + KEEP_ENDED_MS
    log.tick(forgotten)
    log.put(leak(), forgotten + 1000)
    old, new = (order.command for order in log.orders if order.command.target.key() == "prefix:+333")
    assert (new.incident, new.lease) == (old.incident, 2)
    assert new.id != old.id


def test_a_proof_that_comes_back_in_the_place_of_a_newer_one_goes_on_with_its_next_lease():
    log = Log()
    for first_ts in (NOW - 2000, NOW - 1000, NOW - 2000):
        log.put(leak(first_ts=first_ts))
        log.put(mended())
    blocks = [order.command for order in log.orders if order.command.action == "block"]
    assert [command.lease for command in blocks] == [1, 1, 2]
    assert len({command.id for command in blocks}) == 3


def test_ticks_between_the_deadlines_change_nothing_a_backtest_could_miss():
    every, due = Log(), Log()
    for log in (every, due):
        log.put(leak())
        log.put(leak(SPAIN, "held", why="no_history"))
    end = NOW + KEEP_ENDED_MS + 30 * MINUTE_MS
    for at in range(NOW + 1000, end + 1000, 1000):
        every.tick(at)
    for at in due_ticks(due.decider, NOW, end):
        due.tick(at)
    assert every.decider.snapshot()["book"] == due.decider.snapshot()["book"]
    assert [o.command.issued_at for o in every.orders] == [o.command.issued_at for o in due.orders]
    for log in (every, due):
        log.put(leak(newest_start=end), end)
    assert every.orders[-1].command.id == due.orders[-1].command.id


PROTECTED = Protected(
    Tables(
        short_codes=(ShortCode("333", "voicemail"),),
        protected=(ProtectedNumber("+33312", "crisis line"), ProtectedNumber("+34611112222", "embassy")),
    ),
    "MA",
)


@pytest.mark.parametrize(
    "subject",
    [
        Subject("prefix", "+33312"),
        Subject("prefix", "+333123"),
        Subject("called", "+34611112222"),
        Subject("called", "112"),
        Subject("called", "333"),
    ],
)
def test_a_target_in_the_protected_set_is_rejected_with_its_reason(subject):
    log = Log(decider(protected=PROTECTED))
    decision = log.put(leak(subject))
    assert (decision.orders, decision.incidents, log.verdicts) == ([], [], [("rejected", "protected")])


def test_a_prefix_above_a_protected_number_is_blocked_and_says_so():
    log = Log(decider(protected=PROTECTED))
    log.put(leak())
    log.put(leak(SPAIN))
    assert [order.command.impact.get("passing") for order in log.orders] == [["+33312"], ["+34611112222"]]


def test_a_target_that_no_enforcer_would_take_is_rejected():
    log = Log()
    log.put(leak(Subject("prefix", "+333", plan="*")))
    assert (log.orders, log.verdicts) == ([], [("rejected", "bad_target")])


@pytest.mark.parametrize(("odds", "score"), [(5_000.0, 1.0), (0.0, 0.5), (-5_000.0, 0.0)])
def test_evidence_beyond_a_floats_powers_of_ten_has_a_score(odds, score):
    log = Log()
    found = leak()
    log.put(replace(found, evidence=replace(found.evidence, log10_odds=odds)))
    assert log.orders[0].command.score == score


def test_due_ticks_are_the_whole_seconds_at_which_something_changes():
    log = Log()
    log.put(leak())
    ticks = []
    for tick in due_ticks(log.decider, NOW, NOW + 2 * KEEP_ENDED_MS):
        ticks.append(tick - NOW)
        log.tick(tick)
    assert ticks == [10 * MINUTE_MS, 15 * MINUTE_MS, 15 * MINUTE_MS + KEEP_ENDED_MS]
    assert log.decider.next_deadline() is None


def test_a_state_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 99"):
        decider().load({"v": 99})
