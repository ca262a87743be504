"""A block grows to what its free calls have in common, in whatever order they come, and never over a paid call."""

import itertools

import pytest
from support import calls
from support.calls import MINUTE, NOON, SECOND, Tables, free, number, paid, taught

DAY = 24 * 60 * MINUTE
OPENERS = [("+3331", 1, 1), ("+3331", 2, 2), ("+3331", 3, 3), ("+3335", 4, 4), ("+3337", 5, 5)]


def at(prefix: str, nth: int, payer: int, ts: int, **changes) -> bytes:
    return free(number(prefix, nth), payer, ts, **changes)


def in_force(lines, tables: Tables) -> list[str]:
    """Keys of the blocks that stand after the lines."""
    standing: dict[str, str] = {}
    for command in calls.given(taught(tables=tables), lines):
        standing[command.target.key()] = str(command.action)
    return sorted(key for key, action in standing.items() if action == "block")


@pytest.mark.parametrize("tables", [calls.VOICEMAIL, Tables()], ids=["short code", "no table"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(5))))
def test_the_same_free_calls_end_in_the_same_block_in_any_order(order, tables):
    lines = [at(*OPENERS[which], NOON + nth * SECOND) for nth, which in enumerate(order)]
    assert in_force(lines, tables) == ["prefix:+333"]


def founded(ts: int = NOON) -> list[bytes]:
    return [at("+3331", nth, nth, ts + nth * SECOND) for nth in range(3)]


def test_calls_that_a_block_refused_are_no_evidence_and_hinder_none():
    refused = [at("+3331", nth, 20 + nth, NOON + MINUTE + nth, refused_by="6f1c") for nth in range(20)]
    lines = [*founded(), *refused, at("+3335", 1, 50, NOON + 2 * MINUTE)]
    assert in_force(lines[:-1], Tables()) == ["prefix:+3331"]
    assert in_force(lines, Tables()) == ["prefix:+333"]


def test_a_block_that_stands_for_weeks_still_widens():
    trickle = [at("+3331", day, 10 + day, NOON + day * DAY) for day in range(1, 10)]
    lines = [*founded(), *trickle, at("+3335", 1, 50, NOON + 9 * DAY + MINUTE)]
    assert "prefix:+333" in in_force(lines, Tables())


def test_calls_inside_a_block_may_prove_a_wider_one_that_a_call_outside_began():
    lines = [*founded()[:2], at("+3335", 1, 50, NOON + MINUTE), at("+3331", 7, 60, NOON + 2 * MINUTE)]
    assert in_force(lines, Tables()) == ["prefix:+333"]


BESIDE = paid(number("+3332", 1), 80, NOON + MINUTE)
OUTSIDE = [at("+3335", nth, 50 + nth, NOON + 2 * MINUTE + nth) for nth in range(3)]
INSIDE = [at("+3331", nth, 60 + nth, NOON + 3 * MINUTE + nth) for nth in range(3)]


@pytest.mark.parametrize("later", [[*OUTSIDE, *INSIDE], [*INSIDE, *OUTSIDE]])
def test_a_paid_call_between_two_rows_keeps_them_apart(later):
    assert in_force([*founded(), BESIDE, *later], Tables()) == ["prefix:+3331", "prefix:+3335"]


def test_free_calls_at_further_digits_after_the_paid_one_widen_it_all_the_same():
    further = at("+3337", 1, 70, NOON + 4 * MINUTE)
    assert in_force([*founded(), BESIDE, *OUTSIDE, *INSIDE, further], Tables()) == ["prefix:+333"]


def test_a_whole_calling_code_is_not_reached_by_widening():
    lines = [*founded(), at("+3335", 1, 50, NOON + MINUTE), at("+3345", 1, 51, NOON + 2 * MINUTE)]
    assert in_force(lines, Tables()) == ["prefix:+333"]


def test_payers_who_redial_under_one_leak_are_witnesses_of_the_next():
    redials = [at("+3331", nth, nth % 3, NOON + nth * SECOND) for nth in range(40)]
    second = [at("+3365", nth, nth, NOON + MINUTE + nth * SECOND) for nth in range(3)]
    assert in_force([*redials, *second], Tables()) == ["prefix:+3331", "prefix:+3365"]
