"""Candidates around the newest free call: by scope, by prefix, by the rate table's row; and their grades."""

import numpy as np
import pytest

from models.evidence import (
    BOUNDS,
    CALL,
    COUNTED,
    DIGITS,
    OTHER_ID,
    PADDED,
    PAYER,
    PLAN,
    RATE_KEY,
    START,
    SWITCH,
    TS,
    WIDTH,
    OpenCalls,
    padded,
)
from models.history import History
from models.leaks import Knowledge, best, candidates
from models.odds import Limits

NAMES = ("", "…", "s1", "s2", "prepaid", "+333", "+3338", "gold")
DAY = 20_000 * 86_400_000


def known(codes=(), tariff=None) -> Knowledge:
    return Knowledge(Limits(), dict.fromkeys(codes, "service"), lambda _: tariff, lambda _: False)


def taught(calls: int = 400, prefixes=("33311", "33341")) -> History:
    history = History(2)
    rows = np.zeros((calls, WIDTH), np.int64)
    rows[:, PADDED] = [padded(int(prefixes[nth % len(prefixes)]), 5) for nth in range(calls)]
    rows[:, DIGITS] = 11
    rows[:, [START, TS]] = DAY
    rows[:, SWITCH] = 2 + np.arange(calls) // 7 % 2
    history.advance(DAY)
    history.add_paid(rows, np.full(calls, 3_500_000), np.zeros(calls, np.int64))
    return history


def opened(*numbers: str, history: History, **columns) -> OpenCalls:
    """One free call of a payer of its own per number; a column is given by its name, or one value per call."""
    positions = {"switch": SWITCH, "plan": PLAN, "row": RATE_KEY, "payer": PAYER, "bound": BOUNDS}
    calls = OpenCalls()
    for nth, number in enumerate(numbers):
        call = [0] * WIDTH
        call[PADDED], call[DIGITS] = padded(int(number), len(number)), len(number)
        call[START] = call[TS] = DAY + 1000 + nth
        call[PAYER], call[CALL], call[COUNTED] = nth + 1, nth + 1, 1
        for name, value in columns.items():
            call[positions[name]] = value[nth] if isinstance(value, tuple) else value
        kept = np.array([call], np.int64)
        call[10] = int(history.cells(kept)[0])
        history.add_free(call[10], call[TS])
        calls.add(call)
    return calls


def found(calls: OpenCalls, knowledge: Knowledge = known()) -> list[tuple[int, str, str | None]]:  # noqa: B008 - frozen
    return [(c.scope, c.digits, c.entry) for c in candidates(calls, "33", NAMES, knowledge)]


def test_a_prefix_is_what_its_calls_have_in_common():
    history = taught()
    assert found(opened("33311111111", "33312111111", history=history)) == [(0, "3331", None)]
    assert found(opened("33311111111", "33341111111", history=history)) == [(0, "333", None)]


def test_nested_runs_are_candidates_each():
    calls = opened("33341111111", "33311111111", "33312111111", history=taught())
    assert found(calls) == [(0, "333", None), (0, "3331", None)]


def test_one_payer_is_no_candidate():
    assert found(opened("33311111111", "33341111111", history=taught(), payer=5)) == []


def test_a_paid_call_since_bounds_the_prefix():
    calls = opened("33311111111", "33311211111", "33341111111", history=taught(), bound=(3, 3, 0))
    assert found(calls) == []
    calls = opened("33311111111", "33311211111", history=taught(), bound=(3, 3))
    assert found(calls) == [(0, "33311", None)]


def test_every_scope_that_the_calls_share_is_a_candidate():
    calls = opened("33311111111", "33341111111", history=taught(), switch=2, plan=(4, 7))
    assert found(calls) == [(0, "333", None), (1, "333", None)]


def test_names_beyond_the_limit_are_no_scope():
    calls = opened("33311111111", "33341111111", history=taught(), switch=OTHER_ID)
    assert found(calls) == [(0, "333", None)]


def test_a_short_code_explains_only_where_the_calls_differ_in_the_next_digit():
    history = taught()
    assert found(opened("33311111111", "33341111111", history=history), known(["333"])) == [(0, "333", "333")]
    assert found(opened("33311111111", "33312111111", history=history), known(["333"])) == [(0, "3331", None)]


def test_the_row_that_rated_the_calls_is_a_candidate_beside_their_common_prefix():
    calls = opened("33311111111", "33312111111", history=taught(), row=5)
    assert found(calls) == [(0, "3331", None), (0, "333", "333")]
    calls = opened("33311111111", "33312111111", history=taught(), row=(5, 6))
    assert found(calls) == [(0, "3331", None)]
    calls = opened("33311111111", "33312111111", history=taught(), row=6)
    assert found(calls) == [(0, "3331", None)]


@pytest.mark.parametrize(
    ("numbers", "codes", "tariff", "history", "expected"),
    [
        (("33311111111", "33341111111"), ["333"], None, taught, ("block", "333")),
        (("33311111111", "33341111111"), [], None, taught, ("limit", "333")),
        (("33311111111", "33341111111", "33351111111"), [], None, taught, ("block", "333")),
        (("33311111111", "33341111111", "33351111111"), [], None, lambda: taught(10), ("held", "333")),
        (("33311111111", "33341111111", "33351111111"), [], (3_500_000, "MAD"), lambda: taught(10), ("block", "333")),
        (("33311111111", "33341111111"), ["333"], None, lambda: taught(10), ("block", "333")),
        (("33111111111", "33341111111", "33451111111"), [], None, taught, ("held", "33")),
        (("33111111111", "33341111111", "33451111111"), ["33"], None, taught, ("block", "33")),
        (("33311111111", "33311111111", "33311111111"), [], None, taught, ("block", "33311111111")),
    ],
)
def test_grades_of_the_best_candidate(numbers, codes, tariff, history, expected):
    past = history()
    judged = best(opened(*numbers, history=past), past, "33", NAMES, known(codes, tariff))
    assert (judged.grade, judged.candidate.digits) == expected


def test_a_prefix_that_was_mixed_before_is_held():
    past = taught()
    cell = int(past.cell(2, 0, 0, 0, 33311))
    past.add_free(cell, DAY, 40)
    run = opened(*(f"333{nth}1111111" for nth in range(10)), history=past)
    judged = best(run, past, "33", NAMES, known())
    assert (judged.grade, judged.why) == ("held", "mixed_before")


def test_without_agreement_there_is_nothing_to_judge():
    past = taught()
    assert best(opened("33311111111", history=past), past, "33", NAMES, known()) is None
