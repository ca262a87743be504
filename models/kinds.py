"""The kinds of keys that have windows, and which partition of rows owns a key."""

from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What a key is of; in `Rows.owns` kind k has bit `1 << k`."""

    CALLER = 0
    ACCOUNT = 1
    CALLED = 2
    PREFIX = 3
    """Calling code and the three digits after it; its owner, chosen by the calling code, also follows leaks there."""
    TRUNK = 4


EVERY: Final = (1 << len(Kind)) - 1
"""`Rows.owns` where one owner has all keys."""
FOLLOWS: Final = 1 << Kind.PREFIX
"""The bit that exactly one owner's row of an event has: there it is evidence, and counts in totals."""
PREFIX_DIGITS: Final = 3
"""Digits of a prefix behind the calling code: an area, or an operator, in most numbering plans."""
