"""Text read eight bytes at a time, by arithmetic on whole words; for use in the scanner's other kernels.

Every text ends in at least `PAD` bytes that belong to nobody, so that a word may be read across its end. numba's cache
does not see changes in another file's kernels: what these return must never change.

Reference: Lamport, "Multiple byte processing with full-word instructions" (1975).
"""

from typing import Final

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from models.borrowing import part
from models.hashing import Bytes, Word

PAD: Final = 16
"""Bytes behind every text."""
DIGITS_MAX: Final = 19
"""Digits that a uint64 always holds."""

_ONES: Final = np.uint64(0x0101010101010101)
_TOPS: Final = np.uint64(0x8080808080808080)
_SPACES: Final = np.uint64(0x2020202020202020)
_QUOTES: Final = np.uint64(0x2222222222222222)
_ZEROS: Final = np.uint64(0x3030303030303030)
_BACKSLASHES: Final = np.uint64(0x5C5C5C5C5C5C5C5C)
_OVER_NINE: Final = np.uint64(0x7676767676767676)
_EVERY_FOURTH: Final = np.uint64(0x000000FF000000FF)
_HIGH_PAIRS: Final = np.uint64(100 + (1_000_000 << 32))
_LOW_PAIRS: Final = np.uint64(1 + (10_000 << 32))

POWERS: Final = np.array([10**power for power in range(DIGITS_MAX + 1)], np.uint64)
"""10^0 to 10^19."""


@part
def byte(text: Bytes, i: int) -> int:
    """Return the byte at `i`, which is not negative: without a check for that it is one instruction."""
    return int(text[np.uint64(i)])


@part
def load(text: Bytes, start: int) -> Word:
    """Return the 8 bytes at `start` as a little-endian word."""
    at = np.uint64(start)  # no check for negative positions, so that this is one instruction
    word = np.uint64(0)
    for i in range(8):
        word |= np.uint64(text[at + np.uint64(i)]) << np.uint64(8 * i)
    return word


@part
def load_part(text: Bytes, start: int, size: int) -> Word:
    """Return up to 8 of `size` bytes at `start` as a little-endian word; 0 where there are none."""
    if size <= 0:
        return np.uint64(0)
    word = load(text, start)
    return word if size >= 8 else word & ((np.uint64(1) << np.uint64(8 * size)) - np.uint64(1))


@part
def first(marks: Word) -> int:
    """Return which byte of a word is the lowest that has its top bit set, where only top bits are; 8 for none."""
    return int(trailing_zeros(marks)) >> 3  # type: ignore[call-arg] # numba gives it the first, of typing


@part
def _zeros(word: Word) -> Word:
    """Mark bytes that are zero; exact up to the lowest mark."""
    return (word - _ONES) & ~word & _TOPS


@part
def plain_end(text: Bytes, start: int) -> int:
    """Return the first position from `start` on of a quote, a backslash or a control character."""
    while True:
        word = load(text, start)
        control = (word - _SPACES) & ~word & _TOPS
        marks = control | _zeros(word ^ _QUOTES) | _zeros(word ^ _BACKSLASHES)
        if marks != 0:
            return start + first(marks)
        start += 8


@part
def digits(text: Bytes, start: int) -> tuple[Word, int]:
    """Return the number that the digits at `start` are, and how many; more than `DIGITS_MAX` is too many."""
    value = np.uint64(0)
    count = 0
    size = 8
    while size == 8 and count <= DIGITS_MAX:
        word = load(text, start + count) ^ _ZEROS
        size = first(((word + _OVER_NINE) | word) & _TOPS)
        if size == 0:
            break
        word <<= np.uint64(64 - 8 * size)  # what is no digit is shifted out, zeros come in before the digits
        word = word * np.uint64(10) + (word >> np.uint64(8))
        low = (word >> np.uint64(16)) & _EVERY_FOURTH
        word = ((word & _EVERY_FOURTH) * _HIGH_PAIRS + low * _LOW_PAIRS) >> np.uint64(32)
        value = value * POWERS[size] + word
        count += size
    return value, count
