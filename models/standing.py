"""A leak that was found and stands until it is mended: who called for nothing under it, and who has paid since."""

from dataclasses import dataclass, field
from typing import Any

import numba as nb
import numpy as np

from models.evidence import (
    CALL,
    DIGITS,
    DIMENSIONS,
    E164_DIGITS,
    OFFSET,
    PADDED,
    PAYER,
    PLAN,
    POWERS,
    RATE,
    SCOPES,
    SOURCE,
    START,
    SWITCH,
    TS,
    Mask,
    Table,
)
from models.leaks import Candidate, Judgement
from models.odds import Before

COUNTED_MAX = 4_096
"""Calls, payers and called numbers of one leak that are told apart; of later calls the `latest` as many, so that
a call's end is no call of its own."""
SECOND_MS = 1_000
MENDED_PAYERS = 2
"""Paid calls of this many payers at one switch and plan end a leak (design, section 5)."""
NEVER = 1 << 62
RINGING_MS = 60 * SECOND_MS
"""How much earlier than it was answered a call may have begun: its release tells when it was answered, no more."""


@nb.njit(cache=True)
def _inside(calls: Table, numbers: tuple[int, int], digits: int, column: int, within: int) -> Mask:
    """Which calls went to padded numbers in a range, of `digits` if not 0, and have `within` in a column if not -1."""
    inside = np.empty(calls.shape[0], np.bool_)
    for i in range(calls.shape[0]):
        inside[i] = (
            numbers[0] <= calls[i, PADDED] < numbers[1]
            and (digits == 0 or calls[i, DIGITS] == digits)
            and (column < 0 or calls[i, column] == within)
        )
    return inside


def inside(scope: int, within: int, digits: str, single: bool, calls: Table) -> Mask:
    """Which calls are under a prefix, or to a single number, of a scope: bool[calls]."""
    scale = POWERS[E164_DIGITS - len(digits)]
    first = int(digits) * scale
    where = (first, first + scale), len(digits) if single else 0, DIMENSIONS[scope] or -1
    found: Mask = _inside(calls, *where, within)
    return found


def began(call: Table) -> int:
    """The earliest that a call may have begun (ms), by the event at hand."""
    start, ts = int(call[START]), int(call[TS])
    return start - RINGING_MS if ts > start else start


@dataclass(slots=True)
class Standing:
    """One leak of a calling code; `scope` is a position in SCOPES and `within` the id that its calls share.

    Times in ms of event time. `payers` maps to the source and offset of the payer's first free call; `doubts`, of the
    first two, to when the first paid call under it began that is later than its first free one; `paid`, by switch and
    plan, to when the call began that was paid since the newest free one. `proved_until` is when the newest call of its
    proof began, `late_ms` how long after its time a free call came in at most, `charged` the dearest price of its
    calls, millionths a minute: 0, or an absurd one.
    """

    scope: int
    within: int
    digits: str
    single: bool
    grade: str
    why: str
    odds: float
    before: Before
    entry: str | None
    entry_kind: str | None
    rate: int
    currency: str
    first_ts: int
    last_ts: int = 0
    newest_start: int = 0
    proved_until: int = 0
    told_second: int = -1
    free_calls: int = 0
    charged: int = 0
    late_ms: int = 0
    calls: dict[int, int] = field(default_factory=dict)
    latest: dict[int, int] = field(default_factory=dict)
    payers: dict[int, tuple[int, int]] = field(default_factory=dict)
    called: set[int] = field(default_factory=set)
    switches: set[int] = field(default_factory=set)
    paid: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    doubts: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, judged: Judgement, rate: int, currency: str) -> "Standing":
        """The leak that a judgement describes, its calls counted; `rate` is what a call there should cost."""
        found = judged.candidate
        leak = cls(
            scope=found.scope,
            within=found.within,
            digits=found.digits,
            single=found.single,
            grade=judged.grade,
            why=judged.why,
            odds=judged.odds,
            before=judged.before,
            entry=found.entry,
            entry_kind=found.entry_kind,
            rate=rate,
            currency=currency,
            first_ts=int(found.calls[:, TS].min()),
        )
        for call in found.calls[np.argsort(found.calls[:, START], kind="stable")]:
            leak.count(call)
        leak.proved_until = leak.newest_start
        return leak

    @property
    def doubted_at(self) -> int:
        """When paid calls of two payers had begun that speak against the whole of it: one payer changes nothing."""
        return max(self.doubts.values()) if len(self.doubts) >= MENDED_PAYERS else NEVER

    def explains(self, call: Table) -> bool:
        """Whether a free call under it needs no other explanation.

        It is blocked, and no two payers had spoken against it before that call began.
        """
        return self.grade == "block" and began(call) <= self.doubted_at

    def covers(self, calls: Table) -> Mask:
        """Which calls are under the leak: bool[calls]."""
        return inside(self.scope, self.within, self.digits, self.single, calls)

    def wraps(self, other: "Standing | Candidate") -> bool:
        """Whether every call under `other` is under this leak too."""
        wider = self.scope == 0 or (self.scope, self.within) == (other.scope, other.within)
        return wider and not self.single and other.digits.startswith(self.digits)

    def same_subject(self, other: "Standing | Candidate") -> bool:
        """Whether both are about the same calls."""
        return _subject(self) == _subject(other)

    def count(self, call: Table) -> None:
        """Count one free call under the leak; nobody whose paid call began before it has proved a mend."""
        key, payer = int(call[CALL]), int(call[PAYER])
        if new := key not in self.calls and key not in self.latest:
            self.free_calls += 1
        if len(self.calls) < COUNTED_MAX:
            self.calls[key] = payer
            self.payers.setdefault(payer, (int(call[SOURCE]), int(call[OFFSET])))
            self.called.add(int(call[PADDED]))
        elif new:
            self.latest[key] = payer
            if len(self.latest) > COUNTED_MAX:
                del self.latest[next(iter(self.latest))]
        self.switches.add(int(call[SWITCH]))
        self.charged = max(self.charged, int(call[RATE]))
        self.last_ts = max(self.last_ts, int(call[TS]))
        if new and int(call[START]) > self.newest_start:
            self.newest_start = int(call[START])
            self._forget_paid()

    def _forget_paid(self) -> None:
        """Forget the paid calls that began before the newest free one."""
        for where, payers in list(self.paid.items()):
            self.paid[where] = {payer: start for payer, start in payers.items() if start > self.newest_start}
            if not self.paid[where]:
                del self.paid[where]

    def parted_by(self, start: int) -> bool:
        """Whether a paid call that began at `start` (ms) lies between the free ones that proved it."""
        return self.first_ts < start < self.proved_until

    def pays(self, call: Table) -> int | None:
        """Note one paid call under the leak.

        Returns:
            Where it is the second payer's at one switch and plan: when the first of their calls began.
        """
        start, payer = int(call[START]), int(call[PAYER])
        if self.first_ts < start and payer:
            self._doubt(payer, start)
        if start <= self.newest_start or payer == 0:
            return None
        payers = self.paid.setdefault((int(call[SWITCH]), int(call[PLAN])), {})
        payers[payer] = min(start, payers.get(payer, start))
        return min(payers.values()) if len(payers) >= MENDED_PAYERS else None

    def _doubt(self, payer: int, start: int) -> None:
        """Note that a payer's call was paid; the two whose calls began first are kept."""
        self.doubts[payer] = min(start, self.doubts.get(payer, start))
        if len(self.doubts) > MENDED_PAYERS:
            del self.doubts[max(self.doubts, key=lambda one: (self.doubts[one], one))]

    def due(self, second: int) -> bool:
        """Whether a free call that came in at a second of event time is the first of it and so worth a record."""
        if second <= self.told_second:
            return False
        self.told_second = second
        return True

    def withdraw(self, call: int) -> bool:
        """Take a charged call out of the proof; True where it was part of it."""
        payer = self.calls.pop(call, None)
        if payer is None:
            return False
        self.free_calls -= 1
        if payer not in self.calls.values():
            self.payers.pop(payer, None)
        return True

    @property
    def qualifiers(self) -> tuple[int, int, int]:
        """Ids of switch, trunk and plan that the leak is limited to; 0 = any."""
        return tuple(self.within if scope == self.scope else 0 for scope in range(1, len(SCOPES)))  # type: ignore[return-value] # three

    def snapshot(self) -> dict[str, Any]:
        """The leak as plain values."""
        state: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        return state | {
            "before": (self.before.free, self.before.paid, self.before.assumed),
            "calls": list(self.calls.items()),
            "latest": list(self.latest.items()),
            "payers": list(self.payers.items()),
            "called": sorted(self.called),
            "switches": sorted(self.switches),
            "doubts": list(self.doubts.items()),
            "paid": [(where, list(payers.items())) for where, payers in self.paid.items()],
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Standing":
        """The leak that `snapshot` described."""
        plain = {name: state[name] for name in _PLAIN}
        return cls(
            **plain,
            before=Before(*state["before"]),
            calls=dict(map(tuple, state["calls"])),
            latest=dict(map(tuple, state["latest"])),
            payers={payer: tuple(first) for payer, first in state["payers"]},
            called=set(state["called"]),
            switches=set(state["switches"]),
            doubts=dict(map(tuple, state["doubts"])),
            paid={tuple(where): dict(map(tuple, payers)) for where, payers in state["paid"]},
        )


def _subject(leak: Standing | Candidate) -> tuple[int, int, str, bool]:
    return leak.scope, leak.within, leak.digits, leak.single


_PLAIN = (
    *("scope", "within", "digits", "single", "grade", "why", "odds", "entry", "entry_kind", "rate", "currency"),
    *("first_ts", "last_ts", "newest_start", "proved_until", "told_second", "free_calls", "late_ms", "charged"),
)
