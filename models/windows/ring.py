"""Kernels of the usual hours: a ring of counters per key, one for each hour of five weeks.

A ring moves on with the attempts of its key; its slice's time says which keys and counters are of use.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys, Word
from models.windows.arithmetic import larger, place_in, smaller
from models.windows.layout import DAY, Ints, Record, Small, Whole
from models.windows.parts import kernel, part
from models.windows.slots import mixed, slice_of

Floats = npt.NDArray[np.float64]
HOUR_MS: Final = 3_600_000
WEEK: Final = 168
"""Hours of a week."""
WEEKS: Final = 4
"""Weeks before the running one."""
DAYS: Final = 7
"""Days whose same hour is looked at: working days of the week before are among them."""
RING: Final = (WEEKS + 1) * WEEK
"""Counters of a key."""
HOURS_MAX: Final = 1 << 20
"""Hours since 1970: until 2089."""
NOW, TURNED_AWAY, KEYS, SWEPT, LEDGER = range(5)
"""The ledger of a slice. `NOW`: the latest hour noted. `TURNED_AWAY`: notes of new keys without room.
`KEYS`: how many it holds, with those of no use that are not swept. `SWEPT`: hour in which there are no more of these.
"""
Ring: Final = np.dtype([("key", "<u8"), ("first", "<u4"), ("head", "<u4"), ("counts", "<u4", (RING,))])
_ONE = np.uint64(1)


class State(NamedTuple):
    """All arrays of a table; there is room for every key that `noted` is given, or it stops.

    Attributes:
        places: int32[2^n], open addressing by hash: position in `records` plus one; 0 is empty.
        records: key, hour of the first and of the latest event, and the ring of counters.
        used: int64[1], records in use.
        ledger: int64[slices, LEDGER].
        dirty: uint8[slices], 1: has taken a note since it was set to 0.
        seed: of the hash.
        limit: how many keys there may be in a slice.
    """

    places: npt.NDArray[np.int32]
    records: npt.NDArray[np.void]
    used: Ints
    ledger: Ints
    dirty: Small
    seed: np.uint64
    limit: int


class Notes(NamedTuple):
    """What keys did, in the order in which it was noticed.

    Attributes:
        keys: uint64[notes].
        hours: int64[notes], the latest hour of each.
        counts: int64[notes, 24], attempts, the oldest hour first.
        kept: uint8[notes], 1 where they are kept; else it is only asked what was normal.
    """

    keys: Keys
    hours: Ints
    counts: Ints
    kept: Small


@part
def _place(state: State, key: Word, hashed: Word) -> Word:
    """Return where a key stands in the index, or the empty place where it would."""
    mask = np.uint64(state.places.size - 1)
    at = hashed & mask
    while state.places[at] != 0 and state.records[state.places[at] - 1].key != key:
        at = (at + _ONE) & mask
    return at


@part
def _added(state: State, place: Word, key: Word, hour: Whole) -> Whole:
    """Return the record of a key that has none yet, by its empty place in the index."""
    at = np.int64(state.used[0])
    state.used[0] += 1
    state.places[place] = at + 1
    state.records[at].key = key
    state.records[at].first = hour
    state.records[at].head = hour
    for counter in range(RING):
        state.records[at].counts[counter] = 0
    return at


@part
def _advanced(record: Record, hour: Whole, now: Whole) -> None:
    """Move a record to an hour: counters that come round again are cleared; one of no use begins anew."""
    head = np.int64(record.head)
    if head <= now - RING:
        record.first = hour
        head = np.int64(hour - RING)
    for passed in range(larger(head, hour - RING) + 1, hour + 1):
        record.counts[passed % RING] = 0
    record.head = larger(head, hour)
    record.first = smaller(record.first, hour)


@part
def _written(record: Record, hour: Whole, counts: Ints, row: Whole) -> None:
    """Write the attempts of the hours up to one; an hour never falls, of which the windows may have lost a part."""
    oldest = hour - DAY + 1
    for place in range(DAY):
        counted, passed = counts[row, place], oldest + place
        if counted > 0 and passed > np.int64(record.head) - RING:
            record.first = smaller(np.int64(record.first), passed)
            at = place_in(passed, RING)
            record.counts[at] = larger(np.int64(record.counts[at]), counted)


@part
def _mean(record: Record, hour: Whole, step: Whole, times: Whole, first: Whole) -> float:
    """Return the mean of an hour's counter the given times a step of hours before, where that is known; else 0."""
    total, known = np.int64(0), 0
    for nth in range(1, times + 1):
        passed = hour - nth * step
        if passed >= first:
            known += 1
            total += np.int64(record.counts[place_in(passed, RING)]) if passed <= np.int64(record.head) else 0
    return total / known if known else 0.0


@part
def _sum(record: Record, begin: Whole, end: Whole) -> Whole:
    """Add up the counters of hours from `begin` to before `end`."""
    total = np.int64(0)
    for passed in range(begin, smaller(end, np.int64(record.head) + 1)):
        total += np.int64(record.counts[place_in(passed, RING)])
    return total


@part
def _expected(record: Record, hour: Whole, out: Floats, row: Whole) -> None:
    """Work out what is normal for a key at an hour, by what it did before the 24 hours that end with it."""
    end = hour - DAY + 1
    first = larger(np.int64(record.first), larger(hour, np.int64(record.head)) - RING + 1)
    if first >= end:
        return
    mean = _sum(record, first, end) / (end - first)
    out[row, 0], out[row, 1], out[row, 2] = mean, mean * DAY, end - first
    for near in range(hour - 1, hour + 2):
        out[row, 0] = max(out[row, 0], _mean(record, near, np.int64(WEEK), np.int64(WEEKS), first))
        out[row, 0] = max(out[row, 0], _mean(record, near, np.int64(DAY), np.int64(DAYS), first))
    if end - WEEK + 1 > first:
        week_ago = end - (WEEK - DAY)
        out[row, 1] = max(out[row, 1], np.float64(_sum(record, week_ago - DAY, week_ago)))


@kernel
def expected(state: State, keys: Keys, hours: Ints, out: Floats) -> None:
    """Work out what is normal for keys.

    Args:
        state: of the table.
        keys: of which some may not be there.
        hours: int64[keys], the hour that each is asked for.
        out: float64[keys, 3], zeros: attempts in an hour, in 24 hours; for how many hours the key is known.
    """
    for i in range(keys.size):
        at = np.int64(state.places[_place(state, keys[i], mixed(keys[i], state.seed))]) - 1
        if at >= 0:
            _expected(state.records[at], hours[i], out, i)


@kernel
def noted(state: State, notes: Notes, out: Floats, begin: Whole) -> Whole:
    """Work out what is normal for keys and note what they did, one after the other from place `begin` on.

    Args:
        state: of the table.
        notes: none of whose keys is 0.
        out: as for `expected`.
        begin: where to begin.

    Returns:
        The place of the first key without room, or how many there are.
    """
    for i in range(begin, notes.keys.size):
        key, hour = notes.keys[i], notes.hours[i]
        hashed = mixed(key, state.seed)
        which, stands = slice_of(hashed, state.dirty.size), _place(state, key, hashed)
        at, ledger = np.int64(state.places[stands]) - 1, state.ledger[which]
        if at >= 0:
            _expected(state.records[at], hour, out, i)
        if notes.kept[i] == 0:
            continue
        state.dirty[which] = 1
        ledger[NOW] = larger(ledger[NOW], hour)
        if at < 0:
            full = ledger[KEYS] >= state.limit
            if full and ledger[SWEPT] == ledger[NOW]:
                ledger[TURNED_AWAY] += 1
                continue
            if full or state.used[0] == state.records.size:
                return np.int64(i)
            ledger[KEYS] += 1
            at = np.int64(_added(state, stands, key, hour))
        _advanced(state.records[at], hour, ledger[NOW])
        _written(state.records[at], hour, notes.counts, i)
    return np.int64(notes.keys.size)


@kernel
def indexed(state: State) -> None:
    """Fill an empty index."""
    for at in range(state.used[0]):
        key = state.records[at].key
        state.places[_place(state, key, mixed(key, state.seed))] = at + 1
