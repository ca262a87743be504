"""The index finds every row of a table by its first columns and nothing else, like a dictionary."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.hash_index import indexed, seek

keys = st.tuples(st.integers(0, 3), st.integers(-(2**62), 2**62) | st.integers(0, 3))


@settings(deadline=None)  # the first call compiles
@given(st.lists(keys, unique=True, max_size=40), st.lists(keys, max_size=10))
def test_every_row_is_found_by_its_key_and_no_other_key_finds_one(there, asked):
    table = np.zeros((64, 3), np.int64)
    table[: len(there), :2] = np.array(there, np.int64).reshape(-1, 2)
    index = indexed(table, len(there), 2)
    for key in [*there, *asked]:
        found = int(index[seek(index, table, np.array(key, np.int64))])
        assert found == (there.index(key) + 1 if key in there else 0)


def test_an_index_keeps_half_of_its_slots_empty():
    assert len(indexed(np.zeros((64, 1), np.int64), 0, 1)) == 128
