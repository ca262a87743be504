"""Reads the regular expressions of numbering-plan metadata into a tree of digits, choices and repeats.

Only what libphonenumber's metadata uses is understood: digits, digit sets, groups, `|`, `?`, `{n}`, `{m,n}`.
Anything else is refused, so that a new version of the metadata can never be half understood.
"""

import re
from typing import NamedTuple, TypeAlias

Node: TypeAlias = "Digit | Repeat | Choice"

_ANY = 0b11_1111_1111
_SYMBOL = re.compile(r"\\d|\[(?:[0-9](?:-[0-9])?)+\]|[0-9]|\(\?:|\)|\||\{[0-9]+(?:,[0-9]+)?\}|\?")
_SPAN = re.compile(r"([0-9])(?:-([0-9]))?")


class Digit(NamedTuple):
    """One digit out of a set: bit d is on where the digit d is allowed."""

    digits: int


class Repeat(NamedTuple):
    """A part that occurs `low` to `high` times."""

    body: "Digit | Choice"
    low: int
    high: int


class Choice(NamedTuple):
    """One of several sequences of parts."""

    branches: "tuple[tuple[Node, ...], ...]"


def parse(pattern: str) -> Choice:
    r"""Return the tree of one pattern.

    Raises:
        ValueError: the pattern is malformed, or uses more than the subset above.

    Example:
        >>> parse(r"1[0-2]?|\d{3}").branches[0]
        (Digit(digits=2), Repeat(body=Digit(digits=7), low=0, high=1))
    """
    parser = _Parser(pattern)
    tree = parser.choice()
    if parser.peek():
        raise ValueError(f"number pattern {pattern!r}: a group is closed that was not opened")
    return tree


class _Parser:
    """Recursive descent: a choice of sequences of repeated atoms."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._symbols = _SYMBOL.findall(pattern)
        self._at = 0
        if "".join(self._symbols) != pattern:
            raise ValueError(f"number pattern {pattern!r}: has more than digits, sets, groups and counts")

    def peek(self) -> str:
        """The symbol that comes next; empty at the end."""
        return self._symbols[self._at] if self._at < len(self._symbols) else ""

    def choice(self) -> Choice:
        """Sequences separated by `|`, up to a `)` or the end."""
        branches = [self._sequence()]
        while self.peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return Choice(tuple(branches))

    def _sequence(self) -> tuple[Node, ...]:
        parts: list[Node] = []
        while self.peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return tuple(parts)

    def _repeated(self, atom: "Digit | Choice") -> Node:
        symbol = self.peek()
        if symbol == "?":
            self._at += 1
            return Repeat(atom, 0, 1)
        if symbol.startswith("{"):
            self._at += 1
            low, _, high = symbol[1:-1].partition(",")
            return Repeat(atom, int(low), int(high or low))
        return atom

    def _atom(self) -> "Digit | Choice":
        symbol = self.peek()
        self._at += 1
        if symbol == "(?:":
            return self._group()
        if symbol == r"\d":
            return Digit(_ANY)
        if symbol[0] not in "[0123456789":
            raise ValueError(f"number pattern {self._pattern!r}: {symbol!r} has nothing to repeat")
        return _set_of(symbol)

    def _group(self) -> Choice:
        group = self.choice()
        if self.peek() != ")":
            raise ValueError(f"number pattern {self._pattern!r}: a group is not closed")
        self._at += 1
        return group


def _set_of(symbol: str) -> Digit:
    """The digits of `[2-57]` or of a single `7`."""
    bits = 0
    for low, high in _SPAN.findall(symbol):
        for digit in range(int(low), int(high or low) + 1):
            bits |= 1 << digit
    return Digit(bits)
