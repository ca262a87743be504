"""Kernels that find a key's slot, and that give and take slots, chunks, blocks and sketches.

The index is open addressing with linear probing and backward-shift deletion (Knuth, TAOCP 3, section 6.4, algorithm
R), ordered by the top bits of the hash: a slice is a stretch of it, and growing it is one pass in order.
"""

from typing import Any

import numpy as np

from models.hashing import Keys, Word
from models.windows.arithmetic import ratio
from models.windows.layout import (
    BITS,
    BLOCKS,
    BUSY,
    CHUNK,
    CHUNKS,
    DAY,
    FREE,
    HOUR,
    KEYS,
    NONE,
    SKETCHES,
    SLOT,
    TAIL,
    TICKS_MAX,
    USED,
    Ints,
    Record,
    State,
    Truth,
    Whole,
)
from models.windows.parts import kernel, part

_LOW = np.uint64(0xFFFF_FFFF)
_TICK_BITS = np.uint64(28)
_ONE = np.uint64(1)
_HALF = np.uint64(32)


@part
def mixed(value: Word, seed: Word) -> Word:
    """Return a hash: the finaliser of SplitMix64 (Steele et al., 2014)."""
    word = (value ^ seed) + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def oldest(now: Any) -> Any:
    """Return the first tick that a window reaches which ends at tick `now`, of one or many."""
    return (now // HOUR - DAY + 1) * HOUR


@part
def dead(tick: Whole, now: Whole) -> Truth:
    """Say whether no window that ends at tick `now` reaches a tick."""
    return ratio(tick, HOUR) <= ratio(now, HOUR) - DAY


@part
def tick_of(party: Word) -> Whole:
    """Return the tick of a party or a log entry."""
    return np.int64(party & np.uint64(TICKS_MAX - 1))


@part
def hash_of(party: Word) -> Word:
    """Return the 36 bits of hash of a party; 0 is nobody."""
    return party >> _TICK_BITS


@part
def party_of(other: Word, tick: Whole, seed: Word) -> Word:
    """Return 36 bits of hash and 28 of tick; the hash of nobody (0) is 0, and no other's."""
    if other == 0:
        return np.uint64(tick)
    hashed = mixed(other, seed) >> _TICK_BITS
    return ((hashed if hashed != 0 else _ONE) << _TICK_BITS) | np.uint64(tick)


@part
def start_of(word: Word, bits: Whole) -> Word:
    """Return where in the index a hash, or an entry of the index, would like to stand."""
    return word >> np.uint64(64 - bits)


@part
def slot_in(entry: Word) -> Whole:
    """Return the slot that an entry of the index leads to."""
    return np.int64(entry & _LOW) - 1


@part
def place_of(state: State, key: Word, hashed: Word) -> Whole:
    """Return where a key stands in the index, or the complement of where it would."""
    mask = np.uint64(state.places.size - 1)
    at = start_of(hashed, state.marks[BITS])
    while True:
        entry = state.places[at]
        if entry == 0:
            return ~np.int64(at)
        if (entry ^ hashed) >> _HALF == 0 and state.slots[slot_in(entry)].key == key:
            return np.int64(at)
        at = (at + _ONE) & mask


@part
def slice_of(hashed: Word, slices: Whole) -> Whole:
    """Return the slice of a hash, or of an entry of the index."""
    return np.int64((hashed >> _HALF) * np.uint64(slices) >> _HALF)


@kernel
def _hashed(keys: Keys, seed: Word, out: Keys) -> None:
    for i in range(keys.size):
        out[i] = mixed(keys[i], seed)


def hashes(keys: Keys, seed: np.uint64) -> Keys:
    """Return the hash of every key."""
    keys = np.array(keys, np.uint64)  # a copy: kernels are compiled for what is writable
    _hashed(keys, seed, keys)
    return keys


def slices(hashed: Keys, many: int) -> Ints:
    """Return the slice, of so many, of every hash."""
    return ((hashed >> _HALF) * np.uint64(many) >> _HALF).astype(np.int64)


@kernel
def grown(old: Keys, new: Keys, bits: Whole) -> None:
    """Fill an empty index of 2^bits places with what stands in another."""
    mask = np.uint64(new.size - 1)
    for entry in old:
        if entry != 0:
            at = start_of(entry, bits)
            while new[at] != 0:
                at = (at + _ONE) & mask
            new[at] = entry


@part
def _removed(index: Keys, place: Whole, bits: Whole) -> None:
    """Empty a place, and move up what probing would not find any more."""
    mask = np.uint64(index.size - 1)
    hole = np.uint64(place)
    at = hole
    while True:
        at = (at + _ONE) & mask
        entry = index[at]
        if entry == 0:
            break
        if (at - start_of(entry, bits)) & mask >= (at - hole) & mask:
            index[hole] = entry
            hole = at
    index[hole] = 0


@part
def taken(links: Any, marks: Ints, pool: Whole) -> Whole:
    """Take an element out of a pool, of which there is one; `links` lead from a freed one to the one freed before."""
    marks[USED + pool] += 1
    freed = marks[FREE + pool]
    if freed:
        marks[FREE + pool] = links[freed - 1]
        return np.int64(freed - 1)
    marks[pool] += 1
    return np.int64(marks[pool] - 1)


@part
def given(links: Any, marks: Ints, pool: Whole, which: Whole) -> None:
    """Give an element back to its pool."""
    marks[USED + pool] -= 1
    links[which] = marks[FREE + pool]
    marks[FREE + pool] = which + 1


@part
def inserted(state: State, key: Word, hashed: Word, place: Whole) -> Whole:
    """Give a key that has none a slot, in which there is nothing yet, by an empty place of the index."""
    slots = state.slots
    at = taken(slots["link"], state.marks, SLOT)
    state.places[place] = (hashed & ~_LOW) | np.uint64(at + 1)
    slots[at].key = key
    slots[at].head = 0
    slots[at].entries = 0
    state.ledger[slice_of(hashed, state.dirty.size), KEYS] += 1
    return at


@part
def chained(slot: Record) -> Whole:
    """Return how many entries of a log are in chunks."""
    return np.int64(slot.entries) - np.int64(slot.entries - 1) % TAIL - 1 if slot.entries > 0 else np.int64(0)


@part
def unlogged(state: State, slot: Record) -> None:
    """Free the log of a slot."""
    chunk, size = np.int64(slot.link), chained(slot)
    while size > 0:
        before = np.int64(state.chunks[chunk].before)
        given(state.chunks["before"], state.marks, CHUNKS, chunk)
        chunk = before
        size -= (size - 1) % CHUNK + 1
    slot.entries = 0


@part
def unsketched(state: State, slot: Record) -> None:
    """Free the sketch of a busy key, if it has one: the table is exact again."""
    if slot.sketch != NONE:
        given(state.spare["next"], state.marks, SKETCHES, np.int64(slot.sketch))
        slot.sketch = NONE
    slot.lost = 0


@part
def emptied(state: State, at: Whole) -> None:
    """Take all that a slot holds; its key stays."""
    slot = state.slots[at]
    if slot.entries == BUSY:
        unsketched(state, slot)
        given(state.met[:, 0], state.marks, BLOCKS, np.int64(slot.link))
        slot.entries = 0
    else:
        unlogged(state, slot)
    slot.head = 0


@part
def forgotten(state: State, place: Whole) -> None:
    """Free the slot that the index has at a place, and the place."""
    at = slot_in(state.places[place])
    state.ledger[slice_of(state.places[place], state.dirty.size), KEYS] -= 1
    emptied(state, at)
    state.slots[at].key = 0
    given(state.slots["link"], state.marks, SLOT, at)
    _removed(state.places, place, state.marks[BITS])
