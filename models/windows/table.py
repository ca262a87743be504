"""The windows of one kind of key, as the detector sees them."""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.asking import DISTINCT, EXACT, FIELDS, asked, buckets
from models.windows.forgetting import dropped, swept, thinned
from models.windows.layout import (
    BITS,
    BLOCK,
    BLOCKS,
    BUSY,
    CHUNK,
    CHUNKS,
    COUNTERS,
    EVICTED,
    HOUR,
    KEYS,
    NOW,
    SKETCHES,
    SLOT,
    TICK_MS,
    TICKS_MAX,
    TURNED_AWAY,
    USED,
    WINDOWS_MS,
    Ints,
    Positions,
    Small,
    empty,
)
from models.windows.lines import lengthened
from models.windows.listing import slots_of
from models.windows.noticing import Noticed, scratch, taken_out, together, watching
from models.windows.slices import filled, slice_bytes
from models.windows.slots import grown, hashes, oldest, slices
from models.windows.updating import CHUNKS_PER_ROW, FULL, Columns, columns_of, latest_of, updated
from models.windows.wire import BUSY_ENTRIES, Place, parsed, refused

LOAD: Final = 0.7
"""How full the index gets before it doubles."""
GROWTH: Final = 8
"""Large arrays grow by an eighth."""
STEP_BYTES: Final = 8 << 20
"""Smaller ones by as much, or by a half: they are copied, and a part that is not in use yet takes no memory."""
SLICES_MAX: Final = 1024
STRIPES: Final = 64
"""Batches that a sweep is spread over."""
LOG_HOURS: Final = 6
"""Hours after which a log is freed of dead events, if it has not filled up before."""
_ARRAYS: Final = {
    SLOT: ("slots",),
    CHUNKS: ("chunks",),
    BLOCKS: ("buckets", "met"),
    SKETCHES: ("registers", "spare"),
}
"""The arrays that have an element for every element of a pool."""


class Ledger(NamedTuple):
    """What a table knows beside its keys, over all slices; each has its own part in its bytes.

    Attributes:
        now_ms: highest event time so far, in whole ticks.
        evicted: keys that had to go for others, so far.
        turned_away: rows of new keys for which no other could go, so far.
    """

    now_ms: int
    evicted: int
    turned_away: int


class Features(NamedTuple):
    """What the windows of some keys hold; each int64[keys, windows] in the order of `WINDOWS_MS`.

    Attributes:
        attempts: calls that were tried and not refused by a command of ours.
        refused: attempts that were.
        answered: calls that were answered.
        ended: calls that ended, answered or not.
        talked: calls that ended and had been answered, by their duration.
        short: those of less than `SHORT_MS`.
        duration_ms: answered time of calls that ended.
        distinct: other parties of the attempts.
        exact: bool, whether `distinct` is exact; else its standard error is `STANDARD_ERROR` times its value.
    """

    attempts: Ints
    refused: Ints
    answered: Ints
    ended: Ints
    talked: Ints
    short: Ints
    duration_ms: Ints
    distinct: Ints
    exact: npt.NDArray[np.bool_]


class Windows:
    """Sliding event-time windows of 1 min, 5 min, 1 h and 24 h for each of many keys.

    A window is the bucket that holds the highest event time and the 5, 4, 11 or 23 whole buckets before it (of 10 s,
    1 min, 5 min, 1 h), so that it moves by whole buckets and is up to one bucket shorter than its name. An event
    counts in the bucket of its own time, however late it comes, in the windows that still reach it.

    Keys are divided into slices by their hash. What a slice holds, to the byte, follows from the rows of its own keys
    and their order alone: not from how they are cut into batches, nor from any other slice. So each can be written at
    a moment of its own, and brought up to date by the rows since. Its time is the highest of its rows, of which one
    that counts as nothing moves it too; a row of nobody (key 0) is in no slice. Its share of the keys is the same as
    the others', so some are full a little before the table is.

    There is a table for every kind of key (caller, account, called, prefix, trunk), so that a flood of random callers
    drives out no trunk. Not for several threads at once.

    Example:
        >>> windows = Windows(1_000)
        >>> one, attempt = np.ones(1, np.int64), np.zeros(1, np.int64)
        >>> windows.update(columns_of([one, one, one, attempt, attempt, attempt, one]))
        >>> windows.features(np.array([1], np.uint64), 1).attempts.tolist()
        [[1, 1, 1, 1]]
    """

    def __init__(self, keys_max: int, slices: int = 64, seed: int = 0, floors: tuple[int, ...] | None = None) -> None:
        """Make a table without keys.

        Args:
            keys_max: how many keys there may be, divided evenly among the slices, of which each may hold one at least.
            slices: how many there are, a power of two up to 1,024.
            seed: of the hashes; a secret one keeps others from choosing numbers that meet in one place of the index.
            floors: attempts in each window from which a busy key is noticed; None notices none.

        Raises:
            ValueError: an argument is out of range.
        """
        if not 0 < keys_max < BUSY or not 0 < slices <= SLICES_MAX or slices & (slices - 1) or not 0 <= seed < 1 << 64:
            raise ValueError(
                f"windows of {keys_max} keys in {slices} slices: expected 1 to 4e9, a power of two to 1024"
            )
        self._state = empty(max(1, keys_max // slices), slices, seed)
        self._watch, self._scratch = watching(floors), scratch()
        self._all = np.ones(slices, np.uint8)
        self._slices, self._seed = slices, seed
        self._hour, self._stripe = 0, 0

    def __len__(self) -> int:
        return int(self._state.marks[USED + SLOT])

    @property
    def ledger(self) -> Ledger:
        """The latest time and the counts of all slices."""
        ledger = self._state.ledger
        counts = ledger[:, [EVICTED, TURNED_AWAY]].sum(axis=0).tolist()
        return Ledger(int(ledger[:, NOW].max()) * TICK_MS, *counts)

    @property
    def dirty(self) -> Small:
        """uint8[slices], 1 for a slice that took a row since it was set to 0; to be set by who writes the slice."""
        return self._state.dirty

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(part.nbytes for part in self._state if isinstance(part, np.ndarray))

    def update(self, rows: Columns, stale: Small | None = None) -> Noticed:
        """Count rows in their order; tell what is noticed of busy keys.

        Args:
            rows: a batch; however rows are cut into batches is the same.
            stale: uint8[slices]; rows of a slice whose entry is 0 are passed over. None takes all.

        Raises:
            ValueError: an event is before 1970 or after 2054, or a column is of another length.
        """
        rows, stale = columns_of(rows), self._all if stale is None else np.ascontiguousarray(stale, np.uint8)
        if stale.shape != self._all.shape:
            raise ValueError(f"windows: {len(stale)} slices may be stale, there are {self._slices}")
        if not len(rows.ts):
            return taken_out(self._watch)
        if not 0 <= (latest := latest_of(rows)) < TICKS_MAX * TICK_MS:
            raise ValueError("windows: event time before 1970 or after 2054 (milliseconds since the epoch?)")
        return self.count(rows, np.arange(len(rows.ts), dtype=np.int32), latest, stale)

    def count(self, rows: Columns, chosen: Positions, latest_ms: int, stale: Small | None = None) -> Noticed:
        """Count some rows of a batch in their order; what `update` does, and checks, for all of them.

        Args:
            rows: as `columns_of` gives them, whose times are in range.
            chosen: int32[rows to count], their positions, rising.
            latest_ms: the highest time of any of them.
            stale: as for `update`.
        """
        stale, parts = self._all if stale is None else stale, list[Noticed]()
        done, crowded = updated(self._state, rows, chosen, stale, 0, self._watch)
        while done < len(chosen):
            if crowded >= 0:
                thinned(self._state, int(crowded))
            elif crowded == FULL:
                parts.append(taken_out(self._watch))
            else:
                self._make_room(1, CHUNKS_PER_ROW, 1, 1)
            done, crowded = updated(self._state, rows, chosen, stale, done, self._watch)
        self._sweep(latest_ms // TICK_MS // HOUR)
        noticed = taken_out(self._watch)
        return together([*parts, noticed]) if parts else noticed

    def _sweep(self, hour: int) -> None:
        """Free one stripe of the slots of what has died, until all were swept in this hour of event time."""
        if self._hour != hour:
            self._hour, self._stripe = hour, 0
        if self._stripe < STRIPES:
            width = -(-len(self._state.slots) // STRIPES)
            logs = (hour + self._stripe) % LOG_HOURS == 0
            swept(self._state, self._stripe * width, width, logs)
            self._stripe += 1

    def features(self, keys: Keys, now_ms: int) -> Features:
        """Return what the windows that end at event time `now_ms` hold, zeros for a key that is not there.

        Args:
            keys: uint64[keys].
            now_ms: event time, not below that of any of the keys' slices.

        Raises:
            ValueError: `now_ms` is below.
        """
        keys, now = self._asked(keys, now_ms)
        found = np.zeros((len(keys), len(WINDOWS_MS), FIELDS), np.int64)
        found[:, :, EXACT] = 1
        asked(self._state, keys, now, found, self._scratch)
        numbers = [found[:, :, field] for field in range(DISTINCT + 1)]
        return Features._make([*numbers, found[:, :, EXACT] != 0])

    def buckets(self, keys: Keys, now_ms: int) -> Ints:
        """Return the buckets of which the windows that end at `now_ms` consist, zeros for a key that is not there.

        Args and errors are those of `features`.

        Returns:
            int64[keys, BLOCK, COUNTERS]: window after window, in each from the oldest bucket to the newest; counters
            in the order of `models.windows.layout.Bucket`.
        """
        keys, now = self._asked(keys, now_ms)
        found = np.zeros((len(keys), BLOCK, COUNTERS), np.int64)
        buckets(self._state, keys, now, found)
        return found

    def _asked(self, keys: Keys, now_ms: int) -> tuple[Keys, int]:
        """Return keys and tick of a question, if it is none of the past."""
        keys, now = np.array(keys, np.uint64), now_ms // TICK_MS  # a copy: kernels are compiled for what is writable
        nows = self._state.ledger[:, NOW]
        if now >= TICKS_MAX or (nows.max() > now and (nows[self.slice_of_keys(keys)] > now).any()):
            raise ValueError(f"windows at {now_ms} ms: rows up to {self.ledger.now_ms} ms were counted")
        return keys, now

    def keys(self) -> Keys:
        """Return the keys that have an event in a window at the time of their slice, ascending."""
        slots = self._state.slots[: self._state.marks[SLOT]]
        slots = slots[slots["key"] != 0]
        nows = self._state.ledger[self.slice_of_keys(slots["key"]), NOW]
        return np.sort(slots["key"][slots["head"] >= oldest(nows)])

    def slice_of_keys(self, keys: Keys) -> Ints:
        """Return int64[keys], the slice of each."""
        return slices(hashes(keys, self._state.seed), self._slices)

    def slice_bytes(self, which: int) -> bytes:
        """Return slice number `which` as bytes, the same for the same rows of it; only what a window reaches."""
        return slice_bytes(self._state, self._place(which))

    def load_slice(self, which: int, data: bytes) -> None:
        """Put what `slice_bytes` gave in the place of a slice, whose `dirty` is then 0.

        Raises:
            ValueError: the data is no such slice, or there is no room for its keys.
        """
        place = self._place(which)
        columns, sizes, ledger = parsed(data, place)
        if sizes.keys > self._state.limit:
            raise refused(place, f"{sizes.keys} keys, more than its {self._state.limit}", "allow for more keys")
        dropped(self._state, slots_of(self._state, which))
        logs = columns.entries[columns.entries != BUSY_ENTRIES].astype(np.int64)
        chunks = int((-(-logs // CHUNK)).sum())
        alike = 1 if len(self) else self._slices  # the others will be as large: arrays grow once for all
        sketches = int((columns.sketched != 0).sum())
        self._make_room(*(alike * count for count in (sizes.keys, chunks, sizes.busy, sketches)))
        filled(self._state, columns, np.zeros(len(sizes), np.int64))
        self._state.ledger[which, :KEYS] = ledger
        self._state.dirty[which] = 0

    def _place(self, which: int) -> Place:
        if not 0 <= which < self._slices:
            raise ValueError(f"slice {which} of windows that have {self._slices}")
        return Place(self._slices, which, self._seed)

    def _make_room(self, slots: int, chunks: int, blocks: int, sketches: int) -> None:
        """Let arrays grow until so many more elements of each pool fit."""
        for pool, more in ((SLOT, slots), (CHUNKS, chunks), (BLOCKS, blocks), (SKETCHES, sketches)):
            needed = int(self._state.marks[USED + pool]) + more
            arrays = {name: getattr(self._state, name) for name in _ARRAYS[pool]}
            have, element = len(next(iter(arrays.values()))), sum(array[0].nbytes for array in arrays.values())
            if have < needed:
                size = max(needed, have + max(have // GROWTH, min(have // 2, STEP_BYTES // element)))
                longer: dict[str, Any] = {name: lengthened(array, size) for name, array in arrays.items()}
                self._state = self._state._replace(**longer)
        self._widen(len(self) + slots)

    def _widen(self, keys: int) -> None:
        """Let the index grow until so many keys fit."""
        bits = int(self._state.marks[BITS])
        while keys > LOAD * (1 << bits):
            bits += 1
        if bits > self._state.marks[BITS]:
            places = np.zeros(1 << bits, np.uint64)
            grown(self._state.places, places, bits)
            self._state = self._state._replace(places=places)
            self._state.marks[BITS] = bits


def warm() -> None:
    """Compile the kernels, or load them from the cache, before the first batch needs them."""
    windows, key, row = Windows(1), np.ones(1, np.uint64), np.ones((7, 1), np.int64)
    windows.update(columns_of(row))
    thinned(windows._state, 0)
    windows._widen(len(windows._state.places))
    windows.features(key, 1)
    windows.buckets(key, 1)
    which = int(windows.slice_of_keys(windows.keys())[0])
    windows.load_slice(which, windows.slice_bytes(which))
