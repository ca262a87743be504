"""Collects what the report tells while a backtest runs: by the column, and in bounded memory."""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import msgspec
import numpy as np

from models.admission import COUNTED, DUPLICATE, LATE, TOO_LATE, Judged
from models.commands import Command
from models.digits import INTERNATIONAL
from models.events import EventKind
from models.numbers import Network
from models.operator import inside
from models.row_table import FLAG_REFUSED, Rows
from models.targets import Target
from streams.report.begun import Begun
from streams.report.bins import Bins
from streams.report.case import BLOCK, IS_FREE, NOT_ITS, RANK, Case, Ints
from streams.report.scores import Scores
from streams.report.under import Sought, place_of
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.backtest import Decided

CASES_MAX: Final = 50
"""Incidents that are told in full; the rest are counted by reason and verdict."""
WHYS_MAX: Final = 64
"""Reasons of rejected findings that are told apart."""
CALLS, FREE, REFUSED_CALLS = range(3)
"""Series of the timeline."""


class Rejected(NamedTuple):
    """How many findings were rejected for one reason, and the target of the first."""

    findings: int
    example: dict[str, str]


class Collector:
    """What the report tells; fed with rows and with what was decided about them, batch by batch.

    `ended` international calls that were read took `ended_ms`. `verdicts` counts rows by how they were admitted.
    """

    def __init__(self, network: Network, limit_log10: float = 3.0, block_log10: float = 6.0) -> None:
        """Begin with nothing; the odds from which evidence justifies a limit or a block are only shown."""
        self.limit_log10, self.block_log10 = limit_log10, block_log10
        self.bins = Bins(3)
        self.cases: dict[str, Case] = {}
        self.others: Counter[tuple[str, str]] = Counter()
        self.rejected: dict[tuple[str, str], Rejected] = {}
        self.commands: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.scores = Scores.none()
        self.verdicts: Ints = np.zeros(TOO_LATE + 1, np.int64)
        self.calls: Ints = np.zeros(3, np.int64)
        self.ended = 0
        self.ended_ms = 0
        self._network = network
        self._begun = Begun()
        self._batch: tuple[Rows, Ints] | None = None
        self._now_ms = 0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A collector for a network's events."""
        grades = settings.detection
        return cls(settings.numbering(), grades.limit_log10, grades.block_log10)

    def rows(self, rows: Rows, judged: Judged, shift: int) -> None:
        """Take the rows of the next lines; `shift` and a row's offset are how many lines had been read with it."""
        self.flush()
        if not len(rows):
            return
        self.verdicts += np.bincount(judged.verdicts, minlength=TOO_LATE + 1)
        self._draw(rows, judged)
        self._now_ms = int(judged.clock[-1])
        evident = np.flatnonzero((judged.verdicts == COUNTED) | (judged.verdicts == LATE))
        kept = rows if len(evident) == len(rows) else rows.take(evident)
        self._begun.add(kept)
        self._batch = kept, kept.offset + shift

    def _draw(self, rows: Rows, judged: Judged) -> None:
        counted = judged.verdicts == COUNTED
        begins = counted & ((rows.event == EventKind.ATTEMPT) | (rows.event == EventKind.CDR))
        free, refused = begins & IS_FREE[rows.price], begins & ((rows.flags & FLAG_REFUSED) > 0)
        for series, mask in ((CALLS, begins), (FREE, free), (REFUSED_CALLS, refused)):
            ts = rows.ts[mask]
            self.bins.add(series, ts)
            self.calls[series] += ts.size
        ended = counted & (rows.reach == INTERNATIONAL)
        ended &= (rows.event == EventKind.RELEASE) | (rows.event == EventKind.CDR)
        self.ended += int(np.count_nonzero(ended))
        self.ended_ms += int(rows.duration[ended].sum())

    def decided(self, decided: "Decided") -> None:
        """Take what one moment led to."""
        decision = decided.decision
        opened = {incident.id for incident in decision.incidents if incident.opened_at == incident.updated_at}
        for line in decision.verdicts:
            self._find(line, decided.after, line["incident"] in opened)
        for _, command in decision.orders:
            self._command(command, decided.after)
        for incident in decision.incidents:
            if (case := self.cases.get(incident.id)) is not None:
                case.state, case.rearmed = str(incident.state), int(getattr(incident, "rearmed", 0))
                if case.state in ("released", "expired"):
                    case.ending = str(incident.why) if case.state == "released" else "expired"
                    case.ended_ms = incident.updated_at

    def _find(self, line: dict[str, Any], after: int, opened: bool) -> None:
        evidence, target = _plain(line["evidence"]), _target(line["target"])
        verdict, reason, why = str(line["verdict"]), str(line["reason"]), str(line["why"])
        self.findings[verdict] += 1
        self.scores.add(verdict, evidence, line.get("score"))
        summary = str(line.get("summary") or "")
        if verdict == "rejected":
            self._reject((reason, why), target)
            return
        case = self.cases.get(line["incident"])
        if case is None and self._room(verdict):
            case = self._open(line["incident"], reason, target, evidence, line["issued_at"], after)
        if case is not None:
            case.find(verdict, why, evidence, line["issued_at"])
            case.summary = summary or case.summary
        elif opened:
            self.others[reason, verdict] += 1

    def _reject(self, cause: tuple[str, str], target: dict[str, str]) -> None:
        known = self.rejected.get(cause)
        if known is None and len(self.rejected) >= WHYS_MAX:
            cause = ("", "")
            known = self.rejected.get(cause)
        self.rejected[cause] = Rejected(1, target) if known is None else known._replace(findings=known.findings + 1)

    def _room(self, verdict: str) -> bool:
        """Whether an incident is told in full, where it must in the place of the newest of the least important."""
        if len(self.cases) < CASES_MAX:
            return True
        least = min(reversed(self.cases.values()), key=lambda case: RANK.get(case.verdict, 0))
        if RANK.get(verdict, 0) <= RANK.get(least.verdict, 0):
            return False
        del self.cases[least.id]
        self.others[least.reason, least.verdict] += 1
        return True

    def _open(
        self, incident: str, reason: str, target: dict[str, str], evidence: dict[str, Any], at_ms: int, after: int
    ) -> Case:
        place = place_of(network=self._network, **target)
        case = Case(incident, reason, target, place, at_ms, after, evidence)
        self._place(case)
        self.cases[incident] = case
        return case

    def _place(self, case: Case) -> None:
        """Say which calls of a new incident's proof are others' to count: of a block around it, of proofs inside it."""
        proved = int(evident) if isinstance(evident := case.first.get("free_calls"), int) else 0
        if not proved or (target := _aim(case.target)) is None:
            case.counted = proved
            return
        others = [(other, aim) for other in self.cases.values() if (aim := _aim(other.target)) is not None]
        while_open = case.first_ms, case.at_ms
        around = (one.id for one, aim in others if one.blocked_within(*while_open) and inside(target, aim))
        case.within = next(around, None)
        if case.within is None:
            parts = (other for other, aim in others if other.first_ms >= case.first_ms and inside(aim, target))
            case.counted = max(0, proved - sum(int(part.evidence.get("free_calls", 0)) for part in parts))

    def _command(self, command: Command, after: int) -> None:
        name = f"shadow {command.action}" if command.mode == "shadow" else str(command.action)
        self.commands[name] += 1
        case = self.cases.get(command.incident)
        if case is None and command.reason == "operator" and self._room("block"):
            target, evidence = _target(command.target), command.evidence
            case = self._open(command.incident, command.reason, target, evidence, command.issued_at, after)
            case.find(str(command.action), "operator", evidence, command.issued_at)
        if case is not None:
            case.command(command)

    def flush(self) -> None:
        """Count the calls of the newest batch, all that was decided about it being known."""
        if self._batch is None:
            return
        rows, read = self._batch
        self._batch = None
        live = [case for case in self.cases.values() if not case.over(self._now_ms)]
        if live:
            _count(live, rows, self._begun.starts(rows), read)

    @property
    def duplicates(self) -> int:
        """Events that were copies of others."""
        return int(self.verdicts[DUPLICATE])


def _count(cases: list[Case], rows: Rows, start: Ints, read: Ints) -> None:
    """Give every call to one incident: whose block stood on it, else the oldest; so that sums are right."""
    sought, found = Sought(rows), []
    refused = (rows.flags & FLAG_REFUSED) > 0
    for case in cases:
        which = sought.under(case.place)
        where = case.standing(start[which])
        where[refused[which] & (where != NOT_ITS)] = BLOCK
        found.append((which, where))
    owner = np.full(len(rows), -1)
    for blocked in (True, False):
        for number, (which, where) in enumerate(found):
            wanted = (where == BLOCK if blocked else where != NOT_ITS) & (owner[which] < 0)
            owner[which[wanted]] = number
    for number, (case, (which, where)) in enumerate(zip(cases, found, strict=True)):
        own = owner[which] == number
        if own.any():
            case.count(rows, which[own], where[own], read)


def _plain(evidence: object) -> dict[str, Any]:
    found = msgspec.to_builtins(evidence)
    return found if isinstance(found, dict) else {}


def _aim(target: dict[str, str]) -> Target | None:
    """The target that a command would have; None where none can."""
    try:
        return msgspec.convert(target, Target)
    except msgspec.ValidationError:
        return None


def _target(target: object) -> dict[str, str]:
    """Scope, value and qualifiers of a target, as texts."""
    members = msgspec.to_builtins(target)
    return {name: str(value) for name, value in members.items() if value is not None}
