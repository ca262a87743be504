"""Counts over time keep their sum and their places, however the range grows, in a bounded number of bins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.report.bins import BINS_MAX, Bins

YEAR_MS = 365 * 86_400_000
BEGIN_MS = 1_795_460_000_000
batches = st.lists(st.lists(st.integers(BEGIN_MS, BEGIN_MS + YEAR_MS), max_size=20), max_size=12)


@given(batches)
def test_bins_are_what_counting_in_the_final_width_gives(parts):
    bins = Bins(2)
    for part in parts:
        bins.add(1, np.array(part, np.int64))
    times = [ts for part in parts for ts in part]
    assert bins.counts.shape[1] <= BINS_MAX
    assert bins.counts[0].sum() == 0
    for place, count in enumerate(bins.counts[1].tolist()):
        begin = bins.begin_ms + place * bins.width_ms
        assert count == sum(begin <= ts < begin + bins.width_ms for ts in times)
    assert bins.counts[1].sum() == len(times)


def test_a_year_has_as_few_bins_as_a_minute():
    bins = Bins(1)
    for day in range(365):
        bins.add(0, np.array([BEGIN_MS + day * 86_400_000]))
    assert bins.counts.shape[1] <= BINS_MAX
    assert bins.width_ms == 2 * 86_400_000
