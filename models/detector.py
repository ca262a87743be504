"""The detector's state for one partition of rows: rows in, findings out, by the batch (design, sections 2 and 4)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from models.admission import COUNTED, DUPLICATE, LATE, TOO_LATE, Admission, Judged
from models.answered import MINUTE_MS, PREFIX_DIGITS, AnsweredTotals
from models.events import EventKind
from models.evidence import (
    CALL,
    DIGITS,
    E164_DIGITS,
    OFFSET,
    PADDED,
    PAYER,
    RATE_KEY,
    SOURCE,
    STAGE,
    START,
    TS,
    Table,
)
from models.findings import Finding, Source, Totals
from models.history import FINAL, SETUP
from models.leaks import Knowledge
from models.prices import Price
from models.route import CURRENCY, NOWHERE, PLACES, PRICE, RATE, RATED_WIDTH, ROW, Route
from models.rows import FLAG_ANSWERED, FLAG_ORIGINATING, NAMED, Rows

NAMES_MAX = 20_000
"""Switches, trunks, plans, currencies and table rows that are told apart; names beyond share `…`."""
OTHER = "…"

Ints = npt.NDArray[np.int64]


class Detector:
    """All state of one rows partition; `origins` are its source partitions' names, ending in a separator."""

    def __init__(self, known: Knowledge, lateness_ms: int, price_evidence_ms: int) -> None:
        self.names: list[str] = ["", OTHER]
        self.origins: list[str] = []
        self.admission = Admission(lateness_ms, price_evidence_ms)
        self.totals = AnsweredTotals()
        self.routes: dict[int, Route] = {}
        self.minute = -1
        self.counts = dict.fromkeys(("counted", "late", "duplicates", "too_late"), 0)
        self._name_ids = {"": 0, OTHER: 1}
        self._known = known

    def source(self, origin: str) -> int:
        """Number of a source partition, which rows name in `source`."""
        if origin not in self.origins:
            self.origins.append(origin)
            self.admission.source(len(self.origins) - 1)
        return self.origins.index(origin)

    def apply(self, rows: Rows, log: str, partition: int, position: int | None) -> tuple[list[Finding], Judged]:
        """Take rows in their order and tell what they show.

        Args:
            rows: their `source` are numbers that `source` gave.
            log: name of the log that the findings' sources will carry.
            partition: and its partition.
            position: offset of the batch in that log; None = each row's own offset (a backtest's line).
        """
        judged = self.admission.judge(rows)
        self._count(judged)
        told = [*self._tell_minutes(rows, judged), *self._walk(rows, judged)]
        told.sort(key=lambda item: item[0])
        return list(_numbered(told, rows, log, partition, position)), judged

    def _count(self, judged: Judged) -> None:
        for name, verdict in zip(self.counts, (COUNTED, LATE, DUPLICATE, TOO_LATE), strict=True):
            self.counts[name] += int((judged.verdicts == verdict).sum())

    def _tell_minutes(self, rows: Rows, judged: Judged) -> Iterator[tuple[int, Finding]]:
        """Count answered calls; when event time enters a new minute, tell those before it."""
        answered = (judged.verdicts == COUNTED) & (rows.flags & FLAG_ANSWERED > 0) & (rows.flags & FLAG_ORIGINATING > 0)
        minutes = judged.clock // MINUTE_MS
        begin = 0
        for turn in np.flatnonzero(np.diff(minutes, prepend=self.minute) > 0).tolist():
            self.totals.add(rows.ts[begin:turn][answered[begin:turn]])
            if told := self.totals.close(int(minutes[turn])):
                yield turn, Totals(NOWHERE, told)
            begin = turn
        self.totals.add(rows.ts[begin:][answered[begin:]])
        self.minute = max(self.minute, int(minutes[-1])) if len(minutes) else self.minute

    def _walk(self, rows: Rows, judged: Judged) -> Iterator[tuple[int, Finding]]:
        ids = self._ids(rows.names)
        priced = (rows.price == Price.FREE) | (rows.price == Price.PAID)
        evident = priced & (judged.verdicts <= LATE) & (judged.verdicts != DUPLICATE)
        counted = (judged.verdicts == COUNTED) & (rows.flags & FLAG_ANSWERED > 0) & (rows.flags & FLAG_ORIGINATING > 0)
        for code in np.unique(rows.code[(evident | counted) & (rows.code > 0)]).tolist():
            route = self._route(code)
            here = rows.code == code
            answered, mine = np.flatnonzero(here & counted), np.flatnonzero(here & evident)
            yield from route.walk(_rated(rows, mine, ids), _answered(rows, answered, ids))

    def _route(self, code: int) -> Route:
        if code not in self.routes:
            self.routes[code] = Route(str(code), self.names, self.origins, self._known)
        return self.routes[code]

    def _ids(self, names: Sequence[str]) -> Ints:
        """Ids of a batch's names, in the batch's order."""
        for name in names:
            if name not in self._name_ids and len(self.names) < NAMES_MAX:
                self._name_ids[name] = len(self.names)
                self.names.append(name)
        return np.array([self._name_ids.get(name, 1) for name in names], np.int64)

    def snapshot(self) -> dict[str, Any]:
        """What is not in the pages of the routes: names, sources, totals, event time."""
        return {
            "names": self.names,
            "origins": self.origins,
            "highs": self.admission.highs.tolist(),
            "totals": self.totals.snapshot(),
            "minute": self.minute,
            "counts": self.counts,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described; `load_route` and `admission.load` bring the rest."""
        self.names[:] = state["names"]
        self._name_ids = {name: position for position, name in enumerate(self.names)}
        self.origins[:] = []
        for origin in state["origins"]:
            self.source(origin)
        self.admission.highs[:] = state["highs"]
        self.totals = AnsweredTotals.restore(state["totals"])
        self.minute = state["minute"]
        self.counts = dict(state["counts"])

    def load_route(self, code: int, state: dict[str, Any]) -> None:
        """Put back one calling code's state."""
        self._route(code).load(state)


def _rated(rows: Rows, which: Ints, ids: Ints) -> Table:
    """Rows as rated calls, int64[calls, RATED_WIDTH]."""
    rated = np.zeros((which.size, RATED_WIDTH), np.int64)
    digits = rows.digits[which].astype(np.int64)
    rated[:, PADDED] = rows.called[which].astype(np.int64) * 10 ** (E164_DIGITS - digits)
    rated[:, DIGITS] = digits
    rated[:, START], rated[:, TS] = rows.start[which], rows.ts[which]
    for name in NAMED:
        column = {**PLACES, "currency": CURRENCY, "rate_key": RATE_KEY}[name]
        rated[:, column] = ids[getattr(rows, name)[which]]
    event = rows.event[which]
    rated[:, STAGE] = np.where((event == EventKind.ATTEMPT) | (event == EventKind.ANSWER), SETUP, FINAL)
    rated[:, PAYER], rated[:, CALL] = rows.payer[which].view(np.int64), rows.call[which].view(np.int64)
    rated[:, SOURCE], rated[:, OFFSET] = rows.source[which], rows.offset[which]
    rated[:, PRICE], rated[:, RATE], rated[:, ROW] = rows.price[which], rows.rate[which], which
    return rated


def _answered(rows: Rows, which: Ints, ids: Ints) -> Table:
    """Rows as answered calls, int64[calls, 6]: row of the batch, minute, called prefix, switch, trunk, plan."""
    beyond = np.maximum(rows.digits[which].astype(np.int64) - PREFIX_DIGITS, 0)
    prefix = rows.called[which].astype(np.int64) // 10**beyond
    places = [ids[getattr(rows, name)[which]] for name in PLACES]
    return np.column_stack([which, rows.ts[which] // MINUTE_MS, prefix, *places])


def _numbered(
    told: list[tuple[int, Finding]], rows: Rows, log: str, partition: int, position: int | None
) -> Iterator[Finding]:
    """Findings with their sources: a position, and an index that rises within it."""
    at, index = -1, 0
    for row, finding in told:
        here = int(rows.offset[row]) if position is None else position
        at, index = (at, index + 1) if here == at else (here, 0)
        yield replace(finding, source=Source(log, partition, here, index))
