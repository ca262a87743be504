"""Kernels that make room: what has died goes first, then the keys whose latest event is the oldest.

Keys die on the hour, so the table is swept once in an hour of event time, a stripe of it after each batch; nothing
depends on when. When a slice is full of living keys, a sixteenth of what it may hold is evicted at once: keys whose
latest tick is the oldest, of one tick the smallest keys. Keys with 20 events in the last hour stay. Where fewer than a
sixteenth may go, these go, and new keys are turned away until the slice's tick is over. So it follows from the order
of a slice's own rows alone, however they are cut, which keys there are; a row costs more than a look-up only once in
a sixteenth of the keys, or once in a tick.
"""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.hashing import Keys, Word
from models.windows.counting import pruned
from models.windows.layout import (
    BUSY,
    CHUNK,
    CLOSED,
    EVICTED,
    FLAG_BITS,
    FLAGS,
    KEYS,
    NOW,
    SLOT,
    Record,
    State,
    Truth,
    Whole,
)
from models.windows.slots import dead, forgotten, mixed, place_of, slice_of, slots_of, tick_of

KEPT = 20
"""Events in the last hour that make a key stay; a `cdr` is up to three (contract section 2)."""
SHARE = 16
"""A sixteenth of the keys of a slice is evicted at a time."""
_BYTE = 8


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
    """Say whether a slot holds a key that is not to be evicted."""
    if np.int64(slot.head) // 30 < now // 30 - 11 or np.int64(slot.entries) * FLAG_BITS < KEPT:
        return False
    return _lately(state, slot, now) >= KEPT


@part
def _least(values: Keys, many: Whole) -> Word:
    """Return the largest of the `many` least values (radix selection, a byte at a time)."""
    chosen = np.uint64(0)
    for shift in range(64 - _BYTE, -1, -_BYTE):
        counts, byte = np.zeros(1 << _BYTE, np.int64), 0
        for value in values:
            rest = (value ^ chosen) >> np.uint64(shift)
            if rest >> np.uint64(_BYTE) == 0:
                counts[rest] += 1
        while counts[byte] < many:
            many -= counts[byte]
            byte += 1
        chosen |= np.uint64(byte) << np.uint64(shift)
    return chosen


@part
def _going(state: State, which: Whole, many: Whole, now: Whole) -> Keys:
    """Return the keys of a slice that are to be evicted: `many`, or all that may go."""
    slots, found = slots_of(state, which), 0
    keys, heads = np.empty(slots.size, np.uint64), np.empty(slots.size, np.uint64)
    for at in slots:
        if not _stays(state, state.slots[at], now):
            keys[found], heads[found] = state.slots[at].key, state.slots[at].head
            found += 1
    keys, heads = keys[:found], heads[:found]
    if found <= many:
        return keys
    tick = _least(heads, many)
    before, beside = keys[heads < tick], keys[heads == tick]
    last = _least(beside, many - before.size)
    return np.append(before, beside[beside <= last])


@nb.njit(cache=True, nogil=True)
def thinned(state: State, which: Whole) -> None:
    """Make room in a full slice: of what has died; else, of the oldest keys."""
    state = borrowed(state)
    ledger, now = state.ledger[which], state.ledger[which, NOW]
    for at in slots_of(state, which):
        slot = state.slots[at]
        if dead(np.int64(slot.head), now):
            forgotten(state, place_of(state, slot.key, mixed(slot.key, state.seed)))
    if ledger[KEYS] < state.limit:
        return
    many = max(1, state.limit // SHARE)
    going = _going(state, which, many, now)
    for key in going:
        forgotten(state, place_of(state, key, mixed(key, state.seed)))
    ledger[EVICTED] += going.size
    if going.size < many:
        ledger[CLOSED] = now


@nb.njit(cache=True, nogil=True)
def swept(state: State, begin: Whole, end: Whole, logs: bool) -> None:
    """Free the slots from `begin` to `end` of dead keys, and of dead events where `logs` says so."""
    state = borrowed(state)
    for at in range(begin, min(end, state.marks[SLOT])):
        slot = state.slots[at]
        if slot.key == 0:
            continue
        hashed = mixed(slot.key, state.seed)
        now = state.ledger[slice_of(hashed, state.dirty.size), NOW]
        if dead(np.int64(slot.head), now):
            forgotten(state, place_of(state, slot.key, hashed))
        elif logs and slot.entries != BUSY and slot.entries > CHUNK:
            pruned(state, slot, now)
