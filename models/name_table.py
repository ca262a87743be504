"""Ids for the names in rows: the same however rows were cut into batches, and never more than a limit of them."""

from collections.abc import Sequence
from typing import Final

import numba as nb
import numpy as np
import numpy.typing as npt

from models.evidence import E164_DIGITS, OTHER_ID

NAMES_MAX = 20_000
"""Names of one column that are told apart; names beyond share `…`. Every column has its own."""
OTHER = "…"
UNKNOWN: Final = -1
"""Instead of an id: no row that is used has had this name yet."""
UNNUMBERED: Final = -1
"""Instead of a row's digits: the rate table's row is given, and is no number."""

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint32]


@nb.njit(cache=True)
def _looked_up(codes: Codes, used: npt.NDArray[np.bool_], known: Ints, begin: int, ids: Ints) -> int:
    """Fill in the ids of a column's rows from `begin` on; stops at a row that is `used` and has a name without id."""
    for i in range(begin, codes.size):
        ids[i] = known[codes[i]]
        if ids[i] == UNKNOWN and used[i]:
            return i
    return int(codes.size)


class NameTable:
    """Names of one column by id, in the order in which rows first used them; 0 is absent, 1 is `…`."""

    def __init__(self, texts: Sequence[str] = ("", OTHER)) -> None:
        self.texts: list[str] = list(texts)
        self._ids = {text: position for position, text in enumerate(self.texts)}

    def ids(self, codes: Codes, names: Sequence[str], used: npt.NDArray[np.bool_]) -> Ints:
        """Ids of a column of codes into a batch's `names`, int64[rows]; only rows that are `used` give new ids."""
        known = np.array([self._ids.get(name, UNKNOWN) for name in names], np.int64)
        ids, done = np.empty(len(codes), np.int64), 0
        while (done := _looked_up(codes, used, known, done, ids)) < len(codes):
            known[codes[done]] = self._id(names[codes[done]])
        return ids

    def _id(self, name: str) -> int:
        if name not in self._ids:
            if len(self.texts) >= NAMES_MAX:
                return OTHER_ID
            self._ids[name] = len(self.texts)
            self.texts.append(name)
        return self._ids[name]


def row_numbers(codes: Codes, names: Sequence[str]) -> Ints:
    """Digits of the rate table's rows in a column of codes, int64[rows]: 0 = not given, UNNUMBERED = no number.

    A row is named as the table spells it; `333` and `+333` are the same international prefix. It needs no id, so that
    no flood of row names can use up a table.
    """
    given = codes.tolist()
    numbers = {code: _row_number(names[code]) for code in set(given)}
    return np.array([numbers[code] for code in given], np.int64)


def _row_number(name: str) -> int:
    digits = name.removeprefix("+")
    if digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) <= E164_DIGITS:
        return int(digits)
    return UNNUMBERED if name else 0
