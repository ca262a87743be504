"""Rows of int64 tables with equal keys become one row: the sums, minima and maxima that all of learning is made of."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NEVER: Final = int(np.iinfo(np.int64).max)
"""A minimum of nothing."""
NONE: Final = -1
"""A maximum of nothing."""
_ROOM: Final = 1 << 62
"""Numbers that fit in an int64 and leave a bit free."""


class Shape(NamedTuple):
    """Columns of a table by what becomes of them when rows are merged: keys first, then these, in this order."""

    keys: int
    minima: int
    maxima: int
    sums: int

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.keys + self.minima + self.maxima + self.sums


def starts_of(columns: Sequence[npt.NDArray[Any]]) -> Ints:
    """Where each run of equal rows begins, int64[runs], in columns that are sorted."""
    size = len(columns[0])
    fresh = np.zeros(size, np.bool_)
    fresh[:1] = True
    for column in columns:
        fresh[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(fresh)


def _packed(columns: Sequence[Ints]) -> list[Ints]:
    """Fewer columns that order the rows in the same way: neighbours are made one number where both fit in it."""
    packed: list[Ints] = []
    room = 0
    for column in columns:
        least, span = int(column.min()), int(column.max()) - int(column.min()) + 1
        if room // span:
            packed[-1] = packed[-1] * span + (column - least)
            room //= span
        else:
            fits = span < _ROOM
            packed.append(column - least if fits else column)
            room = _ROOM // span if fits else 0
    return packed


def merged(table: Ints, shape: Shape) -> Ints:
    """The table with rows of equal keys made one, sorted by keys: the same whatever order the rows had.

    >>> merged(np.array([[2, 5], [1, 3], [2, 4]]), Shape(1, 0, 0, 1)).tolist()
    [[1, 3], [2, 9]]
    """
    if not len(table):
        return table
    keys = _packed([table[:, key] for key in range(shape.keys)])
    order = np.lexsort(keys[::-1])
    ordered = table[order]
    starts = starts_of([key[order] for key in keys])
    parts, begin = [ordered[starts, : shape.keys]], shape.keys
    for reduce, count in ((np.minimum, shape.minima), (np.maximum, shape.maxima), (np.add, shape.sums)):
        if count:
            parts.append(reduce.reduceat(ordered[:, begin : begin + count], starts, axis=0))
        begin += count
    return np.concatenate(parts, axis=1)


def smallest(table: Ints, keys: int, most: int) -> Ints:
    """Of the rows that share their first `keys` columns, the first `most`; the table is sorted.

    >>> smallest(np.array([[1, 5], [1, 6], [1, 7], [2, 4]]), 1, 2).tolist()
    [[1, 5], [1, 6], [2, 4]]
    """
    if not len(table):
        return table
    starts = starts_of([table[:, key] for key in range(keys)])
    rank = np.arange(len(table)) - np.repeat(starts, np.diff(np.append(starts, len(table))))
    return table[rank < most]
