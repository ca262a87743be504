"""The sample follows from the rows alone: not from their order, nor from how they are cut into batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.forest.sampling import DAY_MS, Pool, Sampler
from models.kinds import Kind
from tests.support.moments import NOON_MS, chosen, joined, moments

SOME = moments(Kind.CALLER, 400, keys=12)


def sampled(parts, rows_max: int, seed: int = 1):
    pool = Pool("caller", seed, rows_max)
    for part in parts:
        pool.take(part)
    return pool


def spelt(pool: Pool) -> list[bytes]:
    return [column.tobytes() for column in pool.sample()]


@given(
    cuts=st.lists(st.integers(0, 400), max_size=12).map(sorted),
    rows_max=st.sampled_from([1, 20, 100, 250, 1000]),
    order=st.integers(0, 5),
)
def test_cuts_and_order_are_the_same(cuts, rows_max, order):
    turned = np.random.default_rng(order).permutation(400)
    pieces = [chosen(SOME, turned[begin:end]) for begin, end in zip([0, *cuts], [*cuts, 400], strict=True)]
    assert spelt(sampled(pieces, rows_max)) == spelt(sampled([SOME], rows_max))


@pytest.mark.parametrize("rows_max", [20, 100, 250])
def test_key_days_are_kept_whole_and_as_many_as_fit(rows_max):
    sample = sampled([SOME], rows_max).sample()
    whole = sampled([SOME], 1000).sample()
    kept = np.isin(whole.group, sample.group)
    assert kept.sum() == len(sample.key) <= rows_max
    next_one = np.unique(whole.group[~kept])[0]
    assert len(sample.key) + (whole.group == next_one).sum() > rows_max


def test_one_key_day_is_kept_however_large():
    assert len(np.unique(sampled([SOME], 1).sample().group)) == 1


def test_a_key_day_is_a_key_on_one_day():
    sample = sampled([SOME], 1000).sample()
    days = set(zip(SOME.key.tolist(), (SOME.at_ms // DAY_MS).tolist(), strict=True))
    assert len(np.unique(sample.group)) == len(days)
    for group in np.unique(sample.group):
        mine = sample.group == group
        assert len(np.unique(sample.key[mine])) == len(np.unique(sample.at_ms[mine] // DAY_MS)) == 1


def test_another_seed_samples_others():
    assert spelt(sampled([SOME], 100, seed=1)) != spelt(sampled([SOME], 100, seed=2))


def test_rows_without_all_features_are_counted_and_left_out():
    broken = moments(Kind.CALLER, 3, usual=np.array([np.inf, 10.0, np.inf]))
    pool = sampled([broken, SOME], 1000)
    assert pool.refused["against_usual"] == 2
    assert (pool.seen, len(pool.sample().key)) == (401, 401)


def test_the_range_is_that_of_event_time():
    early = moments(Kind.CALLER, 1, at_ms=np.array([NOON_MS - 5 * DAY_MS]))
    pool = sampled([SOME, early], 1000)
    assert pool.range_ms == (NOON_MS - 5 * DAY_MS, int(SOME.at_ms.max()))
    assert sampled([], 1000).range_ms == (0, 0)


def test_every_kind_has_a_sample_of_its_own():
    sampler = Sampler(1)
    others = [moments(kind, 5) for kind in (Kind.PREFIX, Kind.CALLED, Kind.ACCOUNT, Kind.TRUNK)]
    sampler.take(joined(SOME, *others))
    assert {entity: pool.seen for entity, pool in sampler.pools.items()} == {"route": 5, "caller": 400, "called": 5}
