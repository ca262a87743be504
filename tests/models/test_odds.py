"""The odds of a leak: what raises them, what each grade needs, and how seldom honest traffic reaches them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.odds import Before, Limits, grade, log10_odds, proving

counts = st.integers(0, 10_000)
befores = st.builds(Before, free=st.integers(0, 50), paid=counts)
shares = st.lists(st.floats(0, 1), max_size=8)


@pytest.mark.parametrize(
    ("payers", "fits", "expected"),
    [(1, False, 2.77), (2, False, 5.07), (2, True, 6.77), (3, False, 7.15), (1, True, 4.47)],
)
def test_odds_of_the_founding_incident(payers, fits, expected):
    assert log10_odds(Before(0, 300), [0.0] * payers, fits) == pytest.approx(expected, abs=0.01)


@given(befores, shares)
def test_a_fit_is_worth_fifty(before, own):
    assert log10_odds(before, own, fits=True) - log10_odds(before, own, fits=False) == pytest.approx(1.69897)


@given(befores, shares, st.integers(1, 1000))
def test_more_paid_calls_before_never_lower_the_odds(before, own, more):
    richer = Before(before.free, before.paid + more)
    assert log10_odds(richer, own, fits=False) >= log10_odds(before, own, fits=False)


@given(befores, shares, st.integers(0, 7), st.floats(0, 1))
def test_a_payer_who_is_usually_free_is_never_worth_more(before, own, which, usual):
    if which < len(own):
        weaker = [max(share, usual) if nth == which else share for nth, share in enumerate(own)]
        assert log10_odds(before, weaker, fits=False) <= log10_odds(before, own, fits=False)


@given(befores, shares, st.integers(0, 7))
def test_one_payer_less_is_never_worth_more(before, own, which):
    fewer = [share for nth, share in enumerate(own) if nth != which]
    assert log10_odds(before, fewer, fits=False) <= log10_odds(before, own, fits=False)


@given(befores, shares, st.randoms(use_true_random=False))
def test_the_order_of_payers_does_not_matter(before, own, rng):
    mixed = rng.sample(own, len(own))
    assert log10_odds(before, mixed, fits=False) == log10_odds(before, own, fits=False)


def test_payers_as_likely_free_without_a_leak_prove_nothing():
    assert proving([1.0, 0.5, 0.0, 0.99]).tolist() == [0.0, 0.5]
    assert log10_odds(Before(0, 300), [1.0, 0.0, 1.0], fits=False) == log10_odds(Before(0, 300), [0.0], fits=False)


@pytest.mark.parametrize(
    ("before", "odds", "expected"),
    [
        (Before(0, 300), 6.0, ("block", "free_where_paid_before")),
        (Before(0, 300), 5.99, ("limit", "free_where_paid_before")),
        (Before(0, 300), 3.0, ("limit", "free_where_paid_before")),
        (Before(0, 300), 2.99, ("rejected", "weak_evidence")),
        (Before(6, 294), 6.0, ("block", "free_where_paid_before")),
        (Before(7, 293), 9.0, ("held", "mixed_before")),
        (Before(7, 293), 5.0, ("rejected", "mixed_before")),
        (None, 6.0, ("held", "no_history")),
        (None, 5.0, ("rejected", "no_history")),
        (None, 1.0, ("rejected", "weak_evidence")),
    ],
)
def test_grades(before, odds, expected):
    assert grade(before, odds, Limits()) == expected


def test_nothing_seen_is_no_share():
    assert Before(0, 0).share == 0.0
    assert Before(1, 3).share == 0.25


@pytest.mark.parametrize("share", [0.001, 0.01, 0.02])
def test_honest_calls_that_are_free_by_chance_seldom_reach_odds_of_a_thousand(share):
    rng = random.Random(7)
    starts = reached = 0
    before, run = Before(0, 300), 0
    for _ in range(60_000):
        if rng.random() < share:
            run += 1
            starts += run == 1
            odds = log10_odds(before, [0.0] * run, fits=False)
            reached += odds >= 3.0 > log10_odds(before, [0.0] * (run - 1), fits=False)
        else:
            before, run = Before(before.free + run, before.paid + 1), 0
    assert reached <= max(3, 0.02 * starts)


@pytest.mark.parametrize("rated", [300, 1_000, 10_000])
@pytest.mark.parametrize("share", [0.0005, 0.005, 0.01, 0.02])
@pytest.mark.parametrize("power", [3, 6])
def test_of_honest_calls_fewer_begin_a_false_alarm_than_the_odds_state(rated, share, power):
    """A call begins one if it and its followers are free by chance, as many as reach odds of 10^power."""
    rng = random.Random(rated * power)
    chances = []
    for _ in range(400):
        free = sum(rng.random() < share for _ in range(rated)) if rated <= 1_000 else round(share * rated)
        run = next(n for n in range(1, 60) if log10_odds(Before(free, rated - free), [0.0] * n, fits=False) >= power)
        chances.append(share**run)
    assert sum(chances) / len(chances) <= 10**-power
