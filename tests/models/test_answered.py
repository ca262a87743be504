"""Answered calls per minute: sums as by hand, told again when late ones came, and put back from a page."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.answered import HOUR_MINUTES, KEEP_MINUTES, MINUTE_MS, AnsweredPrefixes, AnsweredTotals

EPOCH_MINUTE = 29_900_000
answered = st.lists(
    st.tuples(
        st.integers(EPOCH_MINUTE - 90, EPOCH_MINUTE + 5),
        st.sampled_from([3331234, 3341234, 3331239, 2161234]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=30,
)


def noted(calls) -> np.ndarray:
    """Answered calls as a batch has them; their rows do not matter."""
    return np.array([(0, *call) for call in calls], np.int64)


def filled(calls) -> AnsweredPrefixes:
    prefixes = AnsweredPrefixes()
    prefixes.add(noted(calls))
    return prefixes


@given(answered, st.sampled_from(["33", "333", "3331234", "33312345678"]), st.tuples(*[st.integers(0, 2)] * 3))
def test_the_hour_before_is_the_sum_by_hand(calls, digits, wanted):
    ts = EPOCH_MINUTE * MINUTE_MS + 7
    by_hand = sum(
        EPOCH_MINUTE - 60 <= minute < EPOCH_MINUTE
        and str(prefix).startswith(digits[:7])
        and all(want in (0, has) for want, has in zip(wanted, where, strict=True))
        for minute, prefix, *where in calls
    )
    assert filled(calls).hour_before(ts, digits, wanted) == by_hand


@given(answered)
def test_prefixes_survive_a_page(calls):
    prefixes = filled(calls)
    page = msgspec.msgpack.decode(msgspec.msgpack.encode(prefixes.snapshot()))
    assert AnsweredPrefixes.restore(page).snapshot() == prefixes.snapshot()


def test_old_minutes_are_forgotten():
    prefixes = filled([(EPOCH_MINUTE - KEEP_MINUTES - 1, 3331234, 0, 0, 0), (EPOCH_MINUTE, 3331234, 0, 0, 0)])
    assert prefixes.hour_before((EPOCH_MINUTE - KEEP_MINUTES) * MINUTE_MS, "333", (0, 0, 0)) == 0
    assert [minute for minute, _ in prefixes.snapshot()] == [EPOCH_MINUTE]


def test_a_minute_is_told_when_it_is_over_and_again_when_late_calls_came():
    totals = AnsweredTotals()
    totals.add(np.array([0, 1, MINUTE_MS]))
    assert totals.close(1) == ((0, 2),)
    assert totals.close(1) == ()
    totals.add(np.array([5]))
    assert totals.close(2) == ((0, 3), (1, 1))


def test_a_minute_that_was_forgotten_is_not_told_again():
    totals = AnsweredTotals()
    totals.add(np.array([0, 1, 2]))
    assert totals.close(1) == ((0, 3),)
    totals.close(KEEP_MINUTES + 1)
    totals.add(np.array([3]))
    assert totals.close(KEEP_MINUTES + 2) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=30), st.integers(0, 30))
def test_what_is_told_of_a_minute_never_shrinks_however_late_calls_come(steps, stop):
    totals, told, now = AnsweredTotals(), {}, 0
    for nth, (later, back) in enumerate(steps):
        now += later * HOUR_MINUTES
        if nth == stop:
            totals = AnsweredTotals.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(totals.snapshot())))
        totals.add(np.array([max(0, now - back * HOUR_MINUTES) * MINUTE_MS]))
        for minute, count in totals.close(now):
            assert count > told.get(minute, 0)
            told[minute] = count


@given(st.lists(st.integers(0, 9 * MINUTE_MS)), st.integers(0, 10))
def test_totals_survive_a_page(ts, closed):
    totals = AnsweredTotals()
    totals.add(np.array(ts, np.int64))
    totals.close(closed)
    back = AnsweredTotals.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(totals.snapshot())))
    assert back.close(20) == totals.close(20)


@pytest.mark.parametrize("ts", [[], [3]])
def test_totals_of_few_calls(ts):
    totals = AnsweredTotals()
    totals.add(np.array(ts, np.int64))
    assert sum(count for _, count in totals.close(1)) == len(ts)


@given(answered, st.lists(st.integers(1, 30), max_size=4), st.sampled_from(["33", "333", "3331234"]))
def test_calls_that_are_summed_up_in_pieces_are_those_of_one_piece(calls, cuts, digits):
    whole, pieces, begin = filled(calls), AnsweredPrefixes(), 0
    for end in [*sorted(cuts), len(calls)]:
        if part := calls[begin:end]:
            pieces.add(noted(part))
            pieces.snapshot()
        begin = max(begin, end)
    assert pieces.snapshot() == whole.snapshot()
    ts = EPOCH_MINUTE * MINUTE_MS
    assert pieces.hour_before(ts, digits, (0, 1, 0)) == whole.hour_before(ts, digits, (0, 1, 0))


def test_a_minute_that_has_not_changed_is_not_packed_again():
    prefixes = filled([(EPOCH_MINUTE - 1, 3331234, 0, 0, 0), (EPOCH_MINUTE, 3331234, 0, 0, 0)])
    before = dict(prefixes.snapshot())
    prefixes.add(noted([(EPOCH_MINUTE, 3331234, 0, 0, 0)]))
    after = dict(prefixes.snapshot())
    assert after[EPOCH_MINUTE - 1] is before[EPOCH_MINUTE - 1]
    assert after[EPOCH_MINUTE] != before[EPOCH_MINUTE]
