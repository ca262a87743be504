"""A mended leak goes on to explain what began before its mend, and nothing else, for two days."""

import msgspec
import numpy as np
import pytest

from models.evidence import DIGITS, PADDED, START, SWITCH, TS, padded
from models.mends import KEEP_MS, MENDS_MAX, Mends, before
from models.odds import Before
from models.rated import RATED_WIDTH
from models.standing import RINGING_MS, Standing

MENDED = 1_795_460_000_000


def leak(digits: str = "333", scope: int = 0, within: int = 0, single: bool = False) -> Standing:
    facts = {"grade": "block", "why": "", "odds": 7.0, "before": Before(0, 300), "entry": None, "entry_kind": None}
    return Standing(scope, within, digits, single, **facts, rate=-1, currency="", first_ts=MENDED - 1000)


def call(number: str = "33312345678", start: int = MENDED - 1, ended: int = 0, switch: int = 2) -> np.ndarray:
    made = np.zeros(RATED_WIDTH, np.int64)
    made[PADDED], made[DIGITS], made[SWITCH] = padded(int(number), len(number)), len(number), switch
    made[START], made[TS] = start, start + ended
    return made


def mended(*leaks: Standing) -> Mends:
    mends = Mends()
    for one in leaks:
        mends.add(one, MENDED)
    return mends


@pytest.mark.parametrize(
    ("free", "explained"),
    [
        (call(), True),
        (call(start=MENDED), False),
        (call("33112345678"), False),
        (call(start=MENDED + 1_000, ended=20_000), True),
        (call(start=MENDED + RINGING_MS, ended=20_000), False),
    ],
    ids=["before", "after", "elsewhere", "answered after, may have begun before", "released, began after"],
)
def test_what_began_before_the_mend_is_explained(free, explained):
    assert mended(leak()).explain(free) is explained


def test_only_in_the_scope_of_the_leak_and_only_its_number():
    assert mended(leak(scope=1, within=2)).explain(call())
    assert not mended(leak(scope=1, within=2)).explain(call(switch=3))
    assert mended(leak("33312345678", single=True)).explain(call())
    assert not mended(leak("33312345678", single=True)).explain(call("33312345679"))


def test_a_second_mend_of_the_same_takes_the_place_of_the_first():
    mends = mended(leak(), leak("346"))
    mends.add(leak(), MENDED + 5_000)
    assert mends.explain(call(start=MENDED + 4_999))
    assert len(mends.snapshot()) == 2


def test_mends_are_forgotten_after_two_days_and_the_oldest_beyond_a_limit():
    mends = mended(leak())
    mends.expire(MENDED + KEEP_MS)
    assert mends.explain(call())
    mends.expire(MENDED + KEEP_MS + 1)
    assert not mends.explain(call())
    many = mended(*(leak(str(33_100_000 + nth)) for nth in range(MENDS_MAX + 1)))
    assert len(many.snapshot()) == MENDS_MAX
    assert not many.explain(call("33100000999"))


def test_the_open_calls_of_a_mend_are_those_before_it():
    mend = Mends().add(leak(), MENDED)
    calls = np.stack([call(), call(start=MENDED), call("33112345678")])
    assert before(mend, calls).tolist() == [True, False, False]


def test_mends_survive_a_page():
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(mended(leak(), leak("346")).snapshot()))
    assert Mends.restore(state).snapshot() == mended(leak(), leak("346")).snapshot()
    assert Mends.restore(state).explain(call())
