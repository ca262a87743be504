"""From open free calls to the tightest leaking prefix and how sure we are of it (design, section 5).

When a free call comes in, every prefix of its number and every scope (everybody, its switch, trunk, plan) is a
candidate: the free calls there that no paid call has answered since. They grow the prefix to what they have in
common; the price history and the operator's tables say what the run is worth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from models.evidence import (
    BOUNDS,
    CELL,
    COUNTED,
    DIGITS,
    DIMENSIONS,
    E164_DIGITS,
    OTHER_ID,
    PADDED,
    PAYER,
    PLAN,
    RATE_KEY,
    STAGE,
    START,
    SWITCH,
    TRUNK,
    OpenCalls,
    Table,
    shared_with,
)
from models.history import DEPTH, History, Mask
from models.odds import Before, Limits, chance, grade, log10_odds

ASSUMED_PAID = 300
"""Rated calls, all paid, that a tariff row or a fitting short code stands in for (design, section 5)."""
RANK = {"block": 0, "limit": 1, "held": 2, "rejected": 3}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the operator told us: codes by their digits, the tariff, freephone ranges, and the limits of the grades.

    `expected` gives (rate in millionths per minute, currency) that a number should cost, or None.
    """

    limits: Limits
    short_codes: Mapping[str, str]
    expected: Callable[[str], tuple[int, str] | None]
    is_freephone: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Free calls that could be one leak: `scope` is a position in SCOPES, `digits` what their numbers share."""

    scope: int
    digits: str
    single: bool
    calls: Table
    entry: str | None = None
    entry_kind: str | None = None

    @property
    def payers(self) -> int:
        """How many different payers made the calls."""
        return len(np.unique(self.calls[:, PAYER]))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate with its odds and grade; `before` is None where nothing is known of the price."""

    candidate: Candidate
    grade: str
    why: str
    odds: float
    before: Before | None
    cells: Mask

    @property
    def preference(self) -> tuple[int, int, int, int]:
        """Smaller is better: the surer, the wider scope, the one that an entry explains, the wider prefix."""
        found = self.candidate
        return RANK[self.grade], found.scope, int(found.entry is None), len(found.digits)


def best(calls: OpenCalls, history: History, code: str, names: Sequence[str], known: Knowledge) -> Judgement | None:
    """The best judgement over all candidates of the newest open call, None where no two payers agree."""
    judged = [judge(found, history, code, known) for found in candidates(calls, code, names, known)]
    return min(judged, key=lambda j: j.preference, default=None)


def candidates(calls: OpenCalls, code: str, names: Sequence[str], known: Knowledge) -> Iterator[Candidate]:
    """Every set of free calls around the newest one that could be one leak, by scope and prefix."""
    newest = calls.table[-1]
    number = str(newest[PADDED])[: newest[DIGITS]]
    shared = shared_with(calls.table, newest[PADDED], newest[DIGITS])
    for scope, column in enumerate(DIMENSIONS):
        if column is not None and newest[column] in (0, OTHER_ID):
            continue
        here = np.ones(len(calls), np.bool_) if column is None else calls.table[:, column] == newest[column]
        for members in _runs(calls.table[:, BOUNDS + scope], shared, here, len(code)):
            found = calls.table[members]
            if len(np.unique(found[:, PAYER])) >= known.limits.payers_min:
                yield from _named(scope, number, int(shared[members].min()), found, names, known)


def _runs(bounds: npt.NDArray[np.int64], shared: npt.NDArray[np.int64], here: Mask, shortest: int) -> Iterator[Mask]:
    """The different sets of calls that count at the prefixes of the newest call, from the shortest prefix on."""
    last = b""
    for length in range(max(shortest, int(bounds[-1]) + 1), E164_DIGITS + 1):
        members = here & (shared >= length) & (bounds < length)
        if (raw := members.tobytes()) != last and members[-1]:
            last = raw
            yield members


def _named(
    scope: int, number: str, length: int, calls: Table, names: Sequence[str], known: Knowledge
) -> Iterator[Candidate]:
    """The candidate of one set of calls, and beside it the one that the rate table's own row names."""
    prefix = number[:length]
    single = bool((calls[:, PADDED] == calls[0, PADDED]).all())
    name = None if single else known.short_codes.get(prefix)
    fits = (None, None) if name is None else (prefix, "plus_before_short_code")
    yield Candidate(scope, prefix, single, calls, *fits)
    row = _row(calls, names)
    if row and prefix.startswith(row) and len(row) > int(calls[:, BOUNDS + scope].max()):
        entry = (row, "plus_before_short_code") if row in known.short_codes else (row, "free_row")
        yield Candidate(scope, row, False, calls, *entry)


def _row(calls: Table, names: Sequence[str]) -> str:
    """Digits of the rate table's row that rated all these calls, if it was one."""
    keys = np.unique(calls[:, RATE_KEY])
    if keys.size != 1 or keys[0] == 0:
        return ""
    row = names[int(keys[0])].lstrip("+")
    return row if row.isdigit() else ""


def judge(candidate: Candidate, history: History, code: str, known: Knowledge) -> Judgement:
    """How sure a candidate makes us, against what was paid there before."""
    scoped = _scope_cells(candidate, history)
    before, cells = _price_before(candidate, history, code, scoped, known)
    assumed = before if before is not None else Before(0, ASSUMED_PAID, assumed=True)
    own = _own_chances(candidate, history, code, scoped)
    odds = log10_odds(assumed, own, fits=candidate.entry is not None)
    verdict, why = grade(before, odds, known.limits)
    if candidate.digits == code and candidate.entry is None and verdict in ("block", "limit"):
        verdict, why = "held", "whole_calling_code"
    return Judgement(candidate, verdict, why, odds, before, cells)


def _scope_cells(candidate: Candidate, history: History) -> Mask:
    """Cells of the stages at which the calls were priced, within the scope."""
    cells: Mask = np.isin(history.column("stage"), candidate.calls[:, STAGE])
    column = DIMENSIONS[candidate.scope]
    if column is not None:
        cells &= history.column(("switch", "trunk", "plan")[candidate.scope - 1]) == candidate.calls[0, column]
    return cells


def _price_before(
    candidate: Candidate, history: History, code: str, scoped: Mask, known: Knowledge
) -> tuple[Before | None, Mask]:
    """Rated calls before the run at the prefix or its nearest ancestor with enough, and the cells they are in."""
    deepest = min(len(candidate.digits), len(code) + DEPTH)
    cells = scoped
    for length in range(deepest, len(code) - 1, -1):
        cells = scoped & history.under(candidate.digits[:length])
        before = _without(history.before(cells), candidate.calls, cells)
        if before.rated >= known.limits.enough:
            return before, cells
    expected = known.expected(candidate.digits)
    if candidate.entry is not None or (expected is not None and expected[0] > 0):
        return Before(before.free, max(before.paid, ASSUMED_PAID - before.free), assumed=True), cells
    return None, cells


def _without(before: Before, calls: Table, cells: Mask) -> Before:
    """The counts without the free calls of the run itself."""
    own = int((cells[calls[:, CELL]] & (calls[:, COUNTED] == 1)).sum())
    return replace(before, free=max(0, before.free - own))


def _own_chances(candidate: Candidate, history: History, code: str, scoped: Mask) -> list[float]:
    """For each payer the chance that what he called, or how, was free anyway: the least over his calls."""
    chances: dict[int, float] = {}
    cache: dict[tuple[str, int, int], float] = {}
    ordered = candidate.calls[np.lexsort((candidate.calls[:, PAYER], candidate.calls[:, START]))]
    for call in ordered:
        usual = max(
            _cached(cache, key, history, candidate.calls, cells)
            for key, cells in _habits(call, history, code, scoped, len(candidate.digits))
        )
        payer = int(call[PAYER])
        chances[payer] = min(usual, chances.get(payer, 1.0))
    return list(chances.values())


def _cached(
    cache: dict[tuple[str, int, int], float],
    key: tuple[str, int, int],
    history: History,
    calls: Table,
    cells: Callable[[], Mask],
) -> float:
    if key not in cache:
        mask = cells()
        before = _without(history.before(mask), calls, mask)
        cache[key] = chance(before, 0) if before.free else 0.0
    return cache[key]


Habit = tuple[tuple[str, int, int], Callable[[], Mask]]


def _habits(call: npt.NDArray[np.int64], history: History, code: str, scoped: Mask, length: int) -> Iterator[Habit]:
    """Where a call's being free could be usual: narrower prefixes of its number, its switch, its trunk, its plan."""
    number, stage = str(call[PADDED]), int(call[STAGE])
    for digits in range(min(length, len(code) + DEPTH), len(code) + DEPTH + 1):
        prefix = number[:digits]
        yield ("prefix", int(prefix), digits), partial(_under, history, prefix, scoped)
    for name, column in (("switch", SWITCH), ("trunk", TRUNK), ("plan", PLAN)):
        value = int(call[column])
        if value:
            yield (name, value, stage), partial(_alike, history, name, value, stage)


def _under(history: History, prefix: str, scoped: Mask) -> Mask:
    return scoped & history.under(prefix)


def _alike(history: History, name: str, value: int, stage: int) -> Mask:
    cells: Mask = (history.column(name) == value) & (history.column("stage") == stage)
    return cells
