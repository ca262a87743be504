"""Windows are what brute force says, for any order and lateness, however rows are cut and wherever it is restored."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.windows.asking import asked
from models.windows.layout import BLOCKS, LOG_MAX, PARTIES_MAX, SKETCHES, USED
from models.windows.table import Windows
from models.windows.updating import Columns
from tests.models.windows.brute import HOUR, Brute, Row, columns

BEGIN = 1_795_000_000_000
LATENESS = 600_000
SLICES = 4
STEPS = [0, 1, 9_999, 50_000, 290_000, 3_500_000, 20 * HOUR, 26 * HOUR]
DURATIONS = [0, 1, 5_999, 6_000, 61_200, (1 << 28) - 1, 1 << 28]


histories = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.sampled_from([1, 3, 25, LOG_MAX]),
        st.sampled_from([1, 5, PARTIES_MAX]),
        st.integers(0, 1 << 32),
    ),
    min_size=1,
    max_size=12,
)
"""Per burst: ms after the one before, rows, other parties, seed of the rest."""


def rows_of(history, keys: int = 3) -> list[Row]:
    """Rows of a few keys, of all kinds, some late by up to the allowed lateness."""
    rows, clock = [], BEGIN
    for later, many, others, seed in history:
        clock, rng = clock + later, np.random.default_rng(seed)
        for _ in range(many):
            clock += int(rng.integers(0, 4_000))
            late = int(rng.integers(0, LATENESS)) if rng.random() < 0.3 else 0
            kind, flags, duration = int(rng.integers(0, 5)), int(rng.choice([0, 0, 4, 8])), int(rng.choice(DURATIONS))
            key, other = int(rng.integers(0, keys + 1)), int(rng.integers(0, others + 1))
            rows.append(Row(key, other, clock - late, kind, flags, duration, clock))
    return rows


cuts = st.lists(st.integers(0, 800), max_size=4)


def pieces(rows, where):
    ends = sorted({0, len(rows), *(cut for cut in where if cut < len(rows))})
    return [rows[begin:end] for begin, end in pairwise(ends)]


def windows_of(rows, where=(), keys_max: int = 1_000) -> Windows:
    windows = Windows(keys_max, SLICES)
    for piece in pieces(rows, where):
        windows.update(columns(piece))
    return windows


def found(windows: Windows, keys, now: int):
    features = windows.features(np.array(keys, np.uint64), now)
    return np.stack(features, axis=2).tolist()


def state_of(windows: Windows):
    return windows.ledger, [windows.slice_bytes(which) for which in range(SLICES)]


def copy_of(windows: Windows, keys_max: int = 1_000) -> Windows:
    copy = Windows(keys_max, SLICES)
    for which, data in enumerate(state_of(windows)[1]):
        copy.load_slice(which, data)
    return copy


@settings(max_examples=150)
@given(histories, cuts, st.sampled_from(STEPS))
def test_every_window_equals_brute_force(history, where, later):
    brute, rows = Brute(), rows_of(history)
    now = rows[-1].clock + later
    brute.update(rows)
    expected = [[[*window, 1] for window in brute.features(key, now)] for key in range(5)]
    windows = windows_of(rows, where)
    assert found(windows, range(5), now) == expected
    buckets = windows.buckets(np.arange(5, dtype=np.uint64), now).tolist()
    assert buckets == [brute.buckets(key, now) for key in range(5)]


@settings(max_examples=60)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(history, random):
    rows = rows_of(history)
    now = rows[-1].clock
    shuffled = [row._replace(clock=now) for row in rows]
    expected = found(windows_of(shuffled), range(5), now)
    random.shuffle(shuffled)
    assert found(windows_of(shuffled), range(5), now) == expected


@settings(max_examples=100)
@given(histories, cuts)
def test_equal_rows_give_equal_bytes_however_they_are_cut(history, where):
    rows = rows_of(history)
    assert state_of(windows_of(rows, where)) == state_of(windows_of(rows))


@settings(max_examples=100)
@given(histories, cuts)
def test_restored_anywhere_it_goes_on_as_if_it_had_never_stopped(history, where):
    rows = rows_of(history)
    windows = Windows(1_000, SLICES)
    for piece in pieces(rows, where):
        windows = copy_of(windows)
        windows.update(columns(piece))
    assert state_of(windows) == state_of(windows_of(rows))
    assert found(windows, range(5), rows[-1].clock) == found(windows_of(rows), range(5), rows[-1].clock)


def attempts(key: int, others, ts: int, clock: int | None = None):
    return [Row(key, other, ts, 0, 0, 0, clock or ts) for other in others]


def test_asking_between_changes_nothing():
    rows = [row for step in range(200) for row in attempts(1, range(step, step + 3), BEGIN + 1_000 * step)]
    asked, quiet = windows_of([]), windows_of(rows)
    for row in rows:
        asked.update(columns([row]))
        found(asked, [1], row.clock)
    assert state_of(asked) == state_of(quiet)


def test_thousands_of_busy_keys_are_counted_apart():
    keys = np.tile(np.arange(1, 3_001, dtype=np.uint64), LOG_MAX + 1)
    zeros, ts = np.zeros(keys.size, np.int64), np.full(keys.size, BEGIN)
    windows = Windows(10_000, SLICES)
    windows.update(Columns(keys, keys, ts, zeros.astype(np.uint8), zeros.astype(np.uint8), zeros, ts))
    assert windows._state.marks[USED + BLOCKS] == 3_000
    features = windows.features(keys[:3_000], BEGIN)
    assert (features.attempts == LOG_MAX + 1).all()
    assert (features.distinct == 1).all()


def test_a_busy_key_gets_a_log_again_when_its_calls_are_old():
    rows = attempts(1, [1] * (LOG_MAX + 1), BEGIN)
    windows = windows_of(rows)
    assert windows._state.marks[USED + BLOCKS] == 1
    windows.update(columns(attempts(1, [1, 2], BEGIN + 22 * HOUR)))
    assert windows._state.marks[USED + BLOCKS] == 1
    windows.update(columns(attempts(1, [2, 3], BEGIN + 45 * HOUR)))
    assert windows._state.marks[USED + BLOCKS] == 0
    assert found(windows, [1], BEGIN + 45 * HOUR)[0][3] == [4, 0, 0, 0, 0, 0, 0, 3, 1]


@settings(max_examples=60)
@given(st.integers(0, 1 << 32), st.sampled_from([0, 5 * HOUR, 17 * HOUR, 20 * HOUR]))
def test_a_log_made_of_a_block_counts_what_the_block_did(seed, later):
    rng = np.random.default_rng(seed)
    old = [
        Row(1, int(rng.integers(0, 5)), ts, int(rng.integers(0, 4)), int(rng.choice([0, 4, 8])), int(duration), ts)
        for ts in np.sort(BEGIN + 20 * HOUR + rng.integers(0, 2 * HOUR, 12)).tolist()
        for duration in rng.choice(DURATIONS[:-2], 1)
    ]
    rows = attempts(1, [1] * (LOG_MAX + 1), BEGIN) + old + attempts(1, [2, 9], BEGIN + 26 * HOUR)
    windows, brute, now = windows_of(rows), Brute(), BEGIN + 26 * HOUR + later
    brute.update(rows)
    assert windows._state.marks[USED + BLOCKS] == 0
    assert [window[:8] for window in found(windows, [1], now)[0]] == brute.features(1, now)


def test_windows_that_reach_what_was_lost_are_estimates():
    rows = attempts(1, range(1, 1_001), BEGIN) + attempts(1, [1], BEGIN + HOUR // 2)
    minute, five, hour, day = found(windows_of(rows), [1], BEGIN + HOUR // 2)[0]
    assert [window[7:] for window in (minute, five)] == [[1, 1], [1, 1]]
    assert hour[7:] == day[7:] == [pytest.approx(1_000, rel=0.3), 0]


def test_distinct_is_exact_for_windows_that_begin_after_what_was_lost():
    rows = attempts(1, range(1, 1_001), BEGIN) + attempts(1, range(50), BEGIN + HOUR)
    *short, day = found(windows_of(rows), [1], BEGIN + HOUR)[0]
    assert [(window[7], window[8]) for window in short] == [(49, 1)] * 3
    assert day[8] == 0


def test_a_sketch_is_freed_when_what_was_lost_is_a_day_old():
    windows = windows_of(attempts(1, range(1, 1_001), BEGIN))
    assert windows._state.marks[USED + SKETCHES] == 1
    windows.update(columns(attempts(1, [1], BEGIN + 20 * HOUR)))
    assert windows._state.marks[USED + SKETCHES] == 1
    windows.update(columns(attempts(1, [1, 2], BEGIN + 25 * HOUR)))
    assert windows._state.marks[USED + SKETCHES] == 0
    assert found(windows, [1], BEGIN + 25 * HOUR)[0][3][7:] == [2, 1]


@pytest.mark.parametrize("seed", range(40))
def test_a_log_made_of_a_block_has_the_same_bytes_wherever_it_is_restored(seed):
    old = attempts(1, [1] * (LOG_MAX + 1), BEGIN)
    calls = [Row(1, other, BEGIN + 20 * HOUR, 3 * (other % 2), 0, 0, BEGIN + 20 * HOUR) for other in range(30, 2, -1)]
    steady, restored = Windows(1, 1, seed), Windows(1, 1, seed)
    steady.update(columns(old + calls))
    restored.load_slice(0, steady.slice_bytes(0))
    for windows in (steady, restored):
        windows.update(columns(attempts(1, [1], BEGIN + 28 * HOUR)))
        assert windows._state.marks[USED + BLOCKS] == 0
    assert restored.slice_bytes(0) == steady.slice_bytes(0)


@pytest.mark.parametrize("many", [PARTIES_MAX + 1, 200, 600, 5_000])
@pytest.mark.parametrize("spread_ms", [0, 50_000, 20 * HOUR])
def test_the_standard_error_of_distinct_counts_is_what_is_stated(many, spread_ms):
    keys = 300
    rng = np.random.default_rng(many)
    others = rng.integers(1, 1 << 62, (keys, many)).astype(np.uint64)
    ts = np.sort(BEGIN + rng.integers(0, spread_ms + 1, keys * many))
    zeros, key = np.zeros(keys * many, np.uint8), np.tile(np.arange(1, keys + 1, dtype=np.uint64), many)
    windows = Windows(1_000)
    for _ in range(2):  # a second time adds nothing
        windows.update(Columns(key, others.T.ravel(), ts, zeros, zeros, zeros.astype(np.int64), ts))
    features = windows.features(key[:keys], int(ts[-1]))
    assert not features.exact[:, 3].any()
    errors = features.distinct[:, 3] / many - 1
    assert np.sqrt((errors**2).mean()) < 0.092 * 1.1  # 300 keys: known to 4 %
    assert abs(errors.mean()) < 3 * 0.092 / np.sqrt(keys)


def test_nobody_is_no_key_and_no_distinct_party():
    windows = windows_of(attempts(0, [1, 2], BEGIN) + attempts(1, [0, 0], BEGIN))
    assert len(windows) == 1
    assert found(windows, [0, 1], BEGIN)[1][3] == [2, 0, 0, 0, 0, 0, 0, 0, 1]


def test_only_a_keys_own_slice_has_a_time_before_which_it_is_not_asked():
    windows = windows_of(attempts(1, [1], BEGIN))
    other = next(key for key in range(2, 99) if windows.slice_of_keys([key]) != windows.slice_of_keys([1]))
    windows.update(columns(attempts(other, [1], BEGIN - HOUR)))
    assert found(windows, [other], BEGIN - HOUR)[0][0][0] == 1
    assert windows.buckets(np.array([other], np.uint64), BEGIN - HOUR)[0, :, 0].sum() == 4
    assert windows.ledger.now_ms == BEGIN


def test_keys_are_those_that_live_at_the_time_of_their_slice_in_order():
    windows = windows_of(attempts(7, [1], BEGIN) + attempts(3, [1], BEGIN) + attempts(5, [1], BEGIN - 25 * HOUR, BEGIN))
    assert windows.keys().tolist() == [3, 7]
    in_sevens = next(key for key in range(8, 99) if windows.slice_of_keys([key]) == windows.slice_of_keys([7]))
    windows.update(columns(attempts(in_sevens, [1], BEGIN + 25 * HOUR)))
    assert windows.slice_of_keys([3]) != windows.slice_of_keys([7])
    assert windows.keys().tolist() == [3, in_sevens]


def test_questions_may_be_of_keys_that_nobody_may_write():
    windows, keys = windows_of(attempts(1, [1], BEGIN)), np.frombuffer(b"\1" + bytes(7), np.uint64)
    assert windows.features(keys, BEGIN).attempts.tolist() == [[1] * 4]
    assert len(asked.signatures) == 1


def test_rows_and_questions_out_of_range_are_refused():
    windows = windows_of(attempts(1, [1], BEGIN))
    with pytest.raises(ValueError, match="event time"):
        windows.update(columns(attempts(1, [1], -1)))
    with pytest.raises(ValueError, match="event time"):
        windows.update(columns(attempts(1, [1], BEGIN * 1000)))
    with pytest.raises(ValueError, match="different lengths"):
        windows.update(columns(attempts(1, [1], BEGIN))._replace(other=np.zeros(2, np.uint64)))
    with pytest.raises(ValueError, match="64 slices may be stale, there are 4"):
        windows.update(columns(attempts(1, [1], BEGIN)), np.ones(64, np.uint8))
    for ask in (windows.features, windows.buckets):
        with pytest.raises(ValueError, match="were counted"):
            ask(np.ones(1, np.uint64), BEGIN - 10_000)
    for bad in ((0, 4), (10, 3), (10, 2048)):
        with pytest.raises(ValueError, match="expected"):
            Windows(*bad)
