"""Where a batch of records is cut: pieces that can be read at once, and rows that go into one block."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from models.row_table import Rows
from streams.blocks import ROWS_MAX

BYTES_MAX = 5 << 20
"""Bytes of one piece's records: `ROWS_MAX` events of some 300 bytes."""
NAMES_MAX = 1 << 20
"""Bytes of a piece's names: with `ROWS_MAX` rows they make blocks that their topic takes (4 MiB)."""

Ints = npt.NDArray[np.int64]


def pieces(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Positions [begin, end) of records that have at most `BYTES_MAX` together, or are one.

    >>> list(pieces(np.array([1 << 20, 1 << 20, 1 << 19, 1, 1 << 22])))
    [(0, 3), (3, 4), (4, 5)]
    """
    ends = np.cumsum(sizes)
    begin, held = 0, 0
    while begin < ends.size:
        end = max(begin + 1, int(np.searchsorted(ends, held + BYTES_MAX, "right")))
        yield begin, end
        begin, held = end, int(ends[end - 1])


def has_room(names: Sequence[str]) -> bool:
    """Say whether a block can hold all names."""
    return len("".join(names).encode()) <= NAMES_MAX


def parts(rows: Rows, most: int = ROWS_MAX) -> Iterator[tuple[int, int]]:
    """Positions [begin, end) of rows that have at most `most` together, or are of one record: none is cut.

    Rows of a record stand together. No rows are one empty part.
    """
    begin = 0
    while len(rows) - begin > most:
        end = _first_of_record(rows, begin + most)
        if end == begin:
            end = _end_of_record(rows, begin)
        yield begin, end
        begin = end
    if begin < len(rows) or begin == 0:
        yield begin, len(rows)


def _first_of_record(rows: Rows, row: int) -> int:
    """The first row of the record that a row is of."""
    return row - _run(rows, slice(row, None, -1)) + 1


def _end_of_record(rows: Rows, row: int) -> int:
    return row + _run(rows, slice(row, None))


def _run(rows: Rows, which: slice) -> int:
    """How many of the rows, from the first on, are of the same record."""
    source, offset = rows.source[which], rows.offset[which]
    other = (source != source[0]) | (offset != offset[0])
    return int(other.argmax()) if other.any() else len(source)
