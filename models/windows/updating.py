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
    BUSY,
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
    Positions,
    Small,
    State,
    Whole,
)
from models.windows.noticing import Watching, notice
from models.windows.parts import kernel, part
from models.windows.prefetching import fetch
from models.windows.slots import dead, emptied, inserted, mixed, party_of, place_of, slice_of, slot_in, tick_of

_ATTEMPT, _ANSWER = int(EventKind.ATTEMPT), int(EventKind.ANSWER)
_RELEASE, _CDR = int(EventKind.RELEASE), int(EventKind.CDR)
CHUNKS_PER_ROW = CALM_MAX // CHUNK + 2
"""Chunks that one row may take: a log made of a block, and a chunk for its own event."""
GROW, FULL = -1, -2
"""Instead of a slice in which keys have to go: arrays have to grow; notices have to be taken out."""
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


def as_kernels_take(column: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return a column of a dtype that is contiguous, aligned and writable: for any other a kernel is compiled anew."""
    if column.dtype is dtype and column.flags.carray:
        return column
    return np.array(column, dtype)


def columns_of(columns: Iterable[npt.NDArray[Any]]) -> Columns:
    """Return columns as kernels take them: contiguous, writable, and of their dtypes.

    Raises:
        ValueError: they are of different lengths.
    """
    made: list[Any] = [as_kernels_take(column, dtype) for column, dtype in zip(columns, _DTYPES, strict=True)]
    if any(len(column) != len(made[0]) for column in made):
        raise ValueError("windows: columns of different lengths")
    return Columns(*made)


def latest_of(rows: Columns) -> int:
    """Return the highest time of any row, ms; -1 if one is before 1970."""
    times = rows.ts, rows.clock
    return max(int(column.max()) for column in times) if all(column.min() >= 0 for column in times) else -1


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
def _look_ahead(state: State, rows: Columns, chosen: Positions, begin: Whole, many: Whole) -> None:
    """Work out what so many rows count as, and ask for the memory that they need."""
    for i in range(many):
        at, ahead = chosen[begin + i], state.ahead[i]
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
def updated(
    state: State, rows: Columns, chosen: Positions, stale: Small, begin: Whole, watch: Watching
) -> tuple[Whole, Whole]:
    """Count the `chosen` rows, of the slices whose entry in `stale` is not 0.

    Args:
        state: of the table.
        rows: whose times are in range.
        chosen: int32[rows to count], their positions, rising.
        stale: uint8[slices].
        begin: place in `chosen` to begin at.
        watch: takes what is noticed of busy keys.

    Returns:
        The place in `chosen` of the next row to count; the slice in which others have to go for its key, GROW where
        arrays have to grow for it, FULL where there is no room for another notice.
    """
    ledger, slices = state.ledger, state.dirty.size
    for first in range(begin, chosen.size, AHEAD):
        many = smaller(AHEAD, chosen.size - first)
        _look_ahead(state, rows, chosen, first, many)
        roomy = _has_room(state, many)
        for i in range(many):
            if not roomy and not _has_room(state, 1):
                return first + i, GROW
            if watch.many[0] == watch.noticed.row.size:
                return first + i, FULL
            row, key = state.ahead[i], rows.key[chosen[first + i]]
            which = slice_of(row.hashed, slices)
            if key == 0 or stale[which] == 0:
                continue
            state.dirty[which] = 1
            tick = tick_of(row.party)
            now = larger(larger(ledger[which, NOW], tick), ratio(rows.clock[chosen[first + i]], TICK_MS))
            ledger[which, NOW] = now
            if row.word == 0 or dead(tick, now):
                continue
            at = _slot_of(state, key, row.hashed, which, now)
            if at == CROWDED:
                return first + i, which
            if at == TURNED:
                continue
            slot = state.slots[at]
            if dead(np.int64(slot.head), now):
                emptied(state, at)
            before = np.int64(slot.head)
            counted(state, slot, tick, row.party, row.word, now)
            if tick > before and slot.entries == BUSY and row.word & ATTEMPT:
                notice(state, slot, chosen[first + i], before, now, watch)
    return chosen.size, GROW
