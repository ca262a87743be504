"""What is counted of everybody's calls: windows per caller, account, called number, prefix and trunk."""

from operator import attrgetter
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.bursts.limits import FLOORS
from models.digits import INTERNATIONAL
from models.evidence import E164_DIGITS, POWERS
from models.hashing import Keys, Word
from models.kinds import PREFIX_DIGITS, Kind
from models.row_table import Outline
from models.share import Share
from models.windows.layout import TICK_MS, TICKS_MAX, Ints, Small, Whole
from models.windows.remembering import Remembering, Seen
from models.windows.table import Windows
from models.windows.updating import Columns as Events
from models.windows.updating import as_kernels_take, columns_of

SLICES: Final = (64, 64, 64, 16, 16)
"""Of the windows of each kind: a slice is what a checkpoint writes at once."""
FEW: Final = 16
"""Prefixes and trunks may be a sixteenth as many as callers."""
BUSY: Final = 64
"""One key in 64 may be busy and have hours of their week remembered, 3.4 kB a key."""
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


class Sighted(NamedTuple):
    """What was noticed of busy keys of one kind."""

    kind: Kind
    seen: Seen


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
    parties = (caller, called), (account, caller), (called, caller), (prefix, caller), (via, called)
    return tuple(Events._make((*both, *told)) for both in parties)


class Sightings:
    """The windows of every kind at one owner.

    Attributes:
        tables: windows and usual hours by the name of the kind, which their slices are kept under.
        windows: by `Kind`.
    """

    def __init__(self, keys_max: int, seed: int = 0) -> None:
        """Make them empty.

        Args:
            keys_max: callers, accounts and called numbers, of each, that this owner may know at a time.
            seed: of the hashes; a secret one keeps others from choosing numbers that meet in one place.
        """
        few = max(1, keys_max // FEW)
        limits = (keys_max, keys_max, keys_max, few, few)
        self._kinds = [
            Remembering(limits[kind], max(1, limits[kind] // BUSY), SLICES[kind], seed, FLOORS[kind].weak)
            for kind in Kind
        ]
        self.tables: dict[str, Remembering] = {kind.name.lower(): self._kinds[kind] for kind in Kind}
        self.windows: list[Windows] = [table.windows for table in self._kinds]

    def count(self, share: Share, counted: Mask, clock: Ints, stale: dict[str, Small] | None = None) -> list[Sighted]:
        """Count rows in their order.

        An event later than the windows can hold (2054) counts in none; one before 1970 is an error, and nothing is
        counted.

        Args:
            share: of this owner.
            counted: bool[rows of its outline], which of them count.
            clock: int64[rows], highest event time up to and including each, ms.
            stale: by table, uint8[slices]: only slices with a 1 are to be brought up to date.

        Returns:
            What was noticed of busy keys, by kind; its rows are positions in the outline.

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
        found = []
        for kind, events in zip(Kind, _events(outline, chosen.prefix, clock), strict=True):
            mine = chosen.rows[kind, : chosen.many[kind]]
            if len(mine):
                counting = self._kinds[kind].count(events, mine, latest_ms, stale[kind.name.lower()] if stale else None)
                found += [] if counting is None else [Sighted(kind, counting)]
        return found
