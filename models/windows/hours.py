"""How many calls a key usually has in an hour of the week: for prefixes, trunks and whoever is busy.

A key's attempts are counted per hour of event time over five weeks, the running one and the four before: 840 counters.
Usual is the mean of the same hour (UTC) of the four weeks before, so that one odd week is a quarter of it.
Counts follow from the rows alone, in any order within the allowed lateness, however they are cut; those of a slice
of the keys from its own rows alone.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.layout import Ints, Positions, Small
from models.windows.ring import (
    HOUR_MS,
    HOURS_MAX,
    KEYS,
    LEDGER,
    NOW,
    RING,
    SWEPT,
    TURNED_AWAY,
    WEEK,
    WEEKS,
    Ring,
    State,
    found,
    indexed,
    updated,
)
from models.windows.slots import hashes, slices
from models.windows.updating import Columns, columns_of, latest_of

FORMAT: Final = 2
_MAGIC: Final = b"RFHW"
_VERSIONED: Final = struct.Struct("<4sH")
_HEADER: Final = struct.Struct("<4sHHHI2xQqq")


class Usual(NamedTuple):
    """What is usual for some keys at this hour of the week.

    Attributes:
        attempts: float64[keys], mean over the known weeks; 0 where none is.
        weeks: int64[keys], weeks before the running one, 0 to 4, in which the key was known at this hour.
    """

    attempts: npt.NDArray[np.float64]
    weeks: Ints


class Hours:
    """Usual attempts per hour of the week for up to `keys_max` keys; about 3.4 kB each.

    Keys are divided into slices as those of `models.windows.table.Windows` are. When a slice is full, keys that had no
    attempt for five weeks go; if there are none, new keys are turned away, counted.

    Example:
        >>> hours, one, attempt = Hours(100), np.ones(1, np.int64), np.zeros(1, np.int64)
        >>> hours.update(columns_of([one, one, one, attempt, attempt, attempt, one]))
        >>> hours.usual(np.array([1], np.uint64), 7 * 86_400_000).attempts.tolist()
        [1.0]
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
        self._seed, self._all = seed, np.ones(slices, np.uint8)
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
        """uint8[slices], 1 for a slice that took a row since it was set to 0; to be set by who writes the slice."""
        return self._state.dirty

    @property
    def now_ms(self) -> int:
        """Highest event time of all slices so far, in whole hours."""
        return int(self._state.ledger[:, NOW].max()) * HOUR_MS

    @property
    def turned_away(self) -> int:
        """Rows of new keys for which there was no room, of all slices so far."""
        return int(self._state.ledger[:, TURNED_AWAY].sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self._state.places.nbytes + self._state.records.nbytes

    def update(self, rows: Columns, stale: Small | None = None) -> None:
        """Count the attempts among rows.

        Args:
            rows: a batch; however rows are cut into batches is the same.
            stale: uint8[slices]; rows of a slice whose entry is 0 are passed over. None takes all.

        Raises:
            ValueError: an event is before 1970 or after 2089, or a column is of another length.
        """
        rows, stale = columns_of(rows), self._all if stale is None else np.ascontiguousarray(stale, np.uint8)
        if stale.shape != self._all.shape:
            raise ValueError(f"hours: {len(stale)} slices may be stale, there are {len(self._all)}")
        if not len(rows.ts):
            return
        if not 0 <= latest_of(rows) < HOURS_MAX * HOUR_MS:
            raise ValueError("hours: event time before 1970 or after 2089 (milliseconds since the epoch?)")
        self.count(rows, np.arange(len(rows.ts), dtype=np.int32), stale)

    def count(self, rows: Columns, chosen: Positions, stale: Small | None = None) -> None:
        """Count the attempts among some rows of a batch; what `update` does, and checks, for all of them.

        Args:
            rows: as `columns_of` gives them, whose times are in range.
            chosen: int32[rows to count], their positions, rising.
            stale: as for `update`.
        """
        stale, done = self._all if stale is None else stale, 0
        while (done := int(updated(self._state, rows, chosen, stale, done))) < len(chosen):
            self._lay_out(self._records[self._useful(self._records)], 1)
            self._state.ledger[:, SWEPT] = self._state.ledger[:, NOW]

    def usual(self, keys: Keys, now_ms: int) -> Usual:
        """Return what is usual for keys at an hour of the week.

        Raises:
            ValueError: `now_ms` is below the event time of one of the keys' slices.
        """
        hour, records, nows = now_ms // HOUR_MS, self._state.records, self._state.ledger[:, NOW]
        if nows.max() > hour and (nows[self._slices_of(keys)] > hour).any():
            raise ValueError(f"hours at {now_ms} ms: rows up to {self.now_ms} ms were counted")
        at = np.empty(len(keys), np.int64)
        found(self._state, np.array(keys, np.uint64), at)
        before = hour - WEEK * np.arange(1, WEEKS + 1)
        first, head = records["first"][at, None].astype(np.int64), records["head"][at, None].astype(np.int64)
        known = (at >= 0)[:, None] & (before >= first) & (head > hour - RING)
        counts = np.where(known & (before <= head), records["counts"][at[:, None], before % RING], 0)
        weeks = known.sum(axis=1)
        return Usual(counts.sum(axis=1) / np.maximum(weeks, 1), weeks)

    def slice_bytes(self, which: int) -> bytes:
        """Return slice number `which` as bytes, little-endian, ordered by key; only keys and hours of use."""
        now, turned_away = self._state.ledger[which, [NOW, TURNED_AWAY]].tolist()
        records = self._records[self._useful(self._records) & (self._slices_of(self._records["key"]) == which)]
        records = np.sort(records, order="key")
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
        others = self._records[self._slices_of(self._records["key"]) != which]
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

    def _slices_of(self, keys: Keys) -> Ints:
        return slices(hashes(keys, self._state.seed), len(self.dirty))

    def _lay_out(self, records: npt.NDArray[np.void], more: int) -> None:
        """Lay records out anew, with room for some more and an eighth."""
        room = np.zeros(len(records) + len(records) // 8 + more + 8, Ring)
        room[: len(records)] = records
        self._state.used[0] = len(records)
        self._state.ledger[:, KEYS] = np.bincount(self._slices_of(records["key"]), minlength=len(self.dirty))
        index = np.zeros(1 << (2 * len(room)).bit_length(), np.int32)
        self._state = self._state._replace(places=index, records=room)
        indexed(self._state)


def warm() -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    hours, key = Hours(1), np.ones(1, np.uint64)
    hours.update(columns_of(np.ones((7, 1), np.int64)))
    hours.usual(key, HOUR_MS)
    which = int(hours._slices_of(key)[0])
    hours.load_slice(which, hours.slice_bytes(which))
