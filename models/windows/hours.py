"""How many calls a key usually has in an hour of the week: for prefixes, trunks and whoever is busy.

A key's attempts are counted per hour of event time over five weeks, the running one and the four before: 840 counters.
Usual is the mean of the same hour (UTC) of the four weeks before, so that one odd week is a quarter of it.
Counts follow from the rows alone, in any order within the allowed lateness, however they are cut.
"""

import struct
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.hashing import Keys, Word
from models.windows.layout import ATTEMPT, Ints, Small, Whole
from models.windows.slots import mixed
from models.windows.updating import Columns, columns_of, counts_as

HOUR_MS: Final = 3_600_000
WEEK: Final = 168
"""Hours of a week."""
WEEKS: Final = 4
"""Weeks before the running one."""
RING: Final = (WEEKS + 1) * WEEK
"""Counters of a key."""
FORMAT: Final = 1
HOURS_MAX: Final = 1 << 20
"""Hours since 1970: until 2089."""
NOW, SWEPT, TURNED_AWAY = 0, 1, 2
_MAGIC: Final = b"RFHW"
_HEADER: Final = struct.Struct("<4sHHHHI")
_Key: Final = np.dtype([("key", "<u8"), ("first", "<u4"), ("head", "<u4"), ("counts", "<u4", (RING,))])
_ONE = np.uint64(1)


class State(NamedTuple):
    """All arrays of a table; there is room for every row that `updated` is given, or it stops.

    Attributes:
        places: int32[2^n], open addressing by hash: position in `records` plus one; 0 is empty.
        records: key, hour of the first and of the latest event, and the ring of counters.
        used: int64[1], records in use.
        marks: int64[3], hour of the highest event time; hour last swept in; rows turned away.
        dirty: uint8[slices].
        limit: how many keys there may be.
    """

    places: npt.NDArray[np.int32]
    records: npt.NDArray[np.void]
    used: Ints
    marks: Ints
    dirty: Small
    limit: int


class Usual(NamedTuple):
    """What is usual for some keys at this hour of the week.

    Attributes:
        attempts: float64[keys], mean over the known weeks; 0 where none is.
        weeks: int64[keys], weeks before the running one, 0 to 4, in which the key was known at this hour.
    """

    attempts: npt.NDArray[np.float64]
    weeks: Ints


@part
def _slice(key: Word, slices: Whole) -> Whole:
    """Return the slice of a key."""
    return np.int64((mixed(key, np.uint64(0)) >> np.uint64(32)) * np.uint64(slices) >> np.uint64(32))


@nb.njit(cache=True)
def _slices(keys: Keys, slices: Whole) -> Ints:
    """Return the slice of every key."""
    found = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        found[i] = _slice(keys[i], slices)
    return found


@part
def _place(state: State, key: Word) -> Word:
    """Return where a key stands in the index, or the empty place where it would."""
    mask = np.uint64(state.places.size - 1)
    at = mixed(key, np.uint64(0)) & mask
    while state.places[at] != 0 and state.records[state.places[at] - 1].key != key:
        at = (at + _ONE) & mask
    return at


@part
def _added(state: State, key: Word, hour: Whole) -> Whole:
    """Return the record of a key that has none yet."""
    at = np.int64(state.used[0])
    state.used[0] += 1
    state.places[_place(state, key)] = at + 1
    state.records[at].key = key
    state.records[at].first = hour
    state.records[at].head = hour
    state.records[at].counts[:] = 0
    return at


@part
def _advanced(state: State, at: Whole, hour: Whole) -> None:
    """Move a record to an hour: counters that come round again are cleared; one of no use begins anew."""
    record = state.records[at]
    head = np.int64(record.head)
    if head <= state.marks[NOW] - RING:
        record.first = hour
        head = np.int64(hour - RING)
    for passed in range(max(head + 1, hour - RING + 1), hour + 1):
        record.counts[passed % RING] = 0
    record.head = max(head, hour)
    record.first = min(np.int64(record.first), hour)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _updated(state: State, rows: Columns, begin: Whole) -> Whole:
    """Count rows from `begin` on; return the first for which there is no room, or how many rows there are."""
    state, rows = borrowed(state), borrowed(rows)
    marks = state.marks
    for i in range(begin, rows.key.size):
        hour = rows.ts[i] // HOUR_MS
        marks[NOW] = max(max(marks[NOW], hour), rows.clock[i] // HOUR_MS)  # noqa: PLW3301 - two by two, as numba types them
        counted = rows.key[i] != 0 and counts_as(rows.kind[i], rows.flags[i]) & ATTEMPT
        if not counted or hour <= marks[NOW] - RING:
            continue
        at = np.int64(state.places[_place(state, rows.key[i])]) - 1
        if at < 0:
            if state.used[0] >= state.limit and marks[SWEPT] == marks[NOW]:
                marks[TURNED_AWAY] += 1
                continue
            if state.used[0] >= min(state.limit, state.records.size):
                return i
            at = np.int64(_added(state, rows.key[i], hour))
        _advanced(state, at, hour)
        state.records[at].counts[hour % RING] += 1
        state.dirty[_slice(rows.key[i], state.dirty.size)] = 1
    return rows.key.size


@nb.njit(cache=True)
def _indexed(state: State) -> None:
    """Fill an empty index."""
    for at in range(state.used[0]):
        state.places[_place(state, state.records[at].key)] = at + 1


@nb.njit(cache=True)
def _found(state: State, keys: Keys) -> Ints:
    """Return the record of every key, -1 for none."""
    found = np.empty(keys.size, np.int64)
    for i in range(keys.size):
        found[i] = np.int64(state.places[_place(state, keys[i])]) - 1
    return found


class Hours:
    """Usual attempts per hour of the week for up to `keys_max` keys; about 3.4 kB each.

    When it is full, keys that had no attempt for five weeks go; if there are none, new keys are turned away, counted.

    Example:
        >>> hours, one, attempt = Hours(100), np.ones(1, np.int64), np.zeros(1, np.int64)
        >>> hours.update(columns_of([one, one, one, attempt, attempt, attempt, one]))
        >>> hours.usual(np.array([1], np.uint64), 7 * 86_400_000).attempts.tolist()
        [1.0]
    """

    def __init__(self, keys_max: int, slices: int = 16, now_ms: int = 0) -> None:
        """Args: `slices` is a power of two up to 1,024; `now_ms` that of the table that slices are loaded from."""
        if not 0 < keys_max < 1 << 30 or not 0 < slices <= 1 << 10 or slices & (slices - 1):
            raise ValueError(f"hours of {keys_max} keys in {slices} slices: expected a power of two of at most 1024")
        dirty = np.zeros(slices, np.uint8)
        marks = np.array([now_ms // HOUR_MS, 0, 0])
        self._state = State(np.zeros(64, np.int32), np.zeros(16, _Key), np.zeros(1, np.int64), marks, dirty, keys_max)

    def __len__(self) -> int:
        return int(self._state.used[0])

    @property
    def dirty(self) -> Small:
        """uint8[slices], 1 for a slice that changed since it was set to 0; to be set by who writes the slice."""
        return self._state.dirty

    @property
    def now_ms(self) -> int:
        """Highest event time so far, in whole hours; belongs into the same checkpoint as the slices."""
        return int(self._state.marks[NOW]) * HOUR_MS

    @property
    def turned_away(self) -> int:
        """Rows of new keys for which there was no room."""
        return int(self._state.marks[TURNED_AWAY])

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self._state.places.nbytes + self._state.records.nbytes

    def update(self, rows: Columns) -> None:
        """Count the attempts among rows.

        Raises:
            ValueError: an event is before 1970 or after 2089.
        """
        rows = columns_of(rows)
        if not len(rows.ts):
            return
        if min(rows.ts.min(), rows.clock.min()) < 0 or max(rows.ts.max(), rows.clock.max()) >= HOURS_MAX * HOUR_MS:
            raise ValueError("hours: event time before 1970 or after 2089 (milliseconds since the epoch?)")
        done = _updated(self._state, rows, 0)
        while done < len(rows.ts):
            living = self._records[self._records["head"] > self._state.marks[NOW] - RING]
            self._state.marks[SWEPT] = self._state.marks[NOW]
            self._lay_out(living, 1)
            done = _updated(self._state, rows, done)

    def usual(self, keys: Keys, now_ms: int) -> Usual:
        """Return what is usual for keys at the hour of the week of `now_ms`, which is no earlier than any row's."""
        hour, records = now_ms // HOUR_MS, self._state.records
        found = _found(self._state, np.ascontiguousarray(keys, np.uint64))
        before = hour - WEEK * np.arange(1, WEEKS + 1)
        first, head = records["first"][found, None].astype(np.int64), records["head"][found, None].astype(np.int64)
        known = (found >= 0)[:, None] & (before >= first) & (head > hour - RING)
        counts = np.where(known & (before <= head), records["counts"][found[:, None], before % RING], 0)
        weeks = known.sum(axis=1)
        return Usual(counts.sum(axis=1) / np.maximum(weeks, 1), weeks)

    def slice_bytes(self, which: int) -> bytes:
        """Return slice number `which` as bytes, little-endian, ordered by key; only keys and hours of use."""
        records = self._records[(self._slices_of(self._records["key"]) == which)]
        records = np.sort(records[records["head"] > self._state.marks[NOW] - RING], order="key")
        heads, places = records["head"].astype(np.int64)[:, None], np.arange(RING)
        hours = heads - (heads - places) % RING
        records["counts"][hours <= self._state.marks[NOW] - RING] = 0
        header = _HEADER.pack(_MAGIC, FORMAT, len(self.dirty), which, 0, len(records))
        return header + records.tobytes()

    def load_slice(self, which: int, data: bytes) -> None:
        """Put what `slice_bytes` gave in the place of a slice, whose `dirty` is then 0.

        Raises:
            ValueError: the data is no such slice, or there is no room for its keys.
        """
        records = self._parsed(which, data)
        others = self._records[self._slices_of(self._records["key"]) != which]
        if len(others) + len(records) > self._state.limit:
            raise ValueError(f"slice {which} of the hours: more than {self._state.limit} keys")
        self._lay_out(np.concatenate([others, records]), 0)
        self._state.dirty[which] = 0

    def _parsed(self, which: int, data: bytes) -> npt.NDArray[np.void]:
        begin = f"slice {which} of {len(self.dirty)} of the hours: "
        if len(data) < _HEADER.size or data[: len(_MAGIC)] != _MAGIC:
            raise ValueError(begin + "not the state of hours (restore an older checkpoint)")
        _, version, *place, _, many = _HEADER.unpack_from(data)
        if version != FORMAT:
            raise ValueError(begin + f"of format {version}, this version reads {FORMAT}")
        if place != [len(self.dirty), which] or len(data) != _HEADER.size + many * _Key.itemsize:
            raise ValueError(begin + f"is slice {place[1]} of {place[0]}, {len(data)} bytes of {many} keys")
        records = np.frombuffer(data, _Key, many, _HEADER.size).copy()
        keys, late = records["key"], records["head"] > self._state.marks[NOW]
        ordered = (keys[:-1] < keys[1:]).all() and (keys > 0).all() and (self._slices_of(keys) == which).all()
        if not ordered or late.any() or (records["first"] > records["head"]).any():
            raise ValueError(begin + "keys or hours out of order")
        return records

    @property
    def _records(self) -> npt.NDArray[np.void]:
        return self._state.records[: len(self)]

    def _slices_of(self, keys: Keys) -> Ints:
        return _slices(np.ascontiguousarray(keys), len(self.dirty))

    def _lay_out(self, records: npt.NDArray[np.void], more: int) -> None:
        """Lay records out anew, with room for some more and an eighth."""
        room = np.zeros(min(self._state.limit, len(records) + len(records) // 8 + more + 8), _Key)
        room[: len(records)] = records
        self._state.used[0] = len(records)
        index = np.zeros(1 << (2 * len(room)).bit_length(), np.int32)
        self._state = self._state._replace(places=index, records=room)
        _indexed(self._state)
