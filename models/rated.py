"""From rows to what calling codes' routes take: rated calls and answered calls as tables, code by code."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.admission import COUNTED as COUNTS
from models.admission import LATE, Verdicts
from models.answered import MINUTE_MS, PREFIX_DIGITS
from models.events import EventKind
from models.evidence import (
    CALL,
    DIGITS,
    E164_DIGITS,
    FACTS,
    OFFSET,
    PADDED,
    PAYER,
    PLAN,
    POWERS,
    RATE_KEY,
    SOURCE,
    STAGE,
    START,
    SWITCH,
    TRUNK,
    TS,
    Table,
)
from models.history import FINAL, SETUP
from models.name_table import row_numbers
from models.prices import Price
from models.row_table import FLAG_ANSWERED, FLAG_ORIGINATING, Rows

Ints = npt.NDArray[np.int64]
Uses = npt.NDArray[np.uint8]

PRICE, RATE, CURRENCY, ROW = range(FACTS, FACTS + 4)
"""Columns of a rated call beside its facts: its price class, rate, currency, and row of the batch."""
RATED_WIDTH = FACTS + 4
ANSWERED_WIDTH = 6
"""Columns of an answered call: row of the batch, minute, called prefix, switch, trunk, plan."""
EVIDENT, ANSWERED = 1, 2
"""What a row is used for, added: a price, an answered call."""
CODE, RATED_FROM, RATED_TO, ANSWERED_FROM, ANSWERED_TO, FREE_CALLS = range(6)
"""Columns of a part: its calling code, its calls in both tables, and how many of the rated are free."""

_COLUMNS: Final = (
    *("called", "digits", "start", "ts", "event", "payer", "call", "source", "offset", "price", "rate", "code"),
)
_NAMES: Final = ("switch", "trunk", "plan", "currency")
_FREE, _PAID = int(Price.FREE), int(Price.PAID)
_SETUP_EVENTS = (int(EventKind.ATTEMPT), int(EventKind.ANSWER))
_BOTH = FLAG_ANSWERED | FLAG_ORIGINATING


class Columns(NamedTuple):
    """Columns of a batch of rows as the kernel takes them; names are the detector's ids, int64[rows]."""

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
    switch: Ints
    trunk: Ints
    plan: Ints
    currency: Ints


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
def _uses(price: Uses, flags: Uses, verdicts: Verdicts) -> Uses:
    uses = np.zeros(price.size, np.uint8)
    for i in range(price.size):
        counts = verdicts[i] == COUNTS
        if (counts or verdicts[i] == LATE) and (price[i] == _FREE or price[i] == _PAID):
            uses[i] = EVIDENT
        if counts and flags[i] & _BOTH == _BOTH:
            uses[i] |= ANSWERED
    return uses


def uses_of(rows: Rows, verdicts: Verdicts) -> Uses:
    """What every row is used for, uint8[rows]: late ones for their price only, copies for nothing."""
    uses: Uses = _uses(rows.price, rows.flags, verdicts)
    return uses


@nb.njit(cache=True, inline="always")
def _rate(call: Table, columns: Columns, row: int) -> None:
    """Fill one rated call; its row of the rate table is filled by others."""
    call[DIGITS] = columns.digits[row]
    call[PADDED] = np.int64(columns.called[row]) * POWERS[max(E164_DIGITS - call[DIGITS], 0)]
    call[START], call[TS] = columns.start[row], columns.ts[row]
    call[SWITCH], call[TRUNK], call[PLAN] = columns.switch[row], columns.trunk[row], columns.plan[row]
    call[STAGE] = SETUP if columns.event[row] in _SETUP_EVENTS else FINAL
    call[PAYER], call[CALL] = np.int64(columns.payer[row]), np.int64(columns.call[row])
    call[SOURCE], call[OFFSET] = columns.source[row], columns.offset[row]
    call[PRICE], call[RATE], call[CURRENCY] = columns.price[row], columns.rate[row], columns.currency[row]
    call[ROW] = row


@nb.njit(cache=True, inline="always")
def _answer(call: Table, columns: Columns, row: int) -> None:
    """Fill one answered call."""
    call[0], call[1], call[2] = row, columns.ts[row] // MINUTE_MS, columns.called[row]
    if columns.digits[row] > PREFIX_DIGITS:
        call[2] //= POWERS[min(columns.digits[row], E164_DIGITS) - PREFIX_DIGITS]
    call[3], call[4], call[5] = columns.switch[row], columns.trunk[row], columns.plan[row]


@nb.njit(cache=True)
def _grouped(columns: Columns, uses: Uses, order: Ints) -> Batch:
    """Fill the tables from rows in `order`, in which those of a calling code stand together."""
    rated = np.zeros((order.size, RATED_WIDTH), np.int64)
    answered = np.empty((order.size, ANSWERED_WIDTH), np.int64)
    parts = np.zeros((order.size, FREE_CALLS + 1), np.int64)
    rates = answers = codes = 0
    for row in order:
        if codes == 0 or parts[codes - 1, CODE] != columns.code[row]:
            parts[codes, CODE], parts[codes, RATED_FROM], parts[codes, ANSWERED_FROM] = (
                columns.code[row],
                rates,
                answers,
            )
            codes += 1
        if uses[row] & EVIDENT:
            _rate(rated[rates], columns, row)
            rates += 1
            parts[codes - 1, FREE_CALLS] += columns.price[row] == _FREE
        if uses[row] & ANSWERED:
            _answer(answered[answers], columns, row)
            answers += 1
        parts[codes - 1, RATED_TO], parts[codes - 1, ANSWERED_TO] = rates, answers
    return Batch(rated[:rates], answered[:answers], parts[:codes])


def batch_of(rows: Rows, uses: Uses, ids: Mapping[str, Ints]) -> Batch:
    """The calls of the rows that are used and under a calling code; `ids` has the ids of the named columns."""
    used = np.flatnonzero(uses * (rows.code > 0))
    order = used[np.argsort(rows.code[used], kind="stable")]
    columns = Columns(*(getattr(rows, name) for name in _COLUMNS), *(ids[name] for name in _NAMES))
    batch = _grouped(columns, uses, order)
    if batch.parts[:, FREE_CALLS].any():
        _name_rows(batch.rated, rows)
    return batch


def _name_rows(rated: Table, rows: Rows) -> None:
    """Give free calls their row of the rate table: of paid ones nobody asks for it."""
    free = np.flatnonzero(rated[:, PRICE] == _FREE)
    rated[free, RATE_KEY] = row_numbers(rows.rate_key[rated[free, ROW]], rows.names)
