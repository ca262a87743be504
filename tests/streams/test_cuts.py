"""Batches are cut between records, and into pieces that fit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.row_table import COLUMNS, Rows, rows_from
from streams.cuts import BYTES_MAX, parts, pieces


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([0, 0], [(0, 2)]),
        ([BYTES_MAX], [(0, 1)]),
        ([BYTES_MAX + 1, 1], [(0, 1), (1, 2)]),
        ([1, BYTES_MAX, 1], [(0, 1), (1, 2), (2, 3)]),
        ([BYTES_MAX - 1, 1, 1], [(0, 2), (2, 3)]),
    ],
)
def test_pieces_fit_or_are_one_record(sizes, expected):
    assert list(pieces(sizes)) == expected


def rows_per_record(counts: list[int], sources: list[int]) -> Rows:
    """Rows of records whose sources take turns; a record without a row leaves none."""
    numbers = np.repeat(np.arange(len(counts)), counts)
    rows = rows_from({name: np.zeros(numbers.size, dtype) for name, dtype in COLUMNS.items()}, ("",))
    return replace(rows, offset=numbers, source=np.array(sources, np.int32)[numbers])


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=30), st.integers(1, 6))
def test_parts_are_all_rows_in_order_and_cut_no_record(records, most):
    rows = rows_per_record([count for count, _ in records], [source for _, source in records])
    cut = list(parts(rows, most))
    assert [begin for begin, _ in cut] == [0, *(end for _, end in cut[:-1])]
    assert cut[-1][1] == len(rows)
    for begin, end in cut:
        offsets = set(rows.offset[begin:end].tolist())
        assert not offsets & set(rows.offset[end:].tolist())
        assert end - begin <= most or len(offsets) == 1
