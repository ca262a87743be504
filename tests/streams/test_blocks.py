"""Blocks survive the wire, and no bytes do harm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.row_table import COLUMNS, Rows
from streams.blocks import Block, BlockError, decode, encode, encode_share
from tests.owned import COVER, rows_at


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_block_comes_back_as_it_was(count):
    block = Block((COVER,), rows_at(range(count)))
    back = decode(encode(block))
    assert back.covers == block.covers
    for column in COLUMNS:
        assert getattr(back.rows, column).tolist() == getattr(block.rows, column).tolist()
    assert encode(back) == encode(block)


@pytest.mark.parametrize(
    "value", [None, b"", b"RFB2", b"RFB2\xff\xff\xff\x7f", encode(Block((COVER,), Rows.empty()))[:-1]]
)
def test_what_is_no_block_is_refused(value):
    with pytest.raises(BlockError):
        decode(value)


def test_a_share_holds_the_rows_of_its_owner_and_says_for_which_keys():
    rows = rows_at(range(5))
    back = decode(encode_share((COVER,), rows, np.array([1, 4]), np.array([3, 8], np.uint8))).rows
    assert back.owns.tolist() == [3, 8]
    for column in set(COLUMNS) - {"owns"}:
        assert getattr(back, column).tolist() == getattr(rows, column)[[1, 4]].tolist()


def test_columns_lie_where_kernels_read_them_fast():
    for count in range(1, 4):
        rows = decode(encode(Block((COVER,), rows_at(range(count))))).rows
        assert all(getattr(rows, column).flags.aligned and getattr(rows, column).flags.writeable for column in COLUMNS)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_a_block_or_refused(noise, position):
    good = encode(Block((COVER,), rows_at(range(2))))
    for value in (noise, b"RFB2" + noise, good[:position] + noise + good[position:]):
        try:
            block = decode(value)
        except BlockError:
            continue
        assert len(block.rows) >= 0
