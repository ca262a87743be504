"""Kernels of the usual hours: a ring of counters per key, one for each hour of five weeks.

A ring moves on with the attempts of its key; its slice's time says which keys and counters are of use.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys, Word
from models.windows.arithmetic import larger, place_in, ratio, smaller
from models.windows.layout import ATTEMPT, Ints, Positions, Record, Small, Whole
from models.windows.parts import kernel, part
from models.windows.slots import mixed, slice_of
from models.windows.updating import Columns, counts_as

HOUR_MS: Final = 3_600_000
WEEK: Final = 168
"""Hours of a week."""
WEEKS: Final = 4
"""Weeks before the running one."""
RING: Final = (WEEKS + 1) * WEEK
"""Counters of a key."""
HOURS_MAX: Final = 1 << 20
"""Hours since 1970: until 2089."""
NOW, TURNED_AWAY, KEYS, SWEPT, LEDGER = range(5)
"""The ledger of a slice. `NOW`: hour of its rows' highest event time. `TURNED_AWAY`: rows of new keys without room.
`KEYS`: how many it holds, with those of no use that are not swept. `SWEPT`: hour in which there are no more of these.
"""
Ring: Final = np.dtype([("key", "<u8"), ("first", "<u4"), ("head", "<u4"), ("counts", "<u4", (RING,))])
_ONE = np.uint64(1)


class State(NamedTuple):
    """All arrays of a table; there is room for every row that `updated` is given, or it stops.

    Attributes:
        places: int32[2^n], open addressing by hash: position in `records` plus one; 0 is empty.
        records: key, hour of the first and of the latest event, and the ring of counters.
        used: int64[1], records in use.
        ledger: int64[slices, LEDGER].
        dirty: uint8[slices], 1: has taken a row since it was set to 0.
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


@kernel
def updated(state: State, rows: Columns, chosen: Positions, stale: Small, begin: Whole) -> Whole:
    """Count the `chosen` rows from place `begin` on, of stale slices.

    Returns:
        The place in `chosen` of the first row without room, or how many there are.
    """
    for place in range(begin, chosen.size):
        i = chosen[place]
        hashed = mixed(rows.key[i], state.seed)
        which = slice_of(hashed, state.dirty.size)
        if rows.key[i] == 0 or stale[which] == 0:
            continue
        state.dirty[which] = 1
        ledger, hour = state.ledger[which], ratio(rows.ts[i], HOUR_MS)
        ledger[NOW] = larger(larger(ledger[NOW], hour), ratio(rows.clock[i], HOUR_MS))
        if not counts_as(rows.kind[i], rows.flags[i]) & ATTEMPT or hour <= ledger[NOW] - RING:
            continue
        stands = _place(state, rows.key[i], hashed)
        at = np.int64(state.places[stands]) - 1
        if at < 0:
            full = ledger[KEYS] >= state.limit
            if full and ledger[SWEPT] == ledger[NOW]:
                ledger[TURNED_AWAY] += 1
                continue
            if full or state.used[0] == state.records.size:
                return np.int64(place)
            ledger[KEYS] += 1
            at = np.int64(_added(state, stands, rows.key[i], hour))
        _advanced(state.records[at], hour, ledger[NOW])
        state.records[at].counts[place_in(hour, RING)] += 1
    return np.int64(chosen.size)


@kernel
def indexed(state: State) -> None:
    """Fill an empty index."""
    for at in range(state.used[0]):
        key = state.records[at].key
        state.places[_place(state, key, mixed(key, state.seed))] = at + 1


@kernel
def found(state: State, keys: Keys, out: Ints) -> None:
    """Give the record of every key, -1 for none."""
    for i in range(keys.size):
        out[i] = np.int64(state.places[_place(state, keys[i], mixed(keys[i], state.seed))]) - 1
