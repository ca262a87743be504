"""Kernels that read a slice of a table into columns and back: only what lives, in one order.

Equal state gives equal bytes. What no window reaches any more is left out, and nothing depends on it.
"""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.windows.counting import blocked, logged, read_log, sort
from models.windows.layout import (
    BLOCK,
    BUCKETS,
    BUSY,
    FIRSTS,
    KEYS,
    NONE,
    NOW,
    SKETCHES,
    TABLE,
    WIDTHS,
    Ints,
    Record,
    State,
    Truth,
    Whole,
)
from models.windows.parties import met
from models.windows.slots import dead, forgotten, inserted, mixed, place_of, slots_of, taken, tick_of
from models.windows.wire import BUSY_ENTRIES, SKETCHED, Columns, Ledger, Place, Sizes, packed, room

_ONE = np.uint64(1)


@nb.njit(cache=True, nogil=True)
def _living(state: State, which: Whole) -> Ints:
    """Return the slots of a slice's living keys."""
    state = borrowed(state)
    slots, found, now = slots_of(state, which), 0, state.ledger[which, NOW]
    for at in slots:
        if not dead(np.int64(state.slots[at].head), now):
            slots[found] = at
            found += 1
    return slots[:found]


@nb.njit(cache=True, nogil=True)
def cleared(state: State, which: Whole) -> None:
    """Forget every key of a slice."""
    state = borrowed(state)
    for at in slots_of(state, which):
        key = state.slots[at].key
        forgotten(state, place_of(state, key, mixed(key, state.seed)))


@part
def _reached(slot: Record, window: Whole, place: Whole, now: Whole) -> Truth:
    """Say whether a window reaches what stands at one of its places in a block."""
    newest = np.int64(slot.head) // WIDTHS[window]
    bucket = newest - (newest - place) % BUCKETS[window]
    return bucket > now // WIDTHS[window] - BUCKETS[window]


@part
def _filled(bucket: Record) -> bool:
    return bool((bucket.attempts | bucket.refused | bucket.answered | bucket.ended) != 0)


@part
def _write_busy(state: State, slot: Record, now: Whole, out: Columns, busy: Whole, ends: Ints) -> None:
    """Write a block as number `busy`; `ends`: how many buckets, parties and registers there are so far."""
    block = np.int64(slot.link)
    record = state.busy[block]
    sketch = record.sketch != NONE and not dead(np.int64(record.lost), now)
    filled, sketched = np.uint64(0), np.uint64(SKETCHED if sketch else 0)
    for window in range(4):
        for place in range(BUCKETS[window]):
            at = FIRSTS[window] + place
            if not _reached(slot, window, place, now):
                continue
            if _filled(state.buckets[block, at]):
                filled |= _ONE << np.uint64(at)
                out.bucket[ends[0]] = state.buckets[block, at]
                ends[0] += 1
            if sketch and state.registers[record.sketch, at].any():
                sketched |= _ONE << np.uint64(at)
                out.registers[ends[2]] = state.registers[record.sketch, at]
                ends[2] += 1
    begin = ends[1]
    for party in state.met[block]:
        if party != 0 and not dead(tick_of(party), now):
            out.party[ends[1]] = party
            ends[1] += 1
    sort(out.party[begin : ends[1]], state.words)
    out.lost[busy] = record.lost if sketch else 0
    out.parties[busy] = ends[1] - begin
    out.filled[busy] = filled
    out.sketched[busy] = sketched


@nb.njit(cache=True, nogil=True)
def _written(state: State, slots: Ints, now: Whole, out: Columns) -> tuple[Whole, ...]:
    """Write slots into columns that are long enough; return how long all but the keys' are."""
    state, out = borrowed(state), borrowed(out)
    entries, busy, ends = np.int64(0), 0, np.zeros(3, np.int64)
    for i in range(slots.size):
        slot = state.slots[slots[i]]
        out.key[i], out.head[i], out.entries[i] = slot.key, slot.head, BUSY_ENTRIES
        if slot.entries == BUSY:
            _write_busy(state, slot, now, out, busy, ends)
            busy += 1
            continue
        living = read_log(state, slot, now)
        end = entries + living
        out.log_party[entries:end] = state.parties[:living]
        out.log_word[entries:end] = state.words[:living]
        sort(out.log_party[entries:end], out.log_word[entries:end])
        out.entries[i] = living
        entries = end
    return entries, busy, ends[0], ends[1], ends[2]


def slice_bytes(state: State, place: Place) -> bytes:
    """Return a slice as bytes."""
    ledger = Ledger(*state.ledger[place.which, :KEYS].tolist())
    slots = _living(state, place.which)
    slots = slots[np.argsort(state.slots["key"][slots])]
    entries = state.slots["entries"][slots].astype(np.int64)
    blocks = state.slots["link"][slots[entries == BUSY]]
    sketches = int((state.busy["sketch"][blocks] != NONE).sum())
    logs = int(entries[entries != BUSY].sum())
    columns = room(Sizes(len(slots), logs, len(blocks), len(blocks) * BLOCK, len(blocks) * TABLE, sketches * BLOCK))
    sizes = Sizes(len(slots), *map(int, _written(state, slots, ledger.now, columns)))
    return packed(columns, sizes, ledger, place)


@part
def _read_busy(state: State, block: Whole, columns: Columns, busy: Whole, ends: Ints) -> None:
    """Fill an empty block from number `busy`."""
    record = state.busy[block]
    record.lost = columns.lost[busy]
    if columns.sketched[busy] != 0:
        record.sketch = taken(state.spare, state.marks, SKETCHES)
        state.registers[record.sketch] = 0
    for at in range(BLOCK):
        if columns.filled[busy] >> np.uint64(at) & _ONE:
            state.buckets[block, at] = columns.bucket[ends[0]]
            ends[0] += 1
        if columns.sketched[busy] >> np.uint64(at) & _ONE:
            state.registers[record.sketch, at] = columns.registers[ends[2]]
            ends[2] += 1
    for _ in range(columns.parties[busy]):
        met(state.met[block], columns.party[ends[1]])
        ends[1] += 1
    record.parties = columns.parties[busy]


@nb.njit(cache=True, nogil=True)
def filled(state: State, columns: Columns) -> None:
    """Put the keys of checked columns into a table that has none of them, and room for all."""
    state, columns = borrowed(state), borrowed(columns)
    entries, busy, ends = 0, 0, np.zeros(3, np.int64)
    for i in range(columns.key.size):
        key, hashed = columns.key[i], mixed(columns.key[i], state.seed)
        slot = state.slots[inserted(state, key, hashed, ~place_of(state, key, hashed))]
        slot.head = columns.head[i]
        if columns.entries[i] == BUSY_ENTRIES:
            _read_busy(state, blocked(state, slot), columns, busy, ends)
            busy += 1
            continue
        for _ in range(columns.entries[i]):
            logged(state, slot, columns.log_party[entries], np.int64(columns.log_word[entries]))
            entries += 1
