"""Money at risk: calls of an hour, their length and their price, and what is said where one of them is not known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from models.findings import Evidence, Leak, Source, Subject
from models.risk import SPREAD_MS, risk_of

HOUR, MINUTE = 3_600_000, 60_000


def leak(free_calls=3, lasted_ms=2_000, rate: str | None = "3.50", answered=0, talk_ms=0) -> Leak:
    evidence = Evidence(free_calls, 3, 3, 0, lasted_ms, 0, 0.0, 8.1, rate, "MAD")
    subject = Subject("prefix", "+333")
    return Leak(Source("rows", 0, 0), subject, "block", "why", evidence, "33", 2, answered, talk_ms=talk_ms)


@pytest.mark.parametrize(
    ("found", "money"),
    [
        (leak(), "378.00"),  # three calls count as spread over five minutes: 36 an hour, three minutes each
        (leak(lasted_ms=SPREAD_MS), "378.00"),
        (leak(free_calls=60, lasted_ms=HOUR), "630.00"),
        (leak(free_calls=60, lasted_ms=2 * HOUR), "315.00"),
        (leak(talk_ms=90_000), "189.00"),
        (leak(answered=72), "756.00"),  # before it broke, 72 an hour were answered there: as many are at risk
        (leak(free_calls=3, lasted_ms=72 * HOUR), "0.44"),
        (leak(rate="0.005"), "0.54"),
        (leak(rate=None), None),
    ],
)
def test_money_at_risk_an_hour(found, money):
    risk = risk_of(found)
    assert risk.money_per_h == money
    assert risk.currency == (None if money is None else "MAD")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (leak(), "378.00 MAD an hour: 36 free calls an hour of 3 min (assumed) at 3.50 MAD a minute"),
        (leak(talk_ms=75_000), "157.50 MAD an hour: 36 free calls an hour of 1.3 min at 3.50 MAD a minute"),
        (leak(rate=None), "36 free calls an hour of 3 min (assumed); what a call there should cost is not known"),
    ],
)
def test_the_sentence_says_how_it_comes_about(found, sentence):
    assert risk_of(found).sentence == sentence


def test_without_a_currency_the_amount_stands_alone():
    found = leak()
    bare = replace(found, evidence=replace(found.evidence, currency=None))
    assert risk_of(bare).sentence.startswith("378.00 an hour: ")


@given(st.integers(1, 10_000), st.integers(0, 30 * 24 * HOUR), st.integers(0, 5_000), st.integers(0, HOUR))
def test_more_calls_longer_calls_and_a_younger_leak_never_risk_less(calls, lasted_ms, answered, talk_ms):
    def money(**changes):
        given_facts = {"free_calls": calls, "lasted_ms": lasted_ms, "answered": answered, "talk_ms": talk_ms + 1}
        return Decimal(risk_of(leak(**given_facts | changes)).money_per_h)

    base = money()
    assert money(free_calls=calls + 1) >= base
    assert money(answered=answered + 1) >= base
    assert money(talk_ms=talk_ms + MINUTE) >= base
    assert money(lasted_ms=lasted_ms + HOUR) <= base
