"""Slices that were written at moments of their own, and replayed from there, are as if nothing had ever stopped."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.windows.remembering import Remembering
from models.windows.table import Windows
from models.windows.updating import Columns, columns_of
from tests.models.windows.brute import HOUR

BEGIN = 1_795_000_000_000
SLICES = 4
BLOCKS = 12
FLOORS = (1, 1, 1, 1)
TABLES = {
    "roomy": lambda: Windows(1_000, SLICES),
    "crowded": lambda: Windows(80, SLICES),
    "one key each": lambda: Windows(1, SLICES),
    "with hours": lambda: Remembering(1_000, 1_000, SLICES, 0, FLOORS),
    "with few hours": lambda: Remembering(1_000, SLICES, SLICES, 0, FLOORS),
}

stories = st.lists(
    st.tuples(
        st.sampled_from([0, 9_000, 290_000, 5 * HOUR, 26 * HOUR, 900 * HOUR]),
        st.sampled_from([3, 30, 200]),
        st.sampled_from([2, 40, 400]),
        st.integers(0, 1 << 32),
        st.sets(st.integers(0, SLICES - 1)),
        st.booleans(),
    ),
    min_size=1,
    max_size=BLOCKS,
)
"""Per block: ms after the one before, rows, keys, seed of the rest; then the slices to write, and whether to crash."""


def blocks_of(story) -> list[Columns]:
    """Rows of all kinds, of few keys and of many, some of nobody and some late."""
    blocks, clock = [], BEGIN
    for later, size, keys, seed, _, _ in story:
        rng = np.random.default_rng(seed)
        clocks = clock + later + np.cumsum(rng.integers(0, 2_000, size))
        late = rng.integers(0, 600_000, size) * (rng.random(size) < 0.3)
        kind, flags = rng.integers(0, 5, size), rng.choice([0, 0, 4, 8], size)
        key, other = rng.integers(0, keys, size) ** 2 % 997, rng.integers(0, 300, size)
        blocks.append(Columns(key, other, clocks - late, kind, flags, rng.integers(0, 9_000, size), clocks))
        clock = int(clocks[-1])
    return blocks


def update(table, rows: Columns, stale=None) -> None:
    if isinstance(table, Windows):
        table.update(rows, stale)
    elif len(rows.ts):
        latest = int(max(rows.ts.max(), rows.clock.max()))
        table.count(columns_of(rows), np.arange(len(rows.ts), dtype=np.int32), latest, stale)


class Stopping:
    """A table whose slices are written in turn, and that may be started anew from them."""

    def __init__(self, make) -> None:
        self._make = make
        self.table = make()
        self._log: list[Columns] = []
        self._pages: dict[int, bytes] = {}
        self._stamps = np.zeros(SLICES, np.int64)

    def take(self, block: Columns) -> None:
        self._log.append(block)
        update(self.table, block)

    def write(self, which: int) -> None:
        """Write a slice if it changed; else what was written is as good as new."""
        if self.table.dirty[which]:
            self._pages[which] = self.table.slice_bytes(which)
            self.table.dirty[which] = 0
        self._stamps[which] = len(self._log)

    def crash(self) -> None:
        self.table = self._make()
        for which, page in self._pages.items():
            self.table.load_slice(which, page)
        for offset in range(self._stamps.min(), len(self._log)):
            update(self.table, self._log[offset], (self._stamps <= offset).astype(np.uint8))


def slices(table) -> list[bytes]:
    return [table.slice_bytes(which) for which in range(SLICES)]


def answers(table, now: int):
    keys = np.arange(1, 1_000, dtype=np.uint64)
    windows = table if isinstance(table, Windows) else table.windows
    asked = [*windows.features(keys, now), windows.keys()]
    if windows is not table:
        asked += [*table.hours.normal(keys, np.full(len(keys), now // HOUR + 24))]
    return [part.tolist() for part in asked]


def ledger(table):
    return table.ledger if isinstance(table, Windows) else (table.windows.ledger, table.hours.turned_away)


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
@settings(max_examples=60)
@given(stories)
def test_crashes_change_nothing_wherever_each_slice_was_written(make, story):
    stopping, steady = Stopping(make), make()
    for block, (*_, written, crashes) in zip(blocks_of(story), story, strict=True):
        stopping.take(block)
        update(steady, block)
        for which in written:
            stopping.write(which)
        if crashes:
            stopping.crash()
            assert slices(stopping.table) == slices(steady)
    stopping.crash()
    now = int(block.clock[-1])
    assert slices(stopping.table) == slices(steady)
    assert answers(stopping.table, now) == answers(steady, now)
    assert ledger(stopping.table) == ledger(steady)


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
@settings(max_examples=40)
@given(stories, st.lists(st.integers(0, 999), max_size=3))
def test_a_slice_follows_from_its_own_rows_alone_however_they_are_cut(make, story, cuts):
    blocks, whole = blocks_of(story), make()
    rows = Columns(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))
    for block in blocks:
        update(whole, block)
    of = Windows(1, SLICES).slice_of_keys(rows.key)
    for which in range(SLICES):
        alone, mine = make(), Columns(*(column[(of == which) & (rows.key > 0)] for column in rows))
        for begin, end in pairwise([0, *sorted(cuts), len(rows.ts)]):
            update(alone, Columns(*(column[begin:end] for column in mine)))
        assert alone.slice_bytes(which) == whole.slice_bytes(which)
        assert all(alone.slice_bytes(other) == make().slice_bytes(other) for other in range(SLICES) if other != which)


def test_the_crowded_ones_are():
    table, few = TABLES["crowded"](), TABLES["with few hours"]()
    for block in blocks_of([(HOUR, 200, 400, seed, (), False) for seed in range(5)]):
        update(table, block)
    for block in blocks_of([(9_000, 200, 20, seed, (), False) for seed in range(40)]):
        update(few, block)
    assert table.ledger.evicted > 20
    assert few.hours.turned_away > 20
