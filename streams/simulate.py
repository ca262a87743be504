"""`ringfence simulate`: a closed loop in event time, no Kafka: a simulated switch obeys the commands it provoked."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from models.decider import CONTROL
from models.events import Event
from models.leases import LeaseTable
from models.matching import CallView
from models.prices import Price
from models.records import decode
from models.scan.rows import scan_rows
from models.scenarios.incident import WRONG_ROW, Timetable, beside_it, customers, word_of_mouth
from models.scenarios.measures import Measures, Seen
from models.scenarios.morning import morning
from models.scenarios.network import LEAKING, Kind, Network
from models.scenarios.switch import Emitted, Placed, Switch, view_of
from models.tables import Tables
from streams.backtest import BATCH_LINES, Backtest, Decided, Output, batches
from streams.settings import Settings

BEGIN_MS = 1_795_500_000_000
"""2026-11-24T06:00Z: a scenario's day is always the same."""
MINUTE_MS = 60_000
MORNING_CALLS = 8_000
CALLS_PER_S = 2.0
REACTION_MS = 250
"""Events of a quarter of a second are decided together: what the live service promises."""


class Loop:
    """Events in, decisions written, commands out to the table of leases that a switch obeys."""

    def __init__(
        self, settings: Settings, tables: Tables, out: Output, rules: LeaseTable, measures: Measures, origin: str
    ) -> None:
        self.test = Backtest(settings, tables, out.watch)
        self.measures = measures
        self._out = out
        self._rules = rules
        self._origin = origin
        self._line = 1

    def feed(self, lines: list[bytes]) -> None:
        """Let the pipeline see what was reported, and the switch what was decided."""
        for decided in self.test.feed(self._origin, self._line, lines):
            self._out.write(decided)
            self._obey(decided)
        self._line += len(lines)

    def _obey(self, decided: Decided) -> None:
        for order in decided.decision.orders:
            if order.topic == CONTROL:
                command = order.command
                self._rules.offer(command.target.key(), command, command.issued_at)
                self.measures.command(command)


def founding(
    settings: Settings, tables: Tables, out: Output, seed: int, step: Callable[[float], None]
) -> dict[str, Any]:
    """The founding incident: a quiet morning, half an hour of +333 for nothing, the mend, and half an hour after it."""
    network, switch = Network(np.random.default_rng(seed)), Switch()
    leak_ms, mend_ms, end_ms = (BEGIN_MS + minutes * MINUTE_MS for minutes in (120, 150, 180))
    measures = Measures(leak_ms, mend_ms)
    loop = Loop(settings, tables, out, switch.rules, measures, "founding:")
    quiet = [event.value for event in morning(network, BEGIN_MS, leak_ms - MINUTE_MS, MORNING_CALLS)]
    for begin in range(0, len(quiet), BATCH_LINES):
        loop.feed(quiet[begin : begin + BATCH_LINES])
    # who calls under the wrong row has a part of his own
    network.destinations = tuple(place for place in network.destinations if place is not LEAKING)
    table = Timetable()
    table.add("day", network.day(leak_ms - MINUTE_MS, CALLS_PER_S))
    table.add("word", _while(word_of_mouth(network, leak_ms), mend_ms))
    table.add("beside", beside_it(network, leak_ms, 10_000))
    table.add("customers", customers(network, mend_ms, 20_000))
    for now_ms, lines in _play(switch, table, end_ms, measures):
        loop.feed(lines)
        step((now_ms - leak_ms) / (end_ms - leak_ms))
    tally = switch.tally
    return {
        "calls": tally.calls,
        "free_calls_through": tally.leaked_through,
        "payers_through": len(tally.payers),
        "calls_refused": tally.refused,
        "honest_refused": tally.honest_refused,
        "refused_after_the_mend": tally.refused_after_mend,
        "lost": str(round(tally.lost, 2)),
        "saved": str(round(tally.saved, 2)),
        **measures.told(),
    }


def _while(calls: Iterable[Any], end_ms: int) -> Iterator[Any]:
    for call in calls:
        if call.time_ms >= end_ms:
            return
        yield call


def _play(switch: Switch, table: Timetable, end_ms: int, measures: Measures) -> Iterator[tuple[int, list[bytes]]]:
    """Make the planned calls, and give what the switch reports, a quarter of a second at a time."""
    leak_ms, mend_ms = measures.begun_ms or 0, measures.mended_ms or 0
    reports: list[tuple[int, int, Emitted]] = []
    order, due_ms = count(), leak_ms - MINUTE_MS
    while due_ms < end_ms:
        due_ms += REACTION_MS
        while (at := table.due()) is not None and at < due_ms:
            if at >= mend_ms and switch.wrong_row:
                switch.mend()
            elif leak_ms <= at < mend_ms:
                switch.wrong_row = WRONG_ROW
            placed = switch.place(table.pop(), at)
            measures.call(_seen(placed), at)
            for event in placed.events:
                heapq.heappush(reports, (event.at_ms, next(order), event))
        ready = []
        while reports and reports[0][0] < due_ms:
            ready.append(heapq.heappop(reports)[2].value)
        if ready:
            yield due_ms, ready


def _seen(placed: Placed) -> Seen:
    """A placed call with the truth about its price; only an ordinary paid call shows a mend."""
    call = placed.call
    mended = placed.mended and call.kind is Kind.PAID
    return Seen(view_of(call), call.account, placed.refused, placed.leaked, mended)


class Recorded:
    """A file's lines as a switch would have reported them, had it obeyed: attempts under a rule come back refused.

    What is known of the truth is only what each attempt says of its price.
    """

    def __init__(self, settings: Settings, tables: Tables, rules: LeaseTable, measures: Measures) -> None:
        self.attempts = 0
        self.prices: Counter[Price] = Counter()
        self._measures = measures
        self._rules = rules
        self._refused: set[str] = set()
        self._network, self._tables = settings.numbering(), tables
        self._payer = settings.detection.payer

    def judge(self, line: bytes) -> bytes | None:
        """A line as it would have been: refused, as it was, or not at all because its call was refused."""
        events = decode([line]).events
        if len(events) != 1:
            return line
        event = events[0]
        if event.call_id in self._refused:
            return None
        if event.event != "attempt":
            return line
        return self._attempt(event, line)

    def _attempt(self, event: Event, line: bytes) -> bytes:
        self.attempts += 1
        at_ms = event.ts if isinstance(event.ts, int) else round(event.ts.timestamp() * 1000)
        named = (event.account, event.trunk_in, event.switch, event.trunk, event.plan)
        view = CallView(event.called, event.caller, *(name or "" for name in named))
        ruling, price = self._rules.judge(view, at_ms), self._price(line)
        refused = ruling.command is not None
        self._measures.call(Seen(view, event.account or event.caller, refused, price is Price.FREE), at_ms)
        if not refused:
            return line
        self._refused.add(event.call_id)
        self.prices[price] += 1
        return orjson.dumps(orjson.loads(line) | {"refused_by": ruling.command})

    def _price(self, line: bytes) -> Price:
        """What the attempt, as it was, says of its price."""
        one = np.zeros(1, np.int64)
        rows, _ = scan_rows([line], None, self._network, self._tables, one.astype(np.int32), one, self._payer)
        return Price(int(rows.price[0])) if len(rows) else Price.NONE


def recorded(
    settings: Settings, tables: Tables, out: Output, path: Path, step: Callable[[float], None]
) -> dict[str, Any]:
    """A file of events in a closed loop; honest refusals are those of attempts that had a price."""
    rules, measures = LeaseTable(), Measures()
    loop = Loop(settings, tables, out, rules, measures, f"{path.name}:")
    calls, size, read = Recorded(settings, tables, rules, measures), path.stat().st_size, 0
    for _, lines in batches(path):
        for line in lines:
            read += len(line) + 1
            judged = calls.judge(line)
            if judged is not None:
                loop.feed([judged])
        step(read / size)
    free, paid, refused = calls.prices[Price.FREE], calls.prices[Price.PAID], calls.prices.total()
    return {
        "attempts": calls.attempts,
        "calls_refused": refused,
        "refused_free": free,
        "refused_paid": paid,
        "refused_without_a_price": refused - free - paid,
        **measures.told(),
    }


SCENARIOS = {"founding": founding}
