"""The cells of a price history as arrays, and the compiled walk of paid calls into them."""

from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed
from models.evidence import (
    BEFORE,
    BOUNDS,
    CELL,
    CURRENCY,
    DEPTH,
    DIGITS,
    E164_DIGITS,
    OTHER_ID,
    PADDED,
    PLACES,
    PLAN,
    POWERS,
    RATE,
    STAGE,
    START,
    SWITCH,
    TRUNK,
    TS,
    Table,
    close_by_paid,
)
from models.hash_index import indexed, seek, slot_of
from models.places import NEVER, STAGES, SUMS, PlaceTable, count_free, count_paid, episodes, paid_since
from models.places import add_cell as add_places
from models.windows.prefetching import prefetch

DAYS = 8
"""The running day and the seven before it."""
DAY_MS = 86_400_000
CELL_COLUMNS = ("switch", "trunk", "plan", "stage", "prefix", "rate", "currency", "paid_at", "paid_start")
CELL_STAGE, CELL_PREFIX, CELL_RATE, CELL_CURRENCY, CELL_PAID_AT, CELL_PAID_START = range(3, 9)
KEY = 5
"""What a cell is of: circumstances (switch, trunk, plan), stage and prefix."""
FREE, PAID = 0, 1
AHEAD = 16
"""Calls whose memory is asked for at once."""
NEW_DAY, NO_ROOM = -1, -2
"""Instead of a position: the history has to move on, or to grow, before the next call is counted."""

Ints = npt.NDArray[np.int64]


class CellTable(NamedTuple):
    """The arrays of a history as kernels take them.

    Attributes:
        cells: int64[room, columns], `CELL_COLUMNS` of each.
        counts: int32[room, DAYS, 2], free and paid calls by day % DAYS.
        slots: index over the first `KEY` columns of `cells`.
        size: int64[1], cells in use.
    """

    cells: Ints
    counts: npt.NDArray[np.int32]
    slots: Ints
    size: Ints


def cell_table(room: int) -> CellTable:
    """No cells, but room for some."""
    cells = np.zeros((room, len(CELL_COLUMNS)), np.int64)
    counts = np.zeros((room, DAYS, 2), np.int32)
    return CellTable(cells, counts, indexed(cells, 0, KEY), np.zeros(1, np.int64))


def enlarged(table: CellTable) -> CellTable:
    """The same cells in twice the room."""
    cells = np.concatenate([table.cells, np.zeros_like(table.cells)])
    counts = np.concatenate([table.counts, np.zeros_like(table.counts)])
    return CellTable(cells, counts, indexed(cells, table.size[0], KEY), table.size)


@nb.njit(cache=True)
def find_or_add(table: CellTable, places: PlaceTable, key: Ints, most: int) -> int:
    """Position of the cell of a key, made if it is new; NO_ROOM where there is none for it.

    Beyond `most` cells, `key` becomes that of the names `…`.
    """
    slot = seek(table.slots, table.cells, key)
    if not table.slots[slot] and table.size[0] >= most:
        key[:CELL_STAGE] = OTHER_ID
        slot = seek(table.slots, table.cells, key)
    if not table.slots[slot]:
        if table.size[0] == table.cells.shape[0] or places.size[0] + PLACES > places.sums.shape[0]:
            return NO_ROOM
        added = table.size[0]
        cell = table.cells[added]
        cell[:KEY] = key
        cell[CELL_RATE], cell[CELL_CURRENCY], cell[CELL_PAID_AT], cell[CELL_PAID_START] = -1, 0, -1, NEVER
        add_places(places, added, key[:CELL_STAGE], key[CELL_PREFIX])
        table.size[0] = table.slots[slot] = added + 1
    return table.slots[slot] - 1  # type: ignore[no-any-return] # an int to Python


@nb.njit(cache=True, inline="always")
def _key(call: Table, digits: int, key: Ints) -> Ints:
    """Fill in what the cell of a call is of; its prefix has `digits`."""
    key[0], key[1], key[2], key[CELL_STAGE] = call[SWITCH], call[TRUNK], call[PLAN], call[STAGE]
    key[CELL_PREFIX] = call[PADDED] // POWERS[E164_DIGITS - digits]
    return key


@nb.njit(cache=True)
def open_call(table: CellTable, places: PlaceTable, call: Table, frame: tuple[int, int, int]) -> int:
    """Fill in what the history knows of a free call when it is opened: its cell, its bounds, what was before it.

    Args:
        table: cells.
        places: and what they add up to.
        call: int64[WIDTH], an open call.
        frame: the running day, digits of a cell's prefix, most cells.

    Returns:
        Its cell, or NO_ROOM where there is none for it.
    """
    key = np.empty(KEY, np.int64)
    at = find_or_add(table, places, _key(call, frame[1], key), frame[2])
    if at != NO_ROOM:
        call[CELL] = at
        of, shortest = places.of[at], frame[1] - DEPTH
        call[BOUNDS:BEFORE] = paid_since(places.sums, of, call[START], shortest, call[DIGITS])
        call[BEFORE:] = episodes(places.sums, of, call[STAGE], call[TS])
    return at


@nb.njit(cache=True)
def add_free(table: CellTable, places: PlaceTable, cell: int, day: int, calls: int) -> None:
    """Count free calls of a cell on a day, or take them back: never more than there were."""
    was = table.counts[cell, day % DAYS, FREE]
    counted = max(0, was + calls)
    table.counts[cell, day % DAYS, FREE] = counted
    count_free(places, cell, table.cells[cell, CELL_STAGE], counted - was)


@nb.njit(cache=True)
def _newest(calls: Table) -> int:
    newest = calls[0, TS]
    for i in range(calls.shape[0]):
        newest = max(newest, calls[i, TS])
    return newest  # type: ignore[no-any-return] # an int to Python


@nb.njit(cache=True, inline="always")
def _fetch(table: CellTable, places: PlaceTable, calls: Table, digits: int, ahead: Ints) -> None:
    """Ask for the memory that paid calls change: a busy code's is too much for a processor's cache.

    `ahead` is room for as many numbers as there are calls. Where cells meet in the index, it asks for a wrong one.
    """
    key = np.empty(KEY, np.int64)
    for i in range(calls.shape[0]):
        ahead[i] = slot_of(_key(calls[i], digits, key), table.slots.size)
        prefetch(table.slots, ahead[i])
    for i in range(calls.shape[0]):
        ahead[i] = max(0, table.slots[ahead[i]] - 1)
        prefetch(table.cells, ahead[i] * len(CELL_COLUMNS))
        prefetch(table.counts, ahead[i] * 2 * DAYS)
        prefetch(places.of, ahead[i] * PLACES)
        prefetch(places.of, ahead[i] * PLACES + PLACES - 1)
    for i in range(calls.shape[0]):
        for k in range(PLACES):
            prefetch(places.sums, (places.of[ahead[i], k] * STAGES + calls[i, STAGE]) * SUMS)


@nb.njit(cache=True, error_model="numpy")
def pay(
    lent: tuple[npt.NDArray[Any], ...],
    paid: Table,
    free: Table,
    begin: int,
    frame: tuple[int, int, int],
) -> int:
    """Count paid calls from position `begin` on, and remember per cell the newest price; the last closes free ones.

    Args:
        lent: the arrays of a CellTable and those of its PlaceTable; a plain tuple is recognised in half the time.
        paid: rated calls.
        free: int64[calls, WIDTH], the open free calls, whose bounds they raise.
        begin: calls before it are counted.
        frame: the running day, digits of a cell's prefix, most cells.

    Returns:
        How many calls are counted from the first on: all, or fewer where there is no room for a new cell; NEW_DAY
        where none is, as one is of a later day than the running one.
    """
    arrays, calls = borrowed(lent), borrowed(paid)
    table, places = CellTable(*arrays[:4]), PlaceTable(*arrays[4:])
    day, digits, most = frame
    cells, counts, slots = table.cells, table.counts, table.slots
    if begin == 0 and _newest(calls) // DAY_MS > day:
        return NEW_DAY
    key, ahead = np.empty(KEY, np.int64), np.empty(AHEAD, np.int64)
    for i in range(begin, calls.shape[0]):
        if (i - begin) % AHEAD == 0:
            _fetch(table, places, calls[i : i + AHEAD], digits, ahead)
        call = calls[i]
        at = slots[seek(slots, cells, _key(call, digits, key))] - 1
        if at < 0:
            at = find_or_add(table, places, key, most)
        if at == NO_ROOM:
            return i
        called_on = call[TS] // DAY_MS
        known = day - DAYS < called_on <= day
        counts[at, called_on % DAYS, PAID] += known
        count_paid(places, at, call[STAGE], call[START], known)
        cells[at, CELL_PAID_START] = max(cells[at, CELL_PAID_START], call[START])
        if call[RATE] >= 0 and call[TS] >= cells[at, CELL_PAID_AT]:
            cells[at, CELL_RATE], cells[at, CELL_CURRENCY] = call[RATE], call[CURRENCY]
            cells[at, CELL_PAID_AT] = call[TS]
    close_by_paid(free, paid)
    return int(calls.shape[0])
