"""How the state of the windows lies in memory: its edges, its records, its arrays.

A key has a slot, which is a cache line. Its first events are kept one by one in a log: the latest in the slot, those
before in a chain of chunks that are a line each. A key with more events than a log holds is busy: it has a block, which
is a bucket for every part of every window, and a table of the parties it met. A busy key that met more parties than the
table holds has a sketch, too.

Most events of a busy key fall in the tick of its latest. That one is under way: it is counted in the slot, and in
registers of its own, and is added to its bucket of every window when a later one begins, or somebody asks.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.lines import lines

TICK_MS: Final = 10_000
"""Event time is counted in ticks since the epoch: the finest bucket, of which every other is a multiple."""
TICKS_MAX: Final = 1 << 28
"""Ticks fit in 28 bits: until January 2055."""
WINDOWS_MS: Final = (60_000, 300_000, 3_600_000, 86_400_000)
BUCKETS: Final = tuple(map(np.int64, (6, 5, 12, 24)))
"""Buckets of each window: 6 of 10 s, 5 of 1 min, 12 of 5 min, 24 of 1 h. numba compiles a function anew for every
plain constant that it is called with: what kernels hand on is int64."""
WIDTHS: Final = tuple(map(np.int64, (1, 6, 30, 360)))
"""Ticks of a bucket of each window."""
FIRSTS: Final = tuple(map(np.int64, (0, 6, 11, 23)))
"""Where each window's buckets begin in a block."""
BLOCK: Final = 47
"""Buckets of a block."""
DAY: Final = 24
HOUR: Final = 360
"""Ticks of an hour: what lies in one lives and dies together."""

ATTEMPT, REFUSED, ANSWERED, ENDED = 1, 2, 4, 8
"""What an event counts as; the low bits of a log entry's word."""
FLAGS: Final = 15
FLAG_BITS: Final = 4
LONG_MS: Final = 1 << 28
"""A call of this length (74 h) or more does not fit in a log entry: its key is busy."""
SHORT_MS: Final = 6_000
"""A short call: what carriers' short-duration surcharges are counted by (six seconds, one billing increment)."""

TAIL: Final = 3
"""Entries of a log that a slot has room for."""
CHUNK: Final = 5
"""Entries of a chunk."""
LOG_MAX: Final = 60
"""Entries of a log; a block weighs as much as 200."""
CALM_MAX: Final = 30
"""A busy key that is left with as few events, all older than an hour, gets a log again."""
TABLE: Final = 128
"""Room for parties in a block."""
PARTIES_MAX: Final = 96
"""Parties in the table: it is exact up to here."""
REGISTERS: Final = 128
"""Registers of a sketch: a standard error of 1.04 / sqrt(128) = 9.2 %."""
OPEN: Final = BLOCK
"""Where a sketch has the registers of the tick that is under way."""
STANDARD_ERROR: Final = 0.092
"""Of a distinct count that is not exact, as a share of it."""
RANK_MAX: Final = 30
"""Largest value of a register: the 36 bits of a hash less 7 that choose the register, plus one."""

NONE: Final = 0xFFFF_FFFF
"""No sketch."""
BUSY: Final = 0xFFFF_FFFF
"""The `entries` of a slot whose `link` is a block."""

SLOT, CHUNKS, BLOCKS, SKETCHES = map(np.int64, range(4))
"""Pools, as `marks` numbers them: `marks[pool]` were ever in use, `marks[FREE + pool]` is the last freed plus one."""
FREE, USED = 4, 8
"""`marks[USED + pool]` are in use."""
BITS, MARKS = 12, 13
"""`BITS`: of the index."""
NOW, EVICTED, TURNED_AWAY, CLOSED, KEYS, LEDGER = range(6)
"""The ledger of a slice. `NOW`: tick of the highest event time of its rows. `EVICTED`: keys that had to go for others.
`TURNED_AWAY`: rows of new keys for which none could go. `CLOSED`: tick during which no more keys are evicted, -1 none.
`KEYS`: how many it holds, with those that are dead and not swept."""

_SLOT: Final = {
    "key": ("<u8", 0),
    "head": ("<u4", 8),
    "link": ("<u4", 12),
    "entries": ("<u4", 16),
    "word": (("<u4", (TAIL,)), 20),
    "party": (("<u8", (TAIL,)), 32),
    "attempts": ("<u4", 20),
    "refused": ("<u4", 24),
    "answered": ("<u4", 28),
    "ended": ("<u4", 32),
    "talked": ("<u4", 36),
    "short": ("<u4", 40),
    "sketch": ("<u4", 44),
    "duration": ("<i8", 48),
    "parties": ("<u4", 56),
    "lost": ("<u4", 60),
}
Slot = np.dtype(
    {
        "names": list(_SLOT),
        "formats": [form for form, _ in _SLOT.values()],
        "offsets": [offset for _, offset in _SLOT.values()],
        "itemsize": 64,
    }
)
"""`head`: tick of the latest event. `entries`: of the log, or BUSY.

Of a log: `link`: last chunk. `word`, `party`: the latest `TAIL` entries at most, as in a chunk.
Of a busy key: `link`: the block. `attempts` to `short`, `duration`: the tick that is under way, `head`. `sketch`.
`parties`: in the table. `lost`: latest tick whose parties may be missing in it; 0: none is.
"""
Chunk = np.dtype([("party", "<u8", (CHUNK,)), ("word", "<u4", (CHUNK,)), ("before", "<u4")])
"""`party`: 36 bits of the other party's hash (0: none) and the tick. `word`: duration, ms, and 4 flags."""
Spare = np.dtype([("next", "<u4")])
"""`next`: the next free sketch, plus one."""
Bucket = np.dtype(
    [
        ("attempts", "<u4"),
        ("refused", "<u4"),
        ("answered", "<u4"),
        ("ended", "<u4"),
        ("talked", "<u4"),
        ("short", "<u4"),
        ("duration", "<i8"),
    ]
)
COUNTERS: Final = 7
"""Fields of a bucket."""

Records = npt.NDArray[Any]
Record = Any
"""An element of `Records`, whose fields numba knows."""
Whole = int | np.int64
"""An integer, as kernels pass it on."""
Truth = bool | np.bool_
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int32]
"""Of rows in a batch."""


class State(NamedTuple):
    """All arrays of a table, as the kernels take them.

    Attributes:
        places: uint64[2^bits], open addressing by hash: its top 32 bits and the slot plus one; 0 is empty.
        slots: Slot[room]; `key` 0 is free.
        chunks: Chunk[room].
        buckets: Bucket[blocks, BLOCK].
        met: uint64[blocks, TABLE], party and last tick, as in a log entry.
        registers: uint8[sketches, BLOCK + 1, REGISTERS], the last of the tick that is under way.
        spare: Spare[sketches].
        marks: int64[MARKS].
        ledger: int64[slices, LEDGER].
        dirty: uint8[slices], 1: has taken a row since it was set to 0.
        parties: uint64[TABLE], scratch.
        words: uint32[TABLE], scratch.
        ahead: Ahead[AHEAD], the rows that are counted next.
        seed: of the hashes.
        limit: how many keys there may be in a slice.
    """

    places: Keys
    slots: Records
    chunks: Records
    buckets: Records
    met: Keys
    registers: Small
    spare: Records
    marks: Ints
    ledger: Ints
    dirty: Small
    parties: Keys
    words: npt.NDArray[np.uint32]
    ahead: Records
    seed: np.uint64
    limit: int


AHEAD: Final = 64
"""Rows whose memory is asked for at once; no more than `TABLE`."""
Ahead = np.dtype([("hashed", "<u8"), ("party", "<u8"), ("word", "<i8"), ("at", "<i8")])
"""Of a row: its key's hash; the other party and the tick; what it counts as, with its duration, as in a log entry; the
slot that its key is likely to have, -1 for none."""
INDEX_BITS: Final = 10
ROOM: Final = 64
"""Slots, chunks and blocks to begin with; room for as many is there before a row is applied."""


def empty(limit: int, slices: int, seed: int) -> State:
    """Return the state of a table without keys, of which each slice may hold as many as `limit` says."""
    marks, ledger = np.zeros(MARKS, np.int64), np.zeros((slices, LEDGER), np.int64)
    marks[BITS], ledger[:, CLOSED] = max(INDEX_BITS, slices.bit_length()), -1
    return State(
        places=np.zeros(1 << int(marks[BITS]), np.uint64),
        slots=lines((ROOM,), Slot),
        chunks=lines((ROOM,), Chunk),
        buckets=lines((1, BLOCK), Bucket),
        met=lines((1, TABLE), np.uint64),
        registers=lines((1, BLOCK + 1, REGISTERS), np.uint8),
        spare=lines((1,), Spare),
        marks=marks,
        ledger=ledger,
        dirty=np.zeros(slices, np.uint8),
        parties=np.zeros(TABLE, np.uint64),
        words=np.zeros(TABLE, np.uint32),
        ahead=lines((AHEAD,), Ahead),
        seed=np.uint64(seed),
        limit=limit,
    )
