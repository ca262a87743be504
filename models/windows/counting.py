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
    OPEN,
    REFUSED,
    SHORT_MS,
    TAIL,
    WIDTHS,
    Record,
    Records,
    State,
    Whole,
)
from models.windows.parties import cleared, folded, listed, met, noted, unregistered
from models.windows.parts import part
from models.windows.slots import chained, dead, given, hash_of, taken, tick_of, unlogged, unsketched


@part
def _chained(state: State, slot: Record) -> None:
    """Move the entries of a full slot to its chunks."""
    size = np.int64(slot.entries) - TAIL
    for entry in range(TAIL):
        place = place_in(size + entry, CHUNK)
        if place == 0:
            chunk = taken(state.chunks["before"], state.marks, CHUNKS)
            state.chunks[chunk].before = slot.link
            slot.link = chunk
        state.chunks[slot.link].party[place] = slot.party[entry]
        state.chunks[slot.link].word[place] = slot.word[entry]


@part
def logged(state: State, slot: Record, party: Word, word: Whole) -> None:
    """Append an event to a log that is not full."""
    place = place_in(np.int64(slot.entries), TAIL)
    if place == 0 and slot.entries > 0:
        _chained(state, slot)
    slot.party[place] = party
    slot.word[place] = word
    slot.entries += 1


@part
def read_log(state: State, slot: Record, now: Whole, parties: Keys, words: npt.NDArray[np.uint32], end: Whole) -> Whole:
    """Append the living events of a log, the latest first, to columns that end there; return where they then do."""
    chunk, size = np.int64(slot.link), chained(slot)
    for place in range(np.int64(slot.entries) - size - 1, -1, -1):
        if not dead(tick_of(slot.party[place]), now):
            parties[end] = slot.party[place]
            words[end] = slot.word[place]
            end += 1
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
def _close(state: State, slot: Record, first: Whole, count: Whole, width: Whole) -> None:
    """Add the tick that is under way to its bucket of one window."""
    at = first + place_in(ratio(np.int64(slot.head), width), count)
    bucket = state.buckets[slot.link, at]
    bucket.attempts += slot.attempts
    bucket.refused += slot.refused
    bucket.answered += slot.answered
    bucket.ended += slot.ended
    bucket.talked += slot.talked
    bucket.short += slot.short
    bucket.duration += slot.duration
    if slot.sketch != NONE:
        folded(state.registers, np.int64(slot.sketch), at)


@part
def closed(state: State, slot: Record) -> None:
    """Add the tick that is under way to its bucket of every window; nothing that is counted changes."""
    if (slot.attempts | slot.refused | slot.answered | slot.ended) == 0:
        return
    for window in range(4):
        _close(state, slot, FIRSTS[window], BUCKETS[window], WIDTHS[window])
    _cleared(slot)
    if slot.sketch != NONE:
        unregistered(state.registers, np.int64(slot.sketch), OPEN)


@part
def _moved(state: State, slot: Record, tick: Whole, first: Whole, count: Whole, width: Whole) -> None:
    """Clear the buckets of one window that come round again between the latest tick and a later one."""
    newest, bucket = ratio(np.int64(slot.head), width), ratio(tick, width)
    for passed in range(larger(newest, bucket - count) + 1, bucket + 1):
        at = first + place_in(passed, count)
        _cleared(state.buckets[slot.link, at])
        if slot.sketch != NONE:
            unregistered(state.registers, np.int64(slot.sketch), at)


@part
def _advanced(state: State, slot: Record, tick: Whole) -> None:
    """Begin a tick that is later than the latest."""
    closed(state, slot)
    _moved(state, slot, tick, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    _moved(state, slot, tick, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    _moved(state, slot, tick, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    _moved(state, slot, tick, FIRSTS[3], BUCKETS[3], WIDTHS[3])
    slot.head = tick


@part
def _add(counters: Record, word: Whole) -> None:
    """Add an event to a bucket, or to the tick that is under way."""
    duration = word >> FLAG_BITS
    talked = (word & ENDED) != 0 and duration > 0
    counters.attempts += word & ATTEMPT
    counters.refused += word // REFUSED & 1
    counters.answered += word // ANSWERED & 1
    counters.ended += word // ENDED & 1
    counters.talked += talked
    counters.short += talked and duration < SHORT_MS
    counters.duration += duration


@part
def _add_late(
    buckets: Records, block: Whole, tick: Whole, word: Whole, now: Whole, first: Whole, count: Whole, width: Whole
) -> None:
    """Add an event to the bucket of one window that its tick falls in, if the window still reaches it."""
    if ratio(tick, width) > ratio(now, width) - count:
        _add(buckets[block, first + place_in(ratio(tick, width), count)], word)


@part
def _added(buckets: Records, block: Whole, tick: Whole, word: Whole, now: Whole) -> None:
    """Add an event to its bucket of every window."""
    _add_late(buckets, block, tick, word, now, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    _add_late(buckets, block, tick, word, now, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    _add_late(buckets, block, tick, word, now, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    _add_late(buckets, block, tick, word, now, FIRSTS[3], BUCKETS[3], WIDTHS[3])


@part
def blocked(state: State, slot: Record) -> Whole:
    """Give a slot without a log an empty block."""
    block = taken(state.met[:, 0], state.marks, BLOCKS)
    for at in range(BLOCK):
        _cleared(state.buckets[block, at])
    cleared(state.met[block])
    _cleared(slot)
    slot.sketch = NONE
    slot.parties = 0
    slot.lost = 0
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
            slot.parties += 1


@part
def _events(bucket: Record) -> Whole:
    """Return how many log entries hold what a bucket counts, LOG_MAX if none could."""
    if bucket.duration >= LONG_MS:
        return LOG_MAX
    most: Whole = larger(larger(bucket.attempts, bucket.refused), larger(bucket.answered, bucket.ended))
    return most


@part
def _unsummed(state: State, bucket: Record, hour: Whole, end: Whole) -> Whole:
    """Append to `parties` and `words` events that together count what a bucket of one hour counts."""
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
        state.parties[end] = np.uint64(hour * HOUR)
        state.words[end] = word
        end += 1
    return end


@part
def _named(state: State, party: Word, begin: Whole, end: Whole) -> None:
    """Name the other party in an attempt of its hour, among events in `parties`, that has none yet."""
    for at in range(begin, end):
        free = hash_of(state.parties[at]) == 0 and state.words[at] & ATTEMPT
        if free and tick_of(state.parties[at]) == tick_of(party) // HOUR * HOUR:
            state.parties[at] |= hash_of(party) << np.uint64(28)
            return


@part
def _calmed(state: State, slot: Record, now: Whole) -> None:
    """Turn a block that has only hours left, and few events in them, into a log."""
    closed(state, slot)
    block, newest = np.int64(slot.link), np.int64(slot.head) // HOUR
    if slot.sketch != NONE and dead(np.int64(slot.lost), now):
        unsketched(state, slot)
    oldest = now // HOUR - DAY + 1
    events = np.int64(0)
    for hour in range(oldest, newest + 1):
        events += _events(state.buckets[block, FIRSTS[3] + hour % DAY])
    if events > CALM_MAX or slot.sketch != NONE:
        return
    begin = listed(state.met[block], now, state.parties, np.int64(0))
    end = begin
    for hour in range(oldest, newest + 1):
        end = _unsummed(state, state.buckets[block, FIRSTS[3] + hour % DAY], hour, end)
    for i in range(begin):
        _named(state, state.parties[i], begin, end)
    slot.entries = 0
    for i in range(begin, end):
        logged(state, slot, state.parties[i], np.int64(state.words[i]))
    given(state.met[:, 0], state.marks, BLOCKS, block)


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
    if tick > head:
        _advanced(state, slot, tick)
    if tick == slot.head:
        _add(slot, word)
    else:
        _added(state.buckets, np.int64(slot.link), tick, word, now)
    if word & ATTEMPT and hash_of(party) != 0:
        noted(state, slot, party, head, now)
