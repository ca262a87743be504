"""What holds of the decider whatever happens: restarts do not show, no id or rank is used twice, time moves on."""

from typing import get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models import commands
from models.decider import Decision, Stamp, due_ticks
from models.findings import Grade, Mended, Source, Subject, Tick, Totals, Withdrawn, decode, encode
from models.incidents import KEEP_ENDED_MS
from models.policy import MINUTE_MS
from tests.support.findings_log import CALLER, FRANCE, NARROW, NOW, SEEN, VICTIM, asked, burst, decider, leak, note

SUBJECTS = [FRANCE, NARROW, Subject("prefix", "+333", switch="s1"), VICTIM, CALLER]
RULES = ["rate_burst", "victim_flood", "unusual"]
FORESTS = [{}, {"score": 0.4}, SEEN]
KEYS = ("prefix:+333", "prefix:+3331", "called:+33312345678")
ORDERS = [
    *[("mode", mode) for mode in ("off", "shadow", "limit", "enforce")],
    *[("kill", True), ("kill", False), ("budget:active_blocks", 1), ("budget:active_blocks", None)],
    *[
        (kind + key, True)
        for kind in ("allow:", "block:", "release:")
        for key in ("prefix:+333", "prefix:+3331", "called:+33312345678")
    ],
    *[("block:prefix:+333", False), ("allow:prefix:+3331", False), ("budget:commands_per_minute", 0)],
    *[(f"approve:{commands.incident_id('prefix:+333', ts)}", "block") for ts in (NOW - 2000, NOW + 1)],
]
happenings = st.lists(
    st.tuples(
        st.sampled_from([*["leak", "burst"] * 3, "order", "order", "mended", "withdrawn", "tick", "totals"]),
        st.sampled_from(SUBJECTS),
        st.sampled_from(get_args(Grade)),
        st.sampled_from([1, 1000, MINUTE_MS, 5 * MINUTE_MS, KEEP_ENDED_MS]),
        st.booleans(),
        st.sampled_from(ORDERS),
    ),
    max_size=30,
)


def findings(happened):
    at, made = NOW, []
    for nth, (kind, subject, grade, later, either, order) in enumerate(happened):
        at += later
        source = Source("rows", 0, nth)
        match kind:
            case "leak":
                replaces = (NARROW,) if either and subject is FRANCE else ()
                first_ts = NOW - 2000 if either else at - 500
                finding = leak(subject, grade, first_ts, source=source, newest_start=at - 100, replaces=replaces)
            case "burst":
                rule, forest = RULES[nth % 3], FORESTS[nth // 3 % 3]
                within = (FRANCE,) if either else ()
                finding = burst(subject, grade, at, rule, source=source, within=within, **forest)
            case "order":
                until = at + (5 * MINUTE_MS if either else 2 * KEEP_ENDED_MS)
                finding = note(asked(*order, at, until), position=nth)
            case "mended":
                finding = Mended(source, subject, at, at)
            case "withdrawn":
                finding = Withdrawn(source, subject, at, "charged_at_release")
            case "tick":
                finding = Tick(Source("clock", 0, at // 1000))
            case _:
                finding = Totals(source, ((at // MINUTE_MS, nth),))
        made.append((finding, Stamp(at, nth, 1)))
    return made


def decided(made, stop: int | None = None) -> list[bytes]:
    judge, told = decider(), []
    for nth, (finding, stamp) in enumerate(made):
        if nth == stop:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(judge.snapshot()))
            judge = decider()
            judge.load(state)
        decision = judge.take(finding, stamp)
        told += [commands.encode(order.command) for order in decision.orders]
        told += [msgspec.json.encode(line) for line in decision.verdicts]
        told += [msgspec.json.encode(judge.record(incident, nth)) for incident in decision.incidents]
    return told


@settings(deadline=None)
@given(happenings, st.integers(0, 30))
def test_a_decider_restored_at_any_point_goes_on_as_if_never_stopped(happened, stop):
    made = findings(happened)
    assert decided(made, stop) == decided(made)


@settings(deadline=None)
@given(happenings)
def test_no_id_is_given_to_two_commands_and_seq_rises_on_every_key(happened):
    judge, ids, ranks = decider(), [], {}
    for finding, stamp in findings(happened):
        for _, command in judge.take(finding, stamp).orders:
            ids.append(command.id)
            key = command.target.key()
            assert ranks.get(key, (-1, -1)) < (command.epoch, command.seq)
            ranks[key] = (command.epoch, command.seq)
            assert not command.fault()
    assert len(ids) == len(set(ids))


@settings(deadline=None)
@given(happenings)
def test_time_never_stands_still(happened):
    judge = decider()
    for finding, stamp in findings(happened):
        judge.take(finding, stamp)
        for nth, tick in enumerate(due_ticks(judge, stamp.at_ms, stamp.at_ms + 3 * KEEP_ENDED_MS)):
            assert nth < 1_000
            judge.take(Tick(Source(f"clock-{stamp.seq}", 0, tick)), Stamp(tick, stamp.seq, 1))


@settings(deadline=None)
@given(happenings, st.integers(0, 30))
def test_a_replay_of_any_prefix_of_the_log_changes_nothing(happened, size):
    judge, made = decider(), findings(happened)
    for finding, stamp in made:
        judge.take(finding, stamp)
    before = judge.snapshot()
    for finding, stamp in made[:size]:
        assert judge.take(finding, stamp) == Decision.nothing()
    assert judge.snapshot() == before


@settings(deadline=None)
@given(happenings)
def test_no_command_rests_on_the_forest_alone_and_no_burst_blocks_by_default(happened):
    judge = decider()
    for finding, stamp in findings(happened):
        for topic, command in judge.take(finding, stamp).orders:
            if topic == "fraud.control":
                assert command.reason != "unusual"
                assert command.action != "block" or command.reason in ("zero_cost_route", "operator")


@given(happenings)
def test_a_finding_is_read_as_it_was_written(happened):
    for finding, _ in findings(happened):
        assert decode(encode(finding)) == finding
