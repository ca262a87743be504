"""All that is known of one calling code, and how its rated calls are walked.

Paid calls between two free ones are counted in bulk; only free calls are looked at one by one, those that a leak
which stands explains only together with calls that none explains. The result does not depend on how rows were cut
into batches.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from models.answered import AnsweredPrefixes
from models.evidence import BOUNDS, CALL, PAYER, PRICE, ROW, STAGE, START, TS, Mask, OpenCalls, Table
from models.history import FINAL
from models.leaks import RANK, Candidate, Judgement, Knowledge, best, judge
from models.ledger import Ledger
from models.mends import Mends, before
from models.name_table import NameTable
from models.prices import Price
from models.rated import ANSWERED_WIDTH
from models.standing import NEVER, SECOND_MS, Standing
from models.telling import Telling, Told

FREE = int(Price.FREE)
LAST_ROW = np.iinfo(np.int64).max
NO_ANSWERS = np.zeros((0, ANSWERED_WIDTH), np.int64)
REJECTED_MAX = 1_000
COLUMNS = (None, "switch", "trunk", "plan")
"""The history's column of each scope."""


class Route:
    """State of one calling code; `names` are the detector's by column, `origins` its source partitions' names."""

    def __init__(self, code: str, names: Mapping[str, NameTable], origins: Sequence[str], known: Knowledge) -> None:
        self.code = code
        self.ledger = Ledger(len(code))
        self.answered = AnsweredPrefixes()
        self.leaks: list[Standing] = []
        self.mends = Mends()
        self._rejected: dict[str, str] = {}
        self._unanswered: Table = NO_ANSWERS
        self._high: Table = np.zeros(0, np.int64)
        self._tell = Telling(code, names, origins)
        self._known = known

    def know(self, known: Knowledge) -> None:
        """Judge by this from the next call on."""
        self._known = known

    @property
    def calls(self) -> OpenCalls:
        """The open free calls."""
        return self.ledger.calls

    def walk(self, rated: Table, answered: Table, free: int, high: Table) -> Iterable[Told]:
        """Take a batch's calls in their order; what is told has to be read to its end.

        Args:
            rated: int64[calls, RATED_WIDTH].
            answered: int64[calls, ANSWERED_WIDTH].
            free: how many of the rated calls are free.
            high: int64[rows of the batch], highest event time of each one's source partition up to it, ms.
        """
        self._high = high
        if free or self.leaks:
            return self._walk_in_order(rated, answered, free)
        self.ledger.pay(rated)
        self.answered.add(answered)
        return ()

    def _walk_in_order(self, rated: Table, answered: Table, free: int) -> Iterator[Told]:
        """Walk where there is something to tell: paid calls between two free ones in bulk."""
        self._unanswered = answered
        begin = 0
        for position in np.flatnonzero(rated[:, PRICE] == FREE).tolist() if free else ():
            yield from self._paid(rated[begin:position])
            yield from self._free(rated[position])
            begin = position + 1
        yield from self._paid(rated[begin:])
        self._answer(LAST_ROW)

    def _answer(self, row: int) -> None:
        """Count the answered calls above a row of the batch: those below it have not happened yet."""
        calls = self._unanswered
        split = len(calls) if row == LAST_ROW else int(np.searchsorted(calls[:, 0], row))
        if split:
            self.answered.add(calls[:split])
            self._unanswered = calls[split:]

    def _paid(self, rated: Table) -> Iterable[Told]:
        """Take paid calls in bulk, one by one where a leak stands that they may speak against."""
        if self.leaks:
            return self._beside_leaks(rated)
        self.ledger.pay(rated)
        return ()

    def _beside_leaks(self, rated: Table) -> Iterator[Told]:
        """Take paid calls in bulk, but for those that speak against a leak's proof: each is judged by itself."""
        begin, charges = 0, self._charges(rated)
        for at in sorted({*charges, *self._contradictions(rated)}):
            yield from self._bulk(rated[begin:at])
            yield from (self._charged if at in charges else self._contradicted)(rated[at : at + 1])
            begin = at + 1
        yield from self._bulk(rated[begin:])

    def _contradictions(self, rated: Table) -> list[int]:
        """Positions of paid calls under a leak that began between the free ones which proved it: it is narrower."""
        found = np.zeros(len(rated), np.bool_)
        for leak in self.leaks:
            between = (rated[:, START] > leak.first_ts) & (rated[:, START] < leak.proved_until)
            if between.any():
                found |= between & leak.covers(rated)
        return np.flatnonzero(found).tolist()

    def _contradicted(self, paid: Table) -> Iterator[Told]:
        """A paid call came late: it began between free ones of a leak, which ends where they part."""
        held = [leak for leak in self.leaks if leak.covers(paid)[0]]
        yield from self._bulk(paid)
        for leak in held:
            if leak.parted_by(int(paid[0, START])) and leak in self.leaks and not self._proved_since(leak):
                yield from self._narrow(leak, paid[0])

    def _narrow(self, leak: Standing, paid: Table) -> Iterator[Told]:
        """Let narrower leaks that its own calls still prove take a leak's place; it is withdrawn where none does."""
        for at in np.flatnonzero(self.calls.of(leak.calls))[::-1].tolist():
            if self._under(self.calls.table[at], apart_from=leak) is None:
                judged = self._best(seen_from=at)
                if judged is not None and judged.grade != "rejected" and leak.wraps(judged.candidate):
                    yield from self._conclude(judged, paid, instead_of=leak)
        if leak in self.leaks:
            self.leaks.remove(leak)
            yield int(paid[ROW]), self._tell.withdrawn(leak, "paid_between")

    def _charges(self, rated: Table) -> list[int]:
        """Positions of the charges for calls of the leaks that stand."""
        final = np.flatnonzero(rated[:, STAGE] == FINAL)
        charged = rated[final, CALL].tolist()
        held = [leak.calls for leak in self.leaks if not leak.calls.keys().isdisjoint(charged)]
        if not held:
            return []
        return [at for at, call in zip(final.tolist(), charged, strict=True) if any(call in calls for calls in held)]

    def _bulk(self, rated: Table) -> Iterator[Told]:
        self.ledger.pay(rated)
        for leak in list(self.leaks):
            inside = leak.covers(rated)
            if np.count_nonzero(inside):
                yield from self._under_leak(leak, rated[inside])

    def _under_leak(self, leak: Standing, rated: Table) -> Iterator[Told]:
        """Let paid calls under a leak speak against it, one by one, until one ends it."""
        for call in rated:
            mended_at = leak.pays(call)
            if mended_at is not None:
                self.leaks.remove(leak)
                self.calls.drop(before(self.mends.add(leak, mended_at), self.calls.table))
                yield int(call[ROW]), self._tell.mended(leak)
                return

    def _charged(self, charge: Table) -> Iterator[Told]:
        """A call of a proof was charged after all: it mends nothing, but what is left may prove too little."""
        self.ledger.pay(charge)
        held = [leak for leak in self.leaks if leak.withdraw(int(charge[0, CALL]))]
        if held:
            self.ledger.charge(charge[0])
        for leak in list(self.leaks):
            if leak not in held:
                yield from self._under_leak(leak, charge[leak.covers(charge)])
            elif not self._still_proved(leak):
                self.ledger.remember_habit(leak.calls)
                self.leaks.remove(leak)
                yield int(charge[0, ROW]), self._tell.withdrawn(leak, "charged_at_release")

    def _still_proved(self, leak: Standing) -> bool:
        """Whether what is left of a proof still justifies the leak's grade, judged as at the start."""
        return self._proves(leak, self.calls.table[self.calls.of(leak.calls)])

    def _proved_since(self, leak: Standing) -> bool:
        """Whether the calls of a proof that no paid call has answered since still justify the leak's grade."""
        calls = self.calls.table
        return self._proves(leak, calls[self.calls.of(leak.calls) & (calls[:, BOUNDS + leak.scope] < len(leak.digits))])

    def _proves(self, leak: Standing, left: Table) -> bool:
        if not len(left):
            return False
        candidate = Candidate(leak.scope, leak.digits, leak.single, left, leak.entry, leak.entry_kind)
        return RANK[judge(candidate, self.ledger.history, self.code, self._known).grade] <= RANK[leak.grade]

    def _free(self, call: Table) -> Iterator[Told]:
        padded, digits, _, ts = call[: TS + 1].tolist()
        self.ledger.history.advance(ts)
        self.calls.expire(ts)
        self.mends.expire(ts)
        number = str(padded)[:digits]
        if self._known.is_freephone(number):
            return
        expected = self._known.expected(number)
        if expected is not None and expected[0] == 0:
            return
        leak = self._under(call)
        if leak is not None:
            if self.ledger.is_habit(call, leak.scope):
                return
            leak.count(call)
            leak.late_ms = max(leak.late_ms, self._lateness(call))
        elif self.mends.explain(call):
            return
        counts = call[PAYER] != 0 and self.calls.admits(int(call[PAYER]))
        if leak is not None and leak.explains(call):
            yield from self._explained(call, leak, counts)
        elif counts:
            yield from self._consider(call)

    def _under(self, call: Table, apart_from: Standing | None = None) -> Standing | None:
        """The surest leak that the call is under."""
        found = [leak for leak in self.leaks if leak is not apart_from and leak.covers(call[np.newaxis])[0]]
        return min(found, key=lambda leak: (leak.grade != "block", len(leak.digits)), default=None)

    def _explained(self, call: Table, leak: Standing, counts: bool) -> Iterator[Told]:
        """A call under a leak that stands: with calls outside it may show a wider leak, or one beside it."""
        if counts and self.ledger.keep_explained(call, leak.covers(self.calls.table)):
            outside = self._unexplained()
            judged = self._best(outside) if outside.any() else None
            if judged is not None and judged.grade == "block":
                yield from self._conclude(judged, call)
                return
        if leak.due(self._second(call)):
            yield self._told(int(call[ROW]), leak)

    def _unexplained(self) -> Mask:
        """Which open calls no block explains: bool[calls]."""
        calls = self.calls.table
        explained = np.zeros(len(calls), np.bool_)
        for leak in self.leaks:
            if leak.grade == "block":
                explained |= leak.covers(calls) & (calls[:, START] <= leak.doubted_at)
        return ~explained

    def _consider(self, call: Table) -> Iterator[Told]:
        """Keep the call as evidence and look for the leak that it completes."""
        self.ledger.keep(call)
        judged = self._best()
        if judged is None:
            return
        if judged.grade == "rejected":
            yield from self._reject(judged, int(call[ROW]))
        else:
            yield from self._conclude(judged, call)

    def _best(self, outside: Mask | None = None, seen_from: int = -1) -> Judgement | None:
        """The best judgement around an open call, by its position: the newest one's, where none is given."""
        calls = self.calls if seen_from < 0 else self.calls.seen_from(seen_from)
        blocked = [call for leak in self.leaks if leak.grade == "block" for call in leak.calls]
        explained = np.array(blocked, np.int64) if blocked else None
        return best(calls, self.ledger.history, self.code, self._known, outside, explained)

    def _reject(self, judged: Judgement, row: int) -> Iterator[Told]:
        """Tell of a weak candidate once, not at every call."""
        found = judged.candidate
        key = f"{found.scope}/{found.within}/{found.digits}"
        if self._rejected.get(key) != judged.why:
            if len(self._rejected) >= REJECTED_MAX:
                self._rejected.clear()
            self._rejected[key] = judged.why
            yield self._told(row, self._standing(judged))

    def _conclude(self, judged: Judgement, call: Table, instead_of: Standing | None = None) -> Iterator[Told]:
        """Let the leak stand, in the place of those that it replaces; one that stands already is told of by the second.

        A graver or milder judgement of the same subject goes on as the same leak.
        """
        known = next((leak for leak in self.leaks if leak.same_subject(judged.candidate)), None)
        if known is not None and known.grade == judged.grade:
            if known.due(self._second(call)):
                yield self._told(int(call[ROW]), known)
            return
        found = self._standing(judged)
        if known is not None:
            found.first_ts = known.first_ts
        gone = [leak for leak in self.leaks if leak is instead_of or _replaces(found, leak)]
        self.leaks = [leak for leak in self.leaks if leak not in gone and leak is not known] + [found]
        found.told_second = self._second(call)
        found.late_ms = self._lateness(call)
        if judged.grade != "held":
            self.ledger.forget_habit(judged.candidate.calls)
        yield self._told(int(call[ROW]), found, gone)

    def _second(self, call: Table) -> int:
        """The second of event time at which a rated call came in: a late one's own time says nothing of that."""
        return int(self._high[call[ROW]]) // SECOND_MS

    def _lateness(self, call: Table) -> int:
        """How long after its time (ms) a rated call came in, by event time."""
        return int(self._high[call[ROW]] - call[TS])

    def _told(self, row: int, leak: Standing, replaced: Sequence[Standing] = ()) -> Told:
        """Tell of a leak with the calls that were answered above the row."""
        self._answer(row)
        return row, self._tell.leak(leak, self.answered, self.ledger.talk_ms, replaced)

    def _standing(self, judged: Judgement) -> Standing:
        found = judged.candidate
        expected = self._known.expected(found.digits)
        if expected is None:
            column = COLUMNS[found.scope]
            rate, currency = self.ledger.history.usual_price(judged.seen_at, column, found.within)
            expected = rate, self._tell.currency(currency)
        return Standing.of(judged, *expected)

    def snapshot(self) -> dict[str, Any]:
        """The state as plain versioned values."""
        return {
            **self.ledger.snapshot(),
            "answered": self.answered.snapshot(),
            "leaks": [leak.snapshot() for leak in self.leaks],
            "mends": self.mends.snapshot(),
            "rejected": list(self._rejected.items()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back the state that `snapshot` described."""
        self.ledger.load(state)
        self.answered = AnsweredPrefixes.restore(state["answered"])
        self.leaks = [Standing.restore(leak) for leak in state["leaks"]]
        self.mends = Mends.restore(state["mends"])
        self._rejected = dict(map(tuple, state["rejected"]))


def _replaces(found: Standing, leak: Standing) -> bool:
    """A wider leak swallows a narrower one; a narrower one takes over where paid calls spoke against the wider."""
    if leak.same_subject(found) or (found.grade != "block" and leak.grade == "block"):
        return False
    doubted = leak.doubted_at != NEVER or (leak.grade != "block" and bool(leak.doubts))
    return found.wraps(leak) or (doubted and leak.wraps(found))
