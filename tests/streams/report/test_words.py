"""Words for names, times and amounts; unknown names are spelled out."""

from decimal import Decimal

import pytest

from models.policy import RULE_MODES
from streams.report.loop import MEASURES, rows_of
from streams.report.svg import top_of
from streams.report.words import RULES, amount, at, because, lasting, many


@pytest.mark.parametrize(
    ("ms", "expected"),
    [
        (0, "0 s"),
        (1_432, "1.4 s"),
        (59_000, "59 s"),
        (60_000, "1 min"),
        (754_000, "12 min 34 s"),
        (3_600_000, "1 h"),
        (90_061_000, "1 d 1 h"),
        (None, "-"),
    ],
)
def test_stretches_of_time(ms, expected):
    assert lasting(ms) == expected


def test_times_counts_and_amounts():
    assert at(1_795_500_000_999) == "2026-11-24 06:00:00"
    assert (many(1, "call"), many(1_200, "call"), many(0, "call")) == ("1 call", "1,200 calls", "0 calls")
    assert amount(Decimal("12345.50"), "MAD") == "12,345.50 MAD"
    assert amount(None, "MAD") == "not known"


def test_every_rule_has_a_name_and_unknown_reasons_are_spelled_out():
    assert set(RULE_MODES) <= set(RULES)
    assert because("zero_cost_route", "full_moon") == "full moon"
    assert because("rate_burst", "no_history") != because("zero_cost_route", "no_history")


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 10, 11, 99, 100, 12_345])
def test_an_axis_ends_at_an_even_number_not_far_above(most):
    top = top_of(most)
    assert top >= most
    assert top % 2 == 0
    assert top <= max(2, 4 * most)


def test_measures_of_the_loop_are_spelled():
    rows = {name: value for name, value, _ in rows_of({"rearmed": 1_234, "seconds_to_block": None, "new_one": "x"})}
    assert rows == {"Re-armed": "1,234", "Seconds to block": "-", "new one": "x"}
    assert len({name for name, _ in MEASURES.values()}) == len(MEASURES)
