"""What the hot path does for a block, counted and never timed: no line of Python and little memory for every event.

A loop over events would run ten times the lines for ten times the rows; here both sizes run nearly as many. What an
event costs is then a matter of compiled code and of bytes, and the bytes have ceilings.
"""

import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple
from unittest import mock

import pytest

from models import sightings
from models.bursts.limits import Floors
from models.kinds import Kind
from models.tables import FreePrefix, Tables
from streams import blocks
from streams.assembly import detector_of
from streams.bench.load import Recipe, slices
from streams.bench.traffic import FREEPHONE
from streams.intake import Intake
from streams.owner import Owner
from streams.settings import Settings
from streams.table_watch import TableWatch
from streams.warming import warm_detector
from tests.owned import MemoryLog, MemoryStore
from tests.streams.fake_kafka import FakeConsumer, FakeOutbox, fetched, message

SETTINGS = Settings(network={"home_country_code": "212"})
TABLES = Tables(free_prefixes=(FreePrefix(f"+{FREEPHONE.prefix}", "freephone", None, None, ""),))
FEW, MANY = 800, 8_000
TARGETS = 4
OFTEN = 0.3
"""Lines or calls for an event that are too many; a batch of ten times the events meets more calling codes."""
RECIPE = Recipe(40_000, per_s=2_000, free=0.0, bad=0.0)
"""Without free calls and bad records: both are looked at one by one, and are few."""
UNREACHED = Floors(10**9, 10**9, 10**9, 10**9)
"""Nor are there bursts, which are told one by one."""


class Work(NamedTuple):
    """What was done: lines of Python that ran, calls of compiled functions by their name, and peak memory, bytes."""

    lines: int
    calls: Counter[str]
    peak: int


class Counting:
    """Counts lines and calls while it is entered; a loop's line counts once a turn."""

    def __init__(self) -> None:
        self.lines, self.calls = 0, Counter[str]()

    def __enter__(self):
        self._others = sys.gettrace(), sys.getprofile()
        sys.settrace(self._trace)
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_):
        sys.settrace(self._others[0])
        sys.setprofile(self._others[1])

    def _trace(self, _frame, event, _what):
        self.lines += event == "line"
        return self._trace

    def _profile(self, _frame, event, what):
        if event == "c_call":
            self.calls[what.__qualname__] += 1


def worked(act: Callable[[], object]) -> Work:
    """Do something twice, once counting what runs, once its memory."""
    with Counting() as counted:
        act()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        act()
        return Work(counted.lines, counted.calls, tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def records():
    return [record.value for part in slices(RECIPE) for record in part.records]


class Taking:
    """An intake that has its partition, and takes batches of a load one after the other."""

    def __init__(self, values):
        self.outbox = FakeOutbox(TARGETS)
        self._consumer = FakeConsumer([], threading.Event())
        watch = TableWatch(SETTINGS, TABLES)
        self._intake = Intake(SETTINGS, watch, self._consumer, self.outbox, "id")
        self._intake._assigned([0])
        self._values, self._at = values, 0

    def batch(self, size):
        """The next records, as `fetch` gives them."""
        begin, self._at = self._at, self._at + size
        return fetched([message(0, offset, self._values[offset]) for offset in range(begin, self._at)])

    def take(self, size) -> Work:
        with self.batch(size) as (first, _), self.batch(size) as (second, _):
            batches = iter([first, second])
            return worked(lambda: self._intake.take(next(batches)))

    def blocks(self, size) -> list[tuple[int, bytes]]:
        """The blocks of the next batch, by partition of rows."""
        sent = len(self.outbox.sent)
        with self.batch(size) as (records, _):
            self._intake.take(records)
        return [(target, value) for _, value, _, target, _ in self.outbox.sent[sent:]]


@pytest.fixture(scope="module")
def taken(records):
    intake = Taking(records)
    intake.take(FEW)  # compiles
    return {size: intake.take(size) for size in (FEW, MANY)}


def test_the_intake_does_nothing_for_a_record(taken):
    assert (taken[MANY].lines - taken[FEW].lines) / (MANY - FEW) < OFTEN
    grown = taken[MANY].calls - taken[FEW].calls
    assert sum(grown.values()) < OFTEN * (MANY - FEW)


def test_the_intakes_memory_for_an_event_has_a_ceiling(taken):
    assert (taken[MANY].peak - taken[FEW].peak) / (MANY - FEW) < 2_000


def test_an_event_is_a_few_rows_of_known_size(records):
    sent = Taking(records).blocks(MANY)
    rows = sum(len(blocks.decode(value).share.outline) for _, value in sent)
    assert rows / MANY < 2.9
    assert sum(len(value) for _, value in sent) / MANY < 220


class Owning:
    """An owner that takes blocks of one partition of rows, as large as wanted."""

    def __init__(self, records):
        self._intake = Taking(records)
        with mock.patch.dict(sightings.FLOORS, dict.fromkeys(Kind, UNREACHED)):
            detector = detector_of(SETTINGS, TABLES, TARGETS)
        self._owner = Owner(0, detector, MemoryStore([]), MemoryLog([]))
        self._offset = 0

    def take(self, size) -> Work:
        found = [[value for target, value in self._intake.blocks(size) if target == 0] for _ in range(2)]
        batches = iter(found)

        def act() -> None:
            for value in next(batches):
                self._owner.take(self._offset, value)
                self._offset += 1

        return worked(act)


@pytest.fixture(scope="module")
def owned(records):
    warm_detector(SETTINGS)
    owner = Owning(records)
    owner.take(FEW)  # compiles
    owner.take(MANY)  # meets the calling codes, the sources and most names
    return {size: owner.take(size) for size in (FEW, MANY)}


def test_the_detector_does_nothing_for_a_row_but_a_little_for_a_calling_code(owned):
    assert (owned[MANY].lines - owned[FEW].lines) / (MANY - FEW) < OFTEN
    grown = owned[MANY].calls - owned[FEW].calls
    assert not {name for name, count in grown.items() if count > OFTEN * (MANY - FEW)}


def test_the_detectors_memory_for_an_event_has_a_ceiling(owned):
    assert (owned[MANY].peak - owned[FEW].peak) / (MANY - FEW) < 750


def test_a_loop_over_events_is_seen():
    few, many = (worked(lambda size=size: [event + 1 for event in range(size)]) for size in (FEW, MANY))
    assert many.lines - few.lines == MANY - FEW
