"""Kernels that make room: what has died goes first, then the keys whose latest event is the oldest.

Keys die on the hour, so the table is swept once in an hour of event time, a stripe of it after each batch; nothing
depends on when. When it is full of living keys, a sixteenth is evicted at once: those whose latest tick is the
oldest, of one tick the smallest keys. Keys with 20 events in the last hour stay. Where fewer than a sixteenth may
go, these go, and new keys are turned away until the tick is over. So it follows from the order of rows alone,
however they are cut, which keys there are; a row costs more than a look-up only once in a sixteenth of the keys, or
once in a tick.
"""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.hashing import Word
from models.windows.counting import pruned
from models.windows.layout import (
    BUSY,
    CHUNK,
    CLOSED,
    DAY,
    EVICTED,
    FLAG_BITS,
    FLAGS,
    HOUR,
    NOW,
    SLOT,
    USED,
    Record,
    State,
    Truth,
    Whole,
)
from models.windows.slots import dead, forgotten, mixed, place_of, tick_of

KEPT = 20
"""Events in the last hour that make a key stay; a `cdr` is up to three (contract section 2)."""
SHARE = 16
"""A sixteenth of the keys is evicted at a time."""
_DIGIT = 16
_FULL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@part
def _lately(state: State, slot: Record, now: Whole) -> Whole:
    """Return how many events of a key lie in its last hour (12 buckets of 5 min)."""
    events, oldest = np.int64(0), now // 30 - 11
    if slot.entries == BUSY:
        for bucket in range(oldest, np.int64(slot.head) // 30 + 1):
            found = state.buckets[slot.link, 11 + bucket % 12]
            events += np.int64(found.attempts) + np.int64(found.refused)
            events += np.int64(found.answered) + np.int64(found.ended)
        return events
    chunk, size = np.int64(slot.link), np.int64(slot.entries)
    while size > 0:
        held = (size - 1) % CHUNK + 1
        for place in range(held):
            if tick_of(state.chunks[chunk].party[place]) // 30 >= oldest:
                flags = np.int64(state.chunks[chunk].word[place]) & FLAGS
                while flags:
                    flags &= flags - 1
                    events += 1
        chunk = np.int64(state.chunks[chunk].before)
        size -= held
    return events


@part
def _stays(state: State, slot: Record, now: Whole) -> Truth:
    """Say whether a slot is free, or holds a key that is never evicted."""
    if slot.key == 0:
        return True
    if np.int64(slot.head) // 30 < now // 30 - 11 or np.int64(slot.entries) * FLAG_BITS < KEPT:
        return False
    return _lately(state, slot, now) >= KEPT


@part
def _oldest(state: State, many: Whole, now: Whole) -> tuple[Whole, Whole]:
    """Return a tick before which all keys go, and how many of that tick go besides, so that `many` go if they may."""
    begin = (now // HOUR - DAY + 1) * HOUR
    ages = np.zeros(now - begin + 1, np.int64)
    for at in range(state.marks[SLOT]):
        if not _stays(state, state.slots[at], now):
            ages[np.int64(state.slots[at].head) - begin] += 1
    for age in range(ages.size):
        if ages[age] >= many:
            return begin + age, many
        many -= ages[age]
    return now + 1, 0


@part
def _largest(state: State, tick: Whole, many: Whole, now: Whole) -> Word:
    """Return the largest of the `many` smallest keys of a tick that may go (radix selection, 16 bits at a time)."""
    chosen = np.uint64(0)
    for shift in range(64 - _DIGIT, -1, -_DIGIT):
        digits = np.zeros(1 << _DIGIT, np.int64)
        above = np.uint64(0) if shift + _DIGIT == 64 else _FULL << np.uint64(shift + _DIGIT)
        for at in range(state.marks[SLOT]):
            slot = state.slots[at]
            if slot.head == tick and (slot.key ^ chosen) & above == 0 and not _stays(state, slot, now):
                digits[np.int64(slot.key >> np.uint64(shift)) & ((1 << _DIGIT) - 1)] += 1
        digit = 0
        while digits[digit] < many:
            many -= digits[digit]
            digit += 1
        chosen |= np.uint64(digit) << np.uint64(shift)
    return chosen


@part
def slice_of(state: State, hashed: Word) -> Whole:
    """Return the slice of a hash."""
    return np.int64((hashed >> np.uint64(32)) * np.uint64(state.dirty.size) >> np.uint64(32))


@part
def _evicted(state: State, many: Whole, now: Whole) -> Whole:
    """Evict as many of the oldest keys as may go; return how many went. No key is dead."""
    tick, more = _oldest(state, many, now)
    last = _largest(state, tick, more, now) if more else np.uint64(0)
    gone = 0
    for at in range(state.marks[SLOT]):
        slot = state.slots[at]
        old = slot.head < tick or (more > 0 and slot.head == tick and slot.key <= last)
        if old and not _stays(state, slot, now):
            hashed = mixed(slot.key, state.seed)
            state.dirty[slice_of(state, hashed)] = 1
            forgotten(state, place_of(state, slot.key, hashed))
            gone += 1
    return gone


@part
def _swept(state: State, begin: Whole, end: Whole, logs: bool) -> None:
    now = state.marks[NOW]
    for at in range(begin, end):
        slot = state.slots[at]
        if slot.key == 0:
            continue
        if dead(np.int64(slot.head), now):
            forgotten(state, place_of(state, slot.key, mixed(slot.key, state.seed)))
        elif logs and slot.entries != BUSY and slot.entries > CHUNK:
            pruned(state, slot, now)


@nb.njit(cache=True, nogil=True)
def swept(state: State, begin: Whole, end: Whole, logs: bool) -> None:
    """Free the slots from `begin` to `end` of dead keys, and of dead events where `logs` says so."""
    _swept(borrowed(state), begin, min(end, state.marks[SLOT]), logs)


@nb.njit(cache=True, nogil=True)
def thinned(state: State) -> None:
    """Make room in a full table: of what has died; else, of the oldest keys."""
    state = borrowed(state)
    marks, now = state.marks, state.marks[NOW]
    _swept(state, 0, marks[SLOT], False)
    if marks[USED + SLOT] < state.limit:
        return
    many = max(1, state.limit // SHARE)
    gone = _evicted(state, many, now)
    marks[EVICTED] += gone
    if gone < many:
        marks[CLOSED] = now
