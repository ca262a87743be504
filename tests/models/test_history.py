"""The price history: counts as by hand over prefixes, circumstances and days; order of arrival; pages."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models.history
from models.evidence import CURRENCY, DIGITS, LEVELS, OTHER_ID, PADDED, RATE, STAGE, START, SWITCH, TS, padded
from models.history import DAY_MS, DAYS, FINAL, SETUP, History
from models.places import FREE, PAID
from models.rated import RATED_WIDTH

TODAY = 20_000 * DAY_MS
paid_calls = st.lists(
    st.tuples(
        st.sampled_from(["33312345678", "33312445678", "33412345678", "33387654321"]),
        st.integers(0, 3 * DAY_MS),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 5),
    ),
    max_size=20,
)


def calls(rows, first: int = 0) -> np.ndarray:
    """Rows of (number, ms after the first day, switch, stage, rate); currencies count from `first`."""
    made = np.zeros((len(rows), RATED_WIDTH), np.int64)
    for nth, (call, (number, ts, switch, stage, rate)) in enumerate(zip(made, rows, strict=True)):
        call[PADDED], call[DIGITS] = padded(int(number), len(number)), len(number)
        call[START] = call[TS] = TODAY + ts
        call[SWITCH], call[STAGE] = switch, stage
        call[RATE], call[CURRENCY] = rate - 1, first + nth
    return made


def pay(history: History, rows) -> None:
    table = calls(rows)
    history.advance(int(table[:, TS].max(initial=0)))
    history.add_paid(table)


def seen(history: History, number: str, level: int, stage: int = SETUP, switch: int | None = None) -> tuple[int, int]:
    """Free and paid calls at a level under a number's prefix, at all switches or at one."""
    cell = history.cell(switch or 0, 0, 0, stage, int(number[:5]))
    place = history.places.of[cell, level if switch is None else LEVELS + level]
    return tuple(history.places.sums[place, stage, [FREE, PAID]].tolist())


@given(paid_calls, st.sampled_from(["33312345678", "33387654321", "33999999999"]), st.integers(0, 3), st.integers(0, 1))
def test_paid_calls_are_counted_at_every_level_of_every_scope(rows, number, level, stage):
    history = History(2)
    pay(history, rows)
    there = [(s, k) for other, _, s, k, _ in rows if other.startswith(number[: 2 + level]) and k == stage]
    assert seen(history, number, level, stage) == (0, len(there))
    assert seen(history, number, level, stage, switch=1) == (0, sum(switch == 1 for switch, _ in there))


@given(paid_calls, st.sets(st.integers(0, 20)))
def test_any_cut_of_the_same_calls_gives_the_same_state(rows, cuts):
    whole, pieces = History(2), History(2)
    pay(whole, rows)
    begin = 0
    for end in [*sorted(cut for cut in cuts if cut < len(rows)), len(rows)]:
        table = calls(rows[begin:end], begin)
        pieces.advance(int(table[:, TS].max(initial=0)))
        pieces.add_paid(table)
        begin = end
    assert pieces.snapshot() == whole.snapshot()


@given(paid_calls)
def test_a_history_survives_a_page_and_goes_on(rows):
    history = History(2)
    pay(history, rows)
    back = History.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(history.snapshot())))
    more = [("33999999999", 4 * DAY_MS, 1, FINAL, 3), *rows]
    pay(history, more)
    pay(back, more)
    assert back.snapshot() == history.snapshot()


def test_the_usual_price_is_the_newest_that_was_known():
    history = History(2)
    pay(history, [("33312345678", 5, 0, 0, 4), ("33312345678", 9, 1, 0, 3), ("33312345678", 11, 1, 0, 0)])
    assert history.usual_price("333") == (2, 1)
    assert history.usual_price("333123456", "switch", 0) == (3, 0)
    assert history.usual_price("334") == (-1, 0)


def test_free_calls_are_counted_and_taken_back():
    history = History(2)
    pay(history, [("33312345678", 0, 0, 0, 1)])
    cell = history.cell_of(calls([("33312345678", 0, 0, 0, 1)])[0])
    history.add_free(cell, TODAY)
    assert seen(history, "33312", 1) == (1, 1)
    history.add_free(cell, TODAY, -1)
    history.add_free(cell, TODAY, -1)
    assert seen(history, "33312", 1) == (0, 1)


@pytest.mark.parametrize(("days", "left"), [(0, 1), (DAYS - 1, 1), (DAYS, 0), (40, 0)])
def test_days_older_than_a_week_are_forgotten(days, left):
    history = History(2)
    pay(history, [("33312345678", 0, 0, 0, 1)])
    history.advance(TODAY + days * DAY_MS)
    assert seen(history, "33312", 0) == (0, left)


def test_a_price_older_than_a_week_is_not_counted():
    history = History(2)
    history.advance(TODAY + DAYS * DAY_MS)
    pay(history, [("33312345678", 0, 0, 0, 1)])
    assert seen(history, "33312", 0) == (0, 0)


@pytest.mark.parametrize(("start", "shared"), [(0, 5), (10, 5), (11, 3), (21, 0)])
def test_bounds_look_at_paid_calls_begun_no_earlier(start, shared):
    history = History(2)
    pay(history, [("33312345678", 10, 0, 0, 1), ("33399999999", 20, 1, 1, 1)])
    call = calls([("33312999999", start, 0, 0, 0)])[0]
    bounds = history.bounds(history.cell_of(call), call).tolist()
    assert bounds[0] == shared
    assert bounds[1] == (5 if start <= 10 else 0)


def test_past_its_limit_new_circumstances_share_a_cell(monkeypatch):
    monkeypatch.setattr(models.history, "CELLS_MAX", 2)
    history = History(2)
    assert [history.cell(switch, 0, 0, SETUP, 33312) for switch in (2, 3, 4, 5)] == [0, 1, 2, 2]
    assert history.column("switch").tolist() == [2, 3, OTHER_ID]


def test_a_page_whose_sums_are_of_other_cells_is_refused():
    history = History(2)
    pay(history, [("33312345678", 0, 0, 0, 1)])
    state = history.snapshot()
    state["places"]["places"] = 0
    with pytest.raises(ValueError, match="sums of 0 places"):
        History.restore(state)
