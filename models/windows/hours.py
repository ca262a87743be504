"""How many calls a busy key has in every hour of five weeks, and so what is normal for it at an hour of the week.

The windows count; every five minutes in which a busy key tries a call they tell what its latest 24 hours hold, and that
is kept here: 840 counters, of the running week and the four before. A key that is not busy (60 events in 24 hours) has
no entry, and needs none: its normal is below that. The last five minutes of a key that falls silent are missing.
Hours are UTC. What is normal leaves out the latest 24 hours, so that no burst becomes its own measure for a day.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.layout import Ints, Small
from models.windows.ring import (
    HOUR_MS,
    HOURS_MAX,
    KEYS,
    LEDGER,
    NOW,
    RING,
    SWEPT,
    TURNED_AWAY,
    Floats,
    Notes,
    Ring,
    State,
    expected,
    indexed,
    noted,
)
from models.windows.slots import hashes, slices

FORMAT: Final = 2
Mask = npt.NDArray[np.bool_]
_MAGIC: Final = b"RFHW"
_VERSIONED: Final = struct.Struct("<4sH")
_HEADER: Final = struct.Struct("<4sHHHI2xQqq")


class Normal(NamedTuple):
    """What was normal for some keys before the latest 24 hours; the more of two ways to see it.

    Attributes:
        hour: float64[keys], attempts in an hour: the most of the mean at this hour of the week, at this hour of the day
            in the week before (either with the hours beside it), and of all hours.
        day: float64[keys], attempts in 24 hours: the mean, or what it was a week ago.
        known: int64[keys], hours of which this is known; 0 of a key that was not busy then.
    """

    hour: Floats
    day: Floats
    known: Ints


class Hours:
    """Usual attempts per hour of the week for up to `keys_max` keys; about 3.4 kB each.

    Keys are divided into slices as those of `models.windows.table.Windows` are. When a slice is full, keys that had no
    attempt for five weeks go; if there are none, new keys are turned away, counted.

    Example:
        >>> hours, key, hour = Hours(100), np.ones(1, np.uint64), np.full(1, 1_000)
        >>> _ = hours.note(Notes(key, hour, np.full((1, 24), 7), np.ones(1, np.uint8)))
        >>> hours.normal(key, hour + 24).hour.tolist()
        [7.0]
    """

    def __init__(self, keys_max: int, slices: int = 16, seed: int = 0) -> None:
        """Make a table without keys.

        Args:
            keys_max: how many keys there may be, divided evenly among the slices, of which each may hold one at least.
            slices: how many there are, a power of two up to 1,024.
            seed: of the hash, as for `Windows`.

        Raises:
            ValueError: an argument is out of range.
        """
        if not 0 < keys_max < 1 << 30 or not 0 < slices <= 1 << 10 or slices & (slices - 1) or not 0 <= seed < 1 << 64:
            raise ValueError(f"hours of {keys_max} keys in {slices} slices: expected a power of two of at most 1024")
        self._seed = seed
        self._of = np.zeros(0, np.int64)
        self._state = State(
            places=np.zeros(64, np.int32),
            records=np.zeros(16, Ring),
            used=np.zeros(1, np.int64),
            ledger=np.zeros((slices, LEDGER), np.int64),
            dirty=np.zeros(slices, np.uint8),
            seed=np.uint64(seed),
            limit=max(1, keys_max // slices),
        )

    def __len__(self) -> int:
        return int(self._state.used[0])

    @property
    def dirty(self) -> Small:
        """uint8[slices], 1 for a slice that took a note since it was set to 0; to be set by who writes the slice."""
        return self._state.dirty

    @property
    def now_ms(self) -> int:
        """Highest event time of all slices so far, in whole hours."""
        return int(self._state.ledger[:, NOW].max()) * HOUR_MS

    @property
    def turned_away(self) -> int:
        """Notes of new keys for which there was no room, of all slices so far."""
        return int(self._state.ledger[:, TURNED_AWAY].sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self._state.places.nbytes + self._state.records.nbytes

    def note(self, notes: Notes) -> Normal:
        """Note what keys have done; say of each what was normal for it, by what was noted before.

        One may come several times; however notes are cut into batches is the same.

        Raises:
            ValueError: an hour is out of range.
        """
        hours, done = notes.hours, 0
        if len(hours) and not 0 <= hours.min() <= hours.max() < HOURS_MAX:
            raise ValueError("hours: before 1970 or after 2089")
        out = np.zeros((len(hours), 3), np.float64)
        while (done := int(noted(self._state, notes, out, done))) < len(hours):
            self._lay_out(self._records[self._useful(self._records)], 1)
            self._state.ledger[:, SWEPT] = self._state.ledger[:, NOW]
        return _normal(out)

    def normal(self, keys: Keys, hours: Ints) -> Normal:
        """Return what was normal for keys at an hour each, by what they did before the 24 hours that end with it."""
        out = np.zeros((len(keys), 3), np.float64)
        expected(self._state, np.array(keys, np.uint64), np.array(hours, np.int64), out)
        return _normal(out)

    def full(self, keys: Keys) -> Mask:
        """Say of keys whether others like them were turned away, so that it is not known what is normal for them."""
        return np.asarray(self._state.ledger[self._slices_of(keys), TURNED_AWAY] > 0)

    def slice_bytes(self, which: int) -> bytes:
        """Return slice number `which` as bytes, little-endian, ordered by key; only keys and hours of use."""
        now, turned_away = self._state.ledger[which, [NOW, TURNED_AWAY]].tolist()
        mine = self._of_slice(which)
        if not len(mine):
            return _HEADER.pack(_MAGIC, FORMAT, len(self.dirty), which, 0, self._seed, now, turned_away)
        records = self._records[mine]
        records = records[self._useful(records)]
        records = records[np.argsort(records["key"])]
        heads, places = records["head"].astype(np.int64)[:, None], np.arange(RING)
        hours = heads - (heads - places) % RING
        records["counts"][hours <= now - RING] = 0
        header = _HEADER.pack(_MAGIC, FORMAT, len(self.dirty), which, len(records), self._seed, now, turned_away)
        return header + records.tobytes()

    def load_slice(self, which: int, data: bytes) -> None:
        """Put what `slice_bytes` gave in the place of a slice, whose `dirty` is then 0.

        Raises:
            ValueError: the data is no such slice, or there is no room for its keys.
        """
        records, now, turned_away = self._parsed(which, data)
        others = np.delete(self._records, self._of_slice(which))
        self._state.ledger[which, [NOW, TURNED_AWAY, SWEPT]] = now, turned_away, 0
        self._lay_out(np.concatenate([others, records]), 0)
        self._state.dirty[which] = 0

    def _parsed(self, which: int, data: bytes) -> tuple[npt.NDArray[np.void], int, int]:
        """Return the records of a slice, and of its ledger the time and how many were turned away."""
        begin = f"slice {which} of {len(self.dirty)} of the hours: "
        if len(data) < _VERSIONED.size or data[: len(_MAGIC)] != _MAGIC:
            raise ValueError(begin + "not the state of hours (restore an older checkpoint)")
        _, version = _VERSIONED.unpack_from(data)
        if version != FORMAT:
            raise ValueError(begin + f"of format {version}, this version reads {FORMAT}")
        if len(data) < _HEADER.size:
            raise ValueError(begin + "no whole header (restore an older checkpoint)")
        _, _, *place, many, seed, now, turned_away = _HEADER.unpack_from(data)
        if [*place, seed] != [len(self.dirty), which, self._seed] or len(data) != _HEADER.size + many * Ring.itemsize:
            raise ValueError(begin + f"is slice {place[1]} of {place[0]}, {len(data)} bytes of {many} keys")
        if many > self._state.limit:
            raise ValueError(begin + f"{many} keys, more than its {self._state.limit} (allow for more keys)")
        records = np.frombuffer(data, Ring, many, _HEADER.size).copy()
        keys, first, head = records["key"], records["first"], records["head"]
        ordered = (keys[:-1] < keys[1:]).all() and (keys > 0).all() and (self._slices_of(keys) == which).all()
        dated = 0 <= now < HOURS_MAX and (head <= now).all() and (head > now - RING).all() and (first <= head).all()
        if not ordered or not dated or turned_away < 0:
            raise ValueError(begin + "keys or hours out of order (restore an older checkpoint)")
        return records, now, turned_away

    @property
    def _records(self) -> npt.NDArray[np.void]:
        return self._state.records[: len(self)]

    def _useful(self, records: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
        """Say of records whether they had an attempt in the five weeks before the time of their slice."""
        nows = self._state.ledger[self._slices_of(records["key"]), NOW]
        return np.asarray(records["head"] > nows - RING)

    def _of_slice(self, which: int) -> Ints:
        """Positions of the records of a slice; only those that came since the last question are looked at."""
        if len(self._of) < len(self):
            new = self._state.records["key"][len(self._of) : len(self)]
            self._of = np.concatenate([self._of, self._slices_of(new)])
        return np.flatnonzero(self._of == which)

    def _slices_of(self, keys: Keys) -> Ints:
        return slices(hashes(keys, self._state.seed), len(self.dirty))

    def _lay_out(self, records: npt.NDArray[np.void], more: int) -> None:
        """Lay records out anew, with room for some more and an eighth."""
        room = np.zeros(len(records) + len(records) // 8 + more + 8, Ring)
        room[: len(records)] = records
        self._of = np.zeros(0, np.int64)
        self._state.used[0] = len(records)
        self._state.ledger[:, KEYS] = np.bincount(self._slices_of(records["key"]), minlength=len(self.dirty))
        index = np.zeros(1 << (2 * len(room)).bit_length(), np.int32)
        self._state = self._state._replace(places=index, records=room)
        indexed(self._state)


def _normal(out: Floats) -> Normal:
    return Normal(out[:, 0], out[:, 1], out[:, 2].astype(np.int64))


def warm() -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    hours, key, hour = Hours(1), np.ones(1, np.uint64), np.ones(1, np.int64)
    hours.note(Notes(key, hour, np.ones((1, 24), np.int64), np.ones(1, np.uint8)))
    hours.normal(key, hour)
    which = int(hours._slices_of(key)[0])
    hours.load_slice(which, hours.slice_bytes(which))
