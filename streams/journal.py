"""Which rows of the newest blocks counted: slices of the windows that were written earlier catch up by it.

A copy, once seen, cannot be told from its first again: a block that is read a second time is not judged a second time.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.pages import Page, PageStore, Restored

Mask = npt.NDArray[np.bool_]


class Entry(NamedTuple):
    """One block.

    Attributes:
        offset: of the block in its partition of rows.
        clock_ms: highest event time of all sources before it.
        counted: bool[rows of the block].
    """

    offset: int
    clock_ms: int
    counted: Mask


class Journal:
    """The entries since the last checkpoint, and the pages with those before; each page is of one checkpoint."""

    def __init__(self, store: PageStore) -> None:
        self.pages: list[Page] = []
        self._store = store
        self._new: list[tuple[int, int, int, bytes]] = []

    def add(self, entry: Entry) -> None:
        """Note a block."""
        packed = np.packbits(entry.counted).tobytes()
        self._new.append((entry.offset, entry.clock_ms, len(entry.counted), packed))

    def write(self, begin: int, end: int, oldest: int) -> list[Page]:
        """Send the page of a checkpoint; gives the pages of which nothing is needed any more.

        Args:
            begin: rows offset of the checkpoint before.
            end: and of this one.
            oldest: the first rows offset that a slice still needs.
        """
        gone = [page for page in self.pages if page.until < oldest]
        self.pages = [page for page in self.pages if page.until >= oldest]
        if self._new and end > oldest:
            self.pages.append(self._store.write(f"journal/{begin}@{end}", self._new, end - 1))
        self._new = []
        return gone

    def restore(self, restored: Restored, pages: list[Page]) -> Iterator[Entry]:
        """The entries of a checkpoint; a page that is gone is of blocks that no slice needs."""
        self.pages = [page for page in pages if restored.has(page)]
        for page in self.pages:
            for offset, clock_ms, rows, packed in restored.page(page):
                bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=rows)
                yield Entry(offset, clock_ms, bits.astype(np.bool_))
