"""The owner of one rows partition: blocks in, findings out, and its state in pages."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from models.admission import COUNTED
from models.detector import Detector
from models.findings import Finding
from models.fingerprints import Prints
from models.share import Share
from streams.blocks import Block, decode
from streams.coverage import Coverage
from streams.errors import UsageError
from streams.journal import Entry, Journal
from streams.pages import FORMAT, TOPIC, Manifest, Page, PageStore, Sealed
from streams.route_pages import RoutePages
from streams.window_pages import WindowPages

PRINTS_PER_PAGE = 200_000


class Log(Protocol):
    """One partition of `ringfence.rows`."""

    def between(self, begin: int, end: int, /) -> Iterator[tuple[int, bytes | None]]:
        """The records of these offsets with their offsets; an error where one is missing."""


class Owner:
    """Applies blocks in order; `next_offset` is that of the first block not yet applied.

    Args:
        partition: of rows.
        detector: without state.
        store: of the partition's pages.
        log: where blocks are read again.
    """

    def __init__(self, partition: int, detector: Detector, store: PageStore, log: Log) -> None:
        self.partition = partition
        self.detector = detector
        self.next_offset = 0
        self._store = store
        self._log = log
        self._coverage = Coverage()
        self._routes = RoutePages(store)
        self._windows = WindowPages(store, detector.sightings)
        self._journal = Journal(store)
        self._prints: list[Page] = []
        self._dirty: set[int] = set()
        self._new_prints: list[Prints] = []
        self._rows = 0
        self._saved = -1

    def take(self, offset: int, value: bytes | None) -> list[Finding]:
        """Apply the block at a rows offset; one that was applied before gives nothing.

        Raises:
            BlockError: the record is no block.
            GapError: offsets of a source partition are missing.
        """
        if offset < self.next_offset:
            return []
        block, clock_ms = decode(value), self.detector.newest_ms
        new = self._coverage.admit(block)
        share = block.share if new.all() else block.share.take(new)
        self._renumber(block, share)
        findings, judged = self.detector.apply(share, "rows", self.partition, offset)
        new[new] = judged.verdicts == COUNTED
        self._journal.add(Entry(offset, clock_ms, new))
        for cover in block.covers:
            self.detector.admission.advance(self.detector.source(cover.origin), cover.high)
        self._dirty.update(np.flatnonzero(np.bincount(share.rows.code)).tolist())
        self._new_prints.append(self.detector.admission.fingerprints(share.outline, judged))
        self._rows += len(share.outline)
        self.next_offset = offset + 1
        return findings

    def _renumber(self, block: Block, share: Share) -> None:
        """Let `source` count in the detector's sources, not in the block's: in place, for nobody else has its rows."""
        numbers = np.array([self.detector.source(cover.origin) for cover in block.covers], np.int32)
        if len(share.outline):
            share.outline.source[:] = numbers[share.outline.source]
            share.rows.source[:] = share.outline.source[share.followed]

    @property
    def durable(self) -> int:
        """The rows offset below which everything is in a durable checkpoint."""
        return max(self._saved, 0)

    @property
    def changed(self) -> bool:
        """Whether a checkpoint would hold anything new, if only pages of windows that waited for their turn."""
        return self.next_offset != self.durable or self._windows.waits

    def write_pages(self) -> tuple[Sealed, list[Page]]:
        """Send the pages that changed; gives the manifest to commit after them, and what it makes superfluous."""
        at = self.next_offset
        changed = sorted(self._dirty & self.detector.routes.keys())
        gone = self._routes.write([(str(code), self.detector.routes[code]) for code in changed], at)
        gone += [page for page in self._prints if page.until < self.detector.admission.slowest]
        self._prints = [page for page in self._prints if page not in gone] + self._write_prints(at)
        gone += self._windows.write(self.durable, at, self._rows)
        gone += self._journal.write(self.durable, at, self._windows.oldest)
        self._dirty.clear()
        self._rows = 0
        return self._store.seal(self._manifest(at)), gone

    def _manifest(self, at: int) -> Manifest:
        return Manifest(
            v=FORMAT,
            next_offset=at,
            applied=dict(self._coverage.applied),
            detector=self.detector.snapshot(),
            routes=dict(self._routes.routes),
            older=self._routes.older,
            prints=list(self._prints),
            journal=list(self._journal.pages),
            windows=self._windows.saved(),
        )

    def _write_prints(self, at: int) -> list[Page]:
        if not any(len(prints.keys) for prints in self._new_prints):
            return []
        prints = Prints.joined(self._new_prints)
        self._new_prints.clear()
        return [
            self._store.write(f"prints/{self._saved}-{at}/{number}", part.packed(), part.until, level=0)
            for number, part in enumerate(prints.pages(PRINTS_PER_PAGE))
        ]

    def commit(self, manifest: Sealed) -> None:
        """Send the manifest, whose pages are durable."""
        self._store.commit(manifest)

    def saved(self, manifest: Sealed, gone: list[Page]) -> None:
        """The manifest is durable: delete what it does not need."""
        self._store.drop(gone, self._saved if 0 <= self._saved < manifest.next_offset else None)
        self._saved = manifest.next_offset

    def restore(self) -> None:
        """Take up the newest checkpoint of this partition, if there is one.

        Raises:
            UsageError: it was written in another format.
        """
        restored = self._store.restore()
        if restored is None:
            return
        manifest = restored.manifest
        self.next_offset = self._saved = manifest.next_offset
        self._coverage = Coverage(manifest.applied)
        self.detector.load(manifest.detector)
        self._prints = manifest.prints
        for code, state in self._routes.restore(restored):
            self.detector.load_route(code, state)
        for page in manifest.prints:
            self.detector.admission.load(Prints.unpacked(restored.page(page), page.until))
        self._windows.restore(restored)
        self._catch_up({entry.offset: entry for entry in self._journal.restore(restored, manifest.journal)})

    def _catch_up(self, entries: dict[int, Entry]) -> None:
        """Count again, in the slices that miss them, the rows that counted in blocks before the checkpoint."""
        for offset, value in self._log.between(min(self._windows.oldest, self.next_offset), self.next_offset):
            if offset not in entries:
                raise UsageError(
                    f"{TOPIC}/{self.partition}: the journal of block {offset} is missing"
                    " (delete the topic to begin anew)"
                )
            entry, share = entries[offset], decode(value).share
            clock = np.maximum.accumulate(np.maximum(share.outline.high, entry.clock_ms))
            self.detector.sightings.count(share, entry.counted, clock, self._windows.stale_at(offset))
