"""From rows to what a calling code's route takes: its rated calls and its answered calls, as tables."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

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
from models.row_table import Rows

Ints = npt.NDArray[np.int64]

PRICE, RATE, CURRENCY, ROW = range(FACTS, FACTS + 4)
"""Columns of a rated call beside its facts: its price class, rate, currency, and row of the batch."""
RATED_WIDTH = FACTS + 4
ANSWERED_WIDTH = 6
PLACES: Final = {"switch": SWITCH, "trunk": TRUNK, "plan": PLAN}
"""Where a row's named columns stand in a rated call."""
COLUMNS: Final = {**PLACES, "currency": CURRENCY, "rate_key": RATE_KEY}


def rated_calls(rows: Rows, which: Ints, ids: Mapping[str, Ints]) -> Table:
    """Rows as rated calls, int64[calls, RATED_WIDTH]; `ids` has the ids of every named column of all rows."""
    rated = np.zeros((which.size, RATED_WIDTH), np.int64)
    digits = rows.digits[which].astype(np.int64)
    rated[:, PADDED] = rows.called[which].astype(np.int64) * 10 ** (E164_DIGITS - digits)
    rated[:, DIGITS] = digits
    rated[:, START], rated[:, TS] = rows.start[which], rows.ts[which]
    for name, column in COLUMNS.items():
        rated[:, column] = ids[name][which]
    event = rows.event[which]
    rated[:, STAGE] = np.where((event == EventKind.ATTEMPT) | (event == EventKind.ANSWER), SETUP, FINAL)
    rated[:, PAYER], rated[:, CALL] = rows.payer[which].view(np.int64), rows.call[which].view(np.int64)
    rated[:, SOURCE], rated[:, OFFSET] = rows.source[which], rows.offset[which]
    rated[:, PRICE], rated[:, RATE], rated[:, ROW] = rows.price[which], rows.rate[which], which
    return rated


def answered_calls(rows: Rows, which: Ints, ids: Mapping[str, Ints]) -> Table:
    """Rows as answered calls, int64[calls, 6]: row of the batch, minute, called prefix, switch, trunk, plan."""
    beyond = np.maximum(rows.digits[which].astype(np.int64) - PREFIX_DIGITS, 0)
    prefix = rows.called[which].astype(np.int64) // 10**beyond
    places = [ids[name][which] for name in PLACES]
    return np.column_stack([which, rows.ts[which] // MINUTE_MS, prefix, *places])
