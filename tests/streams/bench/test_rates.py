"""Rates and figures: what a run's samples say."""

import math

import orjson
import pytest

from streams.bench.figures import Curve, Figure, merged, newest, ratio
from streams.bench.plan import Plan
from streams.bench.rates import Rate, Sample, TooShortError, rate
from streams.bench.report import Document, as_json, markdown, read, spelled, table
from streams.bench.suite import ON_REQUEST, PARTS, chosen, steps_of
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


def test_of_several_runs_the_newest_curve_is_kept_beside_the_figures():
    old, new = (Curve("s", "lag", "events", (0.0, 2.0), (value, value)) for value in (1.0, 2.0))
    runs = [[Figure("s", "a", "ms", (1.0,)), old], [new]]
    assert newest(runs) == [new]
    assert merged(runs) == [Figure("s", "a", "ms", (1.0,))]


def test_a_table_names_a_part_once_and_its_spread():
    columns, rows = table([Figure("t", "a", "ms", (1.0, 2.5, 300.0)), Figure("t", "b", "ms", (math.nan,))])
    assert columns == ("part", "figure", "unit", "runs", "minimum", "median", "maximum")
    assert rows == [("t", "a", "ms", "3", "1", "2.50", "300"), ("", "b", "ms", "1", "-", "-", "-")]


def test_what_was_run_once_has_one_value():
    assert table([Figure("t", "a", "ms", (1.5,))]) == (("part", "figure", "unit", "value"), [("t", "a", "ms", "1.50")])


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.123, "0.12"), (99.9, "99.90"), (1234.5, "1,234")])
def test_a_figure_has_as_many_digits_as_it_deserves(value, text):
    assert spelled(value) == text


def test_a_script_reads_every_value_and_the_machine():
    told = as_json(Document({"cores": 2}, Plan(), [Figure("t", "a", "ms", (3.0, 1.0))]))
    again = orjson.loads(orjson.dumps(told))
    assert again["machine"] == {"cores": 2}
    assert again["plan"]["runs"] == 1
    assert again["figures"][0] == {
        **{"part": "t", "name": "a", "unit": "ms", "values": [3.0, 1.0]},
        **{"minimum": 1.0, "median": 2.0, "maximum": 3.0},
    }


def test_what_was_written_is_read_back_also_a_figure_that_is_no_number():
    figures = [Figure("t", "a", "ms", (3.0, 1.0)), Figure("t", "b", "ms", (math.nan, 2.0))]
    written = Document({"cores": 2}, Plan(), figures, [Curve("s", "lag", "", (0.0,), (1.0,))])
    found = read(orjson.dumps(as_json(written)))
    assert found.figures[0] == figures[0]
    assert math.isnan(found.figures[1].values[0])
    assert (found.curves, found.plan, found.machine) == (written.curves, written.plan, written.machine)


def test_markdown_has_the_machine_the_pictures_and_the_figures():
    figures = [Figure("t", "a", "ms", (3.0, 1.0))]
    machine, picture, told = markdown(Document({"cores": 2}, Plan(), figures), [("Time", "t.svg")]).split("\n\n")
    assert machine == "| machine |  |\n| --- | --- |\n| cores | 2 |"
    assert picture == "![Time](t.svg)"
    assert told.splitlines() == [
        "| part | figure | unit | runs | minimum | median | maximum |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
        "| t | a | ms | 2 | 1 | 2 | 3 |",
    ]


def test_without_names_every_part_runs_but_the_soak_and_memory_is_weighed_once():
    assert chosen([]) == [name for name in PARTS if name != "memory" and name not in ON_REQUEST]
    assert chosen(["soak", "stages", "latency"]) == ["latency", "stages", "soak"]
    with pytest.raises(UsageError, match="no part is named fast"):
        chosen(["fast"])


def test_every_measurement_is_done_as_often_as_asked_and_says_how_long_it_takes():
    steps = steps_of(Plan(("latency", "stages", "soak"), runs=2, rates=(1_000,)))
    assert [step.name for step in steps] == ["latency at 1,000 events/s"] * 2 + ["stages"] * 2 + ["soak"] * 2
    assert all(step.lasts_s > 10 for step in steps)
