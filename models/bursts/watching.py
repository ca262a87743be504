"""Watches what is noticed of busy keys, and tells of bursts: state of one owner beside its windows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from models.bursts.judging import NONE, STRONG, Case, Outcome, Signs, judge, signs
from models.bursts.limits import KNOWN_HOURS, SWEEP_OTHERS
from models.bursts.memory import Mark, Told, Trails, swept
from models.bursts.telling import Sight, burst_of
from models.bursts.witness import Reasons, Witness
from models.findings import Burst
from models.hashing import HASHED
from models.kinds import Kind
from models.row_table import FLAG_UNVERIFIED, Outline
from models.windows.asking import DISTINCT, EXACT
from models.windows.layout import WINDOWS_MS, Ints
from models.windows.moments import Moments
from models.windows.noticing import OVER
from models.windows.remembering import Seen

HOUR_MS = WINDOWS_MS[2]
HOUR = 2
CALM = 21
"""Among the latest 24 hours the last that ended before any window of an hour begins."""
WITNESSED = (Kind.CALLER, Kind.CALLED, Kind.PREFIX)
"""Kinds that a forest knows."""

Spoken = tuple[int, Burst]
"""A finding and the row of the batch that gave it."""


class Said(NamedTuple):
    """What the forest says of one moment; `score` is None where it says nothing."""

    score: float | None
    unusual: bool
    reasons: Reasons


SILENT = Said(None, False, ())


class Watch:
    """Bursts at one owner.

    Attributes:
        witness: the forest that is asked, if there is one.
        pupil: is given the moments of busy keys, every five minutes of each, to be learnt from.
        refused: moments that the forest refused, by feature.
    """

    def __init__(self, origins: list[str]) -> None:
        """Make it without state; `origins` are the owner's source partitions' names, ending in a separator."""
        self.witness: Witness | None = None
        self.pupil: Callable[[Moments], None] | None = None
        self.refused: dict[str, int] = {}
        self._origins = origins
        self._told, self._trails = Told(), Trails()
        self._hour, self._covered = -1, 0

    @property
    def untold(self) -> int:
        """Findings of bursts for which there was no room in their minute, so far."""
        return self._told.untold

    def take(self, seen: Iterable[tuple[Kind, Seen]], rows: Outline, clock: Ints) -> list[Spoken]:
        """Judge what was noticed in a batch.

        Args:
            seen: by kind, of rows of `rows`.
            rows: the batch.
            clock: int64[rows], highest event time up to and including each, ms.
        """
        begins = self._hours_begun(clock)
        told = [told for kind, noticed in seen for told in self._judged(kind, noticed, rows, begins)]
        self._covered += len(begins)
        return told

    def _hours_begun(self, clock: Ints) -> Ints:
        """Positions of the rows with which another hour of event time began."""
        if not len(clock) or int(clock[-1]) // HOUR_MS == self._hour:
            return np.zeros(0, np.int64)
        hours = clock // HOUR_MS
        begins = np.flatnonzero(np.diff(hours, prepend=self._hour))
        self._hour = int(hours[-1])
        return begins

    def _judged(self, kind: Kind, seen: Seen, rows: Outline, begins: Ints) -> Iterator[Spoken]:
        """Judge what was noticed of one kind, by the order of rows."""
        over, local = seen.noticed.why & OVER != 0, seen.keys >= HASHED
        if kind is Kind.CALLED and local.any():  # short codes and the like: never a command's target
            seen = seen.take(~local)
            over = over[~local]
        if not over.any() and self.witness is None and self.pupil is None:
            return
        found = signs(kind, seen.noticed.sums[:, :, 0], seen.normal)
        cases = np.flatnonzero(over & (found.strength != NONE))
        said = self._asked(kind, seen, cases, rows)
        for at in sorted({*cases.tolist(), *said}):
            sight = self._sight(kind, seen, at, rows, begins, found)
            sight = sight._replace(sweep=self._sweep(sight))
            outcome = _outcome(sight, said.get(at, SILENT))
            if outcome is None:
                continue
            mark = Mark(int(rows.ts[sight.row]), outcome.grade)
            if self._told.tells(int(kind), int(seen.keys[at]), outcome.rule, mark):
                yield sight.row, self._burst(sight, outcome, said.get(at, SILENT))

    def _sight(self, kind: Kind, seen: Seen, at: int, rows: Outline, begins: Ints, found: Signs) -> Sight:
        row = int(seen.noticed.row[at])
        return Sight(
            kind=kind,
            key=int(seen.keys[at]),
            row=row,
            ts=int(rows.ts[row]),
            called=int(rows.called[row]),
            unverified=bool(rows.flags[row] & FLAG_UNVERIFIED),
            origin=f"{self._origins[int(rows.source[row])]}{int(rows.offset[row])}",
            sums=seen.noticed.sums[at],
            normal=found.normal[at],
            window=int(found.window[at]),
            calm=int(seen.noticed.hours[at, CALM]),
            strong=bool(found.strength[at] == STRONG),
            far=bool(found.far[at]),
            sign=bool(found.strength[at]) and bool(seen.noticed.why[at] & OVER),
            known_h=int(seen.normal.known[at]),
            covered_h=self._covered + int(np.searchsorted(begins, row, side="right")),
        )

    def _sweep(self, sight: Sight) -> tuple[int, int] | None:
        """The range of numbers that a caller goes through, if it does."""
        if sight.kind is not Kind.CALLER or not sight.sign or sight.called >= int(HASHED):
            return None
        numbers, others = self._trails.follow(sight.key, sight.ts, sight.called), int(sight.sums[HOUR, DISTINCT])
        return swept(numbers, others) if others >= SWEEP_OTHERS else None

    def _asked(self, kind: Kind, seen: Seen, cases: Ints, rows: Outline) -> dict[int, Said]:
        """Ask the forest about those that show a sign, and about samples, of which only unusual ones matter."""
        if kind not in WITNESSED or (self.witness is None and self.pupil is None):
            return {}
        sampled = seen.sampled
        if self.pupil is not None and len(sampled):
            self.pupil(_moments(kind, seen, sampled, rows))
        asked = np.union1d(cases, sampled)
        if self.witness is None or not len(asked):
            return {}
        testimony = self.witness.testify(_moments(kind, seen, asked, rows))
        for feature, count in testimony.refused.items():
            self.refused[feature] = self.refused.get(feature, 0) + count
        signed = set(cases.tolist())
        return {
            at: Said(float(score), bool(unusual), tuple(reasons))
            for at, score, unusual, reasons in zip(
                asked.tolist(), testimony.score, testimony.unusual, testimony.reasons, strict=True
            )
            if np.isfinite(score) and (unusual or at in signed)
        }

    def _burst(self, sight: Sight, outcome: Outcome, said: Said) -> Burst:
        model = self.witness.name if self.witness is not None and said.score is not None else None
        return burst_of(sight, outcome, said.score, model, said.reasons)

    def snapshot(self) -> dict[str, Any]:
        """The state as plain values."""
        return {
            "hour": self._hour,
            "covered": self._covered,
            "told": self._told.snapshot(),
            "trails": self._trails.snapshot(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described."""
        self._hour, self._covered = state["hour"], state["covered"]
        self._told.load(state["told"])
        self._trails.load(state["trails"])


def _outcome(sight: Sight, said: Said) -> Outcome | None:
    """What the rules justify; where they say nothing, what the forest does."""
    known, outcome = sight.covered_h >= KNOWN_HOURS, None
    if sight.sign:
        case = Case(sight.strong, sight.far, sight.window, sight.sums, sight.unverified, sight.sweep)
        outcome = judge(sight.kind, case, known=known)
    if outcome is None and said.unusual and known:
        return Outcome("unusual", "shadow", "forest_alone")
    return outcome


def _moments(kind: Kind, seen: Seen, at: Ints, rows: Outline) -> Moments:
    sums, normal = seen.noticed.sums[at], seen.normal
    known = normal.known[at]
    columns: list[Any] = [
        np.full(len(at), kind, np.uint8),
        seen.keys[at],
        rows.ts[seen.noticed.row[at]],
        *(np.ascontiguousarray(sums[:, :, field]) for field in range(DISTINCT + 1)),
        sums[:, :, EXACT] != 0,
        np.where(known > 0, normal.hour[at], np.nan),
        known * HOUR_MS,
    ]
    return Moments(*columns)
