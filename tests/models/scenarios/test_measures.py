"""What a closed loop measures, command by command and call by call."""

import pytest

from models.commands import Action, Args, Command, Target
from models.matching import CallView
from models.scenarios.measures import Measures, Seen

BEGIN = 1_795_460_000_000
MINUTE = 60_000
KEY = "prefix:+333"


def command(action, minute, lease=1, key=KEY, **changes):
    args = Args(calls_per_minute=1) if action is Action.LIMIT else None
    at = BEGIN + minute * MINUTE
    times = {"issued_at": at, "expires_at": at + 15 * MINUTE, "lease": lease, "epoch": 0, "seq": minute}
    return Command(
        id=f"{action}-{minute}",
        incident="i",
        action=action,
        target=Target.from_key(key),
        reason="zero_cost_route",
        evidence={"first_ts": BEGIN},
        args=args,
        **times | changes,
    )


def call(payer="a", free=True, refused=False, mended=False, **view):
    seen = {"called": "+33387654321", "switch": "s1", "plan": "p1"}
    return Seen(CallView(**seen | view), payer, refused, free, mended)


@pytest.fixture
def measures():
    return Measures(BEGIN, BEGIN + 30 * MINUTE)


def test_nothing_that_has_not_happened_has_a_time(measures):
    told = measures.told()
    assert told.pop("seconds_to_block") is told.pop("seconds_from_mend_to_release") is None
    assert told.pop("seconds_from_second_payer_to_release") is None
    assert set(told.values()) == {0}


def test_free_calls_are_told_apart_by_the_first_block(measures):
    measures.call(call(), BEGIN)
    measures.command(command(Action.BLOCK, 2))
    measures.call(call(refused=True), BEGIN + 3 * MINUTE)
    measures.call(call(), BEGIN + 3 * MINUTE)
    told = measures.told()
    assert (told["free_calls_before_the_proof"], told["free_calls_after_the_proof"]) == (1, 1)
    assert told["seconds_to_block"] == 120


def test_a_half_open_block_is_a_trickle_and_any_other_limit_is_not(measures):
    measures.command(command(Action.BLOCK, 0))
    measures.command(command(Action.LIMIT, 10))
    measures.command(command(Action.LIMIT, 0, key="called:+34911111111"))
    measures.call(call(), BEGIN + 11 * MINUTE)
    measures.call(call(free=False), BEGIN + 12 * MINUTE)
    measures.call(call(called="+33187654321"), BEGIN + 12 * MINUTE)
    measures.call(call(called="+34911111111"), BEGIN + 12 * MINUTE)
    measures.call(call(called="+34911111111"), BEGIN + 16 * MINUTE)  # its limit has ended
    told = measures.told()
    assert (told["trickle_calls"], told["trickle_free_calls"], told["calls_under_a_limit"]) == (2, 1, 1)
    measures.command(command(Action.BLOCK, 13, lease=2))
    measures.call(call(), BEGIN + 14 * MINUTE)
    assert measures.told()["trickle_calls"] == 2
    assert measures.told()["rearmed"] == 1


def test_a_block_after_a_release_of_its_key_is_flapping(measures):
    for minute in (0, 4, 8):
        measures.command(command(Action.BLOCK, minute))
        measures.command(command(Action.RELEASE, minute + 2))
    measures.command(command(Action.BLOCK, 9, key="prefix:+331"))
    told = measures.told()
    assert (told["flapping_cycles"], told["flapping_keys"]) == (2, 1)


def test_a_release_is_timed_from_the_mend_and_from_the_second_payer_at_one_switch_and_plan(measures):
    measures.command(command(Action.BLOCK, 20))
    paying = {"free": False, "mended": True}
    measures.call(call("a", **paying), BEGIN + 31 * MINUTE)
    measures.call(call("b", **paying, switch="s2"), BEGIN + 32 * MINUTE)
    measures.call(call("a", **paying), BEGIN + 33 * MINUTE)
    assert measures.paid_again_ms is None
    measures.call(call("b", **paying), BEGIN + 34 * MINUTE)
    measures.command(command(Action.RELEASE, 35))
    told = measures.told()
    assert told["seconds_from_mend_to_release"] == 300
    assert told["seconds_from_second_payer_to_release"] == 60


def test_of_a_file_the_middle_incident_says_how_long_a_block_took():
    measures = Measures()
    for minute, key in ((1, "prefix:+331"), (9, "prefix:+332"), (3, "prefix:+333")):
        measures.command(command(Action.BLOCK, minute, key=key))
    assert measures.told()["seconds_to_block"] == 180
