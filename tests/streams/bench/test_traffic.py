"""Planned calls: the laws that the load promises, and the same calls from the same seed."""

import numpy as np
import pytest

from streams.bench.traffic import (
    ABROAD,
    ATTEMPT,
    CALLERS,
    CDR,
    FREE_BEGIN,
    LEAD_MS,
    LEAKS,
    leaking,
    plan_calls,
    report,
    zipf,
)

COUNT, SPAN_MS = 60_000, 600_000


@pytest.fixture(scope="module")
def calls():
    return plan_calls(np.random.default_rng(3), COUNT, SPAN_MS, 0.01)


@pytest.fixture(scope="module")
def reports(calls):
    return report(np.random.default_rng(4), calls, 0.01)


def test_the_first_rank_of_zipf_has_its_share():
    ranks = zipf(np.random.default_rng(1), 100_000, 1_000, 1.1)
    expected = 1 / (np.arange(1, 1_001) ** -1.1).sum()
    assert (ranks == 0).mean() == pytest.approx(expected, rel=0.05)
    assert ranks.min() == 0
    assert ranks.max() < 1_000


def test_callers_who_are_all_alike_call_in_turn():
    calls = plan_calls(np.random.default_rng(1), 5_000, SPAN_MS, 0.0, exponent=0.0)
    assert np.unique(calls.caller).size == 5_000
    assert calls.caller.max() < CALLERS


def test_one_call_in_a_hundred_is_free_and_leaks_begin_later(calls):
    own = calls.why > 0
    assert own.mean() == pytest.approx(0.01, rel=0.2)
    leaked = calls.free & ~own
    assert leaked.any()
    assert calls.start[leaked].min() >= FREE_BEGIN * SPAN_MS
    assert leaking(calls.called[leaked]).all()
    before = leaking(calls.called) & (calls.start < FREE_BEGIN * SPAN_MS) & ~own
    assert before.any()
    assert not calls.free[before].any()


def test_a_redialling_caller_is_one_payer_who_calls_one_number(calls):
    redials = calls.why == 3
    pairs = np.column_stack([calls.caller[redials], calls.called[redials]])
    assert len(np.unique(pairs, axis=0)) == np.unique(calls.caller[redials]).size == np.unique(pairs[:, 1]).size


def test_every_leak_is_a_part_of_a_destination():
    assert all(any(str(leak).startswith(str(place.prefix)) for place in ABROAD) for leak in LEAKS)


def test_reports_come_in_order_from_the_moment_all_kinds_are_there(reports):
    assert (np.diff(reports.sent) >= 0).all()
    assert reports.sent[0] >= LEAD_MS
    assert set(reports.kind[:200].tolist()) == {ATTEMPT, 1, 2, CDR}


def test_one_event_in_a_hundred_comes_twice(reports):
    _, seen = np.unique(np.column_stack([reports.call, reports.kind]), axis=0, return_counts=True)
    assert (seen - 1).sum() / seen.sum() == pytest.approx(0.01, rel=0.2)
    assert seen.max() == 2


def test_the_same_seed_plans_the_same_calls(calls):
    again = plan_calls(np.random.default_rng(3), COUNT, SPAN_MS, 0.01)
    assert all(np.array_equal(getattr(again, name), getattr(calls, name)) for name in calls.__slots__)
