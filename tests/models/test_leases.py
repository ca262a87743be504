"""The rules that every enforcer keeps (contract, section 3), rule by rule, on the table alone."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.commands import Action, Args, Command, Mode, Scope, Target
from models.leases import MEMORY_MS, LeaseTable
from models.matching import CallView
from models.table_lookup import Protected
from models.tables import ProtectedNumber, ShortCode, Tables

NOW = 1_795_467_962_010
LEASE = 900_000
FRANCE = Target(Scope.PREFIX, "+333")
TO_FRANCE = CallView("+33387654321", caller="+212661234567", account="acc-1", switch="fes", plan="student")


def command(seq, target=FRANCE, action=Action.BLOCK, *, epoch=7, until=NOW + LEASE, args=None, **more):
    if action is Action.LIMIT and args is None:
        args = Args(calls_per_minute=1)
    return Command(
        **{
            "id": f"command-{epoch}-{seq}",
            "incident": "incident",
            "action": action,
            "target": target,
            "reason": "zero_cost_route",
            "issued_at": NOW,
            "expires_at": until,
            "lease": 1,
            "epoch": epoch,
            "seq": seq,
            "args": args,
        }
        | more
    )


def offer(table, given, now=NOW, appended=None):
    return table.offer(given.target.key(), given, now, appended).status


def effect(table, call=TO_FRANCE, now=NOW):
    return table.judge(call, now).effect


# Rule 1: what is not right is refused with its reason, and nothing changes


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (command(9, v=2), "unknown v"),
        (command(9, target=Target(Scope.PREFIX, "+")), "wildcard"),
        (command(9, target=Target(Scope.ACCOUNT, "*")), "wildcard"),
        (command(9, target=Target(Scope.PREFIX, "+333", switch="")), "empty"),
        (command(9, mode=Mode.SHADOW), "shadow"),
        (command(9, until=NOW), "past"),
        (command(9, until=NOW - 1), "past"),
        (command(9, until=NOW + 86_400_001), "24 h"),
        (command(9, action=Action.LIMIT, args=Args()), "args"),
        (command(9, target=Target(Scope.CALLED, "112")), "protected"),
    ],
)
def test_a_bad_command_is_refused_and_changes_nothing(bad, reason):
    table = LeaseTable()
    assert offer(table, command(1)) == 200
    before = table.digest(NOW)
    status, error = table.offer(bad.target.key(), bad, NOW)
    assert (status, reason in error, table.digest(NOW)) == (400, True, before)
    assert offer(table, command(2)) == 200  # it left no rank behind either


def test_a_key_that_is_not_its_targets_is_refused():
    table = LeaseTable()
    assert table.offer("prefix:+33", command(1), NOW).status == 400
    assert effect(table) == "pass"


def test_a_lease_of_24_hours_is_not_too_long():
    assert offer(LeaseTable(), command(1, until=NOW + 86_400_000)) == 200


# Rule 2: the newest (epoch, seq) of a key wins, and among keys the strictest


@pytest.mark.parametrize(
    ("commands", "statuses", "call"),
    [
        ([command(1), command(2, action=Action.RELEASE)], [200, 200], "pass"),
        ([command(2, action=Action.RELEASE), command(1)], [404, 409], "pass"),
        ([command(2), command(1, action=Action.RELEASE)], [200, 409], "refuse"),
        ([command(9, epoch=7), command(1, epoch=8, action=Action.RELEASE)], [200, 200], "pass"),
        ([command(1, epoch=8), command(9, epoch=7, action=Action.RELEASE)], [200, 409], "refuse"),
        ([command(1), command(2, action=Action.LIMIT), command(3)], [200, 200, 200], "refuse"),
        ([command(3, action=Action.RELEASE), command(2), command(3, action=Action.RELEASE)], [404, 409, 404], "pass"),
    ],
)
def test_the_newest_command_of_a_key_wins_whatever_the_order(commands, statuses, call):
    table = LeaseTable()
    assert [offer(table, given) for given in commands] == statuses
    assert effect(table) == call


def test_a_half_open_limit_takes_the_place_of_the_block_and_lets_a_trickle_through():
    table = LeaseTable()
    offer(table, command(1))
    offer(table, command(2, action=Action.LIMIT, args=Args(calls_per_minute=2)))
    assert [effect(table, now=NOW + at) for at in (0, 1, 2, 59_999)] == ["pass", "pass", "refuse", "refuse"]
    assert [effect(table, now=NOW + at) for at in (60_000, 60_001, 60_002)] == ["pass", "pass", "refuse"]


def test_a_renewed_limit_does_not_begin_its_minute_anew():
    table = LeaseTable()
    offer(table, command(1, action=Action.LIMIT))
    assert effect(table) == "pass"
    offer(table, command(2, action=Action.LIMIT))
    assert effect(table, now=NOW + 1) == "refuse"


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_of_overlapping_rules_the_strictest_applies_each_with_its_own_lease(order):
    commands = [
        command(1, Target(Scope.PREFIX, "+33"), Action.LIMIT, args=Args(calls_per_minute=5)),
        command(2, FRANCE, until=NOW + 1000),
        command(3, Target(Scope.CALLED, "+33387654321"), Action.LIMIT, until=NOW + 2000),
    ]
    table = LeaseTable()
    for position in order:
        offer(table, commands[position])
    assert table.judge(TO_FRANCE, NOW).command == "command-7-2"
    at = NOW + 1000
    assert [table.judge(TO_FRANCE, at).command for _ in range(2)] == [None, "command-7-3"]
    at = NOW + 2000  # one was admitted before, by the wide limit too
    assert [table.judge(TO_FRANCE, at).command for _ in range(5)] == [*[None] * 4, "command-7-1"]


def test_a_refused_call_uses_up_no_limit():
    table = LeaseTable()
    offer(table, command(1, Target(Scope.PREFIX, "+33"), Action.LIMIT))
    offer(table, command(2, FRANCE, until=NOW + 10))
    assert [effect(table, now=NOW + at) for at in (0, 1, 10)] == ["refuse", "refuse", "pass"]


def test_a_call_shorter_than_some_prefix_is_counted_once_in_a_limit():
    table = LeaseTable()
    offer(table, command(1, action=Action.LIMIT, args=Args(calls_per_minute=2)))
    offer(table, command(2, Target(Scope.PREFIX, "+33387")))
    assert [effect(table, CallView("+333")) for _ in range(3)] == ["pass", "pass", "refuse"]


# Rule 3: a block is a lease


def test_a_lease_ends_at_its_end_whether_or_not_anybody_looks():
    table = LeaseTable()
    offer(table, command(1))
    assert (effect(table, now=NOW + LEASE - 1), effect(table, now=NOW + LEASE)) == ("refuse", "pass")
    assert table.expire(NOW + LEASE - 1) == []
    assert table.expire(NOW + LEASE) == ["prefix:+333"]
    assert table.expire(NOW + LEASE) == []


@pytest.mark.parametrize("late_by", [0, LEASE, LEASE + MEMORY_MS - 1])
def test_an_older_block_never_comes_back_after_its_release(late_by):
    table = LeaseTable()
    offer(table, command(2, action=Action.RELEASE))
    now = NOW + late_by
    table.expire(now)
    assert offer(table, command(1, until=now + LEASE), now) == 409


def test_what_no_longer_matters_is_forgotten():
    table = LeaseTable()
    offer(table, command(2))
    table.expire(NOW + LEASE + MEMORY_MS)
    assert table.newest("prefix:+333") is None


def test_a_table_that_is_loaded_late_equals_one_that_was_there():
    """The newer command has ended since it was written; the older one that it replaced must not come back."""
    table, later = LeaseTable(), NOW + 2000
    assert offer(table, command(1), later, appended=NOW) == 200
    assert offer(table, command(2, until=NOW + 1000), later, appended=NOW + 1) == 400
    assert effect(table, now=later) == "pass"


def test_a_command_that_was_past_when_it_was_written_never_counts():
    table, later = LeaseTable(), NOW + 2000
    offer(table, command(1), later, appended=NOW)
    assert offer(table, command(2, until=NOW + 1000), later, appended=NOW + 1000) == 400
    assert effect(table, now=later) == "refuse"


# Rule 4: numbers dialled as international only; emergency and protected numbers always pass


@pytest.mark.parametrize(
    ("target", "call", "expected"),
    [
        (FRANCE, CallView("+33387654321"), "refuse"),
        (FRANCE, CallView("+333"), "refuse"),
        (FRANCE, CallView("333"), "pass"),
        (FRANCE, CallView("33387654321"), "pass"),
        (FRANCE, CallView("+33187654321"), "pass"),
        (FRANCE, CallView("+33"), "pass"),
        (Target(Scope.PREFIX, "+333", switch="fes"), CallView("+33387654321", switch="fes"), "refuse"),
        (Target(Scope.PREFIX, "+333", switch="fes"), CallView("+33387654321", switch="cas"), "pass"),
        (Target(Scope.PREFIX, "+333", switch="fes"), CallView("+33387654321"), "pass"),
        (Target(Scope.PREFIX, "+333", plan="student"), TO_FRANCE, "refuse"),
        (Target(Scope.PREFIX, "+333", trunk="T", plan="student"), TO_FRANCE, "pass"),
        (Target(Scope.CALLED, "+33387654321"), CallView("+33387654321"), "refuse"),
        (Target(Scope.CALLED, "+33387654321"), CallView("+333876543210"), "pass"),
        (Target(Scope.CALLED, "5551234"), CallView("5551234"), "refuse"),
        (Target(Scope.CALLER, "+212661234567"), TO_FRANCE, "refuse"),
        (Target(Scope.CALLER, "+212661234567"), CallView("112", caller="+212661234567"), "pass"),
        (Target(Scope.ACCOUNT, "acc-1"), TO_FRANCE, "refuse"),
        (Target(Scope.ACCOUNT, "acc-1"), CallView("+33387654321", caller="acc-1"), "pass"),
        (Target(Scope.TRUNK, "IN-1"), CallView("+33387654321", trunk_in="IN-1"), "refuse"),
        (Target(Scope.TRUNK, "IN-1"), CallView("+33387654321", trunk="IN-1"), "pass"),
        (Target(Scope.TRUNK, "IN-1"), CallView("116000", trunk_in="IN-1"), "pass"),
        (Target(Scope.TRUNK, "IN-1"), CallView("19", trunk_in="IN-1"), "pass"),
        (Target(Scope.TRUNK, "IN-1"), CallView("333", trunk_in="IN-1"), "pass"),
        (Target(Scope.TRUNK, "IN-1"), CallView("+33800123456", trunk_in="IN-1"), "pass"),
    ],
)
def test_a_rule_touches_what_it_names_and_nothing_else(target, call, expected):
    tables = Tables(short_codes=(ShortCode("333", "voicemail"),), protected=(ProtectedNumber("+33800", "own hotline"),))
    table = LeaseTable(protected=Protected(tables, "MA"))
    assert offer(table, command(1, target)) == 200
    assert effect(table, call) == expected


def test_a_caller_number_that_anybody_can_claim_passes_nothing():
    """A protected number is one to call: a spoofer must not get through with it."""
    tables = Tables(protected=(ProtectedNumber("+212522000000", "hospital"),))
    table = LeaseTable(protected=Protected(tables, "MA"))
    offer(table, command(1))
    assert effect(table, CallView("+33387654321", caller="+212522000000")) == "refuse"
    assert offer(table, command(1, Target(Scope.CALLER, "+212522000000"))) == 400


# Rule 6: applying twice is applying once, and what cannot be honoured is said


def test_nothing_to_release_is_said_every_time():
    table, release = LeaseTable(), command(1, action=Action.RELEASE)
    assert [offer(table, release), offer(table, release)] == [404, 404]


@pytest.mark.parametrize(
    ("supports", "given"),
    [
        (frozenset(), command(2, Target(Scope.PREFIX, "+333", switch="fes"))),
        (frozenset({"switch"}), command(2, Target(Scope.PREFIX, "+333", "fes", plan="student"))),
        (frozenset({"switch"}), command(2, action=Action.LIMIT)),
        (frozenset({"calls_per_minute"}), command(2, action=Action.LIMIT, args=Args(1, concurrent=2))),
    ],
)
def test_a_member_that_cannot_be_honoured_is_501_and_changes_nothing(supports, given):
    table = LeaseTable(supports)
    offer(table, command(1))
    before = table.digest(NOW)
    assert (offer(table, given), table.digest(NOW)) == (501, before)
    assert table.offer("prefix:+333", command(1), NOW).status == 200


def test_a_scope_that_cannot_be_honoured_is_501():
    table = LeaseTable(scopes=frozenset({Scope.PREFIX}))
    assert offer(table, command(1, Target(Scope.ACCOUNT, "acc-1"))) == 501


# Rule 7: the operator's hand


def test_the_kill_switch_lets_every_call_pass_and_leases_run_on():
    table = LeaseTable()
    offer(table, command(1))
    table.kill(True)
    assert (effect(table), table.rules(NOW)) == ("pass", [])
    table.kill(False)
    assert (effect(table), len(table.rules(NOW))) == ("refuse", 1)


def test_an_allow_entry_passes_before_every_rule_until_its_end():
    table = LeaseTable()
    offer(table, command(1))
    table.allow({"allow:called:+33387654321": (Target(Scope.CALLED, "+33387654321"), NOW + 10)})
    assert (effect(table, now=NOW + 9), effect(table, now=NOW + 10)) == ("pass", "refuse")
    assert effect(table, CallView("+33387654322")) == "refuse"
    assert [rule.effect for rule in table.rules(NOW)] == ["pass", "refuse"]
    assert [rule.effect for rule in table.rules(NOW + 10)] == ["refuse"]
    table.allow({})
    assert effect(table) == "refuse"


# What follows from the rules for any commands in any order

targets = st.sampled_from([FRANCE, Target(Scope.PREFIX, "+33"), Target(Scope.PREFIX, "+333", plan="student")])
many = st.lists(
    st.builds(
        lambda seq, target, action, until, limit: command(
            seq, target, action, epoch=seq % 2, until=NOW + until, args=Args(limit) if action is Action.LIMIT else None
        ),
        st.integers(0, 30),
        targets,
        st.sampled_from(Action),
        st.sampled_from([-1, 1, 500, 1000, 90_000_000]),
        st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda given: (given.target, given.epoch, given.seq),
)


@given(st.data(), many)
def test_any_order_gives_the_same_table(data, commands):
    shuffled = data.draw(st.permutations(commands))
    tables = [LeaseTable(), LeaseTable()]
    for table, order in zip(tables, (commands, shuffled), strict=True):
        for given_ in order:
            offer(table, given_)
    for later in (0, 1, 500, 1000):
        one, other = (table.digest(NOW + later) for table in tables)
        assert one == other


@given(many)
def test_applying_twice_is_applying_once(commands):
    once, twice = LeaseTable(), LeaseTable()
    for given_ in commands:
        first = offer(twice, given_)
        assert offer(twice, given_) == first
        assert offer(once, given_) == first
    assert once.digest(NOW) == twice.digest(NOW)


@given(many, st.sampled_from(["+333123456", "+334123456", "333"]), st.sampled_from(["", "student"]))
def test_a_call_is_judged_as_by_a_scan_over_all_rules(commands, called, plan):
    table, call = LeaseTable(), CallView(called, plan=plan)
    for given_ in commands:
        offer(table, given_)
    hit = [
        rule for rule in table.rules(NOW) if called.startswith(rule.target.value) and rule.target.plan in {None, plan}
    ]
    refused = any(rule.effect == "refuse" or rule.args.calls_per_minute == 0 for rule in hit)
    assert effect(table, call) == ("refuse" if refused else "pass")


def test_the_digest_tells_tables_apart_and_does_not_depend_on_what_has_ended():
    one, other = LeaseTable(), LeaseTable()
    offer(one, command(1))
    assert one.digest(NOW) != other.digest(NOW)
    assert one.digest(NOW + LEASE) == other.digest(NOW + LEASE)
    assert one.digest(NOW).startswith("sha256:")
    offer(other, msgspec.structs.replace(command(1), expires_at=NOW + 5))
    assert one.digest(NOW) != other.digest(NOW)
