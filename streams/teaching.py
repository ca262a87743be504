"""Recorded events to the forest's sample: through a detector of its own, which tells of busy keys as it counts."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from models.scan.rows import scan_rows
from models.share import Share
from models.tables import Tables
from models.windows.moments import Moments
from streams.assembly import detector_of
from streams.recorded import Batch
from streams.settings import Settings

Sampled = Callable[[Moments], None]


class Teaching:
    """Lets a detector count recorded events, and hands on the moments of busy keys: every five minutes of each.

    Attributes:
        counts: `events`, and `rejected_…` by reason.
    """

    def __init__(self, settings: Settings, tables: Tables, sampled: Sampled) -> None:
        self.counts: Counter[str] = Counter()
        self._settings, self._tables = settings, tables
        self._network = settings.numbering()
        self._detector = detector_of(settings, tables)
        self._detector.bursts.pupil = sampled

    def feed(self, batch: Batch) -> None:
        """Take the next records; however they are cut into batches is the same."""
        sources = np.array([self._detector.source(origin) for origin in batch.origins], np.int32)
        numbers = (self._network, self._tables, sources[batch.source], batch.offset)
        rows, rejects = scan_rows(batch.values, None, *numbers, self._settings.detection.payer)
        self.counts["events"] += len(rows)
        self.counts.update(f"rejected_{reject.reason}" for reject in rejects)
        self._detector.apply(Share.of(rows), "rows", 0, None)
