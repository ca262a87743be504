"""A block on `ringfence.rows`: one owner's share of a batch, column by column, and the source offsets it covers.

Layout: `RFB3`, the header's length (uint32, little endian), the header (MessagePack), filled up with zeros to a
multiple of 8; then the columns of `models.row_table.COLUMNS`, those of `OUTLINE` for every row and the others only for
the rows that the owner follows. A column is written as what its values are above a base, in the narrowest of 0, 1, 2,
4 or 8 bytes (unsigned, little endian) that holds them; the widest come first, so that each is aligned. No pickle;
sizes are checked before anything is read.
"""

import struct
from itertools import product
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from models.kinds import FOLLOWS
from models.row_table import COLUMNS, NAMED, OUTLINE, Outline, Rows, rows_from
from models.share import Share

MAGIC = b"RFB3"
ROWS_MAX = 16_000
"""Rows of one block: with names it stays under the topic's `max.message.bytes` of 4 MiB."""
ROWS_LIMIT = 1 << 15
"""No block has more: rows of one record are never parted, and a record of 1 MiB holds fewer."""
ALIGNED = 8
MODULUS: Final = 1 << 64
_OWNS: Final = "owns"


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


Width = Literal[0, 1, 2, 4, 8]
"""Bytes that a value may have; 0 where all are the same."""
WIDTHS: Final[tuple[Width, ...]] = get_args(Width)


class Scale(msgspec.Struct, frozen=True, array_like=True):
    """How a column is written: bytes of a value, and what is added to each (modulo 2^64)."""

    width: Width
    base: Annotated[int, msgspec.Meta(ge=0)]


class Header(msgspec.Struct, frozen=True):
    """What stands before the columns; `rows.source` counts in `covers`, `scales` are in the order of `COLUMNS`."""

    rows: Annotated[int, msgspec.Meta(ge=0, le=ROWS_LIMIT)]
    followed: Annotated[int, msgspec.Meta(ge=0, le=ROWS_LIMIT)]
    covers: tuple[Cover, ...]
    scales: tuple[Scale, ...]
    names: tuple[str, ...]


class Block(NamedTuple):
    """An owner's share of a batch and what it covers."""

    covers: tuple[Cover, ...]
    share: Share


Column = npt.NDArray[Any]
Owns = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

_headers = msgspec.msgpack.Decoder(Header)
_length = struct.Struct("<I")


class Encoder:
    """A batch whose columns are narrowed once, for all owners."""

    def __init__(self, rows: Rows) -> None:
        """Narrow every column of `rows` but `owns`, which is each owner's."""
        self._names = rows.names
        columns = {name: getattr(rows, name) for name in COLUMNS if name != _OWNS}
        scales = {name: _scale(column) for name, column in columns.items()}
        self._scales = tuple((scales | {_OWNS: Scale(1, 0)})[name] for name in COLUMNS)
        self._stacks = {
            (width, outlined): _stacked(columns, scales, width, outlined)
            for width, outlined in product(reversed(WIDTHS[1:]), (True, False))
        }

    def share(self, covers: tuple[Cover, ...], which: Ints, owns: Owns) -> bytes:
        """The bytes of the block of an owner.

        Args:
            covers: what `rows.source` counts in.
            which: int64[rows of the block], their positions in the batch.
            owns: uint8[rows of the block], `Rows.owns` of each.
        """
        followed = which[owns & FOLLOWS > 0]
        names = self._names if len(followed) else ("",)
        told = msgspec.msgpack.encode(Header(len(which), len(followed), covers, self._scales, names))
        head = MAGIC + _length.pack(len(told)) + told
        parts: list[Any] = [head.ljust(_padded(len(head)), b"\0")]
        for (width, outlined), stack in self._stacks.items():
            parts.append(stack.take(which if outlined else followed, axis=1, mode="clip"))
            if outlined and width == 1:
                parts.append(owns)  # the last column of the outline
        return b"".join(parts)


def encode(covers: tuple[Cover, ...], rows: Rows) -> bytes:
    """The bytes of a block of all rows for the owner whom they name in `owns`."""
    return Encoder(rows).share(covers, np.arange(len(rows)), rows.owns)


def _scale(column: Column) -> Scale:
    """The narrowest scale for a column's values."""
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    width = next(width for width in WIDTHS if (high - low) >> (8 * width) == 0)
    return Scale(width, low % MODULUS) if width < column.itemsize else Scale(width, 0)


def _stacked(columns: dict[str, Column], scales: dict[str, Scale], width: Width, outlined: bool) -> Column:
    """The columns of one width that are of the outline, or are not, on their scales: uint[columns, rows]."""
    names = [name for name in columns if (scales[name].width, name in OUTLINE) == (width, outlined)]
    stack = np.empty((len(names), len(columns["ts"])), f"<u{width}")
    for narrow, name in zip(stack, names, strict=True):
        column, scale = columns[name], scales[name]
        narrow[:] = column - _base(scale, column.dtype) if scale.base else column
    return stack


def _wide(narrow: Column, scale: Scale, dtype: np.dtype[Any]) -> Column:
    """The values themselves, in memory of their own, which kernels want to be able to write."""
    column: Column = narrow.astype(dtype)
    if scale.base:
        column += _base(scale, dtype)
    return column


def _base(scale: Scale, dtype: np.dtype[Any]) -> Any:
    return np.uint64(scale.base).astype(dtype)


def _places(scales: dict[str, Scale], begin: int, rows: int, followed: int) -> tuple[dict[str, slice], int]:
    """Where every column that is written stands, the widest first, and where the last one ends."""
    places = {}
    for name in sorted((name for name in COLUMNS if scales[name].width), key=lambda name: -scales[name].width):
        end = begin + scales[name].width * (rows if name in OUTLINE else followed)
        places[name] = slice(begin, end)
        begin = end
    return places, begin


def _padded(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED


def decode(value: bytes | None) -> Block:
    """The block that `value` holds.

    Raises:
        BlockError: it is not one, or its size is not what its header says.
    """
    header, begin = _header(value)
    scales = dict(zip(COLUMNS, header.scales, strict=True))
    places, size = _places(scales, begin, header.rows, header.followed)
    if value is None or len(value) != size:
        raise BlockError(f"block of {header.rows} rows, {header.followed} of them whole, is not of {size} bytes")
    whole = np.frombuffer(value, np.uint8)
    columns = {}
    for name, dtype in COLUMNS.items():
        count, scale = header.rows if name in OUTLINE else header.followed, scales[name]
        narrow = whole[places[name]].view(f"<u{scale.width}") if scale.width else np.zeros(count, np.uint8)
        columns[name] = _wide(narrow, scale, dtype)
    followed = np.flatnonzero(columns[_OWNS] & FOLLOWS)
    if len(followed) != header.followed:
        raise BlockError(f"block of {header.followed} whole rows names {len(followed)}")
    _check(columns, header)
    outline = Outline(**{name: columns[name] for name in OUTLINE})
    rows = rows_from(columns | {name: columns[name][followed] for name in OUTLINE}, header.names)
    return Block(header.covers, Share(outline, followed, rows))


def _header(value: bytes | None) -> tuple[Header, int]:
    """The header of a block, and where its columns begin."""
    if value is None or value[:4] != MAGIC or len(value) < 8:
        raise BlockError("not a block of rows of this version")
    end = 8 + _length.unpack_from(value, 4)[0]
    try:
        header = _headers.decode(value[8:end])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BlockError(f"block header: {error}") from None
    widths = [scale.width for scale in header.scales]
    if len(widths) != len(COLUMNS) or any(
        w > dtype.itemsize for w, dtype in zip(widths, COLUMNS.values(), strict=True)
    ):
        raise BlockError("block columns are not those of this version")
    return header, _padded(end)


def _check(columns: dict[str, Column], header: Header) -> None:
    """See that every code points to something: the hot path indexes with them unchecked."""
    sizes = {"source": len(header.covers), **dict.fromkeys(NAMED, len(header.names))}
    for name, size in sizes.items():
        column = columns[name]
        if len(column) and not 0 <= column.min() <= column.max() < size:
            raise BlockError(f"block column {name} points outside its list of {size}")
