"""Open free calls: the bounds that paid calls leave, against a plain reading, and the table's limits."""

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.evidence import (
    BOUNDS,
    CALL,
    CALLS_MAX,
    COUNTED,
    DIGITS,
    KEEP_MS,
    PADDED,
    PAYER,
    PER_PAYER_MAX,
    PLAN,
    START,
    SWITCH,
    TRUNK,
    WIDTH,
    OpenCalls,
    close_by_paid,
    common_digits,
    padded,
    shared_with,
)

numbers = st.from_regex(r"33[34][12]{0,4}[0-9]{4}", fullmatch=True)
placed = st.tuples(numbers, st.integers(0, 9), st.integers(0, 1), st.integers(0, 1), st.integers(0, 1))


def common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def row(number: str, start: int = 0, switch: int = 0, trunk: int = 0, plan: int = 0, **columns: int) -> list[int]:
    call = [0] * WIDTH
    call[PADDED], call[DIGITS], call[START] = padded(int(number), len(number)), len(number), start
    call[SWITCH], call[TRUNK], call[PLAN], call[COUNTED] = switch, trunk, plan, 1
    for name, value in columns.items():
        call[{"payer": PAYER, "call": CALL}[name]] = value
    return call


def table(rows, first_call: int = 1) -> np.ndarray:
    made = [row(*each, call=first_call + nth) for nth, each in enumerate(rows)]
    return np.array(made, np.int64).reshape(-1, WIDTH)


def paid_table(rows) -> np.ndarray:
    return table(rows, first_call=1000)


@settings(deadline=None)  # the first call compiles
@given(numbers, numbers)
def test_common_digits_are_the_longest_common_prefix(one, other):
    expected = common(one, other)
    limit = min(len(one), len(other))
    assert common_digits(padded(int(one), len(one)), padded(int(other), len(other)), limit) == expected


@settings(deadline=None)
@given(st.lists(placed, max_size=6), st.lists(placed, max_size=6))
def test_a_paid_call_bounds_the_free_calls_that_began_before_it_in_its_scope(free, paid):
    calls = table(free)
    close_by_paid(calls, paid_table(paid))
    for call, (number, start, *where) in zip(calls, free, strict=True):
        for scope in range(4):
            shared = [
                common(number, other)
                for other, later, *there in paid
                if later >= start and (scope == 0 or where[scope - 1] == there[scope - 1])
            ]
            assert call[BOUNDS + scope] == max(shared, default=0)


@settings(deadline=None)
@given(st.lists(placed, min_size=1, max_size=6), st.lists(placed, max_size=6), st.integers(0, 6))
@example([("3331110000", 0, 0, 0, 0)], [("3332110000", 1, 0, 0, 0), ("3331210000", 1, 0, 0, 0)], 1)
def test_paid_calls_may_come_in_pieces(free, paid, cut):
    whole, pieces = table(free), table(free)
    close_by_paid(whole, paid_table(paid))
    close_by_paid(pieces, paid_table(paid[:cut]))
    close_by_paid(pieces, paid_table(paid[cut:]))
    assert (whole == pieces).all()


@settings(deadline=None)
@given(st.lists(placed, min_size=1), numbers)
def test_shared_with_is_the_common_prefix_of_each(free, number):
    expected = [common(other, number) for other, *_ in free]
    assert shared_with(table(free), padded(int(number), len(number)), len(number)).tolist() == expected


def test_a_payer_has_room_for_a_few_calls():
    calls = OpenCalls()
    for nth in range(PER_PAYER_MAX):
        assert calls.admits(5)
        calls.add(row("33312345678", nth, payer=5))
    assert not calls.admits(5)
    assert calls.admits(6)
    calls.table[0, COUNTED] = 0
    assert calls.admits(5)


def test_calls_that_were_charged_prove_nothing_and_take_no_room():
    calls = OpenCalls()
    for nth in range(PER_PAYER_MAX):
        calls.add(row("33312345678", 100, payer=5, call=nth))
    close_by_paid(calls.table, np.array([row("33312345678", 40, payer=5, call=3)]))
    assert calls.admits(5)
    calls.expire(100)
    assert len(calls) == PER_PAYER_MAX - 1
    assert 3 not in calls.table[:, CALL]


def test_a_full_table_drops_its_oldest_call():
    calls = OpenCalls(table([("33312345678", start) for start in range(1, CALLS_MAX + 1)]))
    gone = calls.add(row("33312345678", CALLS_MAX + 1))
    assert gone[:, START].tolist() == [1]
    assert len(calls) == CALLS_MAX


def test_a_week_old_call_expires():
    calls = OpenCalls(table([("33312345678", 0), ("33312345678", 1)]))
    calls.expire(KEEP_MS + 1)
    assert calls.table[:, START].tolist() == [1]


@settings(deadline=None)
@given(st.lists(placed))
def test_open_calls_survive_a_page(free):
    calls = OpenCalls(table(free))
    back = OpenCalls.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(calls.snapshot())))
    assert (back.table == calls.table).all()
    back.add(row("33312345678"))
    close_by_paid(back.table, paid_table(free))


def test_a_page_of_other_columns_is_refused():
    with pytest.raises(ValueError, match="of 3 columns"):
        OpenCalls.restore({"width": 3, "table": b""})
