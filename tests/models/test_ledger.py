"""Free calls and price history in step: what a leak explains, what is taken out of habits, and what comes back."""

import msgspec
import numpy as np
import pytest

from models.evidence import (
    BEFORE,
    BOUNDS,
    CALL,
    COUNTED,
    DIGITS,
    PADDED,
    PAYER,
    PLACES,
    START,
    SWITCH,
    TALK,
    TS,
    padded,
)
from models.ledger import EXPLAINED_PAYERS, TALKS_MAX, Ledger
from models.places import FREE
from models.rated import RATED_WIDTH

DAY = 86_400_000
NOON = 20_000 * DAY


def rated(number: str, nth: int, ts: int = NOON, switch: int = 2) -> np.ndarray:
    call = np.zeros(RATED_WIDTH, np.int64)
    call[PADDED], call[DIGITS], call[SWITCH] = padded(int(number), len(number)), len(number), switch
    call[START] = call[TS] = ts + nth
    call[PAYER] = call[CALL] = nth
    return call


def explain(ledger: Ledger, call: np.ndarray) -> bool:
    """Keep a call that a leak of +3331 explains."""
    return ledger.keep_explained(call, ledger.calls.table[:, PADDED] // 10**11 == 3331)


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger(2)
    made.history.advance(NOON)
    made.keep(rated("33312345678", 1))
    return made


def free_seen(ledger: Ledger) -> int:
    return int(ledger.history.places.sums[ledger.history.places.of[0, 0], 0, FREE])


def test_explained_calls_are_no_habit_and_bound_like_the_leaks_own(ledger):
    ledger.calls.table[0, BOUNDS : BOUNDS + 2] = 3, 4
    assert explain(ledger, rated("33318765432", 2))
    assert explain(ledger, rated("33318765432", 3, switch=5))
    assert ledger.calls.table[1:, BOUNDS : BOUNDS + 2].tolist() == [[3, 4], [3, 0]]
    assert free_seen(ledger) == 1


def test_enough_payers_of_one_place_and_day_are_kept_and_no_payer_twice(ledger):
    kept = [explain(ledger, rated("33318765432", nth)) for nth in range(1, 40)]
    assert kept == [False] + [True] * (EXPLAINED_PAYERS - 1) + [False] * (39 - EXPLAINED_PAYERS)
    assert explain(ledger, rated("33318765432", 50, switch=3))
    assert explain(ledger, rated("33318765432", 51, ts=NOON + DAY))


def test_a_leaks_calls_are_forgotten_once_and_remembered_once(ledger):
    for _ in range(2):
        ledger.forget_habit(ledger.calls.table)
        assert free_seen(ledger) == 0
    for _ in range(2):
        ledger.remember_habit([1])
        assert free_seen(ledger) == 1


@pytest.mark.parametrize("counted", [True, False])
def test_a_charged_call_is_a_habit_and_is_kept_no_longer(ledger, counted):
    if not counted:
        ledger.forget_habit(ledger.calls.table)
    ledger.charge(rated("33312345678", 1))
    assert free_seen(ledger) == 1
    assert len(ledger.calls) == 0


def test_a_ledger_survives_a_page(ledger):
    explain(ledger, rated("33318765432", 2))
    back = Ledger(2)
    back.load(msgspec.msgpack.decode(msgspec.msgpack.encode(ledger.snapshot())))
    assert back.snapshot() == ledger.snapshot()
    for one in (ledger, back):
        one.keep(rated("33355555555", 3))
    assert back.snapshot() == ledger.snapshot()
    assert ledger.calls.table[:, COUNTED].tolist() == [1, 0, 1]
    assert ledger.calls.table.shape[1] == BEFORE + 2 * PLACES


def charged(lengths_ms: list[int]) -> np.ndarray:
    calls = np.stack([rated("33312345678", nth) for nth in range(len(lengths_ms))])
    calls[:, TALK] = lengths_ms
    return calls


def test_the_mean_length_is_that_of_the_calls_that_were_charged():
    made = Ledger(2)
    assert made.talk_ms == 0
    made.pay(charged([0, 30_000, 90_000]))
    assert made.talk_ms == 60_000


@pytest.mark.parametrize("cut", [1, 700, TALKS_MAX, 3_000])
def test_old_lengths_fade_and_it_does_not_matter_how_calls_were_cut(cut):
    calls = charged([60_000] * 2 * TALKS_MAX + [180_000] * 2 * TALKS_MAX)
    whole, pieces = Ledger(2), Ledger(2)
    whole.pay(calls)
    pieces.pay(calls[:cut])
    pieces.pay(calls[cut:])
    assert whole.talk_ms == pieces.talk_ms
    assert 150_000 < whole.talk_ms < 180_000
