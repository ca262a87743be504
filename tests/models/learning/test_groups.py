"""Merging rows of equal keys: against a dictionary, and the same for any order and any cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.learning.groups import Shape, merged, smallest

SHAPE = Shape(2, 1, 1, 1)
ROWS = st.lists(st.tuples(*[st.integers(0, 3)] * 2, *[st.integers(-9, 9)] * 3), min_size=1, max_size=30)


def by_hand(rows):
    found = {}
    for one, two, low, high, count in rows:
        old = found.get((one, two), (99, -99, 0))
        found[one, two] = min(old[0], low), max(old[1], high), old[2] + count
    return [[*key, *found[key]] for key in sorted(found)]


@given(ROWS, st.integers(0, 30))
def test_merging_is_what_a_dictionary_does_however_rows_are_cut(rows, cut):
    table = np.array(rows)
    assert merged(table, SHAPE).tolist() == by_hand(rows)
    parts = [merged(part, SHAPE) for part in (table[:cut], table[cut:]) if len(part)]
    assert merged(np.concatenate(parts), SHAPE).tolist() == by_hand(rows)


@given(st.lists(st.tuples(*[st.integers(-(2**63), 2**63 - 1)] * 2, *[st.integers(-9, 9)] * 3), min_size=1, max_size=9))
def test_keys_of_any_size_are_told_apart(rows):
    assert merged(np.array(rows, np.int64), SHAPE).tolist() == by_hand(rows)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99)), min_size=1, max_size=30), st.integers(1, 5))
def test_the_smallest_of_each_are_kept(rows, most):
    kept = smallest(merged(np.array(rows), Shape(2, 0, 0, 0)), 1, most).tolist()
    assert kept == [[key, x] for key in range(4) for x in sorted({b for a, b in rows if a == key})[:most]]


def test_nothing_stays_nothing():
    nothing = np.zeros((0, SHAPE.width), np.int64)
    assert len(merged(nothing, SHAPE)) == len(smallest(nothing, 1, 1)) == 0
