"""What is counted of everybody's calls: windows per caller, account, called number, prefix and trunk."""

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.digits import INTERNATIONAL
from models.evidence import E164_DIGITS, POWERS
from models.hashing import Keys, Word
from models.kinds import PREFIX_DIGITS, Kind
from models.row_table import OUTLINE
from models.share import Share
from models.windows.hours import Hours
from models.windows.layout import TICK_MS, TICKS_MAX, Ints, Small, Whole
from models.windows.table import Windows
from models.windows.updating import Columns as Counted

SLICES: Final = (64, 64, 64, 16, 16)
"""Of the windows of each kind: a slice is what a checkpoint writes at once."""
FEW: Final = 16
"""Prefixes and trunks may be a sixteenth as many as callers."""
HOURLY: Final = (Kind.PREFIX, Kind.TRUNK)
"""Kinds whose hours of the week are remembered, 3.4 kB a key."""
HOURLY_MAX: Final = 4_096
_LATEST_MS: Final = TICKS_MAX * TICK_MS - 1
_PREFIX: Final = int(Kind.PREFIX)

Mask = npt.NDArray[np.bool_]


class Columns(NamedTuple):
    """A batch of rows as the kernel takes it: keys in the order of `Kind`, columns of `Outline`, how they were judged.

    Attributes:
        prefix: uint64[rows], calling code and the digits behind it; 0 where there is none, or another owner has it.
        counted: bool[rows], whether a row counts in windows.
        clock: int64[rows], highest event time up to and including the row, ms.
    """

    caller: Keys
    account: Keys
    called: Keys
    prefix: Keys
    via: Keys
    ts: Ints
    event: Small
    flags: Small
    duration: Ints
    owns: Small
    counted: Mask
    clock: Ints


class Numbers(NamedTuple):
    """Called numbers; columns of `Rows`, one of each row that its owner follows, and where the row stands."""

    called: Keys
    digits: Small
    reach: Small
    code: npt.NDArray[np.uint16]
    place: Ints


@nb.njit(cache=True, nogil=True)
def _prefixes(numbers: Numbers, size: Whole) -> Keys:
    """Return the column `prefix` of `size` rows."""
    numbers, prefix = borrowed(numbers), np.zeros(size, np.uint64)
    for row in range(numbers.called.size):
        code, digits = np.int64(numbers.code[row]), np.int64(numbers.digits[row])
        if numbers.reach[row] == INTERNATIONAL and code != 0 and digits <= E164_DIGITS:
            own = 1 if code < 10 else 2 if code < 100 else 3
            power = POWERS[max(digits - own - PREFIX_DIGITS, np.int64(0))]
            prefix[numbers.place[row]] = np.uint64(np.int64(numbers.called[row]) // power)
    return prefix


@part
def _parties(columns: Columns, kind: Whole, row: Whole) -> tuple[Word, Word]:
    """Return the key of a kind and the other party."""
    if kind == 0:
        return columns.caller[row], columns.called[row]
    if kind == 1:
        return columns.account[row], columns.called[row]
    if kind == 2:
        return columns.called[row], columns.caller[row]
    if kind == _PREFIX:
        return columns.prefix[row], columns.caller[row]
    return columns.via[row], columns.called[row]


@nb.njit(cache=True, nogil=True)
def _of_kind(columns: Columns, kind: Whole) -> tuple[Any, ...]:
    """Return the columns of `Counted` of the rows that count for their owner's keys of a kind."""
    columns = borrowed(columns)
    size = columns.ts.size
    key, other = np.empty(size, np.uint64), np.empty(size, np.uint64)
    ts, duration, clock = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    event, flags = np.empty(size, np.uint8), np.empty(size, np.uint8)
    many = 0
    for row in range(size):
        if not columns.counted[row] or not (columns.owns[row] >> kind) & 1 or columns.ts[row] > _LATEST_MS:
            continue
        mine, others = _parties(columns, kind, row)
        if mine == 0:
            continue
        key[many], other[many], ts[many] = mine, others, columns.ts[row]
        event[many], flags[many], duration[many] = columns.event[row], columns.flags[row], columns.duration[row]
        clock[many] = min(columns.clock[row], _LATEST_MS)
        many += 1
    return key[:many], other[:many], ts[:many], event[:many], flags[:many], duration[:many], clock[:many]


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

        An event later than the windows can hold (2054) counts in none.

        Args:
            share: of this owner.
            counted: bool[rows of its outline], which of them count.
            clock: int64[rows], highest event time up to and including each, ms.
            stale: by table, uint8[slices]: only slices with a 1 are to be brought up to date.
        """
        rows, outline = share.rows, share.outline
        numbers: Any = Numbers(rows.called, rows.digits, rows.reach, rows.code, share.followed)
        found: dict[str, Any] = {name: getattr(outline, name) for name in Columns._fields if name in OUTLINE}
        columns = Columns(**found, prefix=_prefixes(numbers, len(outline)), counted=counted, clock=clock)
        for kind, windows in zip(Kind, self.windows, strict=True):
            mine = Counted(*_of_kind(columns, int(kind)))
            if not len(mine.ts):
                continue
            name = kind.name.lower()
            windows.update(mine, stale[name] if stale else None)
            if kind in self.hours:
                self.hours[kind].update(mine, stale[f"{name}-hours"] if stale else None)
