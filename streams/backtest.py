"""`ringfence backtest`: recorded events through the same code, in event time, without Kafka (contract, section 6)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from models import commands
from models.admission import Judged
from models.decider import Decision, Stamp, due_ticks
from models.findings import Finding, Source, Tick, Totals
from models.row_table import Rows
from models.scan.rows import scan_rows
from models.share import Share
from models.tables import Tables
from streams.assembly import decider_of, detector_of
from streams.errors import UsageError
from streams.model_files import forest_at_start
from streams.naming import LineRecords, named
from streams.pricing import rules_of
from streams.report.collect import Collector
from streams.report.page import page_of
from streams.settings import Settings

BATCH_LINES = 5_000


Watch = Callable[[Rows, Judged, int], None]
"""Sees rows as they were judged; the number is what makes a row's offset the count of lines read with it."""


class Decided(NamedTuple):
    """What one moment led to, and how many lines had been read by then."""

    decision: Decision
    after: int


class Backtest:
    """The pipeline in one process; lines in, decisions out. Arrival order is line order, the clock event time."""

    def __init__(self, settings: Settings, tables: Tables, watch: Watch | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._rules = rules_of(settings, tables)
        self._detector = detector_of(settings, tables)
        self._detector.bursts.witness = forest_at_start(settings)
        self._decider = decider_of(settings, tables)
        self._watch = watch
        self._clock_ms: int | None = None
        self._lines = 0
        self._position = 0

    def feed(self, origin: str, first: int, lines: Sequence[bytes], teach: bool = False) -> Iterator[Decided]:
        """Take the next lines of one file.

        Args:
            origin: the file's name and a colon, as evidence shows it.
            first: number of the first line in its file, from 1.
            lines: the lines.
            teach: they only build state (`--history`) and do not count as read.
        """
        rows = self._rows(origin, first, lines)
        base = self._position - first + 1
        findings, judged = self._detector.apply(Share.of(rows), "rows", 0, None)
        if self._watch is not None and not teach:
            self._watch(rows, judged, self._lines - first + 1)
        clock = _by_line(rows, judged.clock)
        records = LineRecords(first, lines)
        named_findings = (named(f, records, self._rules.network) for f in findings)
        found = (replace(f, source=_moved(f.source, base)) for f in named_findings)
        decided = self._teach(found) if teach else self._decide(found, rows, clock, base)
        yield from decided
        self._position += len(lines)
        self.counts["history_lines" if teach else "lines"] += len(lines)
        if not teach:
            self._lines += len(lines)

    def _rows(self, origin: str, first: int, lines: Sequence[bytes]) -> Rows:
        filled = [number for number, line in enumerate(lines) if line.strip()]
        source = np.full(len(filled), self._detector.source(origin), np.int32)
        offset = np.array(filled, np.int64) + first
        values = [lines[number] for number in filled]
        rows, rejects = scan_rows(values, None, *self._rules[:2], source, offset, *self._rules[2:])
        self.counts["events"] += len(rows)
        self.counts.update(f"rejected_{reject.reason}" for reject in rejects)
        return rows

    def _teach(self, findings: Iterator[Finding]) -> Iterator[Decided]:
        for finding in findings:
            if isinstance(finding, Totals):
                counted = replace(finding, ratings=())  # what failed long ago is no outage of today
                self._decider.take(counted, Stamp(0, finding.source.position, 0))
        yield from ()

    def _decide(
        self, findings: Iterator[Finding], rows: Rows, clock: "np.ndarray[Any, np.dtype[np.int64]]", base: int
    ) -> Iterator[Decided]:
        if not len(rows):
            return
        read = self._lines - self._position + base
        if self._clock_ms is None:
            self._clock_ms = int(clock[0])
        for finding in findings:
            row = int(np.searchsorted(rows.offset, finding.source.position - base, side="right")) - 1
            yield from self._pass_time(int(clock[row]), rows, clock, read)
            stamp = Stamp(int(clock[row]), finding.source.position, 0)
            yield Decided(self._decider.take(finding, stamp), int(rows.offset[row]) + read)
        yield from self._pass_time(int(clock[-1]), rows, clock, read)

    def _pass_time(
        self, until_ms: int, rows: Rows, clock: "np.ndarray[Any, np.dtype[np.int64]]", read: int
    ) -> Iterator[Decided]:
        """Decide the ticks that became due, each at the line that made it due."""
        begun_ms = self._clock_ms or 0
        for tick in due_ticks(self._decider, begun_ms, until_ms):
            row = int(np.searchsorted(clock, tick))
            finding = Tick(Source("clock", 0, tick))
            stamp = Stamp(tick, int(rows.offset[row]) + read, 0)
            yield Decided(self._decider.take(finding, stamp), int(rows.offset[row]) + read)
        self._clock_ms = max(begun_ms, until_ms)


def _moved(source: Source, base: int) -> Source:
    """A source whose position rises over all files."""
    return Source(source.log, source.partition, source.position + base, source.index)


def _by_line(rows: Rows, clock: "np.ndarray[Any, np.dtype[np.int64]]") -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The clock after each row's whole line: a line first moves the time, then its events are decided."""
    if not len(rows):
        return clock
    last: np.ndarray[Any, np.dtype[np.int64]] = clock[np.searchsorted(rows.offset, rows.offset, side="right") - 1]
    return last


class Output:
    """The files of `--output DIR`; the same decisions give the same bytes.

    Args:
        directory: made where it is not there.
        story: what `report.html` tells, fed with what is written here; None = no report.
        numbers: leave telephone numbers whole in it.

    Raises:
        UsageError: nothing can be written there.
    """

    def __init__(self, directory: Path, story: Collector | None = None, *, numbers: bool = False) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._commands = (directory / "commands.jsonl").open("wb")
            self._findings = (directory / "findings.jsonl").open("wb")
        except OSError as error:
            raise UsageError(f"{directory}: cannot write there: {error.strerror}") from None
        self._directory = directory
        self._story, self._numbers = story, numbers
        self._encoder = msgspec.json.Encoder()
        self.counts: Counter[str] = Counter()

    @property
    def watch(self) -> Watch | None:
        """What a backtest shows its rows to, so that the report can be written."""
        return None if self._story is None else self._story.rows

    def write(self, decided: Decided) -> None:
        """Write what one moment led to."""
        if self._story is not None:
            self._story.decided(decided)
        for topic, command in decided.decision.orders:
            value = msgspec.Raw(commands.encode(command))
            line = {"topic": topic, "key": command.target.key(), "value": value, "after": decided.after}
            self._line(self._commands, line)
            self.counts[f"commands_{command.action}"] += 1
        for verdict in decided.decision.verdicts:
            head = {name: verdict[name] for name in ("incident", "reason", "target", "verdict", "why")}
            tail = {name: verdict[name] for name in ("issued_at", "evidence", "summary", "score") if name in verdict}
            self._line(self._findings, head | {"after": decided.after} | tail)
            self.counts[f"findings_{verdict['verdict']}"] += 1

    def _line(self, file: IO[bytes], value: object) -> None:
        file.write(self._encoder.encode(value) + b"\n")

    def close(
        self, counts: Counter[str], title: str = "Backtest", loop: Mapping[str, Any] | None = None
    ) -> dict[str, int]:
        """Write `summary.json` and `report.html`, and close the files; `loop` is what a closed loop has measured."""
        self._commands.close()
        self._findings.close()
        summary = dict(sorted((counts + self.counts).items()))
        (self._directory / "summary.json").write_bytes(msgspec.json.format(self._encoder.encode(summary), indent=2))
        if self._story is not None:
            page = page_of(self._story, title, summary, loop or {}, numbers=self._numbers)
            (self._directory / "report.html").write_text(page, encoding="utf-8", newline="\n")
        return summary


def batches(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A file's lines, some thousands at a time, with the number of the first.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = 1
            while lines := list(islice(file, BATCH_LINES)):
                yield first, [line.rstrip(b"\r\n") for line in lines]
                first += len(lines)
    except OSError as error:
        raise UsageError(f"{path}: cannot read it: {error.strerror}") from None
