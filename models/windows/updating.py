"""The kernel that counts a batch of events, row by row in their order."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.events import EventKind
from models.hashing import Keys, Word
from models.row_table import FLAG_ANSWERED, FLAG_REFUSED
from models.windows.arithmetic import larger, ratio, smaller
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
    TICKS_MAX,
    TURNED_AWAY,
    USED,
    Ints,
    Small,
    State,
    Whole,
)
from models.windows.parts import kernel, part
from models.windows.prefetching import fetch
from models.windows.slots import dead, emptied, inserted, mixed, party_of, place_of, slice_of, slot_in, tick_of

_ATTEMPT, _ANSWER = int(EventKind.ATTEMPT), int(EventKind.ANSWER)
_RELEASE, _CDR = int(EventKind.RELEASE), int(EventKind.CDR)
CHUNKS_PER_ROW = CALM_MAX // CHUNK + 2
"""Chunks that one row may take: a log made of a block, and a chunk for its own event."""
TURNED, CROWDED = -1, -2
"""Instead of a slot: the key is turned away; keys of its slice have to go first."""


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


_DTYPES: Final = tuple(map(np.dtype, (np.uint64, np.uint64, np.int64, np.uint8, np.uint8, np.int64, np.int64)))
"""Of `Columns`, in order."""


def _as_kernels_take(column: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if column.dtype is dtype and column.flags.c_contiguous:
        return column
    return np.ascontiguousarray(column, dtype)


def columns_of(columns: Iterable[npt.NDArray[Any]]) -> Columns:
    """Return columns as kernels take them: contiguous, and of their dtypes.

    Raises:
        ValueError: they are of different lengths.
    """
    made: list[Any] = [_as_kernels_take(column, dtype) for column, dtype in zip(columns, _DTYPES, strict=True)]
    if any(len(column) != len(made[0]) for column in made):
        raise ValueError("windows: columns of different lengths")
    return Columns(*made)


def _counts_as(kind: int, flags: int) -> int:
    if flags & FLAG_REFUSED:
        return REFUSED if kind in (_ATTEMPT, _CDR) else 0
    whole = ATTEMPT | ENDED | (ANSWERED if flags & FLAG_ANSWERED else 0)
    meant: dict[int, int] = {_ATTEMPT: ATTEMPT, _ANSWER: ANSWERED, _RELEASE: ENDED, _CDR: whole}
    return meant.get(kind, 0)


_KINDS, _FLAGS = 8, FLAG_REFUSED | FLAG_ANSWERED
_WORDS = np.array([[_counts_as(kind, flags) for flags in range(_FLAGS + 1)] for kind in range(_KINDS)], np.int64)
"""What events count as, by kind and flags: in a kernel, branches by what events are would be guessed wrong."""


@part
def counts_as(kind: Whole, flags: Whole) -> Whole:
    """Return what an event counts as (contract section 2: a `cdr` is attempt, answer and release)."""
    return np.int64(_WORDS[smaller(np.int64(kind), _KINDS - 1), np.int64(flags) & _FLAGS])


@part
def _has_room(state: State, rows: Whole) -> bool:
    """Say whether there is room for whatever so many rows may take."""
    marks = state.marks
    return bool(
        marks[USED + SLOT] + rows <= state.slots.size
        and (marks[USED + SLOT] + rows) * 10 <= state.places.size * 7
        and marks[USED + CHUNKS] + CHUNKS_PER_ROW * rows <= state.chunks.size
        and marks[USED + BLOCKS] + rows <= len(state.met)
        and marks[USED + SKETCHES] + rows <= state.spare.size
    )


@part
def latest_of(rows: Columns) -> Whole:
    """Return the highest time of any row, -1 if one is before 1970."""
    latest, earliest = np.int64(0), np.int64(0)
    for i in range(rows.ts.size):
        latest = larger(latest, larger(rows.ts[i], rows.clock[i]))
        earliest = smaller(earliest, smaller(rows.ts[i], rows.clock[i]))
    return latest if earliest == 0 else np.int64(-1)


@part
def _look_ahead(state: State, rows: Columns, begin: Whole, many: Whole) -> None:
    """Work out what so many rows count as, and ask for the memory that they need."""
    for i in range(many):
        at, ahead = begin + i, state.ahead[i]
        word = counts_as(rows.kind[at], rows.flags[at])
        duration = larger(np.int64(0), rows.duration[at]) * ratio(word & ENDED, ENDED)
        ahead.hashed = mixed(rows.key[at], state.seed)
        ahead.party = party_of(rows.other[at], ratio(rows.ts[at], TICK_MS), state.seed)
        ahead.word = word | duration << FLAG_BITS
    fetch(state, many)


@part
def _slot_of(state: State, key: Word, hashed: Word, which: Whole, now: Whole) -> Whole:
    """Return the slot of a key, a new one if it has none; TURNED if it may have none, CROWDED if others have to go."""
    place = place_of(state, key, hashed)
    if place >= 0:
        return slot_in(state.places[place])
    if state.ledger[which, KEYS] < state.limit:
        return inserted(state, key, hashed, ~place)
    if state.ledger[which, CLOSED] < now:
        return np.int64(CROWDED)
    state.ledger[which, TURNED_AWAY] += 1
    return np.int64(TURNED)


@kernel
def updated(state: State, rows: Columns, stale: Small, begin: Whole) -> tuple[Whole, Whole, Whole]:
    """Count rows from `begin` on, of the slices whose entry in `stale` is not 0.

    Returns:
        How many rows are done; the slice in which others have to go for the next one's key, -1 for none; the highest
        time of all rows, ms. If it is none and not all are done, arrays have to grow. Nothing is done if that time is
        out of range: -1 if one is before 1970.
    """
    ledger, slices, latest = state.ledger, state.dirty.size, latest_of(rows)
    if latest < 0 or latest >= TICKS_MAX * TICK_MS:
        return begin, -1, latest
    for first in range(begin, rows.key.size, AHEAD):
        many = smaller(AHEAD, rows.key.size - first)
        _look_ahead(state, rows, first, many)
        roomy = _has_room(state, many)
        for i in range(many):
            if not roomy and not _has_room(state, 1):
                return first + i, -1, latest
            row, key = state.ahead[i], rows.key[first + i]
            which = slice_of(row.hashed, slices)
            if key == 0 or stale[which] == 0:
                continue
            state.dirty[which] = 1
            tick = tick_of(row.party)
            now = larger(larger(ledger[which, NOW], tick), ratio(rows.clock[first + i], TICK_MS))
            ledger[which, NOW] = now
            if row.word == 0 or dead(tick, now):
                continue
            at = _slot_of(state, key, row.hashed, which, now)
            if at == CROWDED:
                return first + i, which, latest
            if at == TURNED:
                continue
            slot = state.slots[at]
            if dead(np.int64(slot.head), now):
                emptied(state, at)
            counted(state, slot, tick, row.party, row.word, now)
    return rows.key.size, -1, latest
