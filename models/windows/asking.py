"""The kernels that read the windows of keys: their sums, and their single buckets."""

from typing import NamedTuple

import numpy as np

from models.hashing import Keys, Word
from models.windows.arithmetic import larger, smaller
from models.windows.counting import closed, kept
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
from models.windows.parties import cleared, estimated, met
from models.windows.parts import kernel, part
from models.windows.slots import dead, hash_of, mixed, place_of, slot_in, tick_of

DISTINCT = COUNTERS
EXACT = COUNTERS + 1
FIELDS = COUNTERS + 2
"""What is read of a window: the counters of a bucket in order, distinct parties, and whether these are exact."""


class Scratch(NamedTuple):
    """Arrays that answers are worked out in.

    Attributes:
        table: uint64[TABLE], parties.
        union: uint8[REGISTERS].
        counts: int64[RANK_MAX + 2], registers of each rank.
    """

    table: Keys
    union: Small
    counts: Ints


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
    living = kept(state, slot, now)
    cleared(table)
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
def read_block(state: State, slot: Record, now: Whole, out: Ints, union: Small, counts: Ints) -> None:
    """Add up the windows of a busy key, int64[windows, FIELDS]; `union` and `counts` are scratch."""
    closed(state, slot)
    block = np.int64(slot.link)
    for window in range(4):
        width, count, first = WIDTHS[window], BUCKETS[window], FIRSTS[window]
        oldest = now // width - count + 1
        for bucket in range(oldest, np.int64(slot.head) // width + 1):
            _add_bucket(state.buckets[block, first + bucket % count], out[window])
        out[window, DISTINCT] = _read_table(state.met[block], now, window)
        if slot.sketch == NONE or oldest * width > slot.lost:
            continue
        for register in range(REGISTERS):
            union[register] = 0
        for bucket in range(oldest, np.int64(slot.head) // width + 1):
            for register in range(REGISTERS):
                rank = state.registers[slot.sketch, first + bucket % count, register]
                union[register] = larger(union[register], rank)
        out[window, DISTINCT] = smaller(np.int64(estimated(union, counts) + 0.5), out[window, 0])
        out[window, EXACT] = 0


@part
def _living(state: State, key: Word, now: Whole) -> Whole:
    """Return the slot of a key that a window reaches at tick `now`, -1 for none."""
    place = place_of(state, key, mixed(key, state.seed))
    if place < 0 or key == 0:
        return -1
    at = slot_in(state.places[place])
    return -1 if dead(np.int64(state.slots[at].head), now) else at


@kernel
def asked(state: State, keys: Keys, now: Whole, out: Ints, scratch: Scratch) -> None:
    """Add up what windows hold at tick `now`.

    Args:
        state: of the table.
        keys: of which some may not be there.
        now: where the windows end.
        out: int64[keys, windows, FIELDS], `EXACT` 1 and all else 0.
        scratch: of any content.
    """
    for i in range(keys.size):
        at = _living(state, keys[i], now)
        if at < 0:
            continue
        slot = state.slots[at]
        if slot.entries == BUSY:
            read_block(state, slot, now, out[i], scratch.union, scratch.counts)
        else:
            _read_events(state, slot, now, out[i], scratch.table)


@kernel
def buckets(state: State, keys: Keys, now: Whole, out: Ints) -> None:
    """Add the buckets of each window that ends at tick `now`, the oldest first, to int64[keys, BLOCK, COUNTERS]."""
    for i in range(keys.size):
        at = _living(state, keys[i], now)
        if at < 0:
            continue
        slot = state.slots[at]
        if slot.entries == BUSY:
            closed(state, slot)
        events = np.int64(0) if slot.entries == BUSY else kept(state, slot, now)
        for window in range(4):
            width, count, first = WIDTHS[window], BUCKETS[window], FIRSTS[window]
            oldest = now // width - count + 1
            for event in range(events):
                reached = tick_of(state.parties[event]) // width - oldest
                if reached >= 0:
                    _add_event(np.int64(state.words[event]), out[i, first + reached])
            if slot.entries == BUSY:
                for bucket in range(oldest, np.int64(slot.head) // width + 1):
                    _add_bucket(state.buckets[slot.link, first + bucket % count], out[i, first + bucket - oldest])
