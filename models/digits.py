"""Kernels that read one dialled number: its characters, the international number it stands for, whose it is.

`facts` is a `models.numbers.Facts`; `out` is uint8[TEXT_MAX] scratch that holds the characters of the number;
a number is a pair of its value (uint64) and how many digits it has, 0 where it is no E.164 number.
"""

from typing import Any, Final

import numba as nb
import numpy as np
import numpy.typing as npt

Small = npt.NDArray[np.uint8]
Word = np.uint64

E164_MAX: Final = 15
"""Digits of an E.164 number (ITU-T E.164 section 6.1)."""
TEXT_MAX: Final = 32
"""Characters of `called`, without `+` and visual separators (contract section 2)."""
UNTYPED, TYPE_INTERNATIONAL, TYPE_NATIONAL, TYPE_LOCAL = 0, 1, 2, 3
"""`called_type` as the kernels number it; LOCAL is `subscriber` and `short`."""


@nb.njit(cache=True)
def _separator(text: Small, i: int, end: int) -> int:
    """Return how many bytes of a visual separator stand at `i` (E.123, RFC 3966, Unicode's spaces and dashes)."""
    byte = text[i]
    if byte in (32, 40, 41, 45, 46, 47):  # space ( ) - . /
        return 1
    if byte == 0xC2 and i + 1 < end and text[i + 1] == 0xA0:  # no-break space
        return 2
    if byte == 0xE2 and i + 2 < end and text[i + 1] == 0x80:
        last = text[i + 2]
        if last <= 0x8B or 0x90 <= last <= 0x95 or last == 0xAF:  # spaces, hyphens and dashes, narrow space
            return 3
    return 0


@nb.njit(cache=True)
def clean(text: Small, start: int, end: int, out: Small) -> tuple[int, bool, bool]:
    """Copy what is dialled to `out`; return its length (-1: no number), and whether it had `+`, and `*` or `#`."""
    size = 0
    plus = service = False
    i = start
    while i < end:
        byte = text[i]
        if 48 <= byte <= 57 or byte in (35, 42):
            if size == TEXT_MAX:
                return -1, plus, service
            service |= byte < 48
            out[size] = byte
            size += 1
        elif byte == 43 and size == 0 and not plus:
            plus = True
        else:
            skipped = _separator(text, i, end)
            if skipped == 0:
                return -1, plus, service
            i += skipped - 1
        i += 1
    return (size if size > 0 else -1), plus, service


@nb.njit(cache=True)
def _starts(out: Small, size: int, prefix: Small) -> bool:
    """Say whether digits begin with a prefix that is not empty, and go on after it."""
    if prefix.size == 0 or size <= prefix.size:
        return False
    for i in range(prefix.size):  # noqa: SIM110 - a kernel knows no generators
        if out[i] != prefix[i]:
            return False
    return True


@nb.njit(cache=True)
def number(out: Small, start: int, end: int, lead: Small) -> tuple[Word, int]:
    """Return the number `lead` + `out[start:end]` and its digits; 0 digits where it is not E.164."""
    count = lead.size + end - start
    value = np.uint64(0)
    if count > E164_MAX or end <= start or (lead.size == 0 and out[start] == 48):
        return value, 0
    for byte in lead:
        value = value * np.uint64(10) + np.uint64(byte - 48)
    for i in range(start, end):
        value = value * np.uint64(10) + np.uint64(out[i] - 48)
    return value, count


@nb.njit(cache=True)
def national(out: Small, size: int, facts: Any) -> tuple[Word, int]:
    """Return the home number of national digits, the trunk prefix taken off where a whole number is left."""
    trunk = facts.trunk.size
    if not _starts(out, size, facts.trunk) or size - trunk < facts.shortest:
        trunk = 0
    return number(out, trunk, size, facts.home)


@nb.njit(cache=True)
def e164(out: Small, size: int, plus: bool, kind: int, facts: Any) -> tuple[Word, int]:
    """Return the international number that the characters stand for, if any."""
    nothing = facts.home[:0]
    if plus:
        return number(out, 0, size, nothing)
    if _starts(out, size, facts.prefix):
        return number(out, facts.prefix.size, size, nothing)
    if kind == TYPE_INTERNATIONAL:
        return number(out, 0, size, nothing)
    if kind == TYPE_NATIONAL:
        return national(out, size, facts)
    rest = size - facts.trunk.size
    if kind == UNTYPED and facts.shortest <= rest <= facts.longest and _starts(out, size, facts.trunk):
        return number(out, facts.trunk.size, size, facts.home)
    return np.uint64(0), 0


@nb.njit(cache=True)
def _head(value: Word, count: int, size: int) -> Word:
    """Return the first `size` of a number's digits."""
    for _ in range(count - size):
        value //= np.uint64(10)
    return value


@nb.njit(cache=True)
def calling_code(value: Word, count: int, codes: Small) -> int:
    """Return the calling code; 0 where none is assigned."""
    for size in range(1, min(count, 3) + 1):
        head = _head(value, count, size)
        if codes[head]:
            return int(head)
    return 0


@nb.njit(cache=True)
def is_home(value: Word, count: int, homes: Small) -> bool:
    """Say whether a number is under one of the home prefixes."""
    size = 0
    prefix = np.uint64(0)
    for byte in homes:
        if byte != 0:
            size += 1
            prefix = prefix * np.uint64(10) + np.uint64(byte - 48)
            continue
        if count >= size and _head(value, count, size) == prefix:
            return True
        size = 0
        prefix = np.uint64(0)
    return False
