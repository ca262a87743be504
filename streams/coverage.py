"""What of each source partition an owner has applied: replays are dropped, a gap stops it (design, section 4)."""

import numpy as np
import numpy.typing as npt

from streams.blocks import Block, Cover
from streams.errors import RingfenceError

Mask = npt.NDArray[np.bool_]


class GapError(RingfenceError):
    """Offsets of a source partition that no block covered: nothing is skipped, the partition stops."""


class Coverage:
    """Per source partition the offset up to which everything was applied."""

    def __init__(self, applied: dict[str, int] | None = None) -> None:
        self.applied = applied or {}

    def admit(self, block: Block) -> Mask:
        """Say which rows of a block were not applied yet, bool[rows]; the block counts as applied from now on.

        Raises:
            GapError: the block begins after what was applied.
        """
        known = [self._known(cover) for cover in block.covers]
        for cover in block.covers:
            self.applied[_name(cover)] = max(self._known(cover), cover.end)
        rows = block.share.outline
        if all(reached == cover.begin for reached, cover in zip(known, block.covers, strict=True)):
            return np.ones(len(rows), np.bool_)
        new: Mask = rows.offset >= np.array(known)[rows.source]
        return new

    def _known(self, cover: Cover) -> int:
        known = self.applied.get(_name(cover), cover.begin)
        if cover.begin > known:
            raise GapError(
                f"{cover.origin}{known}: the rows of offsets {known} to {cover.begin - 1} never came;"
                " this partition stops here (set the intake's committed offset back to replay them)"
            )
        return known


def _name(cover: Cover) -> str:
    return f"{cover.origin}{cover.topic_id}"
