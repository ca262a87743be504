"""Bursts that others labelled, in counts that nobody here made; first that they are scored as the benchmark scores."""

import random
from pathlib import Path

import pytest
from support.nab import (
    BURSTS,
    FALSE_ALARM,
    PUBLISHED,
    SERIES,
    STEP_MS,
    Series,
    moments,
    normalised,
    score,
    series,
    unjudged,
)

from bench.nab import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "labelled-bursts.md"
needs_bursts = pytest.mark.skipif(not BURSTS.is_dir(), reason="../shared/data/bursts is absent")
WINDOWS = ((2_000, 2_400), (6_000, 6_999))
ROWS = 10_000


@pytest.mark.parametrize(
    ("alarms", "raw"),
    [
        ([], -2.0),
        ([2_000, 6_000], 2.0),
        ([2_000, 2_100, 2_399, 6_000, 6_500], 2.0),  # later alarms of a window add nothing
        ([800, 801, 802, 803], -2.44),  # as published of windowedGaussian, rogue_agent_key_hold
        ([10, 749], -2.0),  # the first rows are not judged
        ([9_998], -2.0 - FALSE_ALARM * 0.99999),
    ],
)
def test_the_score_is_the_benchmarks(alarms, raw):
    assert score(ROWS, WINDOWS, alarms).raw == pytest.approx(raw, abs=2e-6)


def test_rows_of_false_alarms_where_nothing_is_labelled_cost_what_is_published():
    assert score(4_032, (), range(1_000, 1_012)).raw == pytest.approx(-1.32)  # ec2_cpu_utilization_c6585a
    assert score(18_050, ((9_000, 10_499),), [2_000]).raw == pytest.approx(
        -1.11
    )  # cpu_utilization_asg_misconfiguration


def test_one_is_worth_the_more_the_earlier_it_alarms():
    worths = [score(ROWS, WINDOWS, [6_000, row]).raw for row in range(2_000, 2_401)]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] == 2.0
    assert 1.0 < worths[-1] < 1.01


def test_an_alarm_costs_the_more_the_further_it_is_behind_a_window():
    costs = [score(ROWS, WINDOWS, [2_000, 6_000, row]).raw for row in range(2_401, 6_000, 50)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 1.99
    assert costs[-1] == pytest.approx(2 - FALSE_ALARM)


@pytest.mark.parametrize(("raw", "windows", "percent"), [(-11.0, 11, 0.0), (11.0, 11, 100.0), (0.0, 11, 50.0)])
def test_no_alarm_is_nothing_and_a_perfect_detector_a_hundred(raw, windows, percent):
    assert normalised(raw, windows) == percent


def test_a_detector_by_chance_is_below_one_that_is_silent():
    rows = random.Random(7).sample(range(ROWS), 500)
    assert score(ROWS, WINDOWS, rows).raw < -2.0


@needs_bursts
@pytest.mark.parametrize("name", SERIES)
def test_the_files_are_read_and_their_windows_lie_in_them(name):
    one = series(name)
    assert len(one.times) == len(one.counts) == {"e": 4_032}.get(name[0], len(one.times))
    assert all(unjudged(len(one.times)) <= begin < end < len(one.times) for begin, end in one.windows)
    perfect = score(len(one.times), one.windows, [begin for begin, _ in one.windows])
    assert (perfect.raw, perfect.found, perfect.false_rows) == (len(one.windows), len(one.windows), 0)
    assert one.row_at(one.times[9] + STEP_MS - 1) == 9


def test_what_was_counted_is_spread_over_its_five_minutes():
    one = Series("x", (0, STEP_MS), (3, 1), ())
    assert list(moments(one)) == [0, STEP_MS // 3, 2 * STEP_MS // 3, STEP_MS]


@needs_bursts
def test_the_published_scores_of_these_files_are_those_that_the_page_shows():
    shown = {name: round(normalised(sum(raws.values()), 11), 1) for name, raws in PUBLISHED.items()}
    assert shown == {"windowedGaussian": 50.4, "randomCutForest": 50.9}


@needs_bursts
@pytest.mark.timeout(900)  # kernels may have to be compiled first, on a machine that others use
def test_the_page_shows_what_the_rules_find():
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: bench/nab.py says how"
