"""What is counted of everybody's calls: windows per caller, account, called number, prefix and trunk."""

from operator import attrgetter
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.digits import INTERNATIONAL
from models.evidence import E164_DIGITS, POWERS
from models.hashing import Keys, Word
from models.kinds import PREFIX_DIGITS, Kind
from models.row_table import Outline
from models.share import Share
from models.windows.hours import Hours
from models.windows.layout import TICK_MS, TICKS_MAX, Ints, Small, Whole
from models.windows.table import Windows
from models.windows.updating import Columns as Events
from models.windows.updating import as_kernels_take, columns_of

SLICES: Final = (64, 64, 64, 16, 16)
"""Of the windows of each kind: a slice is what a checkpoint writes at once."""
FEW: Final = 16
"""Prefixes and trunks may be a sixteenth as many as callers."""
HOURLY: Final = (Kind.PREFIX, Kind.TRUNK)
"""Kinds whose hours of the week are remembered, 3.4 kB a key."""
HOURLY_MAX: Final = 4_096
_LATEST_MS: Final = TICKS_MAX * TICK_MS - 1
_KINDS: Final = len(Kind)

Mask = npt.NDArray[np.bool_]
_columns = attrgetter("caller", "account", "called", "via", "ts", "owns")
_numbers = attrgetter("called", "digits", "reach", "code")
_told = attrgetter("ts", "event", "flags", "duration")


class Columns(NamedTuple):
    """What decides which rows count for which kinds: `Outline`'s columns of keys and others, and how rows were judged.

    Attributes:
        counted: bool[rows], whether a row counts in windows.
    """

    caller: Keys
    account: Keys
    called: Keys
    via: Keys
    ts: Ints
    owns: Small
    counted: Mask


class Numbers(NamedTuple):
    """Called numbers; columns of `Rows`, one of each row that its owner follows, and where the row stands."""

    called: Keys
    digits: Small
    reach: Small
    code: npt.NDArray[np.uint16]
    place: Ints


class Chosen(NamedTuple):
    """Which rows of a batch count for their owner's keys.

    Attributes:
        prefix: uint64[rows], calling code and the digits behind it; 0 where there is none, or another owner has it.
        rows: int32[kinds, rows], positions of the rows that count for each kind, rising.
        many: int64[kinds], how many they are.
        times: int64[2], their earliest and their latest event time, ms; 0 and 0 of none.
    """

    prefix: Keys
    rows: npt.NDArray[np.int32]
    many: Ints
    times: Ints


@part
def _prefixes(numbers: Numbers, prefix: Keys) -> None:
    """Fill in the column `prefix`, which is all zeros."""
    for row in range(numbers.called.size):
        code, digits = np.int64(numbers.code[row]), np.int64(numbers.digits[row])
        if numbers.reach[row] == INTERNATIONAL and code != 0 and digits <= E164_DIGITS:
            own = 1 if code < 10 else 2 if code < 100 else 3
            power = POWERS[max(digits - own - PREFIX_DIGITS, np.int64(0))]
            prefix[numbers.place[row]] = np.uint64(np.int64(numbers.called[row]) // power)


@part
def _choose(chosen: Chosen, kind: Whole, row: Whole, owns: Whole, key: Word) -> None:
    """Choose a row if its owner `owns` its key of a kind: without a branch, which would be guessed wrong."""
    chosen.rows[kind, chosen.many[kind]] = row
    chosen.many[kind] += (owns >> kind) & 1 & (key != 0)


@nb.njit(cache=True, nogil=True)
def _chosen(lent: Columns, lent_numbers: Numbers) -> Chosen:
    """Choose the rows that count; no row later than `_LATEST_MS` does."""
    columns, numbers = borrowed(lent), borrowed(lent_numbers)
    size = columns.ts.size
    made = Chosen(
        np.zeros(size, np.uint64), np.empty((_KINDS, size), np.int32), np.zeros(_KINDS, np.int64), np.zeros(2, np.int64)
    )
    chosen = borrowed(made)
    _prefixes(numbers, chosen.prefix)
    earliest, latest = np.int64(_LATEST_MS), np.int64(0)
    for row in range(size):
        ts = columns.ts[row]
        if not columns.counted[row] or ts > _LATEST_MS:
            continue
        owns = np.int64(columns.owns[row])
        earliest, latest = min(earliest, ts), max(latest, ts)
        _choose(chosen, 0, row, owns, columns.caller[row])
        _choose(chosen, 1, row, owns, columns.account[row])
        _choose(chosen, 2, row, owns, columns.called[row])
        _choose(chosen, 3, row, owns, chosen.prefix[row])
        _choose(chosen, 4, row, owns, columns.via[row])
    chosen.times[0], chosen.times[1] = min(earliest, latest), latest
    return made


def _events(rows: Outline, prefix: Keys, clock: Ints) -> tuple[Events, ...]:
    """Return by kind the events as its windows take them: with its keys, and the other parties."""
    caller, called, *told = columns_of((rows.caller, rows.called, *_told(rows), clock))
    account, via = as_kernels_take(rows.account, caller.dtype), as_kernels_take(rows.via, caller.dtype)
    parties = (caller, called), (account, called), (called, caller), (prefix, caller), (via, called)
    return tuple(Events._make((*both, *told)) for both in parties)


class Sightings:
    """The windows of every kind at one owner.

    Attributes:
        windows: by `Kind`.
        hours: usual attempts by the hour of the week, for the kinds in `HOURLY`.
        tables: all of them, by the name that their slices are kept under.
    """

    def __init__(self, keys_max: int, seed: int = 0) -> None:
        """Make them empty.

        Args:
            keys_max: callers, accounts and called numbers, of each, that this owner may know at a time.
            seed: of the hashes; a secret one keeps others from choosing numbers that meet in one place.
        """
        few = max(1, keys_max // FEW)
        limits = (keys_max, keys_max, keys_max, few, few)
        self.windows = [Windows(limits[kind], SLICES[kind], seed) for kind in Kind]
        self.hours = {kind: Hours(min(few, HOURLY_MAX), SLICES[kind], seed) for kind in HOURLY}
        self.tables: dict[str, Windows | Hours] = {kind.name.lower(): self.windows[kind] for kind in Kind}
        self.tables |= {f"{kind.name.lower()}-hours": hours for kind, hours in self.hours.items()}

    def count(self, share: Share, counted: Mask, clock: Ints, stale: dict[str, Small] | None = None) -> None:
        """Count rows in their order.

        An event later than the windows can hold (2054) counts in none; one before 1970 is an error, and nothing is
        counted.

        Args:
            share: of this owner.
            counted: bool[rows of its outline], which of them count.
            clock: int64[rows], highest event time up to and including each, ms.
            stale: by table, uint8[slices]: only slices with a 1 are to be brought up to date.

        Raises:
            ValueError: an event is before 1970.
        """
        outline = share.outline
        columns = Columns._make((*_columns(outline), counted))
        numbers = Numbers._make((*_numbers(share.rows), share.followed))
        chosen = _chosen(columns, numbers)
        if chosen.times[0] < 0:
            raise ValueError("sightings: event time before 1970 (milliseconds since the epoch?)")
        clock = np.minimum(clock, _LATEST_MS)
        latest_ms = max(int(chosen.times[1]), int(clock.max(initial=0)))
        for kind, events in zip(Kind, _events(outline, chosen.prefix, clock), strict=True):
            mine = chosen.rows[kind, : chosen.many[kind]]
            if not len(mine):
                continue
            name = kind.name.lower()
            self.windows[kind].count(events, mine, latest_ms, stale[name] if stale else None)
            if kind in self.hours:
                self.hours[kind].count(events, mine, stale[f"{name}-hours"] if stale else None)
