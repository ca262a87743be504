"""The kernel that counts a batch of events, row by row in their order."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.events import EventKind
from models.hashing import Keys
from models.row_table import FLAG_ANSWERED, FLAG_REFUSED
from models.windows.arithmetic import larger, ratio
from models.windows.counting import counted
from models.windows.layout import (
    AHEAD,
    ANSWERED,
    ATTEMPT,
    BLOCKS,
    CALM_MAX,
    CHUNK,
    CHUNKS,
    CLOSED,
    ENDED,
    FLAG_BITS,
    KEYS,
    NOW,
    REFUSED,
    SKETCHES,
    SLOT,
    TICK_MS,
    TURNED_AWAY,
    USED,
    Ints,
    Small,
    State,
    Whole,
)
from models.windows.parts import kernel, part
from models.windows.prefetching import fetch
from models.windows.slots import dead, emptied, inserted, mixed, party_of, place_of, slice_of, slot_in

_ATTEMPT, _ANSWER = int(EventKind.ATTEMPT), int(EventKind.ANSWER)
_RELEASE, _CDR = int(EventKind.RELEASE), int(EventKind.CDR)
CHUNKS_PER_ROW = CALM_MAX // CHUNK + 2
"""Chunks that one row may take: a log made of a block, and a chunk for its own event."""


class Columns(NamedTuple):
    """A batch of events as a table of one kind of key takes it; every column has the same length.

    Attributes:
        key: uint64, whose windows the event is counted in; 0 is nobody, in none.
        other: uint64, the other party; 0 is nobody, and no distinct one.
        ts: int64, event time, ms since the epoch.
        kind: uint8, `models.events.EventKind`.
        flags: uint8, `models.row_table.FLAG_*`.
        duration: int64, answered ms of a `release` or a `cdr`.
        clock: int64, highest event time up to and including the row, ms (`models.admission.Judged.clock`).
    """

    key: Keys
    other: Keys
    ts: Ints
    kind: Small
    flags: Small
    duration: Ints
    clock: Ints


_DTYPES: Final = (np.uint64, np.uint64, np.int64, np.uint8, np.uint8, np.int64, np.int64)
"""Of `Columns`, in order."""


def columns_of(columns: Iterable[npt.NDArray[Any]]) -> Columns:
    """Return columns as kernels take them: contiguous, and of their dtypes.

    Raises:
        ValueError: they are of different lengths.
    """
    made: list[Any] = [np.ascontiguousarray(column, dtype) for column, dtype in zip(columns, _DTYPES, strict=True)]
    if len({len(column) for column in made}) != 1:
        raise ValueError("windows: columns of different lengths")
    return Columns(*made)


@part
def counts_as(kind: Whole, flags: Whole) -> Whole:
    """Return what an event counts as (contract section 2: a `cdr` is attempt, answer and release)."""
    if flags & FLAG_REFUSED:
        return REFUSED if kind in (_ATTEMPT, _CDR) else 0
    if kind == _ATTEMPT:
        return ATTEMPT
    if kind == _ANSWER:
        return ANSWERED
    if kind == _RELEASE:
        return ENDED
    if kind == _CDR:
        return ATTEMPT | ENDED | (ANSWERED if flags & FLAG_ANSWERED else 0)
    return 0


@part
def _has_room(state: State) -> bool:
    """Say whether there is room for whatever one row may take."""
    marks = state.marks
    return bool(
        marks[USED + SLOT] < state.slots.size
        and marks[USED + SLOT] * 10 < state.places.size * 7
        and marks[USED + CHUNKS] + CHUNKS_PER_ROW <= state.chunks.size
        and marks[USED + BLOCKS] < state.busy.size
        and marks[USED + SKETCHES] < state.spare.size
    )


@kernel
def updated(state: State, rows: Columns, stale: Small, begin: Whole) -> tuple[Whole, Whole]:
    """Count rows from `begin` on, of the slices whose entry in `stale` is not 0.

    Returns:
        How many rows are done; the slice in which others have to go for the next one's key, -1 for none. If it is
        none and not all are done, arrays have to grow.
    """
    ledger, slices = state.ledger, state.dirty.size
    for i in range(begin, rows.key.size):
        if not _has_room(state):
            return i, -1
        if (i - begin) % AHEAD == 0:
            fetch(state, rows.key, rows.other, rows.ts, i)
        hashed = mixed(rows.key[i], state.seed)
        which = slice_of(hashed, slices)
        if rows.key[i] == 0 or stale[which] == 0:
            continue
        state.dirty[which] = 1
        tick = ratio(rows.ts[i], TICK_MS)
        now = larger(larger(ledger[which, NOW], tick), ratio(rows.clock[i], TICK_MS))
        ledger[which, NOW] = now
        word = counts_as(rows.kind[i], rows.flags[i])
        if word == 0 or dead(tick, now):
            continue
        place = place_of(state, rows.key[i], hashed)
        if place < 0 and ledger[which, KEYS] >= state.limit:
            if ledger[which, CLOSED] < now:
                return i, which
            ledger[which, TURNED_AWAY] += 1
            continue
        at = slot_in(state.places[place]) if place >= 0 else inserted(state, rows.key[i], hashed, ~place)
        slot = state.slots[at]
        if dead(np.int64(slot.head), now):
            emptied(state, at)
        duration = larger(0, rows.duration[i]) if word & ENDED else 0
        party = party_of(rows.other[i], tick, state.seed)
        counted(state, slot, tick, party, word | duration << FLAG_BITS, now)
    return rows.key.size, -1
