"""Kernels that count one event of a key: in its log, or in the buckets of its block.

A key turns busy when its log is full of living events, or a call is too long for a log entry. It gets a log again when
it comes back after an hour with few events left in its day: these are then as good as events at the begin of their
hours. Neither changes what any window counts; both follow from the order of rows alone, however they are cut.
"""

import numpy as np
import numpy.typing as npt

from models.hashing import Keys, Word
from models.windows.arithmetic import larger, place_in, ratio, smaller
from models.windows.layout import (
    ANSWERED,
    ATTEMPT,
    BLOCK,
    BLOCKS,
    BUCKETS,
    BUSY,
    CALM_MAX,
    CHUNK,
    CHUNKS,
    DAY,
    ENDED,
    FIRSTS,
    FLAG_BITS,
    HOUR,
    LOG_MAX,
    LONG_MS,
    NONE,
    REFUSED,
    SHORT_MS,
    WIDTHS,
    Record,
    Records,
    State,
    Whole,
)
from models.windows.parties import cleared, listed, met, noted, unregistered
from models.windows.parts import part
from models.windows.slots import dead, given, hash_of, taken, tick_of, unlogged, unsketched


@part
def logged(state: State, slot: Record, party: Word, word: Whole) -> None:
    """Append an event to a log that is not full."""
    place = np.int64(slot.entries) % CHUNK
    if place == 0:
        chunk = taken(state.chunks["before"], state.marks, CHUNKS)
        state.chunks[chunk].before = slot.link
        slot.link = chunk
    chunk = np.int64(slot.link)
    state.chunks[chunk].party[place] = party
    state.chunks[chunk].word[place] = word
    slot.entries += 1


@part
def read_log(state: State, slot: Record, now: Whole, parties: Keys, words: npt.NDArray[np.uint32], end: Whole) -> Whole:
    """Append the living events of a log, the latest first, to columns that end there; return where they then do."""
    chunk, size = np.int64(slot.link), np.int64(slot.entries)
    while size > 0:
        held = place_in(size - 1, CHUNK) + 1
        for place in range(held - 1, -1, -1):
            party = state.chunks[chunk].party[place]
            if not dead(tick_of(party), now):
                parties[end] = party
                words[end] = state.chunks[chunk].word[place]
                end += 1
        chunk = np.int64(state.chunks[chunk].before)
        size -= held
    return end


@part
def kept(state: State, slot: Record, now: Whole) -> Whole:
    """Copy the living events of a log, the latest first, into `parties` and `words`; return how many there are."""
    return read_log(state, slot, now, state.parties, state.words, np.int64(0))


@part
def pruned(state: State, slot: Record, now: Whole) -> None:
    """Take the dead events out of a log."""
    living = kept(state, slot, now)
    if living < slot.entries:
        unlogged(state, slot)
        for i in range(living - 1, -1, -1):
            logged(state, slot, state.parties[i], np.int64(state.words[i]))


@part
def _cleared(bucket: Record) -> None:
    bucket.attempts = 0
    bucket.refused = 0
    bucket.answered = 0
    bucket.ended = 0
    bucket.talked = 0
    bucket.short = 0
    bucket.duration = 0


@part
def _moved(state: State, block: Whole, head: Whole, tick: Whole, first: Whole, count: Whole, width: Whole) -> None:
    """Clear the buckets of one window that come round again between two ticks."""
    newest, bucket = ratio(head, width), ratio(tick, width)
    for passed in range(larger(newest, bucket - count) + 1, bucket + 1):
        at = first + place_in(passed, count)
        _cleared(state.buckets[block, at])
        if state.busy[block].sketch != NONE:
            unregistered(state.registers, np.int64(state.busy[block].sketch), at)


@part
def _add(
    buckets: Records, block: Whole, tick: Whole, word: Whole, now: Whole, first: Whole, count: Whole, width: Whole
) -> None:
    """Add an event to the bucket of one window that its tick falls in, if the window still reaches it."""
    if ratio(tick, width) > ratio(now, width) - count:
        bucket = buckets[block, first + place_in(ratio(tick, width), count)]
        duration = word >> FLAG_BITS
        talked = (word & ENDED) != 0 and duration > 0
        bucket.attempts += word & ATTEMPT
        bucket.refused += word // REFUSED & 1
        bucket.answered += word // ANSWERED & 1
        bucket.ended += word // ENDED & 1
        bucket.talked += talked
        bucket.short += talked and duration < SHORT_MS
        bucket.duration += duration


@part
def _added(buckets: Records, block: Whole, tick: Whole, word: Whole, now: Whole) -> None:
    """Add an event to every window."""
    _add(buckets, block, tick, word, now, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    _add(buckets, block, tick, word, now, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    _add(buckets, block, tick, word, now, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    _add(buckets, block, tick, word, now, FIRSTS[3], BUCKETS[3], WIDTHS[3])


@part
def _advanced(state: State, block: Whole, head: Whole, tick: Whole) -> None:
    """Clear the buckets that come round again between the latest tick and a later one."""
    _moved(state, block, head, tick, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    _moved(state, block, head, tick, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    _moved(state, block, head, tick, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    _moved(state, block, head, tick, FIRSTS[3], BUCKETS[3], WIDTHS[3])


@part
def blocked(state: State, slot: Record) -> Whole:
    """Give a slot without a log an empty block."""
    block = taken(state.busy["parties"], state.marks, BLOCKS)
    for at in range(BLOCK):
        _cleared(state.buckets[block, at])
    cleared(state.met[block])
    state.busy[block].sketch = NONE
    state.busy[block].parties = 0
    state.busy[block].lost = 0
    slot.link = block
    slot.entries = BUSY
    return block


@part
def _promoted(state: State, slot: Record, now: Whole) -> None:
    """Turn a log into a block."""
    living = kept(state, slot, now)
    unlogged(state, slot)
    block = blocked(state, slot)
    for i in range(living):
        party, word = state.parties[i], np.int64(state.words[i])
        _added(state.buckets, block, tick_of(party), word, now)
        if word & ATTEMPT and hash_of(party) != 0 and met(state.met[block], party):
            state.busy[block].parties += 1


@part
def _events(bucket: Record) -> Whole:
    """Return how many log entries hold what a bucket counts, LOG_MAX if none could."""
    if bucket.duration >= LONG_MS:
        return LOG_MAX
    most: Whole = larger(larger(bucket.attempts, bucket.refused), larger(bucket.answered, bucket.ended))
    return most


@part
def _relogged(state: State, slot: Record, bucket: Record, hour: Whole) -> None:
    """Log events that together count what a bucket of one hour counts."""
    shorts, longs = np.int64(bucket.short), np.int64(bucket.talked) - np.int64(bucket.short)
    spare = bucket.duration - shorts - longs * SHORT_MS
    for i in range(_events(bucket)):
        duration = 0
        if i < shorts:
            more = 0 if longs else smaller(spare, SHORT_MS - 2)
            duration, spare = 1 + more, spare - more
        elif i < shorts + longs:
            more = spare if i == shorts else 0
            duration = SHORT_MS + more
        word = duration << FLAG_BITS
        word |= ATTEMPT * (i < bucket.attempts) | REFUSED * (i < bucket.refused)
        word |= ANSWERED * (i < bucket.answered) | ENDED * (i < bucket.ended)
        logged(state, slot, np.uint64(hour * HOUR), word)


@part
def _named(chunks: Records, slot: Record, party: Word) -> None:
    """Name the other party in an attempt of its hour that has none yet."""
    chunk, size = np.int64(slot.link), np.int64(slot.entries)
    while size > 0:
        held = (size - 1) % CHUNK + 1
        for place in range(held):
            entry = chunks[chunk].party[place]
            free = hash_of(entry) == 0 and chunks[chunk].word[place] & ATTEMPT
            if free and tick_of(entry) == tick_of(party) // HOUR * HOUR:
                chunks[chunk].party[place] = (hash_of(party) << np.uint64(28)) | entry
                return
        chunk = np.int64(chunks[chunk].before)
        size -= held


@part
def _calmed(state: State, slot: Record, now: Whole) -> None:
    """Turn a block that has only hours left, and few events in them, into a log."""
    block, newest = np.int64(slot.link), np.int64(slot.head) // HOUR
    if state.busy[block].sketch != NONE and dead(np.int64(state.busy[block].lost), now):
        unsketched(state, block)
    oldest = now // HOUR - DAY + 1
    events = np.int64(0)
    for hour in range(oldest, newest + 1):
        events += _events(state.buckets[block, FIRSTS[3] + hour % DAY])
    if events > CALM_MAX or state.busy[block].sketch != NONE:
        return
    slot.entries = 0
    for hour in range(oldest, newest + 1):
        _relogged(state, slot, state.buckets[block, FIRSTS[3] + hour % DAY], hour)
    living = listed(state.met[block], now, state.parties, np.int64(0))
    for i in range(living):
        _named(state.chunks, slot, state.parties[i])
    given(state.busy["parties"], state.marks, BLOCKS, block)


@part
def counted(state: State, slot: Record, tick: Whole, party: Word, word: Whole, now: Whole) -> None:
    """Count an event of a key.

    Args:
        state: with room for a block, a sketch and the chunks of a log.
        slot: of the key.
        tick: of the event, which a window reaches.
        party: the other one, with the tick; from `party_of`.
        word: duration in ms and flags.
        now: tick of the highest event time.
    """
    head = np.int64(slot.head)
    if slot.entries == BUSY and ratio(head, 30) <= ratio(now, 30) - 12:
        _calmed(state, slot, now)
    if slot.entries != BUSY:
        if slot.entries == LOG_MAX:
            pruned(state, slot, now)
        if slot.entries < LOG_MAX and word >> FLAG_BITS < LONG_MS:
            logged(state, slot, party, word)
            slot.head = larger(head, tick)
            return
        _promoted(state, slot, now)
    block = np.int64(slot.link)
    if tick > head:
        _advanced(state, block, head, tick)
    _added(state.buckets, block, tick, word, now)
    if word & ATTEMPT and hash_of(party) != 0:
        noted(state, block, party, head, now)
    slot.head = larger(head, tick)
