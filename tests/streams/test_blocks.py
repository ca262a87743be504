"""Blocks survive the wire, and no bytes do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.row_table import COLUMNS, Rows
from streams.blocks import Block, BlockError, decode, encode
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
    "value", [None, b"", b"RFB1", b"RFB1\xff\xff\xff\x7f", encode(Block((COVER,), Rows.empty()))[:-1]]
)
def test_what_is_no_block_is_refused(value):
    with pytest.raises(BlockError):
        decode(value)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_a_block_or_refused(noise, position):
    good = encode(Block((COVER,), rows_at(range(2))))
    for value in (noise, b"RFB1" + noise, good[:position] + noise + good[position:]):
        try:
            block = decode(value)
        except BlockError:
            continue
        assert len(block.rows) >= 0
