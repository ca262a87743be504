"""What is told of busy keys beside their counting: moments, which the burst rules and the isolation forest judge."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Keys
from models.windows.layout import Ints, Small


class Moments(NamedTuple):
    """What had been counted of some busy keys, each at a moment of its own; windows in the order of `WINDOWS_MS`.

    Attributes:
        kind: uint8[n], `models.kinds.Kind`.
        key: uint64[n].
        at_ms: int64[n], when, event time.
        attempts: int64[n, 4], as are the others to `distinct`; see `models.windows.table.Features`.
        refused: attempts that a command of ours refused.
        answered: calls that were answered.
        ended: calls that ended.
        talked: calls that ended and had been answered.
        short: those of less than `SHORT_MS`.
        duration_ms: answered time.
        distinct: other parties.
        exact: bool[n, 4], of `distinct`.
        usual: float64[n], usual attempts an hour of the key at this hour of the week; NaN = nothing known.
        known_ms: int64[n], event time since the key was first counted.
    """

    kind: Small
    key: Keys
    at_ms: Ints
    attempts: Ints
    refused: Ints
    answered: Ints
    ended: Ints
    talked: Ints
    short: Ints
    duration_ms: Ints
    distinct: Ints
    exact: npt.NDArray[np.bool_]
    usual: npt.NDArray[np.float64]
    known_ms: Ints

    def take(self, which: npt.NDArray[np.bool_] | Ints) -> "Moments":
        """Return the moments that a mask or positions choose."""
        columns: list[Any] = [column[which] for column in self]
        return Moments(*columns)


def joined(parts: list[Moments]) -> Moments:
    """Return the moments of several parts, one part after the other; there is one at least."""
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Moments(*columns)
