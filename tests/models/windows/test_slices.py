"""A slice as bytes: it comes back as it was, and nothing else is taken for one."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.windows.table import Windows
from models.windows.updating import Columns

BEGIN = 1_795_000_000_000
SLICES = 4
KEYS = np.arange(1, 41, dtype=np.uint64)


def of_all_sizes(seed: int = 0, slices: int = SLICES) -> Windows:
    """Keys with few events, many events, and many parties."""
    rng, windows = np.random.default_rng(1), Windows(1_000, slices, seed)
    key = np.concatenate([KEYS, np.repeat(KEYS[:16], 70), np.repeat(KEYS[:16:2], 300)])
    other = rng.integers(0, 1_000, len(key)).astype(np.uint64)
    ts = np.sort(BEGIN + rng.integers(0, 80_000_000, len(key)))
    windows.update(Columns(key, other, ts, rng.integers(0, 4, len(key)), ts * 0, rng.integers(0, 9_999, len(key)), ts))
    return windows


WINDOWS = of_all_sizes()
NOW = WINDOWS.ledger.now_ms
PAGES = [WINDOWS.slice_bytes(which) for which in range(SLICES)]
LEDGER, SIZES = 20, 52
"""Where the header has them."""
TICK = NOW // 10_000


def with_ledger(*numbers: int) -> bytes:
    return PAGES[0][:LEDGER] + struct.pack("<4q", *numbers) + PAGES[0][SIZES:]


def empty(**how) -> Windows:
    return Windows(1_000, **{"slices": SLICES, **how})


def test_slices_hold_keys_of_every_size():
    sizes = [struct.unpack_from("<6I", page, SIZES) for page in PAGES]
    assert all(min(size) > 0 for size in sizes)
    assert sum(size[0] for size in sizes) == len(WINDOWS) == 40


def test_a_slice_comes_back_as_it_was_in_the_place_of_what_was_there():
    windows = empty()
    for _ in range(2):
        for which, page in enumerate(PAGES):
            windows.load_slice(which, page)
    assert len(windows) == 40
    assert [windows.slice_bytes(which) for which in range(SLICES)] == PAGES
    for given_back, was in zip(windows.features(KEYS, NOW), WINDOWS.features(KEYS, NOW), strict=True):
        assert given_back.tolist() == was.tolist()
    assert not windows.dirty.any()


def test_only_slices_with_rows_are_dirty():
    windows = empty()
    one = np.ones(1, np.int64)
    windows.update(Columns(one, one, one * NOW, one * 0, one * 0, one * 0, one * NOW))
    dirty = [len(windows.slice_bytes(which)) > len(empty().slice_bytes(which)) for which in range(SLICES)]
    assert windows.dirty.tolist() == dirty
    assert sum(dirty) == 1


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"", "not the state of windows"),
        (PAGES[0][:-1], "bytes where"),
        (PAGES[0] + b"\0", "bytes where"),
        (b"RFWX" + PAGES[0][4:], "not the state of windows"),
        (PAGES[0][:4] + b"\1" + PAGES[0][5:], "format 1, this version reads 3"),
        (PAGES[0][:SIZES], "no whole header"),
        (PAGES[1], "is slice 1 of 4"),
        (of_all_sizes(slices=8).slice_bytes(0), "is slice 0 of 8"),
        (of_all_sizes(seed=1).slice_bytes(0), "another seed"),
        (PAGES[1][:8] + b"\0" + PAGES[1][9:], "keys of another slice"),
        (with_ledger(1 << 28, 0, 0, -1), "a ledger out of range"),
        (with_ledger(TICK, 0, 0, TICK + 1), "a ledger out of range"),
        (with_ledger(TICK, -1, 0, -1), "counts below 0"),
        (with_ledger(TICK - 2 * 8_640, 0, 0, -1), "out of the ledger's day"),
        (with_ledger(TICK + 2 * 8_640, 0, 0, -1), "out of the ledger's day"),
    ],
)
def test_what_is_no_such_slice_is_refused(page, why):
    with pytest.raises(ValueError, match=f"^slice 0 of 4 of the windows: .*{why}"):
        empty().load_slice(0, page)


def test_more_keys_than_there_may_be_are_refused():
    with pytest.raises(ValueError, match=r"more than its 1 \(allow for more keys\)"):
        Windows(7, SLICES).load_slice(0, PAGES[0])


@given(st.integers(0, len(PAGES[0]) - 1), st.binary(min_size=1, max_size=8))
def test_any_change_is_refused_or_is_another_slice_that_works(at, change):
    page = (PAGES[0][:at] + change + PAGES[0][at + len(change) :])[: len(PAGES[0])]
    windows = empty()
    try:
        windows.load_slice(0, page)
    except ValueError:
        assert len(windows) == 0
        return
    now = max(NOW, windows.ledger.now_ms)
    windows.features(KEYS, now)
    key = np.repeat(KEYS, 70)
    ts = np.repeat(np.array([now, now + 86_000_000]), len(key))
    key = np.tile(key, 2)
    windows.update(Columns(key, np.arange(len(key)), ts, ts * 0, ts * 0, ts * 0, ts))
    assert (windows.features(KEYS, now + 86_000_000).attempts[:, 3] >= 70).all()
    again = empty()
    again.load_slice(0, windows.slice_bytes(0))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(ValueError, match="windows"):
        empty().load_slice(0, data)
