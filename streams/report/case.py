"""One incident as the report tells it: its proof, its commands, and the calls under its target, stage by stage."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.commands import Action, Command, Mode
from models.events import EventKind
from models.prices import Price
from models.row_table import FLAG_REFUSED, Rows
from streams.report.under import Place

BEFORE, BLOCK, LIMIT, TRICKLE, SHADOW, OPEN = range(6)
"""What stood on the target when a call began: nothing yet; a command (`STANDING`); nothing any more."""
NOT_ITS: Final = -1
STANDING: Final = ("before", "block", "limit", "trickle", "shadow", "open")
SETUPS, FREE_SETUPS, PAID_SETUPS, REFUSED, FREE_ENDS, PAID_ENDS, ENDED, ENDED_MS = range(8)
"""What is counted of calls: beginnings (all, free, paid, refused by us), ends (free, paid), and how long they took.

`ENDED` and `ENDED_MS` are of calls that were not paid, the unanswered among them.
"""
RANK: Final = {"block": 4, "limit": 3, "held": 2, "shadow": 1}
"""Verdicts by their gravity: which incidents are told in full where there are too many."""
SPANS_MAX: Final = 256
"""Commands of one incident whose times are kept; calls under older ones are not looked for any more."""
ROWS_MAX: Final = 12
"""Commands of one incident that the page lists."""
FOLLOW_MS: Final = 3 * 3_600_000
"""How long calls are looked for after an incident's last news: files of call records come up to 90 minutes late."""
EDGE_MS: Final = 1 << 62

Ints = npt.NDArray[np.int64]
IS_FREE: Final = np.isin(np.arange(256), [Price.FREE, Price.UNDERPRICED])
"""Which prices cost the caller nothing, bool[256]."""
_BEGINS = (int(EventKind.ATTEMPT), int(EventKind.CDR))


@dataclass(slots=True)
class Span:
    """A command's time on the target: from `begin_ms` (not included) to `end_ms`; `kind` as in `STANDING`."""

    begin_ms: int
    end_ms: int
    kind: int
    lease: int


@dataclass(slots=True)
class Case:
    """An incident; times in ms of event time.

    `at_ms` is when it was first found, `after` how many lines had been read by then. `first` is the evidence then,
    `proof` that of the first block, `evidence` the newest. `held` says why it waits
    for a person, if it does. `within` is the incident whose block stood
    while its proof was gathered, `counted` how many free calls of the proof no other incident has counted. `calls` is
    int64[STANDING, 8], as counted by `count`.
    """

    id: str
    reason: str
    target: dict[str, str]
    place: Place
    at_ms: int
    after: int
    first: dict[str, Any]
    evidence: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""
    why: str = ""
    held: str = ""
    proof: dict[str, Any] | None = None
    blocked_ms: int | None = None
    commanded_ms: int | None = None
    ended_ms: int | None = None
    within: str | None = None
    counted: int = 0
    state: str = ""
    ending: str = ""
    rearmed: int = 0
    news_ms: int = 0
    summary: str = ""
    diagnosis: dict[str, Any] | None = None
    impact: dict[str, Any] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    listed: list[tuple[int, str, int, int, str]] = field(default_factory=list)
    given: Counter[str] = field(default_factory=Counter)
    calls: Ints = field(default_factory=lambda: np.zeros((len(STANDING), 8), np.int64))

    @property
    def first_ms(self) -> int:
        """Event time of the first call of the proof."""
        return int(self.first.get("first_ts", self.at_ms))

    @property
    def priced(self) -> bool:
        """Whether it is about what calls cost: a burst is about how many there are."""
        return "free_calls" in self.first

    @property
    def to_block_ms(self) -> int | None:
        """From the first call to the first block; None where there is none, or another incident's stood already."""
        return None if self.blocked_ms is None or self.within else self.blocked_ms - self.first_ms

    def find(self, verdict: str, why: str, evidence: dict[str, Any], at_ms: int) -> None:
        """Learn of a finding on it; of several verdicts it keeps the gravest."""
        self.evidence, self.news_ms = evidence, max(self.news_ms, at_ms)
        self.held = why if verdict == "held" else ""
        if RANK.get(verdict, 0) >= RANK.get(self.verdict, 0):
            self.verdict, self.why = verdict, why

    def command(self, command: Command) -> None:
        """Learn of a command of its own."""
        at, kind = command.issued_at, self._kind(command)
        self.news_ms = max(self.news_ms, at)
        if self.spans:
            self.spans[-1].end_ms = min(self.spans[-1].end_ms, at)
        if command.action is Action.RELEASE:
            self.ended_ms = at
        else:
            self.ended_ms = None
            self.spans = [*self.spans[-SPANS_MAX + 1 :], Span(at, command.expires_at, kind, command.lease)]
        self._tell(command, kind)

    def _kind(self, command: Command) -> int:
        """What the command is; a limit within a block's own lease lets a trickle through."""
        if command.mode is Mode.SHADOW:
            return SHADOW
        if command.action is Action.BLOCK:
            return BLOCK
        last = self.spans[-1] if self.spans else None
        return TRICKLE if last is not None and last.kind == BLOCK and last.lease == command.lease else LIMIT

    def _tell(self, command: Command, kind: int) -> None:
        name = "release" if command.action is Action.RELEASE else STANDING[kind]
        self.given[name] += 1
        if len(self.listed) < ROWS_MAX:
            self.listed.append((command.issued_at, name, command.lease, command.expires_at, command.reason))
        self.summary, self.diagnosis = command.summary or self.summary, command.diagnosis or self.diagnosis
        self.impact = command.impact or self.impact
        if self.commanded_ms is None and kind in (BLOCK, LIMIT):
            self.commanded_ms = command.issued_at
        if kind == BLOCK and self.blocked_ms is None and name == "block":
            self.blocked_ms, self.proof = command.issued_at, command.evidence

    def over(self, now_ms: int) -> bool:
        """Whether nothing more is to be counted."""
        until = max(self.news_ms, self.spans[-1].end_ms if self.spans else 0)
        return now_ms > until + FOLLOW_MS

    def blocked_within(self, from_ms: int, until_ms: int) -> bool:
        """Whether a block of its own stood on its target at some time between."""
        return any(span.kind == BLOCK and span.begin_ms < until_ms and span.end_ms >= from_ms for span in self.spans)

    def count(self, rows: Rows, which: Ints, where: Ints, read: Ints) -> None:
        """Count calls under the target.

        Args:
            rows: a batch.
            which: positions of the rows under the target that are its own to count.
            where: int64[which], what stood then, as `standing` says.
            read: int64[rows], how many lines had been read with each.
        """
        # the proof has counted what began before the finding and had been read by then
        fresh = (where != BEFORE) | (read[which] > self.after)
        event, price, ms = rows.event[which], rows.price[which], rows.duration[which]
        begins, ends = np.isin(event, _BEGINS) & fresh, event >= EventKind.RELEASE
        refused = (rows.flags[which] & FLAG_REFUSED) > 0
        # a refused attempt is no evidence, but says what the call would have cost
        free = IS_FREE[price] | (refused & (rows.rate[which] == 0))
        paid = (price == Price.PAID) | (refused & (rows.rate[which] > 0))
        ended = ends & (free | (price == Price.UNRATED)) & (event != EventKind.RATING)
        masks = (begins, begins & free, begins & paid, begins & refused, ends & free, ends & paid, ended)
        for column, mask in enumerate(masks):
            self.calls[:, column] += np.bincount(where[mask], minlength=len(STANDING))
        np.add.at(self.calls[:, ENDED_MS], where[ended], ms[ended])

    def standing(self, start: Ints) -> Ints:
        """What stood on the target when each call began, int64[calls]; `NOT_ITS` where it is none of the incident's."""
        found = self._found(start)
        found[start < self.first_ms] = NOT_ITS
        if self.state == "released" and self.ended_ms is not None:
            found[(found == OPEN) & (start > self.ended_ms)] = NOT_ITS
        return found

    def _found(self, start: Ints) -> Ints:
        if not self.spans:
            return np.where(start <= self.at_ms, BEFORE, OPEN)
        begins, ends, kinds = np.array([(span.begin_ms, span.end_ms, span.kind) for span in self.spans], np.int64).T
        span = np.searchsorted(begins, start, side="left") - 1
        inside = (span >= 0) & (start <= ends[span])
        found: Ints = np.where(inside, kinds[span], OPEN)
        found[(span < 0) & (start <= self.at_ms)] = BEFORE
        return found
