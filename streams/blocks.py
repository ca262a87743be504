"""A block on `ringfence.rows`: rows of one batch for one owner, column by column, and the source offsets it covers.

Layout: `RFB1`, the header's length (uint32, little endian), the header (MessagePack), then every column of
`models.row_table.COLUMNS` in order, little endian. No pickle; sizes are checked before anything is read.
"""

import struct
from typing import Any, NamedTuple

import msgspec
import numpy as np

from models.row_table import COLUMNS, NAMED, Rows, rows_from

MAGIC = b"RFB1"
ROW_BYTES = sum(dtype.itemsize for dtype in COLUMNS.values())
ROWS_MAX = 8_000
"""Rows of one block: with names it stays under the topic's `max.message.bytes` of 2 MiB; one array may hold more."""


class BlockError(ValueError):
    """Bytes on `ringfence.rows` that are no block of this version."""


class Cover(msgspec.Struct, frozen=True, array_like=True):
    """Source offsets [begin, end) that a block covers for its owner.

    `origin` names the source partition as evidence shows it (`signalling.events/2/`), `topic_id` tells a topic from
    one made anew under its name (KIP-516), `high` is the highest event time (ms) inside the range.
    """

    origin: str
    topic_id: str
    begin: int
    end: int
    high: int


class Header(msgspec.Struct, frozen=True):
    """What stands before the columns; `rows.source` counts in `covers`."""

    rows: int
    covers: tuple[Cover, ...]
    names: tuple[str, ...]


class Block(NamedTuple):
    """Rows and what they cover."""

    covers: tuple[Cover, ...]
    rows: Rows


_headers = msgspec.msgpack.Decoder(Header)
_length = struct.Struct("<I")


def encode(block: Block) -> bytes:
    """The block's bytes; names that no row uses are left out, so that equal rows give equal bytes."""
    rows = Rows.concat([Rows.empty(), block.rows])
    header = msgspec.msgpack.encode(Header(len(rows), block.covers, rows.names))
    columns = [getattr(rows, name).astype(dtype.newbyteorder("<")).tobytes() for name, dtype in COLUMNS.items()]
    return b"".join((MAGIC, _length.pack(len(header)), header, *columns))


def decode(value: bytes | None) -> Block:
    """The block that `value` holds.

    Raises:
        BlockError: it is not one, or its size is not what its header says.
    """
    if value is None or value[:4] != MAGIC or len(value) < 8:
        raise BlockError("not a block of rows of this version")
    begin = 8 + _length.unpack_from(value, 4)[0]
    try:
        header = _headers.decode(value[8:begin])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BlockError(f"block header: {error}") from None
    if len(value) != begin + header.rows * ROW_BYTES:
        raise BlockError(f"block of {header.rows} rows has {len(value) - begin} bytes of columns")
    columns = {}
    for name, dtype in COLUMNS.items():
        columns[name] = np.frombuffer(value, dtype.newbyteorder("<"), header.rows, begin)
        begin += header.rows * dtype.itemsize
    _check(columns, header)
    return Block(header.covers, rows_from(columns, header.names))


def _check(columns: dict[str, np.ndarray[Any, Any]], header: Header) -> None:
    """See that every code points to something: the hot path indexes with them unchecked."""
    sizes = {"source": len(header.covers), **dict.fromkeys(NAMED, len(header.names))}
    for name, size in sizes.items():
        if header.rows and not 0 <= columns[name].min() <= columns[name].max() < size:
            raise BlockError(f"block column {name} points outside its list of {size}")
