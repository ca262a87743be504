"""The kernels that read the windows of keys: their sums, their single buckets, and which keys there are."""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.hashing import Keys, Word
from models.windows.counting import read_log
from models.windows.layout import (
    ATTEMPT,
    BLOCK,
    BUCKETS,
    BUSY,
    COUNTERS,
    FIRSTS,
    FLAG_BITS,
    NONE,
    NOW,
    REGISTERS,
    SHORT_MS,
    SLOT,
    WIDTHS,
    Ints,
    Record,
    Small,
    State,
    Whole,
)
from models.windows.parties import estimated, met
from models.windows.slots import dead, hash_of, mixed, place_of, slice_of, slot_at, tick_of

DISTINCT = COUNTERS
EXACT = COUNTERS + 1
FIELDS = COUNTERS + 2
"""What is read of a window: the counters of a bucket in order, distinct parties, and whether these are exact."""


@part
def _read_table(table: Keys, now: Whole, window: Whole) -> Whole:
    """Return how many parties of a table a window reaches."""
    oldest = (now // WIDTHS[window] - BUCKETS[window] + 1) * WIDTHS[window]
    reached = 0
    for party in table:
        if party != 0 and tick_of(party) >= oldest:
            reached += 1
    return reached


@part
def _add_event(word: Whole, out: Ints) -> None:
    """Add a log entry to the counters of a bucket."""
    duration = word >> FLAG_BITS
    for flag in range(4):
        out[flag] += word >> flag & 1
    out[4] += duration > 0
    out[5] += 0 < duration < SHORT_MS
    out[6] += duration


@part
def _read_events(state: State, slot: Record, now: Whole, out: Ints, table: Keys) -> None:
    """Add up a log; `table` is scratch."""
    living = read_log(state, slot, now)
    table[:] = 0
    for i in range(living):
        tick, word = tick_of(state.parties[i]), np.int64(state.words[i])
        if word & ATTEMPT and hash_of(state.parties[i]) != 0:
            met(table, state.parties[i])
        for window in range(4):
            if tick // WIDTHS[window] > now // WIDTHS[window] - BUCKETS[window]:
                _add_event(word, out[window])
    for window in range(4):
        out[window, DISTINCT] = _read_table(table, now, window)


@part
def _add_bucket(bucket: Record, out: Ints) -> None:
    out[0] += bucket.attempts
    out[1] += bucket.refused
    out[2] += bucket.answered
    out[3] += bucket.ended
    out[4] += bucket.talked
    out[5] += bucket.short
    out[6] += bucket.duration


@part
def _read_block(state: State, slot: Record, now: Whole, out: Ints, union: Small, counts: Ints) -> None:
    """Add up a block; `union` and `counts` are scratch."""
    block, busy = np.int64(slot.link), state.busy[slot.link]
    for window in range(4):
        width, count, first = WIDTHS[window], BUCKETS[window], FIRSTS[window]
        oldest = now // width - count + 1
        for bucket in range(oldest, np.int64(slot.head) // width + 1):
            _add_bucket(state.buckets[block, first + bucket % count], out[window])
        out[window, DISTINCT] = _read_table(state.met[block], now, window)
        if busy.sketch == NONE or oldest * width > busy.lost:
            continue
        union[:] = 0
        for bucket in range(oldest, np.int64(slot.head) // width + 1):
            registers = state.registers[busy.sketch, first + bucket % count]
            for register in range(REGISTERS):
                union[register] = max(union[register], registers[register])
        out[window, DISTINCT] = min(np.int64(np.rint(estimated(union, counts))), out[window, 0])
        out[window, EXACT] = 0


@part
def _living(state: State, key: Word, now: Whole) -> Whole:
    """Return the slot of a key that a window reaches at tick `now`, -1 for none."""
    place = place_of(state, key, mixed(key, state.seed))
    if place < 0 or key == 0:
        return -1
    at = slot_at(state, place)
    return -1 if dead(np.int64(state.slots[at].head), now) else at


@nb.njit(cache=True, nogil=True, error_model="numpy")
def asked(state: State, keys: Keys, now: Whole) -> Ints:
    """Return int64[keys, windows, FIELDS] at tick `now`; zeros for a key that is not there."""
    state, keys = borrowed(state), borrowed(keys)
    out = np.zeros((keys.size, 4, FIELDS), np.int64)
    table, union = np.empty_like(state.parties), np.empty(REGISTERS, np.uint8)
    counts = np.empty(32, np.int64)
    out[:, :, EXACT] = 1
    for i in range(keys.size):
        at = _living(state, keys[i], now)
        if at < 0:
            continue
        slot = state.slots[at]
        if slot.entries == BUSY:
            _read_block(state, slot, now, out[i], union, counts)
        else:
            _read_events(state, slot, now, out[i], table)
    return out


@nb.njit(cache=True, nogil=True, error_model="numpy")
def buckets(state: State, keys: Keys, now: Whole) -> Ints:
    """Return int64[keys, BLOCK, COUNTERS]: the buckets of each window that ends at tick `now`, the oldest first."""
    state, keys = borrowed(state), borrowed(keys)
    out = np.zeros((keys.size, BLOCK, COUNTERS), np.int64)
    for i in range(keys.size):
        at = _living(state, keys[i], now)
        if at < 0:
            continue
        slot = state.slots[at]
        events = 0 if slot.entries == BUSY else read_log(state, slot, now)
        for window in range(4):
            width, count, first = WIDTHS[window], BUCKETS[window], FIRSTS[window]
            oldest = now // width - count + 1
            for event in range(events):
                bucket = tick_of(state.parties[event]) // width
                if bucket >= oldest:
                    _add_event(np.int64(state.words[event]), out[i, first + bucket - oldest])
            if slot.entries == BUSY:
                for bucket in range(oldest, np.int64(slot.head) // width + 1):
                    _add_bucket(state.buckets[slot.link, first + bucket % count], out[i, first + bucket - oldest])
    return out


@nb.njit(cache=True, nogil=True)
def living(state: State) -> Keys:
    """Return the keys that a window reaches at the time of their slice."""
    state = borrowed(state)
    keys, found = np.empty(state.marks[SLOT], np.uint64), 0
    for at in range(keys.size):
        key = state.slots[at].key
        which = slice_of(mixed(key, state.seed), state.dirty.size)
        if key != 0 and not dead(np.int64(state.slots[at].head), state.ledger[which, NOW]):
            keys[found] = key
            found += 1
    return keys[:found]


@nb.njit(cache=True, nogil=True)
def slices(keys: Keys, many: Whole, seed: Word) -> Ints:
    """Return the slice, of so many, of every key."""
    found = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        found[i] = slice_of(mixed(keys[i], seed), many)
    return found
