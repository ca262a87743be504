"""The numbers of +33 that the French regulator has assigned, counted under any prefix.

Made from ARCEP's published list; origin, licence and format are in `models/data/README.md`.
"""

from bisect import bisect_right
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from models.package_data import package_rows


class _Runs(NamedTuple):
    """Runs of adjacent assigned numbers, all of one width, in ascending order."""

    width: int
    """Digits of a national number, without the 0."""
    firsts: list[int]
    ends: list[int]
    """One past the last number of each run."""
    before: list[int]
    """How many numbers the earlier runs have."""


def numbers_assigned(national: str) -> int:
    """Return how many assigned numbers of +33 begin with these national digits (without the 0).

    Example:
        >>> numbers_assigned("3"), numbers_assigned("387654321"), numbers_assigned("0")
        (49359000, 1, 0)
    """
    return sum(_under(runs, national) for runs in _plan() if len(national) <= runs.width)


def _under(runs: _Runs, national: str) -> int:
    size: int = 10 ** (runs.width - len(national))
    low = int(national or "0") * size
    return _below(runs, low + size) - _below(runs, low)


def _below(runs: _Runs, number: int) -> int:
    """How many assigned numbers are smaller than `number`."""
    at = bisect_right(runs.firsts, number) - 1
    return runs.before[at] + min(number, runs.ends[at]) - runs.firsts[at] if at >= 0 else 0


@cache
def _plan() -> tuple[_Runs, ...]:
    """One `_Runs` per width, read from the package."""
    rows = [(row["first"], int(row["thousands"])) for row in package_rows("arcep_33.csv")]
    widths = sorted({len(first) for first, _ in rows})
    return tuple(_runs(width + 3, [row for row in rows if len(row[0]) == width]) for width in widths)


def _runs(width: int, rows: list[tuple[str, int]]) -> _Runs:
    firsts = [int(first) * 1000 for first, _ in rows]
    sizes = [thousands * 1000 for _, thousands in rows]
    ends = [first + size for first, size in zip(firsts, sizes, strict=True)]
    return _Runs(width, firsts, ends, list(accumulate(sizes, initial=0)))
