"""What `python -m tests.faults.real` is made of, where it needs no Kafka: schedule, traffic, promises, the table."""

import io
from collections import Counter

import pytest
from rich.console import Console

from models import commands
from models.commands import Action, Command, Mode
from models.targets import Scope, Target
from tests.faults.oracle.consult import consult
from tests.faults.oracle.facts import Record
from tests.faults.real.left import Comparison
from tests.faults.real.promises import broken, once, proved
from tests.faults.real.report import table
from tests.faults.real.schedule import FULL, QUICK, ROLES, steps
from tests.faults.real.traffic import BAD, POISONED, REAL_FACTS, Sent, Traffic

BEGIN_MS = 1_795_460_000_000


@pytest.mark.parametrize(("size", "least"), [(FULL, 25), (QUICK, 3)])
def test_a_schedule_kills_every_role_often_enough_and_is_the_same_for_its_seed(size, least):
    plan = steps(7, size)
    for role in ROLES:
        assert sum(step.role == role and step.act in ("kill", "kill at its start", "crash") for step in plan) >= least
    assert plan == steps(7, size)
    assert plan != steps(8, size)
    assert plan[-1].act == "recovery"


def sent(seed: int, seconds: int, poison: range = range(0)) -> list[Sent]:
    traffic = Traffic(seed, BEGIN_MS, 200)
    found = []
    for second in range(seconds):
        traffic.poisoned = second in poison
        found += traffic.until(BEGIN_MS + second * 1000)
    return found


def records(these: list[Sent]) -> list[Record]:
    offsets: Counter[int] = Counter()
    found = []
    for one in these:
        found.append(Record(one.partition, offsets[one.partition], None, one.at_ms, one.value))
        offsets[one.partition] += 1
    return found


def test_traffic_of_a_seed_is_the_same_and_three_in_ten_are_copies():
    these = sent(3, 200)
    assert these == sent(3, 200)
    verdict = consult(records(these), REAL_FACTS)
    everything = sum(verdict.counts.values())
    assert verdict.counts["duplicates"] / everything == pytest.approx(0.3, abs=0.04)
    assert verdict.counts["late"] > 0
    assert {command.action for command in verdict.commands} == {"block", "limit", "release"}


def test_a_poisoned_partition_has_nothing_that_is_good():
    these = [one for one in sent(3, 60, range(20, 40)) if one.partition == POISONED]
    poisoned = [one.value in BAD for one in these if BEGIN_MS + 20_000 <= one.at_ms < BEGIN_MS + 39_000]
    assert len(poisoned) > 100
    assert all(poisoned)


def given(action: Action, lease: int, seq: int, incident: str = "6f1c1f6e-0000-5000-8000-000000000000") -> Command:
    return Command(
        id=commands.command_id(incident, Mode.ENFORCE, action, lease),
        incident=incident,
        action=action,
        target=Target(Scope.PREFIX, "+333"),
        mode=Mode.ENFORCE,
        reason="zero_cost_route",
        summary="",
        issued_at=BEGIN_MS,
        expires_at=BEGIN_MS + 1,
        lease=lease,
        detector="d",
        epoch=1,
        seq=seq,
    )


BLOCK, TRICKLE, AGAIN = given(Action.BLOCK, 1, 3), given(Action.LIMIT, 1, 5), given(Action.BLOCK, 2, 8)
END = given(Action.RELEASE, 2, 9)


def test_commands_in_order_keep_their_promises():
    assert not list(broken([BLOCK, TRICKLE, AGAIN, END]))


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([AGAIN, END], "leases"),
        ([BLOCK, given(Action.BLOCK, 3, 9)], "leases"),
        ([TRICKLE, BLOCK], "order"),
    ],
)
def test_a_broken_promise_is_told(found, word):
    assert word in " ".join(broken(found))


def test_what_a_proof_asked_for_is_told_from_trickles_and_leases_that_are_renewed():
    assert list(proved([BLOCK, TRICKLE, AGAIN, END])) == [BLOCK, END]
    surer = [given(Action.LIMIT, 1, 3), given(Action.BLOCK, 2, 4)]
    assert list(proved(surer)) == surer


def test_a_command_that_was_written_again_counts_where_it_stood_first():
    assert once([BLOCK, TRICKLE, BLOCK, END]) == [BLOCK, TRICKLE, END]


def test_the_table_tells_kills_times_comparisons_and_differences():
    comparison = Comparison({"keys": 1_234}, ["one"], [])
    shown = io.StringIO()
    Console(file=shown, width=100).print(
        table(Counter(intake=25), Counter({"broker kill": 4}), {"intake": [3.0, 9.0, 4.0]}, comparison)
    )
    for words in ("25", "broker kill", "median 4.0 s, worst 9.0 s", "1,234", "differences"):
        assert words in shown.getvalue()
