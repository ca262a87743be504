"""An owner's share of a batch: the outlines of all its rows, and the rows that it follows."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.kinds import FOLLOWS
from models.row_table import Outline, Rows


class Share(NamedTuple):
    """What one partition of rows gets of a batch.

    Most of an event's owners only count; one also follows what its call costs, and needs all columns.

    Attributes:
        outline: every row that the owner has a key of.
        followed: int64[rows], positions in `outline`, rising: where `owns` has the bit `FOLLOWS`.
        rows: these, with all columns.
    """

    outline: Outline
    followed: npt.NDArray[np.int64]
    rows: Rows

    @staticmethod
    def of(rows: Rows) -> "Share":
        """Return the share that rows with all columns are.

        >>> Share.of(Rows.empty()).followed.tolist()
        []
        """
        followed = np.flatnonzero(rows.owns & FOLLOWS)
        return Share(rows, followed, rows if len(followed) == len(rows) else rows.take(followed))

    def take(self, which: npt.NDArray[np.bool_]) -> "Share":
        """Return the part that a mask of `outline` chooses."""
        kept, place = which[self.followed], np.cumsum(which) - 1
        return Share(self.outline.take(which), place[self.followed[kept]], self.rows.take(kept))
