"""The detector's state for one partition of rows: rows in, findings out, by the batch (design, sections 2 and 4)."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from models.admission import COUNTED, DUPLICATE, LATE, NEVER, TOO_LATE, Admission, Judged
from models.answered import MINUTE_MS, AnsweredTotals, turns
from models.bursts.watching import Watch
from models.findings import Finding, Source, Totals
from models.leaks import Knowledge
from models.name_table import NameTable
from models.rated import ANSWERED, NAMES, Uses, batch_of, uses_of
from models.ratings import RatingTotals, tallied
from models.route import Route
from models.row_table import Outline, Rows
from models.share import Share
from models.sightings import Sightings
from models.telling import NOWHERE
from models.windows.table import Windows

Ints = npt.NDArray[np.int64]


class Detector:
    """All state of one rows partition; `origins` are its source partitions' names, ending in a separator."""

    def __init__(
        self, known: Knowledge, lateness_ms: int, price_evidence_ms: int, keys_max: int = 100_000, seed: int = 0
    ) -> None:
        """Make it without state; `keys_max` is that of its `Sightings`, `seed` of all hashes in it."""
        self.origins: list[str] = []
        self.sightings = Sightings(keys_max, seed)
        self.admission = Admission(lateness_ms, price_evidence_ms, seed)
        self.bursts = Watch(self.origins)
        self.totals = AnsweredTotals()
        self.ratings = RatingTotals()
        self.routes: dict[int, Route] = {}
        self.minutes: Ints = np.zeros(0, np.int64)
        self.counts = dict.fromkeys(("counted", "late", "duplicates", "too_late"), 0)
        self._names = {column: NameTable() for column in NAMES}
        self._known = known

    @property
    def newest_ms(self) -> int:
        """Highest event time of all sources; far in the past where there is none."""
        return int(self.admission.highs.max(initial=NEVER))

    @property
    def windows(self) -> list[Windows]:
        """The windows by `models.kinds.Kind`."""
        return self.sightings.windows

    @property
    def names(self) -> list[str]:
        """All names that have an id, column by column."""
        return list(chain.from_iterable(table.texts for table in self._names.values()))

    def know(self, known: Knowledge) -> None:
        """Judge by other tables from the next row on.

        Call it right after a checkpoint: a restart from there judges by the new tables, too.
        """
        self._known = known
        for route in self.routes.values():
            route.know(known)

    def source(self, origin: str) -> int:
        """Number of a source partition, which rows name in `source`."""
        if origin not in self.origins:
            self.origins.append(origin)
            self.admission.source(len(self.origins) - 1)
            self.minutes = np.append(self.minutes, -1)
        return self.origins.index(origin)

    def apply(self, share: Share, log: str, partition: int, position: int | None) -> tuple[list[Finding], Judged]:
        """Take rows in their order and tell what they show, and how each was judged.

        Args:
            share: of rows whose `source` are numbers that `source` gave.
            log: name of the log that the findings' sources will carry.
            partition: and its partition.
            position: offset of the batch in that log; None = each row's own offset (a backtest's line).
        """
        before = self.admission.highs.copy()
        judged = self.admission.judge(share.outline)
        seen = self.sightings.count(share, judged.verdicts == COUNTED, judged.clock)
        followed = share.followed
        told = [(int(followed[row]), finding) for row, finding in self._follow(share.rows, judged.of(followed), before)]
        told += self.bursts.take(seen, share.outline, judged.clock)
        told.sort(key=lambda item: item[0])
        return list(_numbered(told, share.outline, log, partition, position)), judged

    def _follow(self, rows: Rows, judged: Judged, before: Ints) -> list[tuple[int, Finding]]:
        """Take the rows that are this owner's to follow: evidence, totals, counts.

        `before` (int64[sources]) is how far event time had come in every source partition.
        """
        self._count(judged)
        uses = uses_of(rows, judged.verdicts)
        told = [
            *self._tell_minutes(rows, judged, uses),
            *self._walk(rows, uses, np.maximum(rows.high, before[rows.source])),
        ]
        told.sort(key=lambda item: item[0])
        return told

    def _count(self, judged: Judged) -> None:
        tally = np.bincount(judged.verdicts, minlength=TOO_LATE + 1).tolist()
        for name, verdict in zip(self.counts, (COUNTED, LATE, DUPLICATE, TOO_LATE), strict=True):
            self.counts[name] += tally[verdict]

    def _tell_minutes(self, rows: Rows, judged: Judged, uses: Uses) -> Iterator[tuple[int, Finding]]:
        """Count answered calls and ratings; when a source partition enters a new minute, tell what has changed before.

        Of a backlog each partition is read by itself: the minutes of the second change when the first has told them.
        """
        answered, begin = uses & ANSWERED > 0, 0
        for turn in turns(rows.source, rows.high, self.minutes).tolist():
            self.totals.add(rows.ts[begin:turn][answered[begin:turn]])
            self.ratings.add(tallied(rows, judged.verdicts, begin, turn))
            minute = int(judged.clock[turn]) // MINUTE_MS
            told, ratings = self.totals.close(minute), self.ratings.close(minute)
            if told or ratings:
                yield turn, Totals(NOWHERE, told, ratings)
            begin = turn
        self.totals.add(rows.ts[begin:][answered[begin:]])
        self.ratings.add(tallied(rows, judged.verdicts, begin, len(rows)))

    def _walk(self, rows: Rows, uses: Uses, high: Ints) -> Iterator[tuple[int, Finding]]:
        rated, answered, parts = batch_of(rows, uses, self._names)
        for code, rated_from, rated_to, answered_from, answered_to, free in parts.tolist():
            calls = rated[rated_from:rated_to], answered[answered_from:answered_to]
            yield from self._route(code).walk(*calls, free, high)

    def _route(self, code: int) -> Route:
        if code not in self.routes:
            self.routes[code] = Route(str(code), self._names, self.origins, self._known)
        return self.routes[code]

    def snapshot(self) -> dict[str, Any]:
        """What is not in the pages of the routes: names, sources, totals, event time."""
        return {
            "names": {column: table.texts for column, table in self._names.items()},
            "origins": self.origins,
            "highs": self.admission.highs.tolist(),
            "slowest": self.admission.slowest,
            "bursts": self.bursts.snapshot(),
            "totals": self.totals.snapshot(),
            "ratings": self.ratings.snapshot(),
            "minutes": self.minutes.tolist(),
            "counts": self.counts,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described; `load_route` and `admission.load` bring the rest."""
        self._names |= {column: NameTable(state["names"][column]) for column in NAMES}
        self.origins[:] = []
        for origin in state["origins"]:
            self.source(origin)
        self.admission.highs[:] = state["highs"]
        self.admission.slowest = state["slowest"]
        self.bursts.load(state["bursts"])
        self.totals = AnsweredTotals.restore(state["totals"])
        self.ratings = RatingTotals.restore(state["ratings"])
        self.minutes[:] = state["minutes"]
        self.counts = dict(state["counts"])

    def load_route(self, code: int, state: dict[str, Any]) -> None:
        """Put back one calling code's state."""
        self._route(code).load(state)


def _numbered(
    told: list[tuple[int, Finding]], rows: Outline, log: str, partition: int, position: int | None
) -> Iterator[Finding]:
    """Findings with their sources: a position, and an index that rises within it."""
    at, index = -1, 0
    for row, finding in told:
        here = int(rows.offset[row]) if position is None else position
        at, index = (at, index + 1) if here == at else (here, 0)
        yield replace(finding, source=Source(log, partition, here, index))
