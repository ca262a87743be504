"""A rating outage: three codes that turn free together, or ratings that fail, are one incident and no command."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.commands import incident_id
from models.decider import Decider, Stamp, due_ticks
from models.findings import Evidence, Leak, Mended, Source, Subject, Totals, Withdrawn
from models.outage import KEEP_MS, QUIET_MS, WITHIN_MS, Outages
from models.policy import MINUTE_MS
from tests.contract import faults
from tests.support.findings_log import NOW, Log, decider, leak

FRANCE, SPAIN, ITALY, TUNISIA = "33", "34", "39", "216"
FRANCE_1 = Subject("prefix", "+331")
OUTAGE = ("held", "unrelated_codes")


def turned(code: str, at_ms: int = NOW, switches=("s1",), value: str | None = None, **changes) -> Leak:
    """A calling code that turned free two seconds before `at_ms`."""
    subject = Subject("prefix", value or f"+{code}1", **{n: changes.pop(n) for n in ("switch", "plan") if n in changes})
    first_ts = changes.pop("first_ts", at_ms - 2_000)
    evidence = Evidence(3, 3, 3, first_ts, at_ms, 0, 0.0, 8.1, "3.50", "MAD")
    return replace(leak(subject, code=code, switches=switches, **changes), evidence=evidence)


def fed(*leaks: Leak, step_ms: int = 30_000) -> Log:
    """A log that took leaks, one every half minute."""
    log = Log()
    for nth, one in enumerate(leaks):
        log.put(one, NOW + nth * step_ms)
    return log


def outages(log: Log) -> list[tuple[str, str]]:
    return [verdict for verdict in log.verdicts if verdict[1] in ("unrelated_codes", "failed_ratings")]


def test_three_codes_on_one_switch_are_one_incident_and_the_blocks_before_it_are_released():
    log = fed(turned(FRANCE), turned(SPAIN), turned(ITALY), turned(TUNISIA))
    assert log.story == [
        ("block", "prefix:+331"),
        ("block", "prefix:+341"),
        ("release", "prefix:+331"),
        ("release", "prefix:+341"),
    ]
    held = ("held", "rating_outage")
    assert log.verdicts == [("block", "free_where_paid_before")] * 2 + [OUTAGE, held, held]


def test_the_incident_is_of_the_switch_and_names_its_codes():
    log = Log()
    log.put(turned(FRANCE))
    log.put(turned(SPAIN))
    decision = log.put(turned(ITALY))
    line, _ = decision.verdicts
    assert (line["reason"], line["target"]) == ("rating_outage", Subject("switch", "s1"))
    assert line["incident"] == incident_id("switch:s1", NOW - 2_000)
    shown = msgspec.to_builtins(decision.incidents[0].record(7))
    assert (shown["reason"], shown["state"], shown["verdict"]) == ("rating_outage", "held", "held")
    assert (shown["target"], shown["commands"]) == ({"scope": "switch", "value": "s1"}, [])
    assert shown["evidence"]["codes"] == ("33", "34", "39")
    assert shown["evidence"]["switches"] == ("s1",)
    assert faults("incident", msgspec.json.encode(shown)) == []


@pytest.mark.parametrize(
    ("third", "why"),
    [
        (turned(SPAIN, value="+346"), "two codes, three prefixes"),
        (turned(ITALY, switches=("s2",)), "another switch"),
        (turned(ITALY, NOW + WITHIN_MS + 3_000), "too late"),
        (turned(ITALY, grade="held", why="no_history"), "no price was known before"),
        (turned(ITALY, grade="held", why="mixed_before"), "it was often free before"),
        (turned(ITALY, grade="rejected", why="weak_evidence"), "no proof"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_no_outage(third, why):
    log = fed(turned(FRANCE), turned(SPAIN), third)
    assert not outages(log), why
    assert ("release", "prefix:+331") not in log.story


@pytest.mark.parametrize(
    "third",
    [
        turned(ITALY, value="+39", grade="held", why="whole_calling_code"),
        turned(ITALY, grade="limit"),
        turned(ITALY, switch="s1"),
        turned(ITALY, plan="prepaid"),
        turned(ITALY, switches=("s0", "s1")),
        turned(ITALY, NOW + WITHIN_MS - 3_000),
        turned(ITALY, NOW + 2 * WITHIN_MS, first_ts=NOW),
        turned(ITALY, entry="391", entry_kind="plus_before_short_code"),
    ],
    ids=(
        "whole code",
        "limit",
        "its switch",
        "a plan",
        "two switches",
        "in time",
        "proved late",
        "a short code",
    ),
)
def test_what_is_an_outage(third):
    log = fed(turned(FRANCE), turned(SPAIN))
    log.put(replace(turned(FRANCE), newest_start=NOW), NOW + 60_000)
    log.put(replace(turned(SPAIN), newest_start=NOW), NOW + 60_000)
    log.put(third, NOW + 90_000)
    assert outages(log) == [OUTAGE]
    assert [pair for pair in log.story if pair[0] == "release"] == [
        ("release", "prefix:+331"),
        ("release", "prefix:+341"),
    ]


@pytest.mark.parametrize(("explained", "found"), [(3, False), (2, False), (1, True), (0, True)])
def test_codes_that_short_codes_explain_are_that_many_slips(explained, found):
    slips = [turned(c, entry=f"{c}1", entry_kind="plus_before_short_code") for c in (FRANCE, SPAIN, ITALY)[:explained]]
    log = fed(*slips, *(turned(code) for code in (FRANCE, SPAIN, ITALY)[explained:]))
    assert bool(outages(log)) == found
    assert found or [verdict for verdict, _ in log.verdicts] == ["block"] * 3


def test_a_network_that_names_no_switch_is_one():
    log = fed(*(turned(code, switches=()) for code in (FRANCE, SPAIN, ITALY)))
    assert outages(log) == [OUTAGE]


def test_a_leak_that_turned_long_before_keeps_its_block():
    log, before = Log(), NOW - WITHIN_MS - 3_000
    log.put(turned(TUNISIA, before), before)
    for code in (FRANCE, SPAIN, ITALY):
        log.put(turned(code), NOW)
    log.put(turned(TUNISIA, NOW + 1_000, first_ts=before - 2_000), NOW + 1_000)
    assert outages(log) == [OUTAGE]
    assert [target for action, target in log.story if action == "release"] == ["prefix:+331", "prefix:+341"]


def test_a_block_that_an_operator_gave_or_approved_is_not_released():
    log = Log()
    log.order("block:prefix:+331")
    log.put(turned(SPAIN, grade="held", why="whole_calling_code"))
    log.order(f"approve:{incident_id('prefix:+341', NOW - 2_000)}")
    for code in (FRANCE, ITALY, TUNISIA):
        log.put(turned(code), NOW + 1_000)
    assert outages(log) == [OUTAGE]
    assert log.story[:2] == [("block", "prefix:+331"), ("block", "prefix:+341")]
    assert not {("release", "prefix:+331"), ("release", "prefix:+341")} & set(log.story)


def test_another_switch_joins_and_its_blocks_are_released():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(turned(FRANCE), NOW + 5 * MINUTE_MS)
    later = NOW + WITHIN_MS + 3_000
    for code in ("44", "49", "41"):
        log.put(turned(code, later, switches=("s2",)), later)
    assert outages(log) == [OUTAGE]
    assert [pair for pair in log.story if pair[1] in ("prefix:+441", "prefix:+491")] == [
        ("block", "prefix:+441"),
        ("block", "prefix:+491"),
        ("release", "prefix:+441"),
        ("release", "prefix:+491"),
    ]


@pytest.mark.parametrize(
    ("elsewhere", "verdict"),
    [
        (turned(TUNISIA, NOW + WITHIN_MS + 3_000, switches=("s2",)), "block"),
        (turned(TUNISIA, NOW + MINUTE_MS, switches=("s2",)), "held"),
        (turned(TUNISIA, NOW + MINUTE_MS, switches=("s2",), entry="216", entry_kind="free_row"), "block"),
        (turned(FRANCE, NOW + WITHIN_MS + 3_000, value="+336", switches=("s2",)), "held"),
        (turned(FRANCE, NOW, first_ts=NOW - WITHIN_MS - 3_000, value="+336", switches=("s2",)), "block"),
    ],
    ids=["another code, later", "another code, as it began", "a row that was named", "the same code", "long before"],
)
def test_what_turns_on_another_switch_meanwhile(elsewhere, verdict):
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(elsewhere, NOW + 61_000)
    assert log.verdicts[-1][0] == verdict


def test_the_same_code_that_turns_on_another_switch_is_held_and_its_block_released():
    log = Log()
    log.put(turned(FRANCE, value="+336", switches=("s2",), switch="s2"))
    for code in (FRANCE, SPAIN, ITALY):
        log.put(turned(code))
    log.put(turned(SPAIN, value="+346", switches=("s2",), switch="s2"), NOW + MINUTE_MS)
    released = {target for action, target in log.story if action == "release"}
    assert released == {"prefix:+331", "prefix:+341", "prefix:+336@switch=s2"}
    assert log.verdicts[-1] == ("held", "rating_outage")


def test_it_ends_when_nothing_was_free_for_a_while_and_wakes_at_the_next_free_call():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    last = NOW + 60_000 + QUIET_MS
    assert log.decider.next_deadline() == last
    log.tick(last - 1_000)
    assert log.states[-1] == "held"
    log.tick(last)
    assert log.states[-1] == "released"
    given_before = len(log.story)
    log.put(turned(FRANCE, first_ts=NOW - 2_000), last + 60_000)
    assert (outages(log), log.verdicts[-1]) == ([OUTAGE] * 2, ("held", "rating_outage")), "nobody has paid since"
    assert len(log.story) == given_before


def test_it_sleeps_no_longer_than_a_day():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    for deadline in due_ticks(log.decider, NOW + 60_000, NOW + KEEP_MS + MINUTE_MS):
        log.tick(deadline)
    log.put(turned(FRANCE, first_ts=NOW - 2_000), NOW + KEEP_MS + MINUTE_MS)
    assert log.verdicts[-1] == ("block", "free_where_paid_before")


def test_a_leak_that_an_outage_hid_is_blocked_when_the_others_stay_mended():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    for code in (SPAIN, ITALY):
        log.put(Mended(Source("rows", 0, -1), Subject("prefix", f"+{code}1"), NOW, NOW), NOW + 2 * MINUTE_MS)
    log.tick(NOW + 3 * MINUTE_MS)
    log.put(turned(FRANCE), NOW + QUIET_MS)
    assert log.verdicts[-1] == ("held", "rating_outage"), "they may turn again"
    log.tick(NOW + 60_000 + QUIET_MS)
    log.put(turned(FRANCE), NOW + 61_000 + QUIET_MS)
    assert log.verdicts[-1] == ("block", "free_where_paid_before")
    assert log.actions[-1] == ("fraud.control", "block", 2)


def test_a_code_more_is_shown_and_the_same_again_is_not():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    (shown, _) = log.put(turned(TUNISIA), NOW + MINUTE_MS).incidents
    assert shown.evidence.codes == ("216", "33", "34", "39")
    assert log.put(turned(TUNISIA), NOW + 2 * MINUTE_MS).incidents == []


def test_a_share_of_failed_ratings_adds_nothing_to_codes_that_are_free():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(ratings(0, 300), NOW + MINUTE_MS)
    for code in (FRANCE, SPAIN, ITALY):
        log.put(Mended(Source("rows", 0, -1), Subject("prefix", f"+{code}1"), NOW, NOW), NOW + 2 * MINUTE_MS)
    assert (outages(log), log.decider.snapshot()["outages"]["outage"]["state"]) == ([OUTAGE], "released")


def test_a_mend_does_not_end_what_failed_ratings_show():
    log = Log()
    log.put(ratings(0, 300))
    log.put(turned(FRANCE), NOW + 1_000)
    log.put(Mended(Source("rows", 0, -1), FRANCE_1, NOW, NOW), NOW + 2_000)
    assert log.decider.snapshot()["outages"]["outage"]["state"] == "held"


def test_a_target_that_another_took_the_place_of_is_free_no_more():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(turned(FRANCE, value="+333", replaces=(Subject("prefix", "+331"),)), NOW + MINUTE_MS)
    for value in ("+333", "+341", "+391"):
        log.put(Mended(Source("rows", 0, -1), Subject("prefix", value), NOW, NOW), NOW + 2 * MINUTE_MS)
    assert log.decider.snapshot()["outages"]["outage"]["state"] == "released"


def test_while_it_stands_a_code_of_which_no_price_is_known_goes_on_with_it():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(turned(FRANCE, grade="held", why="no_history", switch="s1"), NOW + QUIET_MS - 60_000)
    log.tick(NOW + 60_000 + QUIET_MS)
    assert log.states[-1] == "held"
    log.tick(NOW + 2 * QUIET_MS)
    assert log.states[-1] == "released"


def test_what_stands_for_hours_turns_only_once():
    """A rare route shows its leak again after an hour: it has not turned anew."""
    log = Log()
    log.put(turned(FRANCE, first_ts=NOW - WITHIN_MS), NOW)
    later = NOW + 2 * WITHIN_MS
    log.put(turned(FRANCE, later, first_ts=NOW - WITHIN_MS), later)
    for code in (SPAIN, ITALY):
        log.put(turned(code, later), later)
    assert not outages(log)
    log.put(turned(FRANCE, later, first_ts=later - 1), later)
    assert outages(log) == [OUTAGE], "it has now"


def test_what_showed_no_price_before_does_not_open_an_outage_where_it_joined_another():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.put(turned("44", NOW, switches=("s1", "s2"), grade="held", why="no_history"), NOW + 60_000)
    for code in ("45", "46"):
        log.put(turned(code, NOW, switches=("s2",)), NOW + 61_000)
    assert log.decider.snapshot()["outages"]["outage"]["evidence"]["switches"] == ("s1",)


def test_it_ends_with_the_last_switch():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    joined = NOW + 5 * MINUTE_MS
    for code in ("44", "49", "41"):
        log.put(turned(code, joined, switches=("s2",)), joined)
    log.tick(NOW + QUIET_MS + 60_000)
    assert log.decider.snapshot()["outages"]["outage"]["state"] == "held"
    log.tick(joined + QUIET_MS)
    assert log.decider.snapshot()["outages"]["outage"]["state"] == "released"


def test_it_ends_at_once_when_every_code_is_mended():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    ends = (Mended, Mended, lambda *found: Withdrawn(*found[:3], "charged_at_release"))
    for code, end in zip((FRANCE, SPAIN, ITALY), ends, strict=True):
        standing = log.decider.snapshot()["outages"]["outage"]["state"]
        assert standing == "held"
        log.put(end(Source("rows", 0, -1), Subject("prefix", f"+{code}1"), NOW, NOW), NOW + 2 * MINUTE_MS)
    outage = log.decider.snapshot()["outages"]["outage"]
    assert (outage["state"], outage["why"]) == ("released", "mended")


def test_a_second_outage_is_another_incident():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    log.tick(NOW + QUIET_MS + MINUTE_MS)
    later = NOW + 60 * MINUTE_MS
    ids = {log.decider.snapshot()["outages"]["outage"]["id"]}
    for code in (FRANCE, SPAIN, ITALY):
        log.put(turned(code, later), later)
    ids.add(log.decider.snapshot()["outages"]["outage"]["id"])
    assert (len(ids), outages(log)) == (2, [OUTAGE] * 2)


def test_an_approval_of_it_does_nothing_and_says_why():
    log = fed(*(turned(code) for code in (FRANCE, SPAIN, ITALY)))
    before = log.decider.snapshot()["book"]
    log.order(f"approve:{log.decider.snapshot()['outages']['outage']['id']}")
    assert log.faults == ["a rating outage has no command to approve: mend the rating system"]
    assert log.decider.snapshot()["book"] == before


def ratings(rated: int, failed: int, minute: int = NOW // MINUTE_MS, switch: str = "s1", partition: int = 0) -> Totals:
    return Totals(Source("rows", partition, -1), (), ((minute, switch, rated, failed),))


@pytest.mark.parametrize(
    ("rated", "failed", "found"),
    [(950, 50, False), (949, 51, True), (283, 16, False), (284, 16, True), (0, 300, True), (1_000, 0, False)],
)
def test_failed_ratings_above_a_share_of_enough_calls_are_an_outage(rated, failed, found):
    log = Log()
    log.put(ratings(rated, failed))
    assert outages(log) == ([("held", "failed_ratings")] if found else [])


def test_shares_are_of_all_partitions_and_of_as_many_minutes_as_it_takes():
    log, minute = Log(), NOW // MINUTE_MS
    log.put(ratings(300, 0, minute, partition=1))
    log.put(ratings(0, 15, minute))
    assert not outages(log), "of 315"
    for nth in range(1, 6):
        log.put(ratings(40, 0, minute + nth, partition=1))
        log.put(ratings(0, 20, minute + nth))
    assert outages(log) == [("held", "failed_ratings")]


def test_a_leak_while_ratings_fail_is_held_and_a_block_just_before_released():
    log = Log()
    before = NOW - WITHIN_MS - MINUTE_MS
    log.put(turned(TUNISIA, before), before)
    log.put(turned(TUNISIA, NOW, first_ts=before - 2_000), NOW)
    log.put(turned(FRANCE))
    log.put(ratings(100, 300))
    log.put(turned(SPAIN), NOW + 1_000)
    assert log.story == [("block", "prefix:+2161"), ("block", "prefix:+331"), ("release", "prefix:+331")]
    assert log.verdicts[-1] == ("held", "rating_outage")
    log.put(ratings(0, 300, NOW // MINUTE_MS + 1), NOW + MINUTE_MS)
    log.tick(NOW + QUIET_MS)
    log.put(turned(SPAIN), NOW + QUIET_MS)
    assert log.verdicts[-1] == ("held", "rating_outage")
    log.tick(NOW + MINUTE_MS + QUIET_MS)
    log.put(turned(SPAIN), NOW + MINUTE_MS + QUIET_MS)
    assert log.story[-1] == ("block", "prefix:+341")


@st.composite
def logs(draw):
    """Findings of a few codes and switches, minutes of ratings, mends, and time that passes."""
    at, found = NOW, []
    for _ in range(draw(st.integers(1, 25))):
        at += draw(st.sampled_from([1_000, 60_000, 5 * MINUTE_MS]))
        code = draw(st.sampled_from([FRANCE, SPAIN, ITALY, TUNISIA]))
        switches = draw(st.sampled_from([("s1",), ("s2",), ("s1", "s2"), ()]))
        match draw(st.sampled_from(["leak", "leak", "leak", "mend", "ratings"])):
            case "leak":
                grade = draw(st.sampled_from(["block", "limit"]))
                first = draw(st.sampled_from([at - 1_000, NOW]))
                found.append((at, turned(code, at, switches, grade=grade, first_ts=first)))
            case "mend":
                found.append((at, Mended(Source("rows", 0, -1), Subject("prefix", f"+{code}1"), at, at)))
            case _:
                failed = draw(st.sampled_from([0, 100]))
                found.append((at, ratings(300, failed, at // MINUTE_MS, draw(st.sampled_from(["s1", "s2"])))))
    return found


def played(found, stops=(), every_s: int = 0) -> list:
    """What a log shows; at `stops` the decider is built anew; ticks come as due, or every so many seconds."""
    log, at = Log(), NOW
    shown: list = []
    for nth, (then, finding) in enumerate(found):
        ticks = range(at + 1_000, then + 1, 1_000) if every_s else due_ticks(log.decider, at, then)
        for tick in ticks:
            shown += _shown(log.tick(tick))
        at = then
        shown += _shown(log.put(replace(finding, source=Source("rows", 0, nth)), then))
        if nth in stops:
            log.decider = _restored(log.decider)
    return shown


def _shown(decision) -> list:
    incidents = [(one.id, one.state, one.updated_at) for one in decision.incidents]
    commands = [(order.command.id, order.command.issued_at) for order in decision.orders]
    return [part for part in (commands, incidents, [line["why"] for line in decision.verdicts]) if part]


def _restored(old: Decider) -> Decider:
    new = decider()
    new.load(msgspec.msgpack.decode(msgspec.msgpack.encode(old.snapshot()), strict=True))
    return new


@given(logs(), st.sets(st.integers(0, 24)))
def test_a_decider_restored_at_any_point_goes_on_as_if_never_stopped(found, stops):
    assert played(found, stops) == played(found)


@given(logs())
def test_only_ticks_that_are_due_show(found):
    short = [(NOW + (at - NOW) // 60_000 * 10_000, finding) for at, finding in found[:8]]
    assert played(short, every_s=1) == played(short)


@given(logs())
def test_nothing_on_a_switch_that_is_down_gets_a_command(found):
    log = Log()
    for at, finding in found:
        log.tick(at)
        decision = log.put(finding, at)
        down = {switch for switch, _ in log.decider.snapshot()["outages"]["down"]}
        given_now = [order.command for order in decision.orders if order.command.action != "release"]
        if given_now and isinstance(finding, Leak):
            assert not down & set(finding.switches or ("unknown",))


def test_a_state_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 9"):
        Outages.restore({"v": 9})


def test_targets_are_bounded(monkeypatch):
    monkeypatch.setattr("models.outage.TURNED_MAX", 5)
    made = Outages()
    for nth in range(9):
        made.note(f"prefix:+3{nth}", turned(str(30 + nth), grade="limit"), NOW)
    assert len(made.snapshot()["turned"]) == 5


def test_a_stamp_says_when_it_was_opened():
    made = decider()
    decisions = [
        made.take(replace(turned(c), source=Source("r", 0, n)), Stamp(NOW + n, n, 1))
        for n, c in enumerate((FRANCE, SPAIN, ITALY))
    ]
    assert decisions[2].incidents[0].opened_at == NOW + 2
