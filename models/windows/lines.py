"""Arrays that begin at a cache line, so that none of their elements lies in one line more than it must."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

LINE: Final = 64
"""Bytes of a cache line."""

Array = npt.NDArray[Any]


def lines(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return an array of zeros that begins at a line; what is never written takes no memory where it is large.

    Example:
        >>> lines((3, 5), np.uint64).ctypes.data % LINE
        0
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + LINE, np.uint8)
    begin = -memory.ctypes.data % LINE
    array: Array = memory[begin : begin + size].view(dtype).reshape(shape)
    return array


def lengthened(array: Array, many: int) -> Array:
    """Return a copy of an array with so many elements, no fewer than it has; the others are zeros."""
    longer = lines((many, *array.shape[1:]), array.dtype)
    _bytes(longer)[: array.nbytes] = _bytes(array)  # numpy copies records field by field, ten times slower
    return longer


def _bytes(array: Array) -> npt.NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8)
