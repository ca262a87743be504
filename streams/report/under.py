"""Which rows of a batch are calls under a command's target (contract, section 3), by the column."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.columns import coded
from models.digits import INTERNATIONAL
from models.hashing import Key, key_of
from models.numbers import TYPES, Network, caller_keys, normalise
from models.row_table import Rows
from models.targets import QUALIFIERS, Scope

E164_DIGITS: Final = 15
Mask = npt.NDArray[np.bool_]
_POWERS: Final = 10 ** np.arange(E164_DIGITS + 1, dtype=np.uint64)
_KEYED: Final = {"account": Key.ACCOUNT, "trunk": Key.TRUNK}
"""Scopes whose value is a name, and the key that it has in rows."""
_COLUMNS: Final = {"caller": "caller", "account": "account", "trunk": "via"}


class Place(NamedTuple):
    """A target as columns know it: the keys from `first` to `last` of one column, and the names that narrow it.

    `column` is empty where no call falls under it: a scope that a command cannot have, or a value that is none.
    `digits` is how many a prefix has.
    """

    column: str
    first: int
    last: int
    names: tuple[tuple[str, str], ...]
    digits: int = 0


NOWHERE: Final = Place("", 0, 0, ())


def place_of(scope: str, value: str, network: Network, **qualifiers: str | None) -> Place:
    """The place of a target; `qualifiers` are its switch, trunk and plan."""
    names = tuple((name, found) for name in QUALIFIERS if (found := qualifiers.get(name)))
    if scope == "switch":
        return Place("switch", 0, 0, (*names, ("switch", value)))
    first, last = _keys(scope, value, network)
    digits = len(value) - 1 if scope == Scope.PREFIX else 0
    return Place(_COLUMNS.get(scope, scope), first, last, names, digits) if first else NOWHERE


def _keys(scope: str, value: str, network: Network) -> tuple[int, int]:
    match scope:
        case Scope.PREFIX if value[1:].isascii() and value[1:].isdecimal() and len(value) <= E164_DIGITS + 1:
            scale = 10 ** (E164_DIGITS - len(value) + 1)
            return int(value[1:]) * scale, int(value[1:]) * scale + scale - 1
        case Scope.CALLED:
            key = int(normalise([value], coded([None], TYPES, 1), network).digits[0])
            return key, key
        case Scope.CALLER:
            key = int(caller_keys([value], network)[0])
            return key, key
        case Scope.ACCOUNT | Scope.TRUNK:
            key = key_of(_KEYED[scope], value)
            return key, key
        case _:
            return 0, 0


class Sought:
    """A batch of rows, in which many targets are looked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._padded: npt.NDArray[np.uint64] | None = None

    def under(self, place: Place) -> npt.NDArray[np.int64]:
        """Positions of the rows under a place, rising."""
        if not place.column:
            return np.zeros(0, np.int64)
        found = np.flatnonzero(self._within(place) & (self._rows.digits >= place.digits))
        for column, name in place.names:
            code = self._rows.names.index(name) if name in self._rows.names else -1
            found = found[getattr(self._rows, column)[found] == code]
        return found

    def _within(self, place: Place) -> Mask:
        if place.column == "switch":
            return np.ones(len(self._rows), np.bool_)
        keys = self._international() if place.column == Scope.PREFIX else getattr(self._rows, place.column)
        if place.first == place.last:
            same: Mask = keys == np.uint64(place.first)
            return same
        within: Mask = (keys >= np.uint64(place.first)) & (keys <= np.uint64(place.last))
        return within

    def _international(self) -> npt.NDArray[np.uint64]:
        """Called numbers with as many digits as there can be; 0 of one that was not dialled as international."""
        if self._padded is None:
            rows = self._rows
            abroad = (rows.reach == INTERNATIONAL) & (rows.digits <= E164_DIGITS)
            scale = _POWERS[E164_DIGITS - np.where(abroad, rows.digits, E164_DIGITS)]
            self._padded = np.where(abroad, rows.called, np.uint64(0)) * scale
        return self._padded
