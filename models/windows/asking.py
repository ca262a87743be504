"""The kernel that reads the windows of keys."""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.hashing import Keys
from models.windows.counting import read_log
from models.windows.layout import (
    ATTEMPT,
    BUCKETS,
    BUSY,
    COUNTERS,
    FIRSTS,
    FLAG_BITS,
    NONE,
    REGISTERS,
    SHORT_MS,
    WIDTHS,
    Ints,
    Record,
    Small,
    State,
    Whole,
)
from models.windows.parties import estimated, met
from models.windows.slots import dead, hash_of, mixed, place_of, slot_at, tick_of

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
def _read_events(state: State, slot: Record, now: Whole, out: Ints, table: Keys) -> None:
    """Add up a log; `table` is scratch."""
    living = read_log(state, slot, now)
    table[:] = 0
    for i in range(living):
        tick, word = tick_of(state.parties[i]), np.int64(state.words[i])
        if word & ATTEMPT and hash_of(state.parties[i]) != 0:
            met(table, state.parties[i])
        duration = word >> FLAG_BITS
        for window in range(4):
            if tick // WIDTHS[window] > now // WIDTHS[window] - BUCKETS[window]:
                for flag in range(4):
                    out[window, flag] += word >> flag & 1
                out[window, 4] += duration > 0
                out[window, 5] += 0 < duration < SHORT_MS
                out[window, 6] += duration
    for window in range(4):
        out[window, DISTINCT] = _read_table(table, now, window)


@part
def _read_bucket(bucket: Record, out: Ints) -> None:
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
            _read_bucket(state.buckets[block, first + bucket % count], out[window])
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


@nb.njit(cache=True, nogil=True, error_model="numpy")
def asked(state: State, keys: Keys, now: Whole) -> Ints:
    """Return int64[keys, windows, FIELDS] at tick `now`; zeros for a key that is not there."""
    state, keys = borrowed(state), borrowed(keys)
    out = np.zeros((keys.size, 4, FIELDS), np.int64)
    table, union = np.empty_like(state.parties), np.empty(REGISTERS, np.uint8)
    counts = np.empty(32, np.int64)
    out[:, :, EXACT] = 1
    for i in range(keys.size):
        place = place_of(state, keys[i], mixed(keys[i], state.seed))
        if place < 0 or keys[i] == 0:
            continue
        slot = state.slots[slot_at(state, place)]
        if dead(np.int64(slot.head), now):
            continue
        if slot.entries == BUSY:
            _read_block(state, slot, now, out[i], union, counts)
        else:
            _read_events(state, slot, now, out[i], table)
    return out
