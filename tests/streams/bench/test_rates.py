"""Rates and figures: what a run's samples say."""

import math

import orjson
import pytest

from streams.bench.figures import Figure, merged, ratio
from streams.bench.rates import Rate, Sample, TooShortError, rate
from streams.bench.report import document, rows, spelled
from streams.bench.suite import PARTS, Plan, chosen
from streams.bench.throughput import LIMIT, RATE, TOGETHER, claims
from streams.errors import UsageError


def test_a_rate_leaves_out_the_start_and_the_tail():
    start = [Sample(0.0, 0, 30.0), Sample(1.0, 100, 40.0)]
    middle = [Sample(float(second), 100 + 100 * (second - 1), 40.0 + 0.5 * (second - 1)) for second in range(2, 10)]
    tail = [Sample(60.0, 1_000, 90.0)]
    found = rate([*start, *middle, *tail], 1_000, 5_000)
    assert found == pytest.approx(Rate(1_000.0, 500.0, 0.5))


def test_marks_are_where_the_work_has_just_moved():
    moved = [(0.0, 0), (1.0, 20), (1.9, 20), (2.0, 50), (3.0, 90), (3.9, 90)]
    steps = [Sample(at_s, done, at_s) for at_s, done in moved]
    assert rate(steps, 100, 100).us_per_event == pytest.approx(2.0 / 70 * 1e6)


def test_work_that_is_over_at_once_is_not_rated():
    with pytest.raises(TooShortError):
        rate([Sample(0.0, 0, 0.0), Sample(1.0, 100, 1.0)], 100, 100)


def test_runs_are_merged_value_by_value():
    runs = [[Figure("p", "a", "ms", (1.0,)), Figure("p", "b", "ms", (5.0,))], [Figure("p", "a", "ms", (3.0,))]]
    assert merged(runs) == [Figure("p", "a", "ms", (1.0, 3.0)), Figure("p", "b", "ms", (5.0,))]


def test_every_claim_is_a_ratio_of_the_same_part():
    ours, limit = Figure("t", TOGETHER, RATE, (50.0, 60.0)), Figure("t", LIMIT, RATE, (100.0, 100.0))
    other = Figure("u", TOGETHER, RATE, (10.0, 10.0))
    assert [(figure.part, figure.values) for figure in claims([ours, limit, other])] == [("t", (0.5, 0.6))]


def test_figures_of_unequal_runs_are_compared_by_their_medians():
    assert ratio("t", "r", Figure("t", "a", "", (1.0, 2.0, 9.0)), Figure("t", "b", "", (4.0,))).values == (0.5,)


def test_a_table_names_a_part_once_and_its_spread():
    told = rows([Figure("t", "a", "ms", (1.0, 2.5, 300.0)), Figure("t", "b", "ms", (math.nan,))])
    assert told == [("t", "a", "ms", "3", "1", "2.50", "300"), ("", "b", "ms", "1", "-", "-", "-")]


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.123, "0.12"), (99.9, "99.90"), (1234.5, "1,234")])
def test_a_figure_has_as_many_digits_as_it_deserves(value, text):
    assert spelled(value) == text


def test_a_script_reads_every_value_and_the_machine():
    told = document({"cores": 2}, Plan(), [Figure("t", "a", "ms", (3.0, 1.0))])
    again = orjson.loads(orjson.dumps(told))
    assert again["machine"] == {"cores": 2}
    assert again["plan"]["runs"] == 1
    assert again["figures"][0] == {
        **{"part": "t", "name": "a", "unit": "ms", "values": [3.0, 1.0]},
        **{"minimum": 1.0, "median": 2.0, "maximum": 3.0},
    }


def test_without_names_every_part_runs_and_memory_is_weighed_once():
    assert chosen([]) == [name for name in PARTS if name != "memory"]
    assert chosen(["stages", "latency"]) == ["latency", "stages"]
    with pytest.raises(UsageError, match="no part is named fast"):
        chosen(["fast"])
