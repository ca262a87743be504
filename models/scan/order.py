"""Which field of an event comes next: a producer writes them in one order, so the last event that began alike tells.

A guess only saves looking a name up. It is compared with the name that is there, and never decides what is found.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.borrowing import part
from models.hashing import Bytes, Keys
from models.scan.eight import load

Ints = npt.NDArray[np.int64]

NAME_MAX: Final = 15
"""Bytes; with the quote that closes it a name fits into two words."""


class Spelled(NamedTuple):
    """Names of fields.

    Attributes:
        words: uint64[fields + 1, 2], each name and its closing quote, little-endian; the last is like no name.
        masks: uint64[fields + 1, 2], which bits of the words are the name's.
        sizes: int64[fields + 1], bytes of each name.
    """

    words: Keys
    masks: Keys
    sizes: Ints


def spelled(names: Sequence[str]) -> Spelled:
    """Return names of up to `NAME_MAX` bytes."""
    words, masks = np.zeros((len(names) + 1, 2), np.uint64), np.zeros((len(names) + 1, 2), np.uint64)
    for number, name in enumerate(names):
        closed = name.encode() + b'"'
        words[number] = np.frombuffer(closed.ljust(16, b"\0"), "<u8")
        masks[number] = np.frombuffer((b"\xff" * len(closed)).ljust(16, b"\0"), "<u8")
    words[-1] = 1  # under a mask of 0
    return Spelled(words, masks, np.array([*map(len, names), 0]))


def nothing_known(fields: int) -> Ints:
    """Return what came next, of which nothing is known: int64[fields + 1, fields + 1].

    It is found by the first field of the event and the one before; `fields` stands for none.
    """
    return np.full((fields + 1, fields + 1), fields)


@part
def stands(names: Spelled, field: int, text: Bytes, start: int) -> bool:
    """Say whether the name of a field is at `start`, and closed."""
    at = np.uint64(field)  # no check for negative positions
    found: bool = (load(text, start) & names.masks[at, 0]) == names.words[at, 0] and (
        load(text, start + 8) & names.masks[at, 1]
    ) == names.words[at, 1]
    return found
