"""Whatever dies, stops or comes twice: the state, the dead letters and the commands are those of the oracle."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from streams.event_source import EVENTS
from tests.faults.guards import GUARDS
from tests.faults.schedule import POINTS, Schedule
from tests.faults.simulation import Run, Simulation
from tests.faults.traffic import plans

SEEDS = int(os.environ.get("RINGFENCE_FAULT_SEEDS", "2000"))
"""Schedules that one run of the tests takes."""
BATCH = 100
BATCHES = [range(first, min(first + BATCH, SEEDS)) for first in range(0, SEEDS, BATCH)]


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture(scope="module")
def reached() -> Counter[tuple[str, str]]:
    """At which points of which role somebody died or stopped, over all schedules."""
    return Counter()


def told(run: Run) -> str:
    """What a person needs to look into a failure."""
    found = "\n  ".join(run.differences[:5])
    return f"seed {run.seed} (python -m tests.faults {run.seed} tells it step by step):\n  {found}"


def test_a_plan_that_nobody_disturbs_gives_what_the_oracle_expects(simulation):
    for number, plan in enumerate(plans()):
        assert not simulation.run(number, faults=False).differences, plan.name


@pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"seeds {seeds.start} to {seeds.stop - 1}")
def test_no_schedule_shows_a_difference(simulation, reached, seeds):
    failed = []
    for seed in seeds:
        run = simulation.run(seed)
        if run.differences:
            failed.append(told(run))
        if run.outcome is not None:
            reached.update({place[:2]: count for place, count in run.outcome.reached.items()})
    assert not failed, "\n".join(failed)


@pytest.mark.skipif(SEEDS < 1000, reason="a few schedules do not reach every point")
def test_lives_ended_at_every_named_point(reached):
    assert not {(role, point) for role, points in POINTS.items() for point in points} - reached.keys()


@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_the_same_schedules_show_differences(simulation, guard):
    with GUARDS[guard]():
        assert any(simulation.run(seed).differences for seed in range(200))


def test_a_schedule_is_the_same_every_time(simulation):
    first, second = simulation.run(7), simulation.run(7)
    assert first.steps == second.steps
    logs = [run.outcome.cluster.logs for run in (first, second)]
    values = [{lane: [message.value() for message in log] for lane, log in one.items()} for one in logs]
    assert values[0] == values[1]


@pytest.fixture
def schedule(simulation) -> Iterator[Schedule]:
    """Roles that do as they are told, over records that are yet to come."""
    made = Schedule(0, plans()[0], simulation.settings, simulation.tables, faults=False)
    yield made
    made.end()


def stop_of(schedule: Schedule) -> str:
    """Why somebody stopped."""
    assert schedule.outcome.stops
    return str(schedule.outcome.stops[0][1])


def test_events_that_are_gone_before_they_were_read_stop_the_intake(schedule):
    schedule.feed(60)
    schedule.outcome.cluster.groups["intake"].committed |= {0: 2, 1: 5, 2: 5}
    schedule.delete(EVENTS, 0, 5)
    schedule.turn("intake", 4)
    assert "signalling.events/0: offsets 2 to 4 were deleted before they were read" in stop_of(schedule)
    assert not schedule.outcome.cluster.values("ringfence.rows")


def test_events_that_go_while_they_are_waited_for_stop_the_intake(schedule):
    schedule.turn("intake", 3)
    schedule.feed(60)
    schedule.delete(EVENTS, 0, 5)
    schedule.turn("intake", 4)
    assert "records that were not read yet are gone" in stop_of(schedule)
    assert not schedule.outcome.cluster.values("ringfence.rows")


def test_blocks_that_are_gone_before_they_were_read_stop_the_detector(schedule):
    for part in range(4):
        schedule.feed(15)
        schedule.turn("intake", 6)
        if part == 0:
            schedule.turn("detector", 12)
    for partition in range(2):
        blocks = schedule.outcome.cluster.logs["ringfence.rows", partition]
        schedule.delete("ringfence.rows", partition, len(blocks) - 1)
    schedule.turn("detector", 12)
    assert "never came" in stop_of(schedule)


def test_findings_that_are_gone_before_they_were_decided_stop_the_decider(schedule):
    schedule.turn("decider", 12)
    schedule.feed(60)
    schedule.turn("intake", 6)
    schedule.turn("detector", 12)
    log = schedule.outcome.cluster.logs["ringfence.findings", 0]
    schedule.delete("ringfence.findings", 0, len(log) - 1)
    schedule.turn("decider", 12)
    assert "never came" in stop_of(schedule)
