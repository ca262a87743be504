"""Pages of the windows: slices written in turn, each stamped with the rows offset that it has applied.

All slices of a busy network change all the time. A checkpoint writes as many as its budget allows, those first that
have waited longest; the others are as old as their stamp says, and the journal tells what they have missed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.sightings import Sightings
from streams.pages import Page, PageStore, Restored, Slices

BYTES_MIN = 2 << 20
"""Bytes of slices that every checkpoint may write."""
BYTES_PER_ROW = 12
"""And more of them the more rows came: writing costs a row a tenth of its own bytes, and keeps step with the rows."""
CLEAN = 1 << 62
"""`since` of a slice that has no change which is not on its page."""

Small = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


class Slice(NamedTuple):
    """A slice of one of the tables."""

    table: str
    which: int


class WindowPages:
    """The pages of one partition's windows; `pages` are the newest, by table and number."""

    def __init__(self, store: PageStore, sightings: Sightings) -> None:
        self.pages: dict[str, dict[int, Page]] = {name: {} for name in sightings.tables}
        self.since: dict[str, Ints] = {
            name: np.full(table.dirty.size, CLEAN) for name, table in sightings.tables.items()
        }
        self._store = store
        self._sightings = sightings

    @property
    def oldest(self) -> int:
        """The first rows offset that a slice's page may miss; `CLEAN` where none misses any."""
        return min(int(since.min()) for since in self.since.values())

    @property
    def waits(self) -> bool:
        """Whether a slice has changes that are not on its page."""
        return self.oldest != CLEAN

    def write(self, begin: int, end: int, rows: int) -> list[Page]:
        """Send the pages of slices that have waited longest; gives those that they replace.

        Args:
            begin: rows offset of the checkpoint before: a slice that has changed misses nothing before it.
            end: and of this one.
            rows: how many were taken between.
        """
        self._note(begin)
        budget, gone = max(BYTES_MIN, BYTES_PER_ROW * rows), list[Page]()
        for name, which in self._waiting():
            if budget <= 0:
                break
            content = self._sightings.tables[name].slice_bytes(which)
            budget -= len(content)
            old = self.pages[name].get(which)
            page = self.pages[name][which] = self._store.write(f"{name}/{which}@{end}", content, level=0)
            gone += [old] if old is not None and old.key != page.key else []
            self._sightings.tables[name].dirty[which] = 0
            self.since[name][which] = CLEAN
        return gone

    def _note(self, begin: int) -> None:
        """A slice that has changed since the last checkpoint, and had waited for none, waits from there."""
        for name, table in self._sightings.tables.items():
            since = self.since[name]
            since[(table.dirty != 0) & (since == CLEAN)] = begin

    def _waiting(self) -> list[Slice]:
        """Slices that have changes, those first that have waited longest."""
        waiting = [
            (int(since[which]), Slice(name, which))
            for name, since in self.since.items()
            for which in np.flatnonzero(since != CLEAN).tolist()
        ]
        return [one for _, one in sorted(waiting)]

    def saved(self) -> dict[str, Slices]:
        """What a manifest says of them."""
        return {name: Slices(dict(pages), self.since[name].tolist()) for name, pages in self.pages.items()}

    def restore(self, restored: Restored) -> None:
        """Load the slices of a checkpoint, each as old as its page."""
        for name, table in self._sightings.tables.items():
            saved = restored.manifest.windows[name]
            self.pages[name] = dict(saved.pages)
            self.since[name] = np.array(saved.since, np.int64)
            for which in np.flatnonzero(self.since[name] != CLEAN).tolist():
                self._take_up(restored, name, which)
            for which, page in self.pages[name].items():
                self.pages[name][which] = restored.stand_in(page)
                if self.pages[name][which] != page:
                    self.since[name][which] = self._misses(restored, self.pages[name][which])
                table.load_slice(which, restored.page(self.pages[name][which]))
            table.dirty[:] = self.since[name] != CLEAN

    def _take_up(self, restored: Restored, name: str, which: int) -> None:
        """Find the page of a slice that had none: another owner may have written it and dropped what it had missed.

        The manifest is then of one who did not know yet that the partition was no longer its own, at the same offset.
        """
        page = None if which in self.pages[name] else restored.newest(f"{name}/{which}")
        if page is not None:
            self.pages[name][which], self.since[name][which] = page, self._misses(restored, page)

    @staticmethod
    def _misses(restored: Restored, page: Page) -> int:
        """The first rows offset that a page misses of a checkpoint; `CLEAN` where it is of that itself."""
        return page.offset if page.offset < restored.manifest.next_offset else CLEAN

    def stale_at(self, offset: int) -> dict[str, Small]:
        """By table, uint8[slices]: 1 for a slice whose page misses the block at a rows offset."""
        return {name: (since <= offset).astype(np.uint8) for name, since in self.since.items()}
