"""Kernels that read columns of dialled numbers: their characters, what number each stands for, whose it is.

`out` is uint8[TEXT_MAX] scratch that holds the characters of one number. A number is a pair of its value (uint64) and
how many digits it has, 0 where it is no E.164 number. All kernels are in one file, because numba's cache does not
see changes in another file's; `siphash` must never change, anyway.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.hashing import HASHED, Bytes, Key, Keys, Positions, Word, siphash

Small = npt.NDArray[np.uint8]

E164_MAX: Final = 15
"""Digits of an E.164 number (ITU-T E.164 section 6.1)."""
TEXT_MAX: Final = 32
"""Characters of `called`, without `+` and visual separators (contract section 2)."""
UNTYPED, TYPE_INTERNATIONAL, TYPE_NATIONAL, TYPE_LOCAL = 0, 1, 2, 3
"""`called_type` as the kernels number it; LOCAL is `subscriber` and `short`."""
CALLER_MIN: Final = 3
CALLER_MAX: Final = 20
"""Digits of a caller that is a telephone number."""
LOCAL, HOME, INTERNATIONAL, INVALID = 0, 1, 2, 255
_NUMBER = np.uint64(Key.NUMBER)
_NUMBER_WITH_PLUS = np.uint64(Key.NUMBER | 0x100)


class Numbers(NamedTuple):
    """A column of called numbers, normalised.

    Attributes:
        digits: uint64, E.164 digits as a number, or the key of what is none.
        length: uint8, how many digits, or characters.
        reach: uint8, `Reach`.
        code: uint16, calling code; 0 where none is assigned, and for a LOCAL number.
    """

    digits: Keys
    length: Small
    reach: Small
    code: npt.NDArray[np.uint16]


class Facts(NamedTuple):
    """A network as the kernels take it: texts as uint8 arrays, lengths in digits."""

    home: Small
    prefix: Small
    trunk: Small
    """National trunk prefix."""
    shortest: int
    """Digits of the shortest national number."""
    longest: int
    homes: Small
    """Home prefixes, each followed by a zero byte."""
    codes: Small
    """1 at every assigned calling code, [1000]."""


@part
def _separator(text: Bytes, i: int, end: int) -> int:
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


@part
def _clean(text: Bytes, start: int, end: int, out: Small) -> tuple[int, bool, bool]:
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


@part
def _starts(out: Small, size: int, prefix: Small) -> bool:
    """Say whether digits begin with a prefix that is not empty, and go on after it."""
    if prefix.size == 0 or size <= prefix.size:
        return False
    for i in range(prefix.size):  # noqa: SIM110 - a kernel knows no generators
        if out[i] != prefix[i]:
            return False
    return True


@part
def _number(out: Small, start: int, end: int, lead: Small) -> tuple[Word, int]:
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


@part
def _national(out: Small, size: int, facts: Facts) -> tuple[Word, int]:
    """Return the home number of national digits, the trunk prefix taken off where a whole number is left."""
    trunk = facts.trunk.size
    if not _starts(out, size, facts.trunk) or size - trunk < facts.shortest:
        trunk = 0
    return _number(out, trunk, size, facts.home)


@part
def _e164(out: Small, size: int, plus: bool, kind: int, facts: Facts) -> tuple[Word, int]:
    """Return the international number that the characters stand for, if any."""
    nothing = facts.home[:0]
    if plus:
        return _number(out, 0, size, nothing)
    if _starts(out, size, facts.prefix):
        return _number(out, facts.prefix.size, size, nothing)
    if kind == TYPE_INTERNATIONAL:
        return _number(out, 0, size, nothing)
    if kind == TYPE_NATIONAL:
        return _national(out, size, facts)
    rest = size - facts.trunk.size
    if kind == UNTYPED and facts.shortest <= rest <= facts.longest and _starts(out, size, facts.trunk):
        return _number(out, facts.trunk.size, size, facts.home)
    return np.uint64(0), 0


@part
def _head(value: Word, count: int, size: int) -> Word:
    """Return the first `size` of a number's digits."""
    for _ in range(count - size):
        value //= np.uint64(10)
    return value


@part
def _calling_code(value: Word, count: int, codes: Small) -> int:
    """Return the calling code; 0 where none is assigned."""
    for size in range(1, min(count, 3) + 1):
        head = _head(value, count, size)
        if codes[head]:
            return int(head)
    return 0


@part
def _is_home(value: Word, count: int, homes: Small) -> bool:
    """Say whether a number is under one of the home prefixes."""
    size = 0
    prefix = np.uint64(0)
    for byte in homes:
        if byte != 0:
            size += 1
            prefix = prefix * np.uint64(10) + np.uint64(byte - 48)
            continue
        if _head(value, count, size) == prefix:
            return True
        size = 0
        prefix = np.uint64(0)
    return False


@part
def _text_key(out: Small, size: int, plus: bool) -> Word:
    """Return the key of a number that is not E.164: a hash of its characters."""
    return siphash(out, 0, size, _NUMBER_WITH_PLUS if plus else _NUMBER) | HASHED


@nb.njit(cache=True)
def normalised(text: Bytes, starts: Positions, ends: Positions, kinds: Small, facts: Facts) -> Numbers:
    """Return a column of called numbers; see `models.numbers.normalise`."""
    text, facts = borrowed(text), borrowed(facts)
    scratch = np.empty(TEXT_MAX, np.uint8)
    out = borrowed(scratch)
    size = starts.size
    digits, count = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
    reach, code = np.full(size, np.uint8(INVALID)), np.zeros(size, np.uint16)
    for i in range(size):
        length, plus, service = _clean(text, starts[i], ends[i], out)
        if length < 0:
            continue
        value, found = np.uint64(0), 0
        if not service:
            value, found = _e164(out, length, plus, kinds[i], facts)
        if found == 0:
            digits[i], count[i], reach[i] = _text_key(out, length, plus), length, LOCAL
            continue
        digits[i], count[i] = value, found
        reach[i] = HOME if _is_home(value, found, facts.homes) else INTERNATIONAL
        code[i] = _calling_code(value, found, facts.codes)
    scratch[0] = 0  # held up to here: it is borrowed from nobody else
    return Numbers(digits, count, reach, code)


@nb.njit(cache=True)
def callers(text: Bytes, starts: Positions, ends: Positions, facts: Facts) -> Keys:
    """Return a key per caller; see `models.numbers.caller_keys`."""
    text, facts = borrowed(text), borrowed(facts)
    scratch = np.empty(TEXT_MAX, np.uint8)
    out = borrowed(scratch)
    keys = np.zeros(starts.size, np.uint64)
    for i in range(starts.size):
        length, plus, service = _clean(text, starts[i], ends[i], out)
        if service or not CALLER_MIN <= length <= CALLER_MAX:
            continue
        value, found = _e164(out, length, plus, UNTYPED, facts)
        keys[i] = value if found else _text_key(out, length, plus)
    scratch[0] = 0  # held up to here: it is borrowed from nobody else
    return keys


@part
def _same(out: Small, length: int, plus: bool, called: Word, count: int, facts: Facts) -> bool:
    """Say whether any reading of what was dialled is the called number."""
    if (called, count) == _e164(out, length, plus, TYPE_INTERNATIONAL, facts):
        return True
    if plus:
        return False
    nothing = facts.home[:0]
    return (
        (called, count) == _number(out, 0, length, nothing)
        or (called, count) == _national(out, length, facts)
        or (called, count) == _number(out, 0, length, facts.home)
    )


@nb.njit(cache=True)
def matches(
    text: Bytes, starts: Positions, ends: Positions, called: Keys, count: Small, facts: Facts
) -> npt.NDArray[np.bool_]:
    """Say what was dialled as called; see `models.numbers.dialled_is_called`."""
    text, facts = borrowed(text), borrowed(facts)
    scratch = np.empty(TEXT_MAX, np.uint8)
    out = borrowed(scratch)
    same = np.zeros(starts.size, np.bool_)
    for i in range(starts.size):
        length, plus, service = _clean(text, starts[i], ends[i], out)
        if length > 0 and not service:
            same[i] = _same(out, length, plus, called[i], count[i], facts)
    scratch[0] = 0  # held up to here: it is borrowed from nobody else
    return same
