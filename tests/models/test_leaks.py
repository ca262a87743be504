"""Candidates around the newest free call: by scope, by prefix, by the rate table's row; and their grades."""

import numpy as np
import pytest

from models.evidence import (
    BOUNDS,
    CALL,
    CELL,
    DIGITS,
    OTHER_ID,
    PADDED,
    PAYER,
    PLAN,
    RATE,
    RATE_KEY,
    STAGE,
    START,
    SWITCH,
    TS,
    padded,
)
from models.history import FINAL
from models.leaks import Knowledge, best, candidates
from models.ledger import Ledger
from models.name_table import UNNUMBERED
from models.odds import Limits
from models.rated import RATED_WIDTH
from models.weighing import weigh

DAY = 20_000 * 86_400_000
TARIFF = (3_500_000, "MAD")
COLUMNS = {"switch": SWITCH, "plan": PLAN, "row": RATE_KEY, "payer": PAYER, "stage": STAGE}


def known(codes=(), tariff=None) -> Knowledge:
    return Knowledge(Limits(), dict.fromkeys(codes, "service"), lambda _: tariff, lambda _: False)


def taught(calls: int = 400, prefixes=("33311", "33341"), switches=(0, 2, 3)) -> Ledger:
    """A morning of paid set-ups at every switch."""
    ledger = Ledger(2)
    rows = np.zeros((calls, RATED_WIDTH), np.int64)
    rows[:, PADDED] = [padded(int(prefixes[nth % len(prefixes)]), 5) for nth in range(calls)]
    rows[:, DIGITS] = 11
    rows[:, [START, TS]] = DAY
    rows[:, SWITCH] = [switches[nth // 7 % len(switches)] for nth in range(calls)]
    ledger.history.advance(DAY)
    rows[:, RATE] = 3_500_000
    ledger.history.add_paid(rows)
    return ledger


def opened(ledger: Ledger, *numbers: str, **columns) -> Ledger:
    """One free call of a payer of its own per number; a column is given by its name, or one value per call."""
    for nth, number in enumerate(numbers):
        call = np.zeros(RATED_WIDTH, np.int64)
        call[PADDED], call[DIGITS] = padded(int(number), len(number)), len(number)
        call[START] = call[TS] = DAY + 1000 + nth
        call[PAYER] = call[CALL] = nth + 1
        values = {name: value[nth] if isinstance(value, tuple) else value for name, value in columns.items()}
        for name in COLUMNS.keys() & values.keys():
            call[COLUMNS[name]] = values[name]
        ledger.keep(call)
        ledger.calls.table[-1, BOUNDS] = values.get("bound", 0)
    return ledger


def found(ledger: Ledger, knowledge: Knowledge = known()) -> list[tuple[int, str, str | None]]:  # noqa: B008 - frozen
    return [(c.scope, c.digits, c.entry) for c in candidates(ledger.calls, "33", knowledge)]


def judged(ledger: Ledger, knowledge: Knowledge = known()):  # noqa: B008 - frozen
    return best(ledger.calls, ledger.history, "33", knowledge)


def graded(ledger: Ledger, knowledge: Knowledge = known()) -> tuple[str, str]:  # noqa: B008 - frozen
    one = judged(ledger, knowledge)
    return one.grade, one.why


def test_a_prefix_is_what_its_calls_have_in_common():
    assert found(opened(taught(), "33311111111", "33312111111")) == [(0, "3331", None)]
    assert found(opened(taught(), "33311111111", "33341111111")) == [(0, "333", None)]


def test_nested_runs_are_candidates_each():
    calls = opened(taught(), "33341111111", "33311111111", "33312111111")
    assert found(calls) == [(0, "333", None), (0, "3331", None)]


def test_one_payer_is_no_candidate():
    assert found(opened(taught(), "33311111111", "33341111111", payer=5)) == []


def test_a_paid_call_since_bounds_the_prefix():
    calls = opened(taught(), "33311111111", "33311211111", "33341111111", bound=(3, 3, 0))
    assert found(calls) == []
    calls = opened(taught(), "33311111111", "33311211111", bound=(3, 3))
    assert found(calls) == [(0, "33311", None)]


def test_every_scope_that_the_calls_share_is_a_candidate():
    calls = opened(taught(), "33311111111", "33341111111", switch=2, plan=(4, 7))
    assert found(calls) == [(0, "333", None), (1, "333", None)]


def test_names_beyond_the_limit_are_no_scope():
    calls = opened(taught(), "33311111111", "33341111111", switch=OTHER_ID)
    assert found(calls) == [(0, "333", None)]


def test_a_short_code_explains_only_where_the_calls_differ_in_the_next_digit():
    assert found(opened(taught(), "33311111111", "33341111111"), known(["333"])) == [(0, "333", "333")]
    assert found(opened(taught(), "33311111111", "33312111111"), known(["333"])) == [(0, "3331", None)]


def test_the_row_that_rated_the_calls_is_a_candidate_beside_their_common_prefix():
    calls = opened(taught(), "33311111111", "33312111111", row=333)
    assert found(calls) == [(0, "3331", None), (0, "333", "333")]
    calls = opened(taught(), "33311111111", "33312111111", row=(333, 3338))
    assert found(calls) == [(0, "3331", None)]
    calls = opened(taught(), "33311111111", "33312111111", row=3338)
    assert found(calls) == [(0, "3331", None)]


@pytest.mark.parametrize(
    ("numbers", "codes", "tariff", "history", "expected"),
    [
        (("33311111111", "33341111111"), ["333"], None, taught, ("block", "333")),
        (("33311111111", "33341111111"), [], None, taught, ("limit", "333")),
        (("33311111111", "33341111111", "33351111111"), [], None, taught, ("block", "333")),
        (("33311111111", "33341111111", "33351111111"), [], None, lambda: taught(10), ("held", "333")),
        (("33311111111", "33341111111", "33351111111"), [], TARIFF, lambda: taught(30), ("block", "333")),
        (("33311111111", "33341111111"), ["333"], None, lambda: taught(30), ("block", "333")),
        (("33111111111", "33341111111", "33451111111"), [], None, taught, ("held", "33")),
        (("33111111111", "33341111111", "33451111111"), ["33"], None, taught, ("block", "33")),
        (("33311111111", "33311111111", "33311111111"), [], None, taught, ("block", "33311111111")),
    ],
)
def test_grades_of_the_best_candidate(numbers, codes, tariff, history, expected):
    one = judged(opened(history(), *numbers), known(codes, tariff))
    assert (one.grade, one.candidate.digits) == expected


def test_a_row_that_is_no_number_names_no_prefix():
    assert found(opened(taught(), "33311111111", "33341111111", row=UNNUMBERED)) == [(0, "333", None)]


def test_a_prefix_that_was_mixed_before_is_held():
    past = taught()
    past.history.add_free(past.history.cell(2, 0, 0, 0, 33311), DAY, 40)
    assert graded(opened(past, *(f"333{nth}1111111" for nth in range(10)))) == ("held", "mixed_before")


def test_without_agreement_there_is_nothing_to_judge():
    assert judged(opened(taught(), "33311111111")) is None


# --- a switch that shows no price at set-up is no witness

RUN = ("33311111111", "33341111111", "33351111111")


@pytest.mark.parametrize(
    ("history", "codes", "tariff", "columns", "expected"),
    [
        (taught, (), None, {"switch": 2}, ("block", "free_where_paid_before")),
        (taught, (), None, {"switch": 9}, ("held", "no_price_at_set_up")),
        (taught, (), None, {"switch": (9, 2, 9)}, ("held", "no_price_at_set_up")),
        (taught, (), None, {"switch": (2, 2, 9)}, ("limit", "free_where_paid_before")),
        (taught, (), None, {"switch": 9, "stage": FINAL}, ("held", "no_history")),
        (taught, ("333",), None, {"switch": 9}, ("block", "free_where_paid_before")),
        (lambda: taught(0), (), TARIFF, {"switch": 2}, ("held", "no_price_at_set_up")),
        (lambda: taught(3), (), TARIFF, {"switch": 0}, ("block", "free_where_paid_before")),
        (lambda: taught(0), (), TARIFF, {"stage": FINAL}, ("block", "free_where_paid_before")),
        (lambda: taught(0), ("333",), None, {"switch": 2}, ("block", "free_where_paid_before")),
        (lambda: taught(0), (), None, {"switch": 2, "row": 333}, ("block", "free_where_paid_before")),
        (lambda: taught(0), (), None, {"switch": 2}, ("held", "no_history")),
    ],
)
def test_who_is_a_witness(history, codes, tariff, columns, expected):
    assert graded(opened(history(), *RUN, **columns), known(codes, tariff)) == expected


def test_two_set_ups_of_a_switch_without_prices_are_no_limit_where_a_tariff_alone_speaks():
    one = judged(opened(taught(0), *RUN[:2], switch=2), known(tariff=TARIFF))
    assert (one.grade, one.why) == ("rejected", "no_price_at_set_up")


def test_an_entry_does_not_explain_a_switch_that_is_free_elsewhere_too():
    elsewhere = opened(taught(0), "33612345678", *RUN, switch=2, payer=(9, 1, 2, 3))
    assert graded(elsewhere, known(("333",)))[0] == "held"


# --- the price before a run is that before its first free call


def pay(ledger: Ledger, count: int) -> None:
    """Paid calls that began before the free ones, and are told of after them."""
    rows = np.zeros((count, RATED_WIDTH), np.int64)
    rows[:, PADDED], rows[:, DIGITS], rows[:, [START, TS]] = padded(33361, 5), 11, DAY + 1
    rows[:, RATE] = 3_500_000
    ledger.history.add_paid(rows)


@pytest.mark.parametrize("calls", [299, 300])
def test_paid_calls_after_the_first_free_one_do_not_make_a_prefix_warm(calls):
    ledger = opened(taught(calls), RUN[0])
    pay(ledger, 500)
    opened(ledger, *RUN[1:], payer=(2, 3))
    one = judged(ledger)
    assert one.grade == ("block" if calls == 300 else "held")
    assert one.before.paid == 300


def test_what_was_paid_a_day_after_the_first_free_call_is_history_for_the_next_run():
    ledger = opened(taught(200), "33399999999")
    pay(ledger, 200)
    ledger.calls.drop(np.array([True]))
    late = ledger.history.places.begin(ledger.history.cell(0, 0, 0, 0, 33399), 0, DAY + 1000 + 86_400_000)
    assert late[:2].tolist() == [1, 400]


# --- a calling code that may be free as a whole is not blocked piece by piece

PIECES = ("33111111111", "33211111111", "33341111111", "33451111111", "33311111111", "33351111111")


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (PIECES, ("held", "whole_calling_code")),
        (("33611111111", "33612111111", *RUN), ("block", "free_where_paid_before")),
        (("33611111111", *RUN), ("block", "free_where_paid_before")),
    ],
    ids=["the whole", "two leaks", "a stray call beside a leak"],
)
def test_a_part_of_a_code_that_may_be_free_as_a_whole_is_held_like_it(numbers, expected):
    assert graded(opened(taught(800), *numbers)) == expected


def test_calls_that_blocks_explain_do_not_speak_for_a_whole_code():
    ledger = opened(taught(), *PIECES)
    explained = ledger.calls.table[:4, CALL].copy()
    assert best(ledger.calls, ledger.history, "33", known(), explained=explained).grade == "limit"


# --- whose habit it is, and what set-ups without a price say of the price


def test_a_plan_that_used_to_pay_is_a_witness_at_a_switch_where_another_plan_has_a_bundle():
    ledger = taught(800)
    for column, plan in ((2, 4), (3, 4), (0, 4)):
        ledger.history.add_free(ledger.history.cell(column, 0, plan, 0, 33311), DAY, 300)
    calls = opened(ledger, *RUN, switch=2).calls.table
    assert weigh(ledger.history.places, calls, 0, 1, 300, False).own.max() < 0.01
    calls[:, CELL] = ledger.history.cell(2, 0, 4, 0, 33311)
    assert weigh(ledger.history.places, calls, 0, 1, 300, False).own.min() > 0.5


def test_set_ups_of_switches_without_prices_do_not_make_a_price_at_release_mixed():
    ledger = taught(0)
    rows = np.zeros((400, RATED_WIDTH), np.int64)
    rows[:, PADDED], rows[:, DIGITS], rows[:, [START, TS]] = padded(33311, 5), 11, DAY
    rows[:, SWITCH], rows[:, STAGE], rows[:, RATE] = 2, FINAL, 3_500_000
    ledger.history.add_paid(rows)
    ledger.history.add_free(ledger.history.cell(2, 0, 0, 0, 33311), DAY, 400)
    both = opened(ledger, *RUN, *RUN, switch=2, stage=(0, 0, 0, FINAL, FINAL, FINAL), payer=(1, 2, 3, 1, 2, 3))
    assert graded(both) == ("block", "free_where_paid_before")


def test_what_circumstances_always_show_at_set_up_is_a_habit():
    ledger = taught()
    ledger.history.add_free(ledger.history.cell(9, 0, 0, 0, 33311), DAY, 100)
    (always, sometimes) = (opened(taught(0), RUN[0], switch=switch).calls.table[0] for switch in (9, 2))
    assert ledger.is_habit(always, 0)
    assert not ledger.is_habit(sometimes, 0)
    always[STAGE] = FINAL
    assert not ledger.is_habit(always, 0)
