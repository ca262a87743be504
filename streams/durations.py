"""Durations as people write them: `600`, `"10 min"`, `"24h"`, `"1h30m"`, all in seconds."""

import re

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
EXPECTED = "expected a duration: 600 (seconds), '10 min', '24h' or '1h30m'"
_SPELLINGS = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "day": "d"}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


def seconds(value: object) -> object:
    """Give a duration in seconds; what is no text goes through as it is, for the caller's type to judge.

    Args:
        value: a number of seconds, or text of numbers with a unit each (no unit: seconds).

    Raises:
        ValueError: text that is no duration.

    >>> seconds("10 min"), seconds("1h30m"), seconds("250ms"), seconds("600"), seconds(15)
    (600, 5400, 0.25, 600, 15)
    """
    if not isinstance(value, str):
        return value
    total, position = 0.0, 0
    while part := _PART.match(value, position):
        total += float(part[1]) * _unit(part[2].lower())
        position = part.end()
    if position < len(value) or not value.strip():
        raise ValueError(EXPECTED)
    rounded = round(total, 6)
    return int(rounded) if rounded.is_integer() else rounded


def _unit(name: str) -> float:
    singular = name if len(name) <= 2 else name.removesuffix("s")
    unit = UNITS.get(_SPELLINGS.get(singular, singular or "s"))
    if unit is None:
        raise ValueError(EXPECTED)
    return unit
