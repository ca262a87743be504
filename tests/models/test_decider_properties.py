"""What holds of the decider whatever happens: restarts do not show, no id or rank is used twice, time moves on."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models import commands
from models.decider import Stamp, due_ticks
from models.findings import Mended, Source, Subject, Tick, Totals, Withdrawn
from models.incidents import KEEP_ENDED_MS
from models.policy import MINUTE_MS
from tests.support.findings_log import FRANCE, NARROW, NOW, asked, decider, leak, note

SUBJECTS = [FRANCE, NARROW, Subject("prefix", "+333", switch="s1"), Subject("called", "+33312345678")]
ORDERS = [
    *[("mode", mode) for mode in ("off", "shadow", "limit", "enforce")],
    *[("kill", True), ("kill", False), ("budget:active_blocks", 1), ("budget:active_blocks", None)],
    *[(kind + key, True) for kind in ("allow:", "block:", "release:") for key in ("prefix:+333", "prefix:+3331")],
    *[("block:prefix:+333", False), ("allow:prefix:+3331", False)],
    *[(f"approve:{commands.incident_id('prefix:+333', ts)}", "block") for ts in (NOW - 2000, NOW + 1)],
]
happenings = st.lists(
    st.tuples(
        st.sampled_from(["leak", "leak", "leak", "order", "order", "mended", "withdrawn", "tick", "totals"]),
        st.sampled_from(SUBJECTS),
        st.sampled_from(["block", "limit", "held", "rejected"]),
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
        told += [msgspec.json.encode(incident.record(nth)) for incident in decision.incidents]
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
