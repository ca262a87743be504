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
"""Calls, payers and called numbers of one leak that are told apart; beyond, only their number of calls grows."""
SECOND_MS = 1_000
MENDED_PAYERS = 2
"""Paid calls of this many payers at one switch and plan end a leak (design, section 5)."""


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


@dataclass(slots=True)
class Standing:
    """One leak of a calling code; `scope` is a position in SCOPES and `within` the id that its calls share.

    Times in ms of event time. `payers` maps to the source and offset of the payer's first free call.
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
    told_second: int = -1
    doubted: bool = False
    free_calls: int = 0
    calls: dict[int, int] = field(default_factory=dict)
    payers: dict[int, tuple[int, int]] = field(default_factory=dict)
    called: set[int] = field(default_factory=set)
    switches: set[int] = field(default_factory=set)
    paid: dict[tuple[int, int], list[int]] = field(default_factory=dict)

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
        return leak

    @property
    def explains(self) -> bool:
        """Whether its free calls need no other explanation: it is blocked, and no paid call has spoken against it."""
        return self.grade == "block" and not self.doubted

    def covers(self, calls: Table) -> Mask:
        """Which calls are under the leak: bool[calls]."""
        scale = POWERS[E164_DIGITS - len(self.digits)]
        first = int(self.digits) * scale
        where = (first, first + scale), len(self.digits) if self.single else 0, DIMENSIONS[self.scope] or -1
        inside: Mask = _inside(calls, *where, self.within)
        return inside

    def wraps(self, other: "Standing") -> bool:
        """Whether every call under `other` is under this leak too."""
        wider = self.scope == 0 or (self.scope, self.within) == (other.scope, other.within)
        return wider and not self.single and other.digits.startswith(self.digits)

    def same_subject(self, other: "Standing | Candidate") -> bool:
        """Whether both are about the same calls."""
        return _subject(self) == _subject(other)

    def count(self, call: Table) -> None:
        """Count one free call under the leak; nobody who paid before it has proved a mend."""
        key, payer = int(call[CALL]), int(call[PAYER])
        if key not in self.calls:
            self.free_calls += 1
        if len(self.calls) < COUNTED_MAX:
            self.calls[key] = payer
            self.payers.setdefault(payer, (int(call[SOURCE]), int(call[OFFSET])))
            self.called.add(int(call[PADDED]))
        self.switches.add(int(call[SWITCH]))
        self.last_ts = max(self.last_ts, int(call[TS]))
        self.newest_start = max(self.newest_start, int(call[START]))
        self.paid.clear()

    def pays(self, call: Table) -> bool:
        """Note one paid call under the leak; True where it is the second payer's at one switch and plan."""
        if int(call[START]) <= self.newest_start or call[PAYER] == 0:
            return False
        payers = self.paid.setdefault((int(call[SWITCH]), int(call[PLAN])), [])
        if int(call[PAYER]) not in payers:
            payers.append(int(call[PAYER]))
        return len(payers) >= MENDED_PAYERS

    def due(self, ts: int) -> bool:
        """Whether a free call at `ts` is the first of its second and so worth a record."""
        if ts // SECOND_MS <= self.told_second:
            return False
        self.told_second = ts // SECOND_MS
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
            "payers": list(self.payers.items()),
            "called": sorted(self.called),
            "switches": sorted(self.switches),
            "paid": list(self.paid.items()),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Standing":
        """The leak that `snapshot` described."""
        plain = {name: state[name] for name in _PLAIN}
        return cls(
            **plain,
            before=Before(*state["before"]),
            calls=dict(map(tuple, state["calls"])),
            payers={payer: tuple(first) for payer, first in state["payers"]},
            called=set(state["called"]),
            switches=set(state["switches"]),
            paid={tuple(where): list(payers) for where, payers in state["paid"]},
        )


def _subject(leak: Standing | Candidate) -> tuple[int, int, str, bool]:
    return leak.scope, leak.within, leak.digits, leak.single


_PLAIN = (
    *("scope", "within", "digits", "single", "grade", "why", "odds", "entry", "entry_kind", "rate", "currency"),
    *("first_ts", "last_ts", "newest_start", "told_second", "doubted", "free_calls"),
)
