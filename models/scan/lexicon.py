"""Closed lists of words that a kernel can look up by their bytes: no two ever share a place."""

from collections.abc import Mapping
from itertools import count
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.borrowing import part
from models.hashing import Bytes, Keys
from models.scan.eight import load_part

PLACES: Final = 256
WORD_MAX: Final = 16
UNKNOWN: Final = -1
_SHIFT: Final = np.uint64(64 - 8)


class Lexicon(NamedTuple):
    """Words of up to 16 bytes and a number for each.

    Attributes:
        factor: what the first 8 bytes are multiplied by; the product's highest byte is the word's place.
        heads: uint64[PLACES], the first 8 bytes of the word in each place, little-endian.
        tails: uint64[PLACES], the next 8.
        numbers: int64[PLACES].
    """

    factor: np.uint64
    heads: Keys
    tails: Keys
    numbers: npt.NDArray[np.int64]


def lexicon(numbers: Mapping[str, int]) -> Lexicon:
    """Return the lexicon of words that differ within their first 8 bytes.

    Example:
        >>> made = lexicon({"caller": 1, "called": 2})
        >>> sorted(made.numbers.tolist())[-2:]
        [1, 2]
    """
    heads = [int.from_bytes(word.encode()[:8], "little") for word in numbers]
    factor = next(odd for odd in count(0x9E3779B97F4A7C15, 2) if len(_places(heads, odd)) == len(heads))
    made = Lexicon(
        np.uint64(factor), np.zeros(PLACES, np.uint64), np.zeros(PLACES, np.uint64), np.full(PLACES, UNKNOWN)
    )
    for (word, number), head in zip(numbers.items(), heads, strict=True):
        (place,) = _places([head], factor)
        made.heads[place], made.numbers[place] = head, number
        made.tails[place] = int.from_bytes(word.encode()[8:], "little")
    return made


def _places(heads: list[int], factor: int) -> set[int]:
    return {(head * factor % 2**64) >> int(_SHIFT) for head in heads}


@part
def look_up(words: Lexicon, text: Bytes, start: int, end: int) -> int:
    """Return the number of the word `text[start:end]`, `UNKNOWN` where it is none."""
    size = end - start
    if size > WORD_MAX:
        return UNKNOWN
    head = load_part(text, start, size)
    place = (head * words.factor) >> _SHIFT
    if words.heads[place] != head or words.tails[place] != load_part(text, start + 8, size - 8):
        return UNKNOWN
    return int(words.numbers[place])
