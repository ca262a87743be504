"""Columns of integers in few bytes: differences to the smallest value, in the narrowest type that holds them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Packed = tuple[int, int, bytes]
"""The smallest value, bytes per element (0 = all are that value), and the differences, little endian.

Where a value may be absent, 0 says so, and the smallest value is one less.
"""


def pack(values: Ints, absent: int | None = None) -> Packed:
    r"""Pack integers whose spread is below 2^62; `absent` stands for no value, however far from the others it is.

    >>> pack(np.array([1_000, 1_002]))
    (1000, 1, b'\x00\x02')
    >>> pack(np.array([1_000, -1, 1_002]), absent=-1)
    (999, 1, b'\x01\x00\x03')
    """
    given = values if absent is None else values[values != absent]
    if not given.size:
        return 0, 0, b""
    least = int(given.min()) - (absent is not None)
    spread = int(given.max()) - least
    width = next(size for size in (0, 1, 2, 4, 8) if spread < 1 << 8 * size)
    differences = values - least if absent is None else np.where(values == absent, 0, values - least)
    return least, width, differences.astype(f"<u{width}").tobytes() if width else b""


def unpack(packed: Any, size: int, absent: int | None = None) -> Ints:
    """The `size` integers that were packed, int64[size].

    Raises:
        ValueError: they are not so many.
    """
    least, width, raw = packed
    if len(raw) != size * width:
        raise ValueError(f"a packed column of {len(raw)} bytes where {size} times {width} were promised")
    differences = np.frombuffer(raw, f"<u{width}").astype(np.int64) if width else np.zeros(size, np.int64)
    return differences + int(least) if absent is None else np.where(differences, differences + int(least), absent)
