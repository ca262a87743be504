"""From open free calls to the tightest leaking prefix and how sure we are of it (design, section 5).

When a free call comes in, every prefix of its number and every scope (everybody, its switch, trunk, plan) is a
candidate: the free calls there that no paid call has answered since. They grow the prefix to what they have in
common; the price history and the operator's tables say what the run is worth.

A switch that never shows a price at set-up is no witness there: its zero becomes a price only at release, and what is
free at release (or in a call record) proves. So a free set-up proves once its switch has shown a priced set-up under
this calling code before the run. Without one it proves only what an entry explains: the run's prefix is a short code
or the row in `rate_key`, and the switch was free nowhere else under the code. So a network that is cold and prices at
release stays untouched, and where a tariff alone speaks a person is told; the founding incident is proved by its
second payer with or without history.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.evidence import (
    BOUNDS,
    CALL,
    DIMENSIONS,
    PADDED,
    PAYER,
    RATE_KEY,
    Mask,
    OpenCalls,
    Table,
)
from models.history import History
from models.odds import Before, Floats, Limits, grade, log10_odds, proving
from models.weighing import NOT_SEEN, Weighed, runs, weigh

ASSUMED_PAID = 300
"""Rated calls, all paid, that a tariff row or a fitting short code stands in for (design, section 5)."""
ASSUMED = Before(0, ASSUMED_PAID, assumed=True)
WHOLE_CODE = "whole_calling_code"
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
    def within(self) -> int:
        """Id of the switch, trunk or plan that the calls share; 0 = any."""
        column = DIMENSIONS[self.scope]
        return 0 if column is None else int(self.calls[0, column])


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate with its odds and grade; `seen_at` is the prefix where `before` was seen or assumed."""

    candidate: Candidate
    grade: str
    why: str
    odds: float
    before: Before
    seen_at: str

    @property
    def preference(self) -> tuple[int, int, int, int]:
        """Smaller is better: the surer, the wider scope, the one that an entry explains, the wider prefix."""
        found = self.candidate
        return RANK[self.grade], found.scope, int(found.entry is None), len(found.digits)


def best(
    calls: OpenCalls,
    history: History,
    code: str,
    known: Knowledge,
    outside: Mask | None = None,
    explained: Table | None = None,
) -> Judgement | None:
    """The best judgement over all candidates of the newest open call, None where no two payers agree.

    `outside` (bool[calls]) says of which calls a candidate must have one: those that no leak explains; None = of any.
    `explained` has ids of calls that blocks explain: they do not speak for a calling code that is free as a whole.
    """
    judged = [judge(one, history, code, known) for one in candidates(calls, code, known, outside)]
    for whole in [one.candidate for one in judged if one.why == WHOLE_CODE]:
        for at, one in enumerate(judged):
            beside = _beside(whole, one, explained)
            if beside is not None and judge(beside, history, code, known).why == WHOLE_CODE:
                judged[at] = replace(one, grade="held", why=WHOLE_CODE)
    return min(judged, key=lambda j: j.preference, default=None)


def _beside(whole: "Candidate", part: "Judgement", explained: Table | None) -> "Candidate | None":
    """The free calls beside a part of a calling code that may be free as a whole; None where they have more in common.

    If they alone speak for the whole code, the part is held like it: else a whole code would be blocked piece by piece
    without the exact proof that it needs.
    """
    narrow = part.candidate
    under = whole.scope == 0 or (whole.scope, whole.within) == (narrow.scope, narrow.within)
    if part.grade not in ("block", "limit") or not under or narrow.entry is not None:
        return None
    beside = whole.calls[~np.isin(whole.calls[:, CALL], narrow.calls[:, CALL])]
    if explained is not None:
        beside = beside[~np.isin(beside[:, CALL], explained)]
    return replace(whole, calls=beside) if len(beside) and len(_common(beside)) == len(whole.digits) else None


def _common(calls: Table) -> str:
    """The digits that all called numbers begin with."""
    first, last = str(calls[:, PADDED].min()), str(calls[:, PADDED].max())
    size = next((at for at, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first))
    return first[:size]


def candidates(calls: OpenCalls, code: str, known: Knowledge, outside: Mask | None = None) -> Iterator[Candidate]:
    """Every set of free calls around the newest one that could be one leak, by scope and prefix."""
    table = calls.table
    found, members = runs(table, len(code), outside)
    number = str(table[-1, PADDED]) if len(found) else ""
    for (scope, _, common), which in zip(found.tolist(), members, strict=True):
        run = table[which]
        if known.limits.payers_min <= 2 or len(np.unique(run[:, PAYER])) >= known.limits.payers_min:
            yield from _named(scope, number[:common], run, known)


def _named(scope: int, prefix: str, calls: Table, known: Knowledge) -> Iterator[Candidate]:
    """The candidate of one set of calls, and beside it the one that the rate table's own row names."""
    single = bool((calls[:, PADDED] == calls[0, PADDED]).all())
    fits = not single and prefix in known.short_codes
    entry = (prefix, "plus_before_short_code") if fits else (None, None)
    yield Candidate(scope, prefix, single, calls, *entry)
    row = str(calls[0, RATE_KEY]) if (calls[:, RATE_KEY] == max(1, calls[0, RATE_KEY])).all() else ""
    if row and prefix.startswith(row) and len(row) > int(calls[:, BOUNDS + scope].max()):
        kind = "plus_before_short_code" if row in known.short_codes else "free_row"
        yield Candidate(scope, row, False, calls, row, kind)


def judge(candidate: Candidate, history: History, code: str, known: Knowledge) -> Judgement:
    """How sure a candidate makes us, against what was paid there before its first call."""
    after_code, fits = len(candidate.digits) - len(code), candidate.entry is not None
    weighed = weigh(history.places, candidate.calls, candidate.scope, after_code, known.limits.enough, fits)
    before = _price_before(weighed, candidate, known)
    odds, verdict, why = _graded(before, weighed.own, fits, known.limits)
    if verdict == "rejected":
        odds, verdict, why = _shown(before, weighed, fits, known.limits)
    if candidate.digits == code and not fits and verdict in ("block", "limit"):
        verdict, why = "held", WHOLE_CODE
    seen_at = candidate.digits[: len(code) + max(0, weighed.level)]
    return Judgement(candidate, verdict, why, odds, before or ASSUMED, seen_at)


def _graded(before: Before | None, own: Floats, fits: bool, limits: Limits) -> tuple[float, str, str]:
    """Odds, grade and its reason of payers with these chances of their own; one payer alone proves nothing."""
    odds = log10_odds(before or ASSUMED, own, fits)
    if len(proving(own)) < limits.payers_min:
        return odds, "rejected", "weak_evidence"
    return odds, *grade(before, odds, limits)


def _shown(before: Before | None, weighed: Weighed, fits: bool, limits: Limits) -> tuple[float, str, str]:
    """The grade of too weak a proof: what only the set-ups of a switch without prices show, a person is told."""
    odds, verdict, why = _graded(before, weighed.shown, fits, limits)
    match verdict:
        case "block":
            return odds, "held", "no_price_at_set_up"
        case "limit":
            return odds, "rejected", "no_price_at_set_up"
        case _:
            return odds, verdict, why


def _price_before(weighed: Weighed, candidate: Candidate, known: Knowledge) -> Before | None:
    """Rated calls before the run where enough were seen, or those that a table stands in for; else None."""
    if weighed.level != NOT_SEEN:
        return Before(weighed.free, weighed.paid)
    expected = known.expected(candidate.digits)
    if candidate.entry is not None or (expected is not None and expected[0] > 0):
        return Before(weighed.free, max(weighed.paid, ASSUMED_PAID - weighed.free), assumed=True)
    return None
