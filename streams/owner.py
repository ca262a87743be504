"""The owner of one rows partition: blocks in, findings out, and its state in pages."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.detector import Detector
from models.findings import Finding
from models.row_table import Rows
from streams.blocks import Block, decode
from streams.coverage import Coverage
from streams.pages import FORMAT, Manifest, Page, PageStore
from streams.route_pages import RoutePages

PRINTS_PER_PAGE = 100_000


class Owner:
    """Applies blocks in order; `next_offset` is that of the first block not yet applied."""

    def __init__(self, partition: int, detector: Detector, store: PageStore) -> None:
        self.partition = partition
        self.detector = detector
        self.next_offset = 0
        self._store = store
        self._coverage = Coverage()
        self._routes = RoutePages(store)
        self._prints: list[Page] = []
        self._dirty: set[int] = set()
        self._new_prints: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]] = []
        self._saved = -1

    def take(self, offset: int, value: bytes | None) -> list[Finding]:
        """Apply the block at a rows offset; one that was applied before gives nothing.

        Raises:
            BlockError: the record is no block.
            GapError: offsets of a source partition are missing.
        """
        if offset < self.next_offset:
            return []
        block = decode(value)
        rows = self._renumbered(block, self._coverage.admit(block))
        findings, judged = self.detector.apply(rows, "rows", self.partition, offset)
        for cover in block.covers:
            self.detector.admission.advance(self.detector.source(cover.origin), cover.high)
        self._dirty.update(np.unique(rows.code).tolist())
        self._new_prints.append(self.detector.admission.fingerprints(rows, judged))
        self.next_offset = offset + 1
        return findings

    def _renumbered(self, block: Block, rows: Rows) -> Rows:
        """Rows whose `source` counts in the detector's sources, not in the block's."""
        numbers = np.array([self.detector.source(cover.origin) for cover in block.covers], np.int32)
        return replace(rows, source=numbers[rows.source]) if len(rows) else rows

    @property
    def changed(self) -> bool:
        """Whether a checkpoint would hold anything new."""
        return self.next_offset != max(self._saved, 0)

    def write_pages(self) -> tuple[Manifest, list[Page]]:
        """Send the pages that changed; gives the manifest to commit after them, and what it makes superfluous."""
        at = self.next_offset
        changed = sorted(self._dirty & self.detector.routes.keys())
        gone = self._routes.write([(str(code), self.detector.routes[code]) for code in changed], at)
        gone += [page for page in self._prints if page.until < self.detector.admission.slowest]
        self._prints = [page for page in self._prints if page not in gone] + self._write_prints(at)
        self._dirty.clear()
        applied, routes = dict(self._coverage.applied), dict(self._routes.routes)
        detector, older = self.detector.snapshot(), self._routes.older
        return Manifest(FORMAT, at, applied, detector, routes, older, list(self._prints)), gone

    def _write_prints(self, at: int) -> list[Page]:
        if not self._new_prints:
            return []
        keys = np.concatenate([keys for keys, _ in self._new_prints])
        until = np.concatenate([until for _, until in self._new_prints])
        self._new_prints.clear()
        return [
            self._store.write(
                f"prints/{self._saved}-{at}/{begin}",
                [keys[begin : begin + PRINTS_PER_PAGE].tobytes(), until[begin : begin + PRINTS_PER_PAGE].tobytes()],
                int(until[begin : begin + PRINTS_PER_PAGE].max()),
                level=0,
            )
            for begin in range(0, len(keys), PRINTS_PER_PAGE)
        ]

    def commit(self, manifest: Manifest) -> None:
        """Send the manifest, whose pages are durable."""
        self._store.commit(manifest)

    def saved(self, manifest: Manifest, gone: list[Page]) -> None:
        """The manifest is durable: delete what it does not need."""
        self._store.drop(gone, self._saved if self._saved >= 0 else None)
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
            keys, until = restored.page(page)
            self.detector.admission.load(np.frombuffer(keys, np.uint64), np.frombuffer(until, np.int64))
