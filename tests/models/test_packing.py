"""Columns come back as they were packed, in few bytes; a column of another length is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.packing import pack, unpack

columns = st.lists(st.integers(-(2**61), 2**61) | st.integers(0, 300), max_size=20)


@given(columns, st.sampled_from([None, -1, -(1 << 62), 0]))
def test_a_column_comes_back_as_it_was_packed(values, absent):
    column = np.array(values, np.int64)
    assert unpack(pack(column, absent), len(values), absent).tolist() == values


@pytest.mark.parametrize(
    ("values", "absent", "width"),
    [
        ([], None, 0),
        ([7, 7], None, 0),
        ([7, 7], 7, 0),
        ([7, 7], -1, 1),
        ([10**12, 10**12 + 255], None, 1),
        ([10**12, 10**12 + 255], -1, 2),
        ([10**12, -1, 10**12 + 254], -1, 1),
        ([10**12, -1], None, 8),
        ([0, 2**32 - 1], None, 4),
    ],
)
def test_a_column_takes_the_bytes_of_its_spread(values, absent, width):
    column = np.array(values, np.int64)
    _, used, raw = pack(column, absent)
    assert (used, len(raw)) == (width, width * len(values))
    assert unpack(pack(column, absent), len(values), absent).tolist() == values


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ValueError, match="of 2 bytes where 3 times 1 were promised"):
        unpack(pack(np.array([1, 2])), 3)
