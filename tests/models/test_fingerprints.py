"""Fingerprints, against a dictionary: each until its tick, in whatever pieces, while they become more and fewer."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.fingerprints import BLOCK, BUCKETS, CYCLE, HORIZON, LIVE_MIN, PLANE, SEGMENTS, TICK_MS, Fingerprints, Prints

NOW = 179_500_000


def prints(pairs) -> Prints:
    keys, ticks = zip(*pairs, strict=True) if pairs else ((), ())
    return Prints(np.array(keys, np.uint64), np.array(ticks, np.uint32))


def some(many: int, ticks: int = 60, seed: int = 0) -> Prints:
    rng = np.random.default_rng(seed)
    return Prints(rng.integers(0, 1 << 64, many, np.uint64), rng.integers(NOW, NOW + ticks, many).astype(np.uint32))


keys = st.one_of(st.integers(0, 3), st.integers(0, (1 << 64) - 1))
moves = st.tuples(
    st.sampled_from([0, 1, 60, HORIZON, CYCLE - HORIZON, CYCLE, 3 * CYCLE]), keys, st.integers(0, HORIZON)
)


@settings(deadline=None)
@given(st.lists(moves, max_size=40))
def test_a_fingerprint_is_there_until_its_tick_has_passed(given_moves):
    table, until, now = Fingerprints(), {}, NOW
    for step, key, ahead in given_moves:
        now += step
        if until.get(key, -1) < now:
            until[key] = now + ahead
        table.load(prints([(key, now + ahead)]), now)
        assert table.count(now) == sum(tick >= now for tick in until.values())
    for tick in sorted({*until.values(), now}):
        if tick >= now:
            assert table.count(tick) == sum(end >= tick for end in until.values())


def test_it_grows_and_sheds_what_has_expired():
    table, given_prints = Fingerprints(), some(2_000_000)
    table.load(given_prints, NOW)
    assert table.count(NOW) == len(given_prints.keys)
    assert table.count(NOW + 30) == (given_prints.ticks >= NOW + 30).sum()
    most = table.nbytes
    assert most < 8 / LIVE_MIN * len(given_prints.keys) + 4 * PLANE * 8
    later = Prints(some(500_000, seed=1).keys, np.full(500_000, NOW + 200, np.uint32))
    table.load(later, NOW + 100)
    table.load(Prints(some(500_000, seed=2).keys, later.ticks), NOW + 100)
    table.load(Prints(some(2_000_000, seed=3).keys, np.full(2_000_000, NOW + 300, np.uint32)), NOW + 201)
    assert table.count(NOW + 201) == 2_000_000
    assert table.nbytes < most + 2 * PLANE * 8


def test_it_takes_less_memory_when_fewer_come():
    table = Fingerprints()
    table.load(some(2_000_000), NOW)
    most = table.nbytes
    for nth in range(1, 16):
        table.load(Prints(some(300_000, seed=nth).keys, np.full(300_000, NOW + 100 * nth, np.uint32)), NOW + 100 * nth)
        table.shrink()
    assert table.count(NOW + 1_500) == 300_000
    assert table.nbytes < most
    assert table.arrays.segments[:, BUCKETS].max() <= BLOCK * table.arrays.planes.size


@pytest.mark.parametrize("key", [0, 1, SEGMENTS, 1 << 14, 1 << 63, (1 << 64) - 1])
def test_every_bit_counts(key):
    table = Fingerprints()
    table.load(prints([(key, NOW)]), NOW)
    for bit in range(64):
        table.load(prints([(key ^ 1 << bit, NOW)]), NOW)
    table.load(prints([(key, NOW)]), NOW)
    assert table.count(NOW) == 65


def test_a_seed_changes_where_they_lie_and_nothing_else():
    one, other = Fingerprints(), Fingerprints(seed=(1 << 64) - 1)
    for table in (one, other):
        table.load(some(1_000), NOW)
    assert one.count(NOW + 30) == other.count(NOW + 30)
    assert (one.arrays.segments != other.arrays.segments).any()


def test_a_copy_of_it_is_another():
    table = Fingerprints()
    table.load(some(1_000), NOW)
    twin = copy.deepcopy(table)
    twin.load(some(1_000, seed=1), NOW)
    assert (table.count(NOW), twin.count(NOW)) == (1_000, 2_000)


@given(st.lists(st.tuples(keys, st.integers(NOW, NOW + 2 * CYCLE)), min_size=1, max_size=20))
def test_a_page_holds_all_that_may_be_alive_when_its_last_comes(pairs):
    page = prints(pairs)
    content, last = page.packed(), int(page.ticks.max())
    assert sum(map(len, content[:2])) == 10 * sum(tick >= last - HORIZON for _, tick in pairs)
    back = Prints.unpacked(content, page.until)
    assert [*zip(back.keys.tolist(), back.ticks.tolist(), strict=True)] == [
        pair for pair in pairs if pair[1] >= last - HORIZON
    ]
    assert page.until // TICK_MS == last
    assert (page.until + 1) // TICK_MS == last + 1
