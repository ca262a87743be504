"""RFC 3339 times in their plain form, to milliseconds; for use in the scanner's other kernels.

Plain is `2026-11-24T21:06:00.281Z`: capital letters, up to 6 decimals, `Z` or an offset, and no leap second.
numba's cache does not see changes in another file's kernels: what these return must never change.

Reference: Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2014), `days_from_civil`.
"""

from models.borrowing import part
from models.hashing import Bytes
from models.scan.eight import POWERS, digits
from models.scan.syntax import COLON, MINUS, NO, PLUS, POINT

SHORTEST, LONGEST = len("2000-01-01T00:00:00Z"), len("2000-01-01T00:00:00.000000+00:00")
_T, _Z = 84, 90


@part
def _pair(text: Bytes, i: int, most: int) -> int:
    """Return the number of two digits, at most `most`."""
    tens, ones = int(text[i]) - 48, int(text[i + 1]) - 48
    value = 10 * tens + ones
    return value if 0 <= tens <= 9 and 0 <= ones <= 9 and value <= most else NO


@part
def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970 of a date after 1 March of the year 0."""
    from_march = (month + 9) % 12
    year -= from_march > 9
    in_year = (153 * from_march + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + in_year - 719_468


@part
def _date(text: Bytes, i: int) -> int:
    """Return the days since 1970 of a date with its `T`; -1 for one that there is not, and for 1969 and before."""
    century, rest, month, day = (
        _pair(text, i, 99),
        _pair(text, i + 2, 99),
        _pair(text, i + 5, 12),
        _pair(text, i + 8, 31),
    )
    marked = text[i + 4] == MINUS and text[i + 7] == MINUS and text[i + 10] == _T
    if not marked or century < 0 or rest < 0 or month < 1 or day < 1:
        return NO
    year = 100 * century + rest
    days = _days(year, month, day)
    next_month = _days(year + month // 12, month % 12 + 1, 1)
    return max(days, NO) if days < next_month else NO


@part
def _offset(text: Bytes, i: int, end: int) -> int:
    """Return the minutes from UTC, plus a day's; -1 where `text[i:end]` does not tell them plainly."""
    if text[i] == _Z:
        return 1440 if i + 1 == end else NO
    hours, minutes = _pair(text, i + 1, 23), _pair(text, i + 4, 59)
    if text[i] not in (PLUS, MINUS) or i + 6 != end or text[i + 3] != COLON or hours < 0 or minutes < 0:
        return NO
    return 1440 + (hours * 60 + minutes if text[i] == PLUS else -hours * 60 - minutes)


@part
def moment(text: Bytes, i: int, end: int) -> int:
    """Return the milliseconds since the epoch that `text[i:end]` says, rounded down; -1 where it is not plain."""
    if not SHORTEST <= end - i <= LONGEST or text[i + 13] != COLON or text[i + 16] != COLON:
        return NO
    days, hour, minute, second = (
        _date(text, i),
        _pair(text, i + 11, 23),
        _pair(text, i + 14, 59),
        _pair(text, i + 17, 59),
    )
    i += 19
    thousandths = 0
    if text[i] == POINT:
        value, size = digits(text, i + 1)
        if not 1 <= size <= 6:
            return NO
        thousandths = int(value * POWERS[6 - size]) // 1000
        i += 1 + size
    offset = _offset(text, i, end)
    if days < 0 or hour < 0 or minute < 0 or second < 0 or offset < 0:
        return NO
    minutes = 1440 * (days + 1) + 60 * hour + minute - offset
    return (60 * minutes + second) * 1000 + thousandths
