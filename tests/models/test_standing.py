"""A leak that stands counts its free calls, each once, however many there are."""

import msgspec
import numpy as np
import pytest

from models.evidence import CALL, DIGITS, PADDED, PAYER, SOURCE, START, TS, padded
from models.odds import Before
from models.rated import RATED_WIDTH
from models.standing import COUNTED_MAX, Standing

BEGIN = 1_795_460_000_000


def leak() -> Standing:
    facts = {"grade": "block", "why": "", "odds": 7.0, "before": Before(0, 300), "entry": None, "entry_kind": None}
    return Standing(0, 0, "333", False, **facts, rate=-1, currency="", first_ts=BEGIN)


def call(nth: int, after_ms: int) -> np.ndarray:
    made = np.zeros(RATED_WIDTH, np.int64)
    made[PADDED], made[DIGITS], made[SOURCE] = padded(33_387_000_000 + nth, 11), 11, 0
    made[CALL], made[PAYER] = 1 + nth, 1 + nth
    made[START], made[TS] = BEGIN + nth, BEGIN + nth + after_ms
    return made


@pytest.mark.parametrize("behind", [0, 1, 700])
def test_a_set_up_and_its_end_are_one_call_far_beyond_what_is_told_apart(behind):
    standing, many = leak(), 3 * COUNTED_MAX
    for nth in range(many + behind):
        if nth < many:
            standing.count(call(nth, 0))
        if nth >= behind:
            standing.count(call(nth - behind, 60_000))
    assert standing.free_calls == many
    assert len(standing.calls) == len(standing.payers) == COUNTED_MAX
    assert len(standing.latest) <= COUNTED_MAX


def test_it_survives_a_page():
    standing = leak()
    for nth in range(COUNTED_MAX + 10):
        standing.count(call(nth, 0))
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(standing.snapshot()))
    assert Standing.restore(state) == standing
