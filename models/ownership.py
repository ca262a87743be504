"""Which partitions of rows an event goes to: one row for each partition that owns at least one of its keys."""

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.borrowing import borrowed, part
from models.hashing import Keys, Word
from models.kinds import Kind
from models.numbers import Reach
from models.row_table import Rows
from models.windows.layout import Whole

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]

KINDS: Final = len(Kind)
_INTERNATIONAL: Final = int(Reach.INTERNATIONAL)
_CALLED: Final = int(Kind.CALLED)
_PREFIX: Final = int(Kind.PREFIX)


class Columns(NamedTuple):
    """What decides who owns a row: `Rows`' columns of these names, those of keys in the order of `Kind`."""

    caller: Keys
    account: Keys
    called: Keys
    code: npt.NDArray[np.uint16]
    via: Keys
    reach: Small


class Shares(NamedTuple):
    """Rows by owner.

    Attributes:
        ends: int64[partitions], where each partition's part of the others ends; it begins where the one before ends.
        row: int64[copies], positions of rows, rising within a part.
        owns: uint8[copies], the bits of the kinds that the part's partition owns.
    """

    ends: Ints
    row: Ints
    owns: Small

    def part(self, partition: int) -> slice:
        """Where a partition's rows stand."""
        return slice(int(self.ends[partition - 1]) if partition else 0, int(self.ends[partition]))


@part
def _owner(kind: Whole, key: Word, partitions: Whole) -> Whole:
    """Return the partition of a key: the upper bits of a product (Fibonacci hashing; Knuth, TAOCP 3, 6.4)."""
    word = (key ^ (key >> np.uint64(32))) + np.uint64(kind)
    return np.int64(((word * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)) % np.uint64(partitions))


@part
def _owners(columns: Columns, row: Whole, partitions: Whole, found: Ints) -> None:
    """Fill the owner of every key of a row, -1 where it has none."""
    international = columns.reach[row] == _INTERNATIONAL
    found[0] = _owner(0, columns.caller[row], partitions) if columns.caller[row] != 0 else -1
    found[1] = _owner(1, columns.account[row], partitions) if columns.account[row] != 0 else -1
    found[_CALLED] = _owner(_CALLED, columns.called[row], partitions)
    found[_PREFIX] = _owner(_PREFIX, np.uint64(columns.code[row]), partitions) if international else found[_CALLED]
    found[4] = _owner(4, columns.via[row], partitions) if columns.via[row] != 0 else -1


@part
def _bits(found: Ints, kind: Whole) -> Whole:
    """Return the bits of all kinds with the owner of this one; 0 where an earlier kind has it, or there is none."""
    bits = 0
    for other in range(KINDS):
        if found[other] == found[kind]:
            if other < kind:
                return 0
            bits |= 1 << other
    return bits if found[kind] >= 0 else 0


@nb.njit(cache=True, nogil=True)
def _shared(columns: Columns, partitions: Whole) -> tuple[Ints, Ints, Small]:
    columns = borrowed(columns)
    rows = columns.code.size
    owner, bits = np.empty(rows * KINDS, np.int64), np.empty(rows * KINDS, np.uint8)
    many, found = np.zeros(partitions, np.int64), np.empty(KINDS, np.int64)
    for row in range(rows):
        _owners(columns, row, partitions, found)
        for kind in range(KINDS):
            bits[row * KINDS + kind] = _bits(found, kind)
            owner[row * KINDS + kind] = found[kind]
            many[found[kind]] += bits[row * KINDS + kind] != 0
    ends = np.cumsum(many)
    at = ends - many
    which, owns = np.empty(ends[-1], np.int64), np.empty(ends[-1], np.uint8)
    for place in range(rows * KINDS):
        if bits[place] != 0:
            which[at[owner[place]]] = place // KINDS
            owns[at[owner[place]]] = bits[place]
            at[owner[place]] += 1
    return ends, which, owns


def shares_of(rows: Rows, partitions: int) -> Shares:
    """Return who owns which rows.

    The bit of `Kind.PREFIX`, which every event has at exactly one owner, follows the calling code; without one it
    follows the called number.
    """
    columns: Any = Columns(*(np.ascontiguousarray(getattr(rows, name)) for name in Columns._fields))
    return Shares(*_shared(columns, partitions))


def warm() -> None:
    """Compile the kernel, or load it from the cache, before the first batch needs it."""
    shares_of(Rows.empty(), 1)
