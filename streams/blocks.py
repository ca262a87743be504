"""A block on `ringfence.rows`: rows of one batch for one owner, column by column, and the source offsets it covers.

Layout: `RFB2`, the header's length (uint32, little endian), the header (MessagePack), filled up with zeros to a
multiple of 8; then the columns of `models.row_table.COLUMNS`, little endian, the widest types first, so that each is
aligned and kernels read it where it lies. No pickle; sizes are checked before anything is read.
"""

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.row_table import COLUMNS, NAMED, Rows, rows_from

MAGIC = b"RFB2"
ROW_BYTES = sum(dtype.itemsize for dtype in COLUMNS.values())
ROWS_MAX = 16_000
"""Rows of one block: with names it stays under the topic's `max.message.bytes` of 4 MiB."""
ALIGNED = 8
_LAYOUT = sorted(((name, dtype.newbyteorder("<")) for name, dtype in COLUMNS.items()), key=lambda c: -c[1].itemsize)


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


Column = npt.NDArray[Any]
Owns = npt.NDArray[np.uint8]

_headers = msgspec.msgpack.Decoder(Header)
_length = struct.Struct("<I")


def encode(block: Block) -> bytes:
    """The block's bytes."""
    return _written(block.covers, block.rows, len(block.rows), lambda column, out: np.copyto(out, column))


def encode_share(covers: tuple[Cover, ...], rows: Rows, which: npt.NDArray[np.int64], owns: Owns) -> bytes:
    """The bytes of a block of some rows for the partition that `owns` them.

    Args:
        covers: what `rows.source` counts in.
        rows: of a batch.
        which: int64[copies], their positions in it.
        owns: uint8[copies], `Rows.owns` of the block's rows.
    """
    rows = replace(rows, owns=_spread(owns, which, len(rows)))
    return _written(covers, rows, len(which), lambda column, out: np.take(column, which, out=out, mode="clip"))


def _spread(owns: Owns, which: npt.NDArray[np.int64], size: int) -> Owns:
    spread = np.zeros(size, np.uint8)
    spread[which] = owns
    return spread


def _written(covers: tuple[Cover, ...], rows: Rows, size: int, write: Callable[[Column, Column], Any]) -> bytes:
    """Header and columns; `write` puts what is wanted of a column where it belongs."""
    header = msgspec.msgpack.encode(Header(size, covers, rows.names))
    at = _padded(8 + len(header))
    whole = np.zeros(at + size * ROW_BYTES, np.uint8)
    whole[: 8 + len(header)] = np.frombuffer(MAGIC + _length.pack(len(header)) + header, np.uint8)
    for name, dtype in _LAYOUT:
        end = at + size * dtype.itemsize
        write(getattr(rows, name), whole[at:end].view(dtype))
        at = end
    return whole.tobytes()


def _padded(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED


def decode(value: bytes | None) -> Block:
    """The block that `value` holds; its columns lie in one copy of it, as kernels want what can be written.

    Raises:
        BlockError: it is not one, or its size is not what its header says.
    """
    if value is None or value[:4] != MAGIC or len(value) < 8:
        raise BlockError("not a block of rows of this version")
    end = 8 + _length.unpack_from(value, 4)[0]
    try:
        header = _headers.decode(value[8:end])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BlockError(f"block header: {error}") from None
    begin = _padded(end)
    if header.rows < 0 or len(value) != begin + header.rows * ROW_BYTES:
        raise BlockError(f"block of {header.rows} rows has {len(value) - begin} bytes of columns")
    columns, whole = {}, np.frombuffer(value, np.uint8).copy()
    for name, dtype in _LAYOUT:
        columns[name] = whole[begin : begin + header.rows * dtype.itemsize].view(dtype)
        begin += header.rows * dtype.itemsize
    _check(columns, header)
    return Block(header.covers, rows_from(columns, header.names))


def _check(columns: dict[str, np.ndarray[Any, Any]], header: Header) -> None:
    """See that every code points to something: the hot path indexes with them unchecked."""
    sizes = {"source": len(header.covers), **dict.fromkeys(NAMED, len(header.names))}
    for name, size in sizes.items():
        if header.rows and not 0 <= columns[name].min() <= columns[name].max() < size:
            raise BlockError(f"block column {name} points outside its list of {size}")
