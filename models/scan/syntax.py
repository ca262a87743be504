"""Strict JSON (RFC 8259) found its way through, nothing of it kept; for use in the scanner's other kernels.

Every position is one in `text`, and -1 says "not plainly good JSON". A record ends in a line break that is not its
own (`text[end]`), so that no string or number goes on into the next record. numba's cache does not see changes in
another file's kernels: what these return must never change.
"""

from typing import Final

import numpy as np

from models.borrowing import part
from models.hashing import Bytes
from models.scan.eight import POWERS, byte, digits, plain_end

NO: Final = -1
NESTING_MAX: Final = 60
"""Levels that `skipped` can tell apart: a bit each."""
QUOTE, PLUS, COMMA, MINUS, POINT, COLON, BACKSLASH = 34, 43, 44, 45, 46, 58, 92
ARRAY, ARRAY_END, OBJECT, OBJECT_END = 91, 93, 123, 125
_ONE = np.uint64(1)


@part
def after_space(text: Bytes, i: int, end: int) -> int:
    """Return the first position from `i` on that is not white space, at most `end`."""
    while byte(text, i) <= 32 and i < end and byte(text, i) in (32, 9, 10, 13):
        i += 1
    return i


@part
def closing(text: Bytes, i: int) -> tuple[int, bool]:
    """Return where the string ends that has its first character at `i`, and whether plainly: without an escape."""
    i = plain_end(text, i)
    return i, byte(text, i) == QUOTE


@part
def after_literal(text: Bytes, i: int) -> int:
    """Return the position after `null`, `true` or `false`."""
    if text[i] == 110 and text[i + 1] == 117 and text[i + 2] == 108 and text[i + 3] == 108:
        return i + 4
    if text[i] == 116 and text[i + 1] == 114 and text[i + 2] == 117 and text[i + 3] == 101:
        return i + 4
    if text[i] == 102 and text[i + 1] == 97 and text[i + 2] == 108 and text[i + 3] == 115 and text[i + 4] == 101:
        return i + 5
    return NO


@part
def after_name(text: Bytes, i: int, end: int) -> tuple[int, bool]:
    """Return where the value stands of the member whose name is closed at `i`, and whether there is a colon."""
    i = after_space(text, i + 1, end)
    return after_space(text, i + 1, end), byte(text, i) == COLON


@part
def _after_string(text: Bytes, i: int) -> int:
    r"""Return the position after the string whose first character is at `i`; `\u` is not plain."""
    while True:
        i = plain_end(text, i)
        if text[i] == QUOTE:
            return i + 1
        if text[i] != BACKSLASH or text[i + 1] not in (34, 47, 92, 98, 102, 110, 114, 116):
            return NO
        i += 2


@part
def _after_digits(text: Bytes, i: int) -> int:
    """Return the position after at least one digit."""
    start = i
    while 48 <= text[i] <= 57:
        i += 1
    return i if i > start else NO


@part
def _after_number(text: Bytes, i: int) -> int:
    """Return the position after a number."""
    i += text[i] == MINUS
    zero = text[i] == 48
    start = i
    i = _after_digits(text, i)
    if i < 0 or (zero and i > start + 1):
        return NO
    if text[i] == POINT:
        i = _after_digits(text, i + 1)
    if i >= 0 and text[i] in (69, 101):  # E, e
        i += 1
        i = _after_digits(text, i + (text[i] in (PLUS, MINUS)))
    return i


@part
def _after_scalar(text: Bytes, i: int) -> int:
    if text[i] == QUOTE:
        return _after_string(text, i + 1)
    if text[i] >= 97:
        return after_literal(text, i)
    return _after_number(text, i)


@part
def _value_of_next(text: Bytes, i: int, end: int, in_object: bool) -> int:
    """Return where the next value stands of an array or object, of which something not a bracket stands at `i`."""
    if not in_object:
        return i
    if text[i] != QUOTE:
        return NO
    i = _after_string(text, i + 1)
    if i < 0:
        return NO
    i, named = after_name(text, i - 1, end)
    return i if named else NO


@part
def skipped(text: Bytes, i: int, end: int, room: int) -> int:
    """Return the position after the value at `i`, which has at most `room` levels (up to `NESTING_MAX`)."""
    level = 0
    objects = np.uint64(0)  # a bit for each open level, the innermost lowest: is it an object?
    while i >= 0:
        if text[i] in (ARRAY, OBJECT):
            level += 1
            if level > room:
                return NO
            is_object = text[i] == OBJECT
            objects = (objects << _ONE) | np.uint64(is_object)
            i = after_space(text, i + 1, end)
            if text[i] not in (ARRAY_END, OBJECT_END):
                i = _value_of_next(text, i, end, is_object)
                continue
        else:
            i = _after_scalar(text, i)
            if i < 0:
                return NO
        while level > 0:
            i = after_space(text, i, end)
            in_object = (objects & _ONE) == _ONE
            if text[i] == COMMA:
                i = _value_of_next(text, after_space(text, i + 1, end), end, in_object)
                break
            if text[i] != (OBJECT_END if in_object else ARRAY_END):
                return NO
            level -= 1
            objects >>= _ONE
            i += 1
        else:
            return i
    return NO


@part
def decimal(text: Bytes, i: int) -> tuple[int, int, int]:
    """Return a number as a whole one, how many of its digits are decimals, and the position after it.

    More than 18 digits are not plain, nor are an exponent and a zero in front: there are `NO` decimals then.
    """
    negative = byte(text, i) == MINUS
    i += negative
    whole, size = digits(text, i)
    places = 0
    if size == 0 or (byte(text, i) == 48 and size > 1):
        return 0, NO, i
    i += size
    if byte(text, i) == POINT:
        rest, places = digits(text, i + 1)
        if places == 0 or size + places > 18:
            return 0, NO, i
        whole = whole * POWERS[places] + rest
        i += 1 + places
    if size + places > 18:
        return 0, NO, i
    value = int(np.int64(whole))
    return (-value if negative else value), places, i
