"""Which keys of a slice go when it has no room: the same by brute force, for any cuts, and wherever it is restored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.windows.table import Windows
from models.windows.updating import Columns
from tests.models.windows.brute import HOUR, TICK, Brute, Row, columns

BEGIN = 1_795_000_000_000
SLICES = 2
KEYS_MAX = 32
"""Of a slice."""


def row(key: int, ts: int) -> Row:
    return Row(key, 1, ts, 0, 0, 0, ts)


floods = st.lists(
    st.tuples(
        st.sampled_from([0, 10_000, 300_000, 2 * HOUR, 23 * HOUR]),
        st.integers(1, 100),
        st.sampled_from([1, 5, 80]),
        st.sampled_from([1, 19, 20]),
        st.sampled_from([0, 100]),
    ),
    min_size=1,
    max_size=10,
)
"""Per wave: ms after the one before, first key, keys, calls of each, ms between keys."""


def rows_of(flood) -> list[Row]:
    rows, clock = [], BEGIN
    for later, first, keys, calls, step in flood:
        clock += later
        for key in range(first, first + keys):
            clock += step
            rows += [row(key, clock)] * calls
    return rows


def of_one_slice(keys_max: int = KEYS_MAX) -> Windows:
    return Windows(keys_max, slices=1)


def keys_of(windows: Windows) -> set[int]:
    return set(windows.keys().tolist())


def restored(windows: Windows) -> Windows:
    copy = Windows(KEYS_MAX * SLICES, SLICES)
    for which in range(SLICES):
        copy.load_slice(which, windows.slice_bytes(which))
    return copy


@settings(max_examples=80)
@given(floods, st.lists(st.integers(0, 2_000), max_size=3), st.booleans())
def test_the_same_keys_go_as_by_brute_force(flood, cuts, stops):
    rows = rows_of(flood)
    brutes, windows = [Brute(KEYS_MAX) for _ in range(SLICES)], Windows(KEYS_MAX * SLICES, SLICES)
    for one, which in zip(rows, windows.slice_of_keys([one.key for one in rows]).tolist(), strict=True):
        brutes[which].update([one])
    for piece in np.split(np.arange(len(rows)), sorted(cut for cut in cuts if cut < len(rows))):
        windows.update(columns([rows[i] for i in piece]))
        windows = restored(windows) if stops else windows
    assert windows.ledger == (
        max(brute.now for brute in brutes) // TICK * TICK,
        sum(brute.evicted for brute in brutes),
        sum(brute.turned_away for brute in brutes),
    )
    assert windows.keys().tolist() == sorted(key for brute in brutes for key in brute.keys)
    assert len(windows) <= KEYS_MAX * SLICES


def test_a_sixteenth_goes_at_once_the_oldest_first_and_of_one_tick_the_smallest_keys():
    windows = of_one_slice()
    windows.update(columns([row(key, BEGIN + 60_000 * (key == 3)) for key in range(KEYS_MAX, 0, -1)]))
    windows.update(columns([row(100, BEGIN + 60_000)]))
    assert keys_of(windows) == {3, *range(4, KEYS_MAX + 1), 100}
    assert windows.ledger.evicted == 2


def test_a_full_slice_takes_no_room_from_another():
    windows = Windows(2 * KEYS_MAX, slices=2)
    keys = np.arange(1, 1_000, dtype=np.uint64)
    first, other = (keys[windows.slice_of_keys(keys) == which].tolist() for which in (0, 1))
    windows.update(columns([row(key, BEGIN) for key in other[:KEYS_MAX]]))
    before = windows.slice_bytes(1)
    windows.update(columns([row(key, BEGIN + 60_000) for key in first]))
    assert windows.slice_bytes(1) == before
    assert windows.ledger.evicted > 100


def test_there_may_be_one_key_in_a_slice_at_least():
    windows = Windows(1, slices=4)
    windows.update(columns([row(key, BEGIN) for key in range(1, 100)]))
    assert len(windows) == 4


def test_dead_keys_go_first_and_are_not_counted():
    windows = of_one_slice()
    windows.update(columns([row(key, BEGIN) for key in range(1, KEYS_MAX + 1)]))
    windows.update(columns([row(100, BEGIN + 25 * HOUR)]))
    assert windows.ledger.evicted == 0
    assert keys_of(windows) == {100}


def test_a_key_with_twenty_events_in_the_last_hour_stays_and_where_all_stay_new_ones_are_turned_away():
    windows = of_one_slice(2)
    windows.update(columns([row(1, BEGIN)] * 20 + [row(2, BEGIN)] * 20 + [row(3, BEGIN)] * 5))
    assert keys_of(windows) == {1, 2}
    assert windows.ledger[1:] == (0, 5)
    windows.update(columns([row(3, BEGIN + HOUR + 300_000)]))
    assert keys_of(windows) == {2, 3}
    assert windows.ledger[1:] == (1, 5)


def calls_of(callers, begin_ms: int, rng) -> Columns:
    """Attempt, answer and release of every call, spread over an hour."""
    many = len(callers)
    ts = np.sort(begin_ms + rng.integers(0, HOUR, 3 * many))
    kind = np.tile(np.array([0, 1, 2], np.uint8), many)
    other = rng.zipf(1.5, 3 * many).astype(np.uint64)
    return Columns(np.repeat(callers, 3).astype(np.uint64), other, ts, kind, kind * 0, kind * 500.0, ts)


def a_few(rng):
    return rng.permutation(np.repeat(np.arange(1, 50_001), 4))


def by_zipf(rng):
    shares = np.cumsum(np.arange(1, 50_001) ** -1.1)
    return 1 + np.searchsorted(shares / shares[-1], rng.random(400_000))


@pytest.mark.parametrize("callers", [a_few, by_zipf])
def test_an_active_caller_costs_300_bytes_on_average(callers):
    rng, windows = np.random.default_rng(1), Windows(100_000)
    for hour, part in enumerate(np.array_split(callers(rng), 20)):
        windows.update(calls_of(part, BEGIN + hour * HOUR, rng))
    assert len(windows) > 30_000
    assert windows.nbytes / len(windows) <= 300


def test_a_flood_of_random_numbers_takes_no_more_memory_than_the_keys_there_may_be():
    rng, windows = np.random.default_rng(1), Windows(20_000)
    for second in range(20):
        key, zeros = rng.integers(1, 1 << 50, 10_000).astype(np.uint64), np.zeros(10_000, np.int64)
        windows.update(Columns(key, key, zeros + BEGIN + second * 1_000, zeros, zeros, zeros, zeros + BEGIN))
    assert len(windows) <= 20_000
    assert windows.ledger.evicted == 200_000 - len(windows)
    assert windows.nbytes <= 150 * 20_000
