"""Names of a batch numbered in order of appearance, column after column, as `models.columns.Names` numbers them."""

from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.hashing import Bytes, Positions, Word
from models.scan.eight import load_part

Codes = npt.NDArray[np.uint32]

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_FREE: Final = 0


@part
def _mixed(text: Bytes, start: int, end: int) -> Word:
    """Return a word that depends on every byte, in its upper half most."""
    word = np.uint64(end - start)
    for at in range(start, end, 8):
        word = (word ^ load_part(text, at, end - at)) * _FACTOR
        word ^= word >> np.uint64(32)
    return word * _FACTOR


@part
def _equal(text: Bytes, one: int, other: int, size: int) -> bool:
    for done in range(0, size, 8):
        if load_part(text, one + done, size - done) != load_part(text, other + done, size - done):
            return False
    return True


@nb.njit(cache=True, nogil=True)
def numbered(text: Bytes, starts: Positions, ends: Positions) -> tuple[Codes, Positions]:
    """Return the code of every name, and where the names stand.

    Args:
        text: with `eight.PAD` bytes behind it.
        starts: int64[columns, rows].
        ends: int64[columns, rows]; an empty name has code 0.

    Returns:
        uint32[columns, rows]; int64[names, 2], the start and end of each name, the empty one first.
    """
    text, starts, ends = borrowed(text), borrowed(starts), borrowed(ends)
    codes = np.zeros(starts.shape, np.uint32)
    known = np.empty((starts.size + 1, 2), np.int64)
    known[0] = 0
    bits = 4
    while 1 << bits < 2 * starts.size:
        bits += 1
    table = np.zeros(1 << bits, np.uint32)  # the code of the name in each place, open addressing
    count = 1
    for column in range(starts.shape[0]):
        for row in range(starts.shape[1]):
            start, end = starts[column, row], ends[column, row]
            size = end - start
            if size == 0:
                continue
            place = np.int64(_mixed(text, start, end) >> np.uint64(64 - bits))
            while True:
                code = table[place]
                if code == _FREE:
                    code = table[place] = count
                    known[count, 0], known[count, 1] = start, end
                    count += 1
                if known[code, 1] - known[code, 0] == size and _equal(text, start, known[code, 0], size):
                    break
                place = (place + 1) & (table.size - 1)
            codes[column, row] = code
    return codes, known[:count].copy()


@nb.njit(cache=True)
def renumbered(codes: Codes, count: int) -> tuple[Codes, Positions]:
    """Return codes in order of appearance, column after column, and the old code of each.

    Args:
        codes: uint32[columns, rows], below `count`; 0 stays 0.
        count: of codes that there are.

    Returns:
        uint32[columns, rows]; int64[codes in use, 0 among them].
    """
    new = np.zeros(count, np.uint32)
    old = np.zeros(count, np.int64)
    ordered = np.zeros(codes.shape, np.uint32)
    used = 1
    for column in range(codes.shape[0]):
        for row in range(codes.shape[1]):
            code = codes[column, row]
            if code != 0 and new[code] == 0:
                new[code], old[used] = used, code
                used += 1
            ordered[column, row] = new[code]
    return ordered, old[:used].copy()
