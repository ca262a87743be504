"""Which events count, and the windows of every key: whole buckets that end at the highest event time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.faults.oracle.calls import Call
from tests.faults.oracle.facts import AmbiguousError, Facts

BUCKETS = ((6, 10_000), (5, 60_000), (12, 300_000), (24, 3_600_000))
"""How many buckets each window has, and how wide they are, ms: 1 min, 5 min, 1 h, 24 h."""
COUNTERS = ("attempts", "refused", "answered", "ended", "talked", "short", "duration_ms")
SHORT_MS = 6_000
MINUTE_MS = 60_000
PREFIX_DIGITS = 3
"""Digits behind the calling code of a prefix that has windows."""
NOBODY = ""

Bucket = tuple[int, ...]
"""Counters in the order of `COUNTERS`."""


@dataclass
class Judged:
    """The log after de-duplication: events that count, late ones whose price is evidence, and how many of each."""

    counted: list[Call] = field(default_factory=list)
    late: list[Call] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judge(calls: Iterable[Call], facts: Facts) -> Judged:
    """Count every event once, the first copy; what is late by its own partition changes no window.

    Raises:
        AmbiguousError: whether an event is late depends on which of its copies comes first.
    """
    copies: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        copies[call.identity].append(call)
    judged = Judged()
    for these in copies.values():
        kinds = {_lateness(call, facts) for call in these}
        if len(kinds) > 1:
            raise AmbiguousError(f"copies of {these[0].identity} are {' and '.join(sorted(kinds))}")
        kind = kinds.pop()
        if kind == "too_late":
            judged.counts[kind] += len(these)
            continue
        judged.counts[kind] += 1
        judged.counts["duplicates"] += len(these) - 1
        (judged.counted if kind == "counted" else judged.late).append(these[0])
    return judged


def _lateness(call: Call, facts: Facts) -> str:
    late = call.high - call.when
    if late > facts.price_evidence_ms:
        return "too_late"
    return "late" if late > facts.lateness_ms else "counted"


def counters(call: Call) -> Bucket:
    """What one event adds to a bucket (contract: a `cdr` is attempt, answer and release)."""
    if call.refused:
        return (0, int(call.kind in ("attempt", "cdr")), 0, 0, 0, 0, 0)
    ended = call.kind in ("release", "cdr")
    talked = ended and call.duration_ms > 0
    return (
        int(call.kind in ("attempt", "cdr")),
        0,
        int(call.answered),
        int(ended),
        int(talked),
        int(talked and call.duration_ms < SHORT_MS),
        call.duration_ms if ended else 0,
    )


def keys(call: Call) -> Iterator[tuple[str, str, str]]:
    """Every kind of key an event counts for: kind, key, and the other party (empty: nobody)."""
    called = call.called.text
    yield "caller", call.caller, called
    yield "account", call.account, call.caller
    yield "called", called, call.caller
    yield "prefix", prefix_of(call), call.caller
    yield "trunk", call.via, called


def prefix_of(call: Call) -> str:
    """`+`, calling code and the digits behind it; empty for a number that has none."""
    if not call.called.abroad or not call.called.code:
        return NOBODY
    return call.called.text[: 1 + len(call.called.code) + PREFIX_DIGITS]


@dataclass
class Windows:
    """What the windows of one key hold.

    Attributes:
        buckets: per window, oldest bucket first, counters of each.
        distinct: per window, other parties of the attempts.
    """

    buckets: list[list[Bucket]]
    distinct: list[int]


def windows(counted: Iterable[Call], now_ms: int) -> dict[tuple[str, str], Windows]:
    """The windows that end with the bucket of `now_ms`, by kind and key; keys with nothing in a day are left out."""
    events: dict[tuple[str, str], list[tuple[int, Bucket, str]]] = defaultdict(list)
    for call in counted:
        added = counters(call)
        for kind, key, other in keys(call):
            if key != NOBODY and any(added):
                events[kind, key].append((call.ts, added, other))
    found = {key: _windows(these, now_ms) for key, these in events.items()}
    return {key: one for key, one in found.items() if any(map(any, one.buckets[-1]))}


def _windows(events: list[tuple[int, Bucket, str]], now_ms: int) -> Windows:
    buckets, distinct = [], []
    for count, width in BUCKETS:
        first = now_ms // width - count + 1
        held = [[0] * len(COUNTERS) for _ in range(count)]
        others = set()
        for ts, added, other in events:
            at = ts // width - first
            if not 0 <= at < count:
                continue
            held[at] = [a + b for a, b in zip(held[at], added, strict=True)]
            if added[0] and other != NOBODY:
                others.add(other)
        buckets.append([tuple(bucket) for bucket in held])
        distinct.append(len(others))
    return Windows(buckets, distinct)


def totals(counted: Iterable[Call]) -> Counter[int]:
    """Answered calls of our own subscribers per minute of event time."""
    return Counter(call.ts // MINUTE_MS for call in counted if call.answered and call.originating)
