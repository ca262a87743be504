"""The keys of a slice in the order of their hashes: that of the index is nearly it, and sorting costs next to none."""

import numpy as np

from models.hashing import Keys, Word
from models.windows.arithmetic import ratio
from models.windows.layout import KEYS, Ints, Records, State, Truth, Whole
from models.windows.parts import kernel, part
from models.windows.prefetching import prefetch
from models.windows.slots import mixed, slice_of, slot_in

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFF_FFFF)


@part
def _follows(slots: Records, one: Word, other: Word, seed: Word) -> Truth:
    """Say whether an entry of the index comes behind another in the order of their hashes."""
    if (one ^ other) >> _HALF != 0:
        return one > other
    return mixed(slots[slot_in(one)].key, seed) > mixed(slots[slot_in(other)].key, seed)


@kernel
def _sorted(places: Keys, slots: Records, seed: Word, which: Whole, slices: Whole, out: Keys) -> None:
    """Give all entries of a slice, one of so many, in the order of their hashes."""
    place, found = which * ratio(places.size, slices), 0
    while found < out.size:
        entry = places[place & (places.size - 1)]
        place += 1
        if entry != 0 and slice_of(entry, slices) == which:
            at = found
            while at > 0 and _follows(slots, out[at - 1], entry, seed):
                out[at] = out[at - 1]
                at -= 1
            out[at] = entry
            found += 1
            prefetch(slots, slot_in(entry))


def slots_of(state: State, which: int) -> Ints:
    """Return the slots of a slice's keys, in the order of the keys' hashes; they have been asked for, and are near."""
    entries = np.empty(state.ledger[which, KEYS], np.uint64)
    _sorted(state.places, state.slots, state.seed, which, len(state.dirty), entries)
    return (entries & _LOW).astype(np.int64) - 1
