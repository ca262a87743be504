"""Blocks survive the wire, narrow as they are there, and no bytes do harm."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import EVERY, FOLLOWS, Kind
from models.row_table import COLUMNS, OUTLINE, Outline, Rows, rows_from
from models.share import Share
from streams.blocks import BlockError, Encoder, decode, encode
from tests.owned import COVER, rows_at

FULL = {np.dtype(kind): st.integers(int(np.iinfo(kind).min), int(np.iinfo(kind).max)) for kind in COLUMNS.values()}
CODED = {"source": 1, "switch": 3, "trunk": 3, "plan": 3, "currency": 3, "rate_key": 3}
"""Columns whose values point into lists, and how long these are."""


@st.composite
def batches(draw: st.DrawFn) -> Rows:
    """Rows of any values, many columns all alike or close together, as most are in a batch."""
    size = draw(st.integers(0, 12))
    columns = {}
    for name, dtype in COLUMNS.items():
        values = FULL[dtype]
        if name in CODED:
            values = st.integers(0, CODED[name] - 1)
        elif draw(st.booleans()):
            base = draw(values)
            near = min(base + draw(st.sampled_from([0, 255, 256, 65_535, 65_536, 1 << 32])), np.iinfo(dtype).max)
            values = st.integers(base, int(near))
        columns[name] = np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype)
    return rows_from(columns, ("", "a", "b"))


def assert_same(found: Outline, wanted: Outline, columns: dict[str, np.dtype]) -> None:
    for column, dtype in columns.items():
        assert getattr(found, column).dtype == dtype
        assert getattr(found, column).tolist() == getattr(wanted, column).tolist()


@given(batches(), st.data())
def test_an_owner_gets_the_outline_of_its_rows_and_all_of_those_that_it_follows(rows, data):
    places = st.lists(st.integers(0, len(rows) - 1), unique=True).map(sorted) if len(rows) else st.just([])
    which = np.array(data.draw(places), np.int64)
    owns = np.array([data.draw(st.integers(1, EVERY)) for _ in which], np.uint8)
    back = decode(Encoder(rows).share((COVER,), which, owns))
    assert back.covers == (COVER,)
    mine = replace(rows.take(which), owns=owns)
    assert_same(back.share.outline, mine, OUTLINE)
    assert back.share.followed.tolist() == np.flatnonzero(owns & FOLLOWS).tolist()
    assert_same(back.share.rows, mine.take(owns & FOLLOWS > 0), COLUMNS)
    if len(back.share.rows):
        assert back.share.rows.names == rows.names


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_whole_batch_comes_back_as_it_was(count):
    rows = rows_at(range(count))
    back = decode(encode((COVER,), rows))
    assert_same(back.share.rows, rows, COLUMNS)
    assert encode(back.covers, back.share.rows) == encode((COVER,), rows)


def test_a_row_that_only_counts_is_narrower_than_one_that_is_followed():
    rows, bits = rows_at(range(20)), (1 << Kind.CALLER, FOLLOWS)
    sizes = [len(Encoder(rows).share((COVER,), np.arange(20), np.full(20, owns, np.uint8))) for owns in bits]
    assert sizes[0] < sizes[1] < 20 * sum(dtype.itemsize for dtype in COLUMNS.values())


@given(batches(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_what_is_left_of_a_share_is_the_share_of_what_is_left(rows, left):
    which = np.array(left[: len(rows)], np.bool_)
    part, wanted = decode(encode((COVER,), rows)).share.take(which), Share.of(rows.take(which))
    assert_same(part.outline, wanted.outline, OUTLINE)
    assert part.followed.tolist() == wanted.followed.tolist()
    assert_same(part.rows, wanted.rows, COLUMNS)


def test_columns_lie_where_kernels_read_them_fast():
    for count in range(1, 4):
        share = decode(encode((COVER,), rows_at(range(count)))).share
        columns = [getattr(share.rows, name) for name in COLUMNS] + [getattr(share.outline, name) for name in OUTLINE]
        assert all(column.flags.aligned and column.flags.writeable for column in columns)


@pytest.mark.parametrize("value", [None, b"", b"RFB3", b"RFB3\xff\xff\xff\x7f", encode((COVER,), Rows.empty())[:-1]])
def test_what_is_no_block_is_refused(value):
    with pytest.raises(BlockError):
        decode(value)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_any_bytes_are_a_block_or_refused(noise, position):
    good = encode((COVER,), rows_at(range(2)))
    for value in (noise, b"RFB3" + noise, good[:position] + noise + good[position:]):
        try:
            block = decode(value)
        except BlockError:
            continue
        assert len(block.share.rows) <= len(block.share.outline)


@given(st.integers(0, 150), st.integers(0, 255))
def test_a_wrong_byte_in_the_header_does_no_harm(position, byte):
    good = encode((COVER,), rows_at(range(2)))
    try:
        block = decode(good[:position] + bytes([byte]) + good[position + 1 :])
    except BlockError:
        return
    assert len(block.share.rows) <= len(block.share.outline)
