"""Rows: a batch of events as a struct of arrays, as they travel from the intake to the detector."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt

FLAG_ORIGINATING = 1
"""The reporter's own subscriber made the call (contract section 2: only these are evidence about price)."""
FLAG_TEST = 2
"""A test call of the operator's: counted, never evidence."""
FLAG_REFUSED = 4
"""Refused by a command of ours: counted apart, never renews a block."""
FLAG_ANSWERED = 8
"""An `answer`, or a `cdr` with `duration_s` > 0."""
FLAG_UNVERIFIED = 16
"""Came in by a trunk with neither account nor attestation `A`: the caller may be anybody (contract section 2)."""

NAMED = ("switch", "trunk", "plan", "currency", "rate_key")
"""Columns that hold codes into `Rows.names`."""

Mask = npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]] | slice


@dataclass(frozen=True, slots=True)
class Outline:
    """What every owner of one of its keys needs of an event: to tell copies, and to count.

    Keys are the same in every process and on every machine. A key that is an E.164 number is its digits as a
    number (below 10^15); any other key is a hash, which has its top bit set.

    Attributes:
        source: position of the source partition in the batch's list of sources.
        offset: of the record in its source partition; in a backtest the line.
        ts: event time, ms.
        when: event time that lateness is judged by, ms: `ts`; of a `cdr` its end.
        high: highest `when` of this source in this batch up to and including this row, ms.
        event: `models.events.EventKind`.
        flags: `FLAG_*`, added.
        called: all digits of the E.164 number as a number; of a local number the hash of its text.
        caller: E.164 digits as a number, or the hash of a local number; 0 is withheld.
        account: key of the account; 0 is none.
        via: key of the trunk by which the call came in, else, where that is not known, by which it left; 0 is none.
        copy: fingerprint of (`call_id`, `event`), for de-duplication.
        duration: answered ms of a `release` or a `cdr`; 0 of any other.
        owns: bit `1 << kind` for every `models.kinds.Kind` whose key this row's owner has.
    """

    source: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int64]
    ts: npt.NDArray[np.int64]
    when: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    event: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    called: npt.NDArray[np.uint64]
    caller: npt.NDArray[np.uint64]
    account: npt.NDArray[np.uint64]
    via: npt.NDArray[np.uint64]
    copy: npt.NDArray[np.uint64]
    duration: npt.NDArray[np.int64]
    owns: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, which: Mask) -> Self:
        """Return the rows that a mask, positions or a slice choose."""
        columns = (field.name for field in fields(self) if field.name != "names")
        return replace(self, **{column: getattr(self, column)[which] for column in columns})


@dataclass(frozen=True, slots=True)
class Rows(Outline):
    """A batch of events, one row each; every column has the same length.

    Attributes:
        index: position in the record's array; 0 for a single event.
        start: when the call began, ms: `ts`; of a `release` `ts` less its duration.
        price: `models.prices.Price`.
        reach: `models.numbers.Reach`.
        code: country calling code; 0 for a local number and for an unassigned code.
        digits: how many digits (of a local number: characters) `called` has.
        payer: who counts as one in evidence; 0 is nobody.
        call: hash of `call_id`.
        rate: price per minute in millionths; -1 where none is known.
        switch: code into `names`, as are `trunk`, `plan`, `currency` and `rate_key`.
        trunk: outgoing trunk.
        plan: tariff plan or rating group.
        currency: ISO 4217.
        rate_key: row of the numbering or rate table that matched.
        names: texts of the named columns; `names[0] == ""` stands for absent. `take` leaves them whole.
    """

    index: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    price: npt.NDArray[np.uint8]
    reach: npt.NDArray[np.uint8]
    code: npt.NDArray[np.uint16]
    digits: npt.NDArray[np.uint8]
    payer: npt.NDArray[np.uint64]
    call: npt.NDArray[np.uint64]
    rate: npt.NDArray[np.int64]
    switch: npt.NDArray[np.uint32]
    trunk: npt.NDArray[np.uint32]
    plan: npt.NDArray[np.uint32]
    currency: npt.NDArray[np.uint32]
    rate_key: npt.NDArray[np.uint32]
    names: tuple[str, ...] = ("",)

    @staticmethod
    def empty() -> "Rows":
        """Return no rows.

        >>> len(Rows.empty())
        0
        """
        return rows_from({column: np.empty(0, dtype) for column, dtype in COLUMNS.items()}, ("",))

    @staticmethod
    def concat(parts: Sequence["Rows"]) -> "Rows":
        """Return the parts' rows in order, under one merged list of names."""
        if not parts:
            return Rows.empty()
        if len(parts) == 1:
            return parts[0]
        names = tuple(dict.fromkeys(chain(("",), *(part.names for part in parts))))
        position = {name: code for code, name in enumerate(names)}
        parts = [_renamed(part, names, position) for part in parts]
        merged = {column: np.concatenate([getattr(part, column) for part in parts]) for column in COLUMNS}
        return rows_from(merged, names)


def _renamed(rows: Rows, names: tuple[str, ...], position: dict[str, int]) -> Rows:
    """Return the rows with their codes pointing into `names`."""
    if rows.names == names[: len(rows.names)]:
        return replace(rows, names=names)
    codes = np.array([position[name] for name in rows.names], np.uint32)
    return replace(rows, names=names, **{column: codes[getattr(rows, column)] for column in NAMED})


def rows_from(values: dict[str, npt.NDArray[Any]], names: tuple[str, ...]) -> Rows:
    """Return rows made of columns by name (`COLUMNS`), each turned into its own dtype."""
    return Rows(**{column: values[column].astype(dtype, copy=False) for column, dtype in COLUMNS.items()}, names=names)


def _dtype(annotation: Any) -> np.dtype[Any]:
    """Return the dtype that an array's annotation names."""
    return np.dtype(cast(type[Any], annotation.__args__[1].__args__[0]))


OUTLINE: dict[str, np.dtype[Any]] = {field.name: _dtype(field.type) for field in fields(Outline)}
"""Every column of `Outline` in order, and its dtype."""
COLUMNS: dict[str, np.dtype[Any]] = {field.name: _dtype(field.type) for field in fields(Rows) if field.name != "names"}
"""Every column of `Rows` in order, those of `Outline` first, and its dtype."""
