"""The service on a small load: all is read, every role is seen, a planted leak blocked; a second run begins anew."""

import time

import numpy as np
import pytest

from streams.bench import handover, home, passage
from streams.bench.feed import feed
from streams.bench.limit import measure
from streams.bench.load import Load, Recipe
from streams.bench.memory import KEYS, state
from streams.bench.meter import Usage
from streams.bench.offsets import Group
from streams.bench.passage import Look
from streams.bench.probe import HISTORY_MS, probe, teach
from streams.bench.soak import delete_read
from streams.broker import Broker
from streams.demo.processes import Process, wait_until_ready
from streams.kafka import admin

RECIPE = Recipe(10_000, per_s=100)


def look(at_s, read, applied, cpu_s):
    used = {role: Usage(cpu_s * part, 1_000) for role, part in (("intake", 2), ("detector", 1), ("supervisor", 0))}
    return Look(at_s, {"intake": read, "detector": applied}, used)


def test_what_is_ready_first_is_rated_over_all_and_the_intake_between_its_marks():
    looks = [look(float(s), min(100, 10 * s), min(50, 2 * s), float(s)) for s in range(26)]
    found = passage._judge(looks, 100, 1_000, {"detector": Usage(5.0, 1_000)}, 3)
    assert list(found.roles) == ["detector", "intake", "supervisor"]
    assert found.roles["intake"].us_per_event == pytest.approx(2 / 100 * 1e6)
    assert found.roles["detector"].us_per_event == pytest.approx((25 - 5) / 1_000 * 1e6)
    assert found.events_per_core_s == pytest.approx(1 / (0.02 + 0.02))
    assert found.wall_per_s == pytest.approx(900 / 24)
    assert found.rss["intake"] == 1_000


@pytest.mark.kafka
def test_a_load_goes_through_the_service_and_its_topics_are_renewed(tmp_path):
    load = Load(RECIPE, tmp_path)
    with Broker(ephemeral=True) as broker:
        settings = home.build(tmp_path, broker.bootstrap_servers, 2)
        assert feed(settings, load) == len(load)
        service = Process(["run", "--config", str(home.configuration(tmp_path))], tmp_path / "service.log")
        try:
            address = wait_until_ready(service)
            told: list[float] = []
            looks, blocks = passage.follow(settings, [service], len(load), told.append)
            rng, begun_ms = np.random.default_rng(1), time.time_ns() // 1_000_000
            teach(settings, service, rng, begun_ms - HISTORY_MS)
            assert probe(settings, rng, 0) > begun_ms
            assert state(address)[KEYS]["caller"] > 1_000
            watch = handover.Watch(settings, list(load)[:200])
            assert 0 < watch.until(lambda: watch.sent >= 200) < handover.PATIENCE_S
            watch.close()
        finally:
            service.stop()
        assert looks[-1].done == {"intake": len(load), "detector": blocks}
        assert set(looks[-1].used) == {"intake", "detector", "decider", "supervisor"}
        assert told[-1] == 1.0
        assert measure(broker.bootstrap_servers, len(load), 2) > 0
        groups = {role: Group(settings, *names) for role, names in passage.INPUTS.items()}
        delete_read(admin(settings), groups)
        assert groups["intake"].begins() == groups["intake"].committed()
        for group in groups.values():
            group.close()
        home.renew(settings)
        events, rows = (Group(settings, *passage.INPUTS[role]) for role in ("intake", "detector"))
        assert (events.done(), rows.end()) == (0, 0)
        assert events.end() > len(load)
        for group in (events, rows):
            group.close()
