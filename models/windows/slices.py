"""Kernels that read a slice of a table into columns and back: only what lives, in one order.

Equal state gives equal bytes. What no window reaches any more is left out, and nothing depends on it. The order of keys
is that of their hashes, so that the index is read and filled from one end to the other.
"""

import numpy as np

from models.hashing import Word
from models.windows.arithmetic import place_in, ratio
from models.windows.counting import blocked, closed, logged, read_log
from models.windows.layout import (
    AHEAD,
    BLOCK,
    BUCKETS,
    BUSY,
    FIRSTS,
    KEYS,
    NONE,
    REGISTERS,
    TABLE,
    WIDTHS,
    Ints,
    Record,
    Small,
    State,
    Whole,
)
from models.windows.listing import slots_of
from models.windows.parties import listed, met, sketchless
from models.windows.parts import kernel, part
from models.windows.prefetching import fetch_all
from models.windows.slots import dead, inserted, mixed, place_of
from models.windows.wire import BUSY_ENTRIES, SKETCHED, Columns, Ledger, Place, Sizes, packed, room

_ONE = np.uint64(1)
_ENTRIES, _BUSY, _BUCKETS, _PARTIES, _REGISTERS, _COLUMNS = range(6)
"""Columns' ends as kernels count them: those of `Sizes` after the keys."""


@part
def _bits(head: Whole, now: Whole, first: Whole, count: Whole, width: Whole) -> Word:
    """Return a bit for every place in a block where one window reaches what stands there."""
    bits = np.uint64(0)
    for bucket in range(ratio(now, width) - count + 1, ratio(head, width) + 1):
        bits |= _ONE << np.uint64(first + place_in(bucket, count))
    return bits


@part
def _reached(head: Whole, now: Whole) -> Word:
    """Return a bit for every place in a block where a window reaches what stands there."""
    minute = _bits(head, now, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    five = _bits(head, now, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    hour = _bits(head, now, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    return minute | five | hour | _bits(head, now, FIRSTS[3], BUCKETS[3], WIDTHS[3])


@part
def _filled(bucket: Record) -> bool:
    return bool((bucket.attempts | bucket.refused | bucket.answered | bucket.ended) != 0)


@part
def _copied(source: Small, sketch: Whole, bucket: Whole, target: Small, at: Whole) -> bool:
    """Copy the registers of a bucket; False if there are none."""
    any_bits = np.uint8(0)
    for register in range(REGISTERS):
        any_bits |= source[sketch, bucket, register]
        target[at, register] = source[sketch, bucket, register]
    return bool(any_bits != 0)


@part
def _write_busy(state: State, slot: Record, now: Whole, out: Columns, ends: Ints) -> None:
    """Write a block."""
    closed(state, slot)
    block, busy = np.int64(slot.link), ends[_BUSY]
    reached = _reached(np.int64(slot.head), now)
    sketch = slot.sketch != NONE and not dead(np.int64(slot.lost), now)
    filled, sketched = np.uint64(0), np.uint64(SKETCHED if sketch else 0)
    for at in range(BLOCK):
        bit = _ONE << np.uint64(at)
        if reached & bit == 0:
            continue
        if _filled(state.buckets[block, at]):
            filled |= bit
            out.bucket[ends[_BUCKETS]] = state.buckets[block, at]
            ends[_BUCKETS] += 1
        if sketch and _copied(state.registers, np.int64(slot.sketch), at, out.registers, ends[_REGISTERS]):
            sketched |= bit
            ends[_REGISTERS] += 1
    end = listed(state.met[block], now, out.party, ends[_PARTIES])
    out.lost[busy] = slot.lost if sketch else 0
    out.parties[busy] = end - ends[_PARTIES]
    out.filled[busy] = filled
    out.sketched[busy] = sketched
    ends[_PARTIES] = end
    ends[_BUSY] += 1


@kernel
def _living(state: State, slots: Ints, now: Whole, sizes: Ints) -> Whole:
    """Move slots with a living key to the begin of `slots`; return how many, and into `sizes` what else they hold."""
    living = 0
    for at in slots:
        slot = state.slots[at]
        if dead(np.int64(slot.head), now):
            continue
        slots[living] = at
        living += 1
        if slot.entries == BUSY:
            sizes[_BUSY] += 1
            sizes[_BUCKETS] += BLOCK
            sizes[_PARTIES] += TABLE
            sizes[_REGISTERS] += BLOCK * (slot.sketch != NONE)
        else:
            sizes[_ENTRIES] += slot.entries
    return living


@kernel
def _written(state: State, slots: Ints, now: Whole, out: Columns, ends: Ints) -> None:
    """Write slots into columns that are long enough, and how long all but the keys' are into `ends`."""
    for i in range(slots.size):
        if i % AHEAD == 0:
            fetch_all(state, slots, i)
        slot = state.slots[slots[i]]
        out.key[i] = slot.key
        out.head[i] = slot.head
        if slot.entries == BUSY:
            out.entries[i] = BUSY_ENTRIES
            _write_busy(state, slot, now, out, ends)
        else:
            end = read_log(state, slot, now, out.log_party, out.log_word, ends[_ENTRIES])
            out.entries[i] = end - ends[_ENTRIES]
            ends[_ENTRIES] = end


def slice_bytes(state: State, place: Place) -> bytes:
    """Return a slice as bytes."""
    ledger = Ledger(*state.ledger[place.which, :KEYS].tolist())
    slots, most, ends = slots_of(state, place.which), np.zeros(_COLUMNS, np.int64), np.zeros(_COLUMNS, np.int64)
    slots = slots[: _living(state, slots, ledger.now, most)]
    columns = room(Sizes(len(slots), *most.tolist()))
    _written(state, slots, ledger.now, columns, ends)
    return packed(columns, Sizes(len(slots), *ends.tolist()), ledger, place)


@part
def _read_busy(state: State, slot: Record, columns: Columns, ends: Ints) -> None:
    """Fill an empty block."""
    block, busy = blocked(state, slot), ends[_BUSY]
    slot.lost = columns.lost[busy]
    if columns.sketched[busy] != 0:
        slot.sketch = sketchless(state)
    for at in range(BLOCK):
        if columns.filled[busy] >> np.uint64(at) & _ONE:
            state.buckets[block, at] = columns.bucket[ends[_BUCKETS]]
            ends[_BUCKETS] += 1
        if columns.sketched[busy] >> np.uint64(at) & _ONE:
            for register in range(REGISTERS):
                state.registers[slot.sketch, at, register] = columns.registers[ends[_REGISTERS], register]
            ends[_REGISTERS] += 1
    for _ in range(columns.parties[busy]):
        met(state.met[block], columns.party[ends[_PARTIES]])
        ends[_PARTIES] += 1
    slot.parties = columns.parties[busy]
    ends[_BUSY] += 1


@kernel
def filled(state: State, columns: Columns, ends: Ints) -> None:
    """Put the keys of checked columns into a table that has none of them, and room for all; `ends`: zeros."""
    for i in range(columns.key.size):
        key, hashed = columns.key[i], mixed(columns.key[i], state.seed)
        slot = state.slots[inserted(state, key, hashed, ~place_of(state, key, hashed))]
        slot.head = columns.head[i]
        if columns.entries[i] == BUSY_ENTRIES:
            _read_busy(state, slot, columns, ends)
            continue
        begin, end = ends[_ENTRIES], ends[_ENTRIES] + columns.entries[i]
        for at in range(end - 1, begin - 1, -1):
            logged(state, slot, columns.log_party[at], np.int64(columns.log_word[at]))
        ends[_ENTRIES] = end
