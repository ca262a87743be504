"""Counts the digit strings that national number patterns match, exactly and without listing them.

A pattern becomes its *residual* (Brzozowski 1964, "Derivatives of regular expressions"): what may still
follow, as a set of steps "one of these digits, then that residual". Equal residuals are equal values, so each
is counted once however many numbers it stands for: the 3.6 thousand million numbers of +1 have 417 of them.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple, TypeAlias

from models.number_pattern import Choice, Digit, Node, parse

Residual: TypeAlias = "frozenset[Step]"


class Step(NamedTuple):
    """One more digit, and what may follow it."""

    digits: int
    """Bit d is on where the digit d is allowed; 0 marks that the number may end here."""
    then: Residual


NOTHING: Residual = frozenset()
"""The residual that no number matches."""

_END = Step(0, NOTHING)


def residual_of(patterns: Iterable[str]) -> Residual:
    r"""Return the residual of the numbers that match at least one of the patterns as a whole.

    Raises:
        ValueError: a pattern is malformed, or uses more than `models.number_pattern` reads.

    Example:
        >>> count(residual_of([r"1\d{2}", "1[0-4]5|7"]))
        101
    """
    end: Residual = frozenset((_END,))
    return NOTHING.union(*(_before(parse(pattern), end) for pattern in set(patterns)))


def _before(part: Node, then: Residual) -> Residual:
    """What is left to match where `part` comes first and `then` after it."""
    if isinstance(part, Digit):
        return frozenset((Step(part.digits, then),))
    if isinstance(part, Choice):
        return NOTHING.union(*(_sequence_before(branch, then) for branch in part.branches))
    for _ in range(part.high - part.low):
        then = then | _before(part.body, then)
    for _ in range(part.low):
        then = _before(part.body, then)
    return then


def _sequence_before(parts: tuple[Node, ...], then: Residual) -> Residual:
    return reduce(lambda follow, part: _before(part, follow), reversed(parts), then)


def after(residual: Residual, prefix: str) -> Residual:
    """Return what may follow `prefix` (ASCII digits); `NOTHING` where no number begins so."""
    for character in prefix:
        bit = 1 << int(character)
        residual = NOTHING.union(*(step.then for step in residual if step.digits & bit))
    return residual


def count(residual: Residual, known: dict[Residual, int] | None = None) -> int:
    """Return how many different digit strings the residual matches.

    Args:
        residual: from `residual_of` or `after`.
        known: the counts worked out before; filled, so that related residuals share the work.
    """
    known = {} if known is None else known
    if residual not in known:
        ends = int(_END in residual)
        known[residual] = ends + sum(ways * count(then, known) for ways, then in _next(residual))
    return known[residual]


def _next(residual: Residual) -> Iterator[tuple[int, Residual]]:
    """The residuals that are one digit on, each with how many digits lead there."""
    if len(residual) == 1:
        for digits, then in residual:
            yield digits.bit_count(), then
        return
    ways: dict[Residual, int] = {}
    for digit in "0123456789":
        then = after(residual, digit)
        ways[then] = ways.get(then, 0) + 1
    yield from ((times, then) for then, times in ways.items() if then)


def strings(residual: Residual) -> Iterator[str]:
    """Yield, in order, every digit string that the residual matches (for short numbers: small sets)."""
    if _END in residual:
        yield ""
    for digit in "0123456789":
        then = after(residual, digit)
        if then:
            yield from (digit + rest for rest in strings(then))
