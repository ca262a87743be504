"""The windows of one kind of key beside what is normal for its busy keys: one table, kept slice by slice."""

import struct
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.hours import Hours, Normal
from models.windows.layout import HOUR, Ints, Positions, Small
from models.windows.noticing import SAMPLED, Noticed
from models.windows.ring import Notes
from models.windows.table import Windows
from models.windows.updating import Columns

_LENGTH: Final = struct.Struct("<Q")


class Seen(NamedTuple):
    """What was noticed of busy keys in a batch, with whose it is and what was normal.

    Attributes:
        noticed: by the rows.
        keys: uint64[n].
        normal: before the 24 hours that end with each one's tick.
    """

    noticed: Noticed
    keys: Keys
    normal: Normal

    def take(self, which: npt.NDArray[np.bool_]) -> "Seen":
        """Return the part that a mask chooses."""
        noticed: list[Any] = [column[which] for column in self.noticed]
        normal: list[Any] = [column[which] for column in self.normal]
        return Seen(Noticed(*noticed), self.keys[which], Normal(*normal))

    @property
    def sampled(self) -> Ints:
        """Positions of those that are samples."""
        return np.flatnonzero(self.noticed.why & SAMPLED)


class Remembering:
    """Windows and usual hours of one kind; a slice of both is one page, for its hours follow from its windows.

    Attributes:
        windows: of all keys.
        hours: of the busy ones.
    """

    def __init__(self, keys_max: int, hours_max: int, slices: int, seed: int, floors: tuple[int, ...]) -> None:
        """Make both empty.

        Args:
            keys_max: keys that the windows may know.
            hours_max: keys whose hours may be known.
            slices: of each, as for `Windows`.
            seed: of both hashes.
            floors: attempts in each window from which a busy key is noticed.
        """
        self.windows = Windows(keys_max, slices, seed, floors)
        self.hours = Hours(hours_max, slices, seed)

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.windows.nbytes + self.hours.nbytes

    @property
    def dirty(self) -> Small:
        """uint8[slices], 1 for a slice that took a row since it was set to 0; its hours change with its windows."""
        return self.windows.dirty

    def count(self, rows: Columns, chosen: Positions, latest_ms: int, stale: Small | None = None) -> Seen | None:
        """Count some rows of a batch, as `Windows.count` does; None where nobody is noticed."""
        noticed = self.windows.count(rows, chosen, latest_ms, stale)
        if not len(noticed.row):
            return None
        keys, kept = rows.key[noticed.row], (noticed.why & SAMPLED != 0).astype(np.uint8)
        return Seen(noticed, keys, self.hours.note(Notes(keys, noticed.tick // HOUR, noticed.hours, kept)))

    def slice_bytes(self, which: int) -> bytes:
        """Return a slice of both as bytes."""
        windows = self.windows.slice_bytes(which)
        return _LENGTH.pack(len(windows)) + windows + self.hours.slice_bytes(which)

    def load_slice(self, which: int, data: bytes) -> None:
        """Put what `slice_bytes` gave in the place of a slice, whose `dirty` is then 0.

        Raises:
            ValueError: the data is no such slice, or there is no room for its keys.
        """
        if len(data) < _LENGTH.size or (end := _LENGTH.size + _LENGTH.unpack_from(data)[0]) > len(data):
            raise ValueError(f"slice {which}: no whole windows (restore an older checkpoint)")
        self.windows.load_slice(which, data[_LENGTH.size : end])
        self.hours.load_slice(which, data[end:])
