"""The soak: the days' records in their order, and what looks at a run say of memory and lag."""

import json
import math

import numpy as np
import pytest

from models.records import decode
from streams.bench import soak
from streams.bench.figures import Curve, Figure
from streams.bench.handover import Look as Rows
from streams.bench.handover import longest_wait
from streams.bench.load import Recipe
from streams.bench.memory import BYTES, KEYS, parsed, windows_figures
from streams.bench.meter import Usage
from streams.bench.soak import Look, days, judged
from streams.bench.traffic import LEAD_MS

EVENTS = 86_400
"""One a second: each hour is full."""


def test_every_day_is_as_many_records_as_asked_over_24_hours_hardly_out_of_order():
    values = [record.value for record in days(EVENTS, 7)]
    spoiled = {reject.record for reject in decode(values).rejects}
    assert len(values) == soak.DAYS * EVENTS
    assert len(spoiled) < soak.DAYS * EVENTS / 500
    ts = np.array([json.loads(value)["ts"] for at, value in enumerate(values) if at not in spoiled])
    begin_ms = Recipe(0).begin_ms
    assert begin_ms - LEAD_MS <= ts.min() < begin_ms + 60_000
    assert ts.max() == pytest.approx(begin_ms + soak.DAYS * soak.HOURS * soak.HOUR_MS, abs=soak.HOUR_MS / 20)
    first_day = (ts < begin_ms + soak.HOURS * soak.HOUR_MS).sum()
    assert first_day == pytest.approx(EVENTS, rel=0.01)
    assert (np.maximum.accumulate(ts) - ts).max() < 600_000


def looks() -> list[Look]:
    """A run whose detector grows by 1 MB per 1,000 events until half of them are read, and not afterwards."""
    found = []
    for second in range(101):
        read = second * 100
        rss = 100e6 + min(read, 5_000) * 1e3
        used = {"detector": Usage(second * 0.5, int(rss)), "intake": Usage(second * 0.25, 50_000_000)}
        sent, held = min(read + 300, 10_000), {"leaks": float(second)}
        found.append(Look(float(second), sent, read, second % 7, held, rss / 2, 1_000 * second, used))
    return found


def test_memory_is_told_by_quarters_and_by_its_growth_on_the_second_day():
    figures = {one.name: one.values[0] for one in judged(looks(), 10_000) if isinstance(one, Figure)}
    assert [figures[f"detector, resident at {part}"] for part in ("25%", "50%", "75%", "100%")] == [
        pytest.approx(mb) for mb in (102.5, 105.0, 105.0, 105.0)
    ]
    assert figures["detector, growth on the second day"] == pytest.approx(0.0)
    assert figures["intake, growth on the second day"] == 0.0
    assert (figures["leaks held at 50%"], figures["leaks held at 100%"]) == (50, 100)
    assert figures["most events that waited"] == 300
    assert figures["most blocks that waited"] == 6
    assert figures["all roles together"] == pytest.approx(100 / 0.75)
    assert figures["by the clock"] == pytest.approx(100)


def test_growth_that_goes_on_is_seen():
    grown = [look._replace(used={"detector": Usage(look.at_s, look.read * 2_000)}) for look in looks()]
    figures = {one.name: one.values[0] for one in judged(grown, 10_000) if isinstance(one, Figure)}
    assert figures["detector, growth on the second day"] == pytest.approx(2_000.0)


def test_memory_and_lag_are_curves_over_the_run():
    curves = {one.name: one for one in judged(looks(), 10_000) if isinstance(one, Curve)}
    assert curves["events that wait"].values[:2] == (300.0, 300.0)
    assert curves["events that wait"].at_s == tuple(float(second) for second in range(101))
    assert curves["detector, resident"].values[-1] == pytest.approx(105.0)


def test_a_block_waits_from_its_append_to_its_commit_in_any_partition():
    steps = [(0, 5, 5), (1, 9, 5), (2, 9, 5), (3, 12, 9), (6, 12, 12)]
    found = [Rows(float(at), {0: end, 1: 4}, {0: done, 1: 4}) for at, end, done in steps]
    assert longest_wait(found) == 3.0
    assert math.isinf(longest_wait(found[:-1]))
    assert longest_wait(found[:1]) == 0.0


def test_windows_are_weighed_by_the_services_own_gauges():
    page = (
        f'# TYPE {KEYS} gauge\n{KEYS}{{kind="caller"}} 10.0\n{KEYS}{{kind="leaks"}} 3.0\n{KEYS}{{kind="trunk"}} 0.0\n'
        f'# TYPE {BYTES} gauge\n{BYTES}{{kind="caller"}} 1500.0\n{BYTES}{{kind="trunk"}} 500.0\n'
    )
    figures = {(one.name, one.unit): one.values[0] for one in windows_figures(parsed(page), 8)}
    assert figures == {
        ("caller: keys", ""): 10.0,
        ("caller: windows", "bytes/key"): 150.0,
        ("all windows", "bytes/active caller"): 250.0,
    }
