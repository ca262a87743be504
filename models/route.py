"""All that is known of one calling code, and how its rated calls are walked.

Paid calls between two free ones are counted in bulk; only free calls are looked at one by one, and only while they
are not yet explained by a leak that stands. The result does not depend on how rows were cut into batches.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from models.answered import AnsweredPrefixes
from models.evidence import (
    BOUNDS,
    CALL,
    CELL,
    COUNTED,
    DIGITS,
    DIMENSIONS,
    OFFSET,
    PADDED,
    PAYER,
    PLAN,
    SCOPES,
    SOURCE,
    STAGE,
    START,
    SWITCH,
    TRUNK,
    TS,
    WIDTH,
    OpenCalls,
    Table,
    close_by_paid,
)
from models.findings import Evidence, Finding, Leak, Mended, Source, Subject, Withdrawn
from models.history import FINAL, SETUP, History
from models.leaks import ASSUMED_PAID, Judgement, Knowledge, best
from models.money import spelled
from models.odds import Before, grade, log10_odds
from models.prices import Price
from models.standing import Standing

PRICE, RATE, CURRENCY, ROW = range(WIDTH, WIDTH + 4)
"""Columns of a rated call beside those of an open call: its price class, rate, currency, and row of the batch."""
RATED_WIDTH = WIDTH + 4
NOWHERE = Source("", 0, 0)
LAST_ROW = np.iinfo(np.int64).max
NO_ANSWERS = np.zeros((0, 6), np.int64)
REJECTED_MAX = 1_000
OFFSETS_MAX = 20

Told = tuple[int, Finding]
"""A finding and the row of the batch that gave it."""


class Route:
    """State of one calling code; `names` are the detector's texts by id, `origins` its source partitions' names."""

    def __init__(self, code: str, names: Sequence[str], origins: Sequence[str], known: Knowledge) -> None:
        self.code = code
        self.history = History(len(code))
        self.calls = OpenCalls()
        self.answered = AnsweredPrefixes()
        self.leaks: list[Standing] = []
        self._rejected: dict[str, str] = {}
        self._unanswered: Table = NO_ANSWERS
        self._names = names
        self._origins = origins
        self._known = known

    def walk(self, rated: Table, answered: Table) -> Iterator[Told]:
        """Take a batch's rated calls, int64[calls, RATED_WIDTH], in their order.

        `answered` has its answered calls: int64[calls, 6], row, minute, prefix, switch, trunk, plan.
        """
        self._unanswered = answered
        yield from self._walk(rated)
        self._answer(LAST_ROW)

    def _answer(self, row: int) -> None:
        """Count the answered calls above a row of the batch: those below it have not happened yet."""
        split = int(np.searchsorted(self._unanswered[:, 0], row))
        if split:
            _, minutes, prefixes = self._unanswered[:split, :3].T
            self.answered.add(minutes, prefixes, self._unanswered[:split, 3:])
            self.answered.forget()
            self._unanswered = self._unanswered[split:]

    def _walk(self, rated: Table) -> Iterator[Told]:
        begin = 0
        for free in np.flatnonzero(rated[:, PRICE] == Price.FREE).tolist():
            yield from self._paid(rated[begin:free])
            yield from self._free(rated[free])
            begin = free + 1
        yield from self._paid(rated[begin:])

    def _paid(self, rated: Table) -> Iterator[Told]:
        if not len(rated):
            return
        self.history.advance(int(rated[:, TS].max()))
        self.history.add_paid(rated, rated[:, RATE], rated[:, CURRENCY])
        if len(self.calls):
            close_by_paid(self.calls.table, rated)
        if self.leaks:
            yield from self._after_paid(rated)

    def _after_paid(self, rated: Table) -> Iterator[Told]:
        """Let paid calls speak against the leaks that stand, one by one: the first that ends a leak is told."""
        for leak in list(self.leaks):
            covered = leak.covers(rated)
            concerned = np.flatnonzero(covered | (rated[:, STAGE] == FINAL))
            for call, under in zip(rated[concerned], covered[concerned].tolist(), strict=True):
                if (ended := self._ended(leak, call, under)) is not None:
                    self.leaks.remove(leak)
                    yield int(call[ROW]), ended
                    break

    def _ended(self, leak: Standing, call: Table, under: bool) -> Finding | None:
        """What a paid call says about a leak; a call of the proof itself that was charged after all mends nothing."""
        if call[STAGE] == FINAL and leak.withdraw(int(call[CALL])):
            self._make_habit(call)
            if not self._still_proved(leak):
                self._remember_habit(leak)
                return Withdrawn(NOWHERE, self._subject(leak), leak.first_ts, "charged_at_release")
        elif under:
            leak.doubted |= int(call[START]) > leak.first_ts
            if leak.pays(call):
                return Mended(NOWHERE, self._subject(leak), leak.first_ts, leak.last_ts)
        return None

    def _still_proved(self, leak: Standing) -> bool:
        """Whether what is left of a proof still justifies the leak's grade."""
        limits = self._known.limits
        odds = log10_odds(leak.before, [0.0] * len(leak.payers), fits=leak.entry is not None)
        left, _ = grade(leak.before, odds, limits)
        enough = left == leak.grade or (leak.grade == "held" and left == "block")
        return enough and len(leak.payers) >= limits.payers_min

    def _make_habit(self, charge: Table) -> None:
        """A free set-up that was charged at release is how its switch does it: count it in the price history."""
        mine = self.calls.table[:, CALL] == charge[CALL]
        if not self.calls.table[mine, COUNTED].any():
            setup = charge[:WIDTH].copy()
            setup[STAGE] = SETUP
            self.history.add_free(int(self.history.cells(setup[np.newaxis])[0]), int(setup[TS]))
        self.calls.drop(mine)

    def _free(self, call: Table) -> Iterator[Told]:
        self._answer(int(call[ROW]))
        self.history.advance(int(call[TS]))
        self.calls.expire(int(call[TS]))
        number = str(call[PADDED])[: call[DIGITS]]
        expected = self._known.expected(number)
        if (expected is not None and expected[0] == 0) or self._known.is_freephone(number):
            return
        if standing := self._under(call):
            standing.count(call, int(call[SOURCE]), int(call[OFFSET]))
            if standing.grade == "block" and not standing.doubted:
                if standing.due(int(call[TS])):
                    yield int(call[ROW]), self._leak(standing, ())
                return
        yield from self._consider(call)

    def _under(self, call: Table) -> Standing | None:
        """The surest leak that the call is under."""
        found = [leak for leak in self.leaks if leak.covers(call[np.newaxis])[0]]
        return min(found, key=lambda leak: (leak.grade != "block", len(leak.digits)), default=None)

    def _consider(self, call: Table) -> Iterator[Told]:
        """Keep the call as evidence and look for the leak that it completes."""
        if call[PAYER] == 0 or not self.calls.admits(int(call[PAYER])):
            return
        self._keep(call)
        judged = best(self.calls, self.history, self.code, self._names, self._known)
        if judged is None:
            return
        found = self._standing(judged)
        known = next((leak for leak in self.leaks if leak.same_subject(found)), None)
        if judged.grade == "rejected":
            yield from self._reject(found, int(call[ROW]))
        elif known is None or known.grade != found.grade:
            yield from self._conclude(found, known, judged, int(call[ROW]))
        elif known.due(int(call[TS])):
            yield int(call[ROW]), self._leak(known, ())

    def _keep(self, call: Table) -> None:
        kept = call[:WIDTH].copy()
        kept[CELL] = self.history.cells(kept[np.newaxis])[0]
        kept[COUNTED] = 1
        for scope, column in enumerate(DIMENSIONS):
            cells = np.ones(len(self.history), np.bool_)
            if column is not None:
                cells = self.history.column(SCOPES[scope]) == kept[column]
            shared = self.history.last_paid(int(kept[PADDED]), int(kept[DIGITS]), int(kept[START]), cells)
            kept[BOUNDS + scope] = shared
        self.history.add_free(int(kept[CELL]), int(kept[TS]))
        self.calls.add(kept.tolist())

    def _standing(self, judged: Judgement) -> Standing:
        """The leak that a judgement describes, its calls counted."""
        found, calls = judged.candidate, judged.candidate.calls
        column = DIMENSIONS[found.scope]
        rate, currency = self._price(judged)
        leak = Standing(
            scope=found.scope,
            within=0 if column is None else int(calls[0, column]),
            digits=found.digits,
            single=found.single,
            grade=judged.grade,
            why=judged.why,
            odds=judged.odds,
            before=judged.before or Before(0, ASSUMED_PAID, assumed=True),
            entry=found.entry,
            entry_kind=found.entry_kind,
            rate=rate,
            currency=currency,
            first_ts=int(calls[:, TS].min()),
        )
        for call in calls[np.argsort(calls[:, START], kind="stable")]:
            leak.count(call, int(call[SOURCE]), int(call[OFFSET]))
        return leak

    def _price(self, judged: Judgement) -> tuple[int, str]:
        expected = self._known.expected(judged.candidate.digits)
        if expected is not None:
            return expected
        rate, currency = self.history.usual_price(judged.cells)
        return rate, self._names[currency]

    def _reject(self, found: Standing, row: int) -> Iterator[Told]:
        """Tell of a weak candidate once, not at every call."""
        key = f"{found.scope}/{found.within}/{found.digits}"
        if self._rejected.get(key) != found.why:
            if len(self._rejected) >= REJECTED_MAX:
                self._rejected.clear()
            self._rejected[key] = found.why
            yield row, self._leak(found, ())

    def _conclude(self, found: Standing, known: Standing | None, judged: Judgement, row: int) -> Iterator[Told]:
        """Let the leak stand, in the place of those that it replaces."""
        if known is not None:
            found.first_ts = known.first_ts
        gone = [leak for leak in self.leaks if self._replaces(found, leak)]
        self.leaks = [leak for leak in self.leaks if leak not in gone and leak is not known] + [found]
        found.told_second = found.last_ts // 1000
        if judged.grade != "held":
            self._forget_habit(judged)
        yield row, self._leak(found, tuple(self._subject(leak) for leak in gone))

    @staticmethod
    def _replaces(found: Standing, leak: Standing) -> bool:
        """A wider leak swallows a narrower one; a narrower one takes over where paid calls spoke against the wider."""
        if leak.same_subject(found) or (found.grade != "block" and leak.grade == "block"):
            return False
        return found.wraps(leak) or (leak.doubted and leak.wraps(found))

    def _forget_habit(self, judged: Judgement) -> None:
        """A leak's free calls are nobody's habit: take them out of the price history."""
        members = np.isin(self.calls.table[:, OFFSET], judged.candidate.calls[:, OFFSET])
        members &= np.isin(self.calls.table[:, CALL], judged.candidate.calls[:, CALL])
        for position in np.flatnonzero(members & (self.calls.table[:, COUNTED] == 1)).tolist():
            call = self.calls.table[position]
            self.history.add_free(int(call[CELL]), int(call[TS]), -1)
            call[COUNTED] = 0

    def _remember_habit(self, leak: Standing) -> None:
        """The other free calls of a leak that was none are a habit after all."""
        for call in self.calls.table:  # rows are views: what is set here is set in the table
            if call[COUNTED] == 0 and int(call[CALL]) in leak.calls:
                self.history.add_free(int(call[CELL]), int(call[TS]))
                call[COUNTED] = 1

    def _subject(self, leak: Standing) -> Subject:
        switch, trunk, plan = (self._names[i] if i else None for i in leak.qualifiers)
        return Subject("called" if leak.single else "prefix", "+" + leak.digits, switch, trunk, plan)

    def _leak(self, leak: Standing, replaces: tuple[Subject, ...]) -> Leak:
        evidence = Evidence(
            free_calls=leak.free_calls,
            payers=len(leak.payers),
            called=len(leak.called),
            first_ts=leak.first_ts,
            last_ts=leak.last_ts,
            paid_since_first=0,
            free_share_before=round(leak.before.share, 6),
            log10_odds=round(leak.odds, 2),
            expected_rate=spelled(leak.rate),
            currency=leak.currency or None,
            offsets=tuple(f"{self._origins[s]}{offset}" for s, offset in list(leak.payers.values())[:OFFSETS_MAX]),
        )
        return Leak(
            source=NOWHERE,
            subject=self._subject(leak),
            grade=leak.grade,  # type: ignore[arg-type] # one of Grade by construction
            why=leak.why,
            evidence=evidence,
            code=self.code,
            newest_start=leak.newest_start,
            answered=self.answered.hour_before(leak.first_ts, leak.digits, leak.qualifiers),
            switches=tuple(sorted(self._names[i] for i in leak.switches if i)),
            entry=leak.entry,
            entry_kind=leak.entry_kind,
            replaces=replaces,
        )

    def snapshot(self) -> dict[str, Any]:
        """The state as plain versioned values."""
        return {
            "history": self.history.snapshot(),
            "calls": self.calls.snapshot(),
            "answered": self.answered.snapshot(),
            "leaks": [leak.snapshot() for leak in self.leaks],
            "rejected": list(self._rejected.items()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back the state that `snapshot` described."""
        self.history = History.restore(state["history"])
        self.calls = OpenCalls.restore(state["calls"])
        self.answered = AnsweredPrefixes.restore(state["answered"])
        self.leaks = [Standing.restore(leak) for leak in state["leaks"]]
        self._rejected = dict(map(tuple, state["rejected"]))


PLACES = {"switch": SWITCH, "trunk": TRUNK, "plan": PLAN}
"""Where a row's named columns stand in a rated call."""
