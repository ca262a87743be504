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
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint32]


@nb.njit(cache=True)
def _nameless(columns: tuple[Codes, ...], used: Mask, ids: Ints, begin: int) -> int:
    """The first row from `begin` on that is `used` and has a name without id in a column; all rows if there is none."""
    for row in range(begin, used.size):
        if used[row]:
            for column in range(len(columns)):
                if ids[column, columns[column][row]] == UNKNOWN:
                    return row
    return int(used.size)


class NameTable:
    """Names of one column by id, in the order in which rows first used them; 0 is absent, 1 is `…`."""

    def __init__(self, texts: Sequence[str] = ("", OTHER)) -> None:
        self.texts: list[str] = list(texts)
        self._ids = {text: position for position, text in enumerate(self.texts)}

    def known(self, names: Sequence[str]) -> list[int]:
        """Ids of names, UNKNOWN where one has none."""
        return [self._ids.get(name, UNKNOWN) for name in names]

    def id(self, name: str) -> int:
        """Id of a name, a new one if it has none."""
        if name not in self._ids:
            if len(self.texts) >= NAMES_MAX:
                return OTHER_ID
            self._ids[name] = len(self.texts)
            self.texts.append(name)
        return self._ids[name]


def ids_of(tables: Sequence[NameTable], columns: tuple[Codes, ...], names: Sequence[str], used: Mask) -> Ints:
    """Ids of a batch's names in every column that has a table, int64[columns, names]: UNKNOWN where none is used there.

    Args:
        tables: by column; get the names that rows use first, in their order.
        columns: codes into `names`, of all rows.
        names: of the batch.
        used: bool[rows], whose names need an id.
    """
    ids, row = np.array([table.known(names) for table in tables], np.int64), 0
    while (row := _nameless(columns, used, ids, row)) < len(used):
        for known, table, codes in zip(ids, tables, columns, strict=True):
            known[codes[row]] = table.id(names[codes[row]])
    return ids


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
