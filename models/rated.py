"""From rows to what calling codes' routes take: rated calls and answered calls as tables, code by code."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.admission import COUNTED as COUNTS
from models.admission import LATE, Verdicts
from models.answered import MINUTE_MS, PREFIX_DIGITS
from models.digits import INTERNATIONAL
from models.events import EventKind
from models.evidence import (
    CALL,
    CURRENCY,
    DIGITS,
    E164_DIGITS,
    FACTS,
    OFFSET,
    PADDED,
    PAYER,
    PLAN,
    POWERS,
    PRICE,
    RATE,
    RATE_KEY,
    ROW,
    SOURCE,
    STAGE,
    START,
    SWITCH,
    TALK,
    TRUNK,
    TS,
    Table,
)
from models.history import FINAL, SETUP
from models.name_table import Codes, NameTable, ids_of, row_numbers
from models.prices import Price
from models.row_table import FLAG_ANSWERED, FLAG_ORIGINATING, Rows

Ints = npt.NDArray[np.int64]
Uses = npt.NDArray[np.uint8]

RATED_WIDTH = FACTS + 4
ANSWERED_WIDTH = 6
"""Columns of an answered call: row of the batch, minute, called prefix, switch, trunk, plan."""
EVIDENT, ANSWERED, ABROAD = 1, 2, 4
"""What a row is used for, added: a price, an answered call; that its calling code's route takes it.

No leak at home is looked for, so that answered calls there are part of the totals alone.
"""
CODE, RATED_FROM, RATED_TO, ANSWERED_FROM, ANSWERED_TO, FREE_CALLS = range(6)
"""Columns of a part: its calling code, its calls in both tables, and how many of the rated are free."""

_COLUMNS: Final = (
    *("called", "digits", "start", "ts", "event", "payer", "call", "source", "offset", "price", "rate"),
    *("code", "duration"),
)
_columns = attrgetter(*_COLUMNS)
NAMES: Final = ("switch", "trunk", "plan", "currency")
"""Columns of names that have ids."""
_names = attrgetter(*NAMES)
_FREE, _PAID, _UNDERPRICED = int(Price.FREE), int(Price.PAID), int(Price.UNDERPRICED)
_SETUP_EVENTS = (int(EventKind.ATTEMPT), int(EventKind.ANSWER))
_BOTH = FLAG_ANSWERED | FLAG_ORIGINATING


class Columns(NamedTuple):
    """Columns of a batch of rows as the kernel takes them."""

    called: npt.NDArray[np.uint64]
    digits: npt.NDArray[np.uint8]
    start: Ints
    ts: Ints
    event: npt.NDArray[np.uint8]
    payer: npt.NDArray[np.uint64]
    call: npt.NDArray[np.uint64]
    source: npt.NDArray[np.int32]
    offset: Ints
    price: npt.NDArray[np.uint8]
    rate: Ints
    code: npt.NDArray[np.uint16]
    duration: Ints
    switch: Codes
    trunk: Codes
    plan: Codes
    currency: Codes


class Batch(NamedTuple):
    """A batch's calls, those of a calling code side by side in their order.

    Attributes:
        rated: int64[calls, RATED_WIDTH].
        answered: int64[calls, ANSWERED_WIDTH].
        parts: int64[codes, 6], `CODE` and the columns that follow it, in order of codes.
    """

    rated: Table
    answered: Table
    parts: Ints


@nb.njit(cache=True)
def _uses(price: Uses, flags: Uses, reach: Uses, code: npt.NDArray[np.uint16], verdicts: Verdicts) -> Uses:
    uses = np.zeros(price.size, np.uint8)
    for i in range(price.size):
        counts = verdicts[i] == COUNTS
        rated = price[i] == _FREE or price[i] == _PAID or price[i] == _UNDERPRICED
        if (counts or verdicts[i] == LATE) and rated:
            uses[i] = EVIDENT
        if counts and flags[i] & _BOTH == _BOTH:
            uses[i] |= ANSWERED
        if uses[i] and code[i] > 0 and reach[i] == INTERNATIONAL:
            uses[i] |= ABROAD
    return uses


def uses_of(rows: Rows, verdicts: Verdicts) -> Uses:
    """What every row is used for, uint8[rows]: late ones for their price only, copies for nothing."""
    uses: Uses = _uses(rows.price, rows.flags, rows.reach, rows.code, verdicts)
    return uses


@nb.njit(cache=True, inline="always")
def _rate(call: Table, columns: Columns, ids: Ints, row: int) -> None:
    """Fill one rated call; its row of the rate table is filled by others.

    An underpriced one is free, and the only free one that has a rate.
    """
    call[DIGITS] = columns.digits[row]
    call[PADDED] = np.int64(columns.called[row]) * POWERS[max(E164_DIGITS - call[DIGITS], 0)]
    call[START], call[TS] = columns.start[row], columns.ts[row]
    call[SWITCH], call[TRUNK] = ids[0, columns.switch[row]], ids[1, columns.trunk[row]]
    call[PLAN], call[CURRENCY] = ids[2, columns.plan[row]], ids[3, columns.currency[row]]
    call[STAGE] = SETUP if columns.event[row] in _SETUP_EVENTS else FINAL
    call[PAYER], call[CALL] = np.int64(columns.payer[row]), np.int64(columns.call[row])
    call[SOURCE], call[OFFSET] = columns.source[row], columns.offset[row]
    call[PRICE], call[RATE], call[ROW] = columns.price[row], columns.rate[row], row
    call[TALK] = columns.duration[row]
    if call[PRICE] == _FREE:
        call[RATE] = 0
    elif call[PRICE] == _UNDERPRICED:
        call[PRICE] = _FREE


@nb.njit(cache=True, inline="always")
def _answer(call: Table, columns: Columns, ids: Ints, row: int) -> None:
    """Fill one answered call."""
    call[0], call[1], call[2] = row, columns.ts[row] // MINUTE_MS, columns.called[row]
    if columns.digits[row] > PREFIX_DIGITS:
        call[2] //= POWERS[min(columns.digits[row], E164_DIGITS) - PREFIX_DIGITS]
    call[3], call[4], call[5] = ids[0, columns.switch[row]], ids[1, columns.trunk[row]], ids[2, columns.plan[row]]


@nb.njit(cache=True)
def _tallied(columns: Columns, uses: Uses) -> Ints:
    """How many rated, answered and free calls a batch has of every calling code up to the highest, int64[codes, 3]."""
    highest = 0
    for row in range(uses.size):
        highest = max(highest, int(columns.code[row]))
    tally = np.zeros((highest + 1, 3), np.int64)
    for row in range(uses.size):
        if not uses[row] & ABROAD:
            continue
        if uses[row] & EVIDENT:
            tally[columns.code[row], 0] += 1
            tally[columns.code[row], 2] += columns.price[row] != _PAID
        if uses[row] & ANSWERED:
            tally[columns.code[row], 1] += 1
    return tally


@nb.njit(cache=True)
def _divided(tally: Ints) -> Ints:
    """The parts of these codes; their tally becomes where the next rated and the next answered call of each belongs."""
    parts = np.empty((tally.shape[0], FREE_CALLS + 1), np.int64)
    codes = rates = answers = 0
    for code in range(tally.shape[0]):
        if tally[code, 0] or tally[code, 1]:
            part = parts[codes]
            part[CODE], part[RATED_FROM], part[ANSWERED_FROM] = code, rates, answers
            rates, answers, codes = rates + tally[code, 0], answers + tally[code, 1], codes + 1
            part[RATED_TO], part[ANSWERED_TO], part[FREE_CALLS] = rates, answers, tally[code, 2]
            tally[code, 0], tally[code, 1] = part[RATED_FROM], part[ANSWERED_FROM]
    return parts[:codes]


@nb.njit(cache=True)
def _grouped(given: tuple[npt.NDArray[Any], ...], ids: Ints, uses: Uses) -> Batch:
    """Fill the tables: calls of a calling code stand together, in the order of their rows.

    Columns are given as a plain tuple, which numba recognises in half the time; `ids` are those that `ids_of` gives.
    """
    columns = Columns(*given)
    after = _tallied(columns, uses)
    parts = _divided(after)
    last = parts.shape[0] - 1
    rated = np.zeros((parts[last, RATED_TO] if last >= 0 else 0, RATED_WIDTH), np.int64)
    answered = np.empty((parts[last, ANSWERED_TO] if last >= 0 else 0, ANSWERED_WIDTH), np.int64)
    for row in range(uses.size):
        if not uses[row] & ABROAD:
            continue
        code = columns.code[row]
        if uses[row] & EVIDENT:
            _rate(rated[after[code, 0]], columns, ids, row)
            after[code, 0] += 1
        if uses[row] & ANSWERED:
            _answer(answered[after[code, 1]], columns, ids, row)
            after[code, 1] += 1
    return Batch(rated, answered, parts)


def batch_of(rows: Rows, uses: Uses, names: Mapping[str, NameTable]) -> Batch:
    """The calls of the rows that are used and abroad, whose names get ids in the tables of `NAMES`."""
    codes = _names(rows)
    ids = ids_of([names[column] for column in NAMES], codes, rows.names, uses & ABROAD > 0)
    batch: Batch = _grouped((*_columns(rows), *codes), ids, uses)
    if batch.parts[:, FREE_CALLS].any():
        _name_rows(batch.rated, rows)
    return batch


def _name_rows(rated: Table, rows: Rows) -> None:
    """Give free calls their row of the rate table: of paid ones nobody asks for it."""
    free = np.flatnonzero(rated[:, PRICE] == _FREE)
    rated[free, RATE_KEY] = row_numbers(rows.rate_key[rated[free, ROW]], rows.names)
