"""The decider: a pure function of its log; leases, half-opening, budgets, shadows, repeats and restarts."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from models import commands
from models.decider import Decider, Stamp, due_ticks
from models.findings import Evidence, Leak, Mended, Source, Subject, Tick, Totals, Withdrawn
from models.policy import MINUTE_MS, Policy

NOW = 1_795_460_000_000
FRANCE = Subject("prefix", "+333")


def decider(policy: Policy = Policy()) -> Decider:  # noqa: B008 - frozen
    return Decider(policy, {"333": "voicemail"}, "sha256:0", "det-1")


class Log:
    """A findings log: puts findings at offsets and times, and keeps what was decided."""

    def __init__(self, made: Decider | None = None) -> None:
        self.decider = made or decider()
        self.offset = -1
        self.orders = []
        self.verdicts = []
        self.states = []

    def put(self, finding, at_ms: int = NOW):
        self.offset += 1
        if finding.source.position < 0:
            finding = replace(finding, source=replace(finding.source, position=self.offset))
        decision = self.decider.take(finding, Stamp(at_ms, self.offset, 1))
        self.orders += decision.orders
        self.verdicts += [(line["verdict"], line["why"]) for line in decision.verdicts]
        self.states += [incident.state for incident in decision.incidents]
        return decision

    def tick(self, at_ms: int):
        return self.put(Tick(Source("clock", 0, at_ms // 1000)), at_ms)

    @property
    def actions(self):
        return [(order.topic, str(order.command.action), order.command.lease) for order in self.orders]


def leak(subject: Subject = FRANCE, grade="block", first_ts: int = NOW - 2000, **changes) -> Leak:
    evidence = Evidence(3, 3, 3, first_ts, NOW - 1000, 0, 0.0, 8.1, "3.50", "MAD", ("events/0/1",))
    fields = {"source": Source("rows", 0, -1), "subject": subject, "grade": grade, "why": "free_where_paid_before"}
    fields |= {"evidence": evidence, "code": "33", "newest_start": NOW - 1000, "answered": 0} | changes
    return Leak(**fields)


def mended(subject: Subject = FRANCE) -> Mended:
    return Mended(Source("rows", 0, -1), subject, NOW, NOW)


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
    assert decision == ([], [], [])
    assert log.put(replace(found, source=Source("rows", 0, 4))) == ([], [], [])
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


@pytest.mark.parametrize("end", [mended(), Withdrawn(Source("rows", 0, -1), FRANCE, NOW, "charged_at_release")])
def test_an_end_releases_what_is_in_force_once(end):
    log = Log()
    log.put(leak())
    log.put(end, NOW + 5000)
    log.put(end, NOW + 6000)
    assert log.actions == [("fraud.control", "block", 1), ("fraud.control", "release", 1)]
    assert log.orders[1].command.expires_at == log.orders[0].command.expires_at


def test_an_end_of_nothing_is_nothing():
    assert Log().put(mended()) == ([], [], [])


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


def totals(calls: int) -> Totals:
    return Totals(Source("rows", 0, -1), (((NOW - 5 * MINUTE_MS) // MINUTE_MS, calls),))


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
    log.put(leak(Subject("prefix", "+3461")))
    log.put(leak())
    log.put(leak(), NOW + 1000)
    assert log.verdicts[1:] == [("held", "active_blocks")]
    log.put(mended(Subject("prefix", "+3461")), NOW + 2000)
    log.put(leak(), NOW + 3000)
    assert log.orders[-1].command.target.key() == "prefix:+333"


def test_commands_of_a_minute_are_counted_and_forgotten():
    log = Log(decider(Policy(commands_per_minute=2)))
    for nth in range(3):
        log.put(leak(Subject("prefix", f"+3461{nth}")), NOW + nth)
    assert [verdict for verdict, _ in log.verdicts] == ["block", "block", "held"]
    log.put(leak(Subject("prefix", "+34612")), NOW + MINUTE_MS)
    assert log.verdicts[-1][0] == "block"


def test_due_ticks_are_the_whole_seconds_at_which_something_changes():
    log = Log()
    log.put(leak())
    ticks = []
    for tick in due_ticks(log.decider, NOW, NOW + 20 * MINUTE_MS):
        ticks.append(tick - NOW)
        log.tick(tick)
    assert ticks == [10 * MINUTE_MS, 15 * MINUTE_MS]


def test_a_state_of_another_version_is_refused():
    with pytest.raises(ValueError, match="version 99"):
        decider().load({"v": 99})


SUBJECTS = [
    FRANCE,
    Subject("prefix", "+3331"),
    Subject("prefix", "+333", switch="s1"),
    Subject("called", "+33312345678"),
]
happenings = st.lists(
    st.tuples(
        st.sampled_from(["leak", "leak", "mended", "withdrawn", "tick", "totals"]),
        st.sampled_from(SUBJECTS),
        st.sampled_from(["block", "limit", "held", "rejected"]),
        st.sampled_from([1, 1000, MINUTE_MS, 5 * MINUTE_MS]),
        st.booleans(),
    ),
    max_size=30,
)


def findings(happened):
    at, made = NOW, []
    for nth, (kind, subject, grade, later, replacing) in enumerate(happened):
        at += later
        source = Source("rows", 0, nth)
        match kind:
            case "leak":
                replaces = (SUBJECTS[1],) if replacing and subject is FRANCE else ()
                finding = leak(subject, grade, at - 500, source=source, newest_start=at - 100, replaces=replaces)
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
