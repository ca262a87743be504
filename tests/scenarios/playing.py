"""Plays a scenario through the pipeline: open loop (a recorded day) and closed loop (switches obey the commands).

In the open loop nothing is refused, and what would have been is noted. In the closed loop refused calls come back
refused, and some of the refused redial.
"""

import copy
import functools
import heapq
from collections.abc import Iterable
from itertools import count
from typing import Any, Literal, NamedTuple

import numpy as np
from scenarios import wire
from scenarios.scenario import Leak, Scenario
from scenarios.wire import Report
from scenarios.world import MINUTE_MS, SECOND_MS, Call, World

from models.commands import Action, Command
from models.decider import CONTROL
from models.leases import LeaseTable
from models.matching import CallView
from streams.backtest import Backtest, Decided
from streams.settings import Network, Settings

Loop = Literal["open", "closed"]
LOOPS: tuple[Loop, ...] = ("open", "closed")


class Ordered(NamedTuple):
    """A command for the switches, how many lines had been read then, and the arrival of the last of them."""

    after: int
    at_ms: int
    command: Command

    @property
    def key(self) -> str:
        """Key of its target."""
        return self.command.target.key()

    @property
    def holds(self) -> bool:
        """Whether it puts a lease in force."""
        return self.command.action is not Action.RELEASE


class Placed(NamedTuple):
    """What became of a call.

    Attributes:
        leak: the wrong row that it is free by.
        refused: a command turned it away; in the open loop, would have.
        leased: some command's lease lay over it, whether it passed or not.
        shown: number of the line, from 1, that showed what it costs; 0 = none did.
        shown_ms: when that arrived.
    """

    call: Call
    leak: Leak | None
    refused: bool
    leased: bool
    shown: int = 0
    shown_ms: int = 0


class Played(NamedTuple):
    """What a scenario led to; `findings` are the lines of findings.jsonl with the lines read by then."""

    scenario: Scenario
    placed: list[Placed]
    orders: list[Ordered]
    findings: list[tuple[int, dict[str, Any]]]


@functools.lru_cache(maxsize=16)
def _taught(world: World, seed: int) -> Backtest:
    network = Network(home_country_code=world.home, home_prefixes=list(world.home_prefixes))
    test = Backtest(Settings(network=network), world.tables)
    rng = np.random.default_rng([seed, 0])
    told: list[Report] = []
    for nth, call in enumerate(world.week(rng)):
        told += wire.reports(call, f"w{nth}", call.price)
    told.sort(key=lambda report: report.arrives_ms)
    list(test.feed("week:", 1, [report.value for report in told], teach=True))
    return test


def taught(world: World, seed: int) -> Backtest:
    """A backtest of its own that has seen the world's week."""
    return copy.deepcopy(_taught(world, seed))


def play(scenario: Scenario, loop: Loop) -> Played:
    """Play it."""
    return _Closed(scenario).play() if loop == "closed" else _Open(scenario).play()


class _Player:
    """The pipeline, and switches that know its commands as soon as they are decided."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.test = taught(scenario.world, scenario.seed)
        self.rules = LeaseTable()
        self.leases: dict[str, Command] = {}
        self.arrivals: list[int] = []
        self.orders: list[Ordered] = []
        self.findings: list[tuple[int, dict[str, Any]]] = []
        self.shown: dict[int, tuple[int, int]] = {}

    def reports_of(self, call: Call, name: str) -> list[Report]:
        leak = self.scenario.leak_of(call)
        return wire.reports(call, name, call.price if leak is None else wire.FREE, leak.row if leak else "")

    def feed(self, calls: list[int], told: list[Report]) -> list[Ordered]:
        """Let the pipeline see what arrived, of which calls; gives the commands that it led to."""
        first = len(self.arrivals) + 1
        for line, (call, report) in enumerate(zip(calls, told, strict=True), first):
            self.arrivals.append(report.arrives_ms)
            if report.shows:
                self.shown.setdefault(call, (line, report.arrives_ms))
        made = []
        for decided in self.test.feed("day:", first, [report.value for report in told]):
            made += self._take(decided)
        self.orders += made
        return made

    def _take(self, decided: Decided) -> Iterable[Ordered]:
        self.findings += [(decided.after, line) for line in decided.decision.verdicts]
        at_ms = self.arrivals[decided.after - 1] if decided.after else 0
        for order in decided.decision.orders:
            if order.topic == CONTROL:
                yield Ordered(decided.after, at_ms, order.command)

    def obey(self, ordered: Ordered) -> None:
        command = ordered.command
        self.rules.offer(ordered.key, command, command.issued_at)
        self.leases[ordered.key] = command

    def judge(self, call: Call, *, redialled: bool = False) -> tuple[Placed, str | None]:
        """What the switches do with a call by the commands that they have; and by which command."""
        seen = CallView(
            call.called,
            call.by.caller,
            call.by.account,
            str(call.fields.get("trunk_in", "")),
            call.by.switch,
            call.trunk,
            call.by.plan,
        )
        leased = any(_lies_over(command, seen, call.at_ms) for command in self.leases.values())
        ruling = self.rules.judge(seen, call.at_ms)
        placed = Placed(call, self.scenario.leak_of(call), ruling.effect == "refuse", leased)
        return placed, ruling.command

    def told(self, placed: list[Placed]) -> Played:
        lines = (
            one._replace(shown=self.shown[n][0], shown_ms=self.shown[n][1]) if n in self.shown else one
            for n, one in enumerate(placed)
        )
        return Played(self.scenario, list(lines), self.orders, self.findings)


class _Open(_Player):
    def play(self) -> Played:
        """Feed the whole day, then see what the commands would have refused."""
        told = [
            (report.arrives_ms, n, report)
            for n, call in enumerate(self.scenario.calls)
            for report in self.reports_of(call, f"c{n}")
        ]
        told.sort(key=lambda one: one[:2])
        self.feed([n for _, n, _ in told], [report for _, _, report in told])
        placed, due = [], iter([*self.orders, None])
        order = next(due)
        for call in self.scenario.calls:
            while order is not None and order.at_ms < call.at_ms:
                self.obey(order)
                order = next(due)
            placed.append(self.judge(call)[0])
        return self.told(placed)


class _Closed(_Player):
    def play(self) -> Played:
        """Make one call after the other, each by the commands that what arrived before it led to."""
        rng, order = np.random.default_rng([self.scenario.seed, 2]), count()
        calls = [(call.at_ms, next(order), call, False) for call in self.scenario.calls]
        pending: list[tuple[int, int, int, Report]] = []
        placed: list[Placed] = []
        while calls:
            at_ms, _, call, again = heapq.heappop(calls)
            if call.abroad:  # no command of a leak touches calls at home: they need not wait for what was decided
                self._arrive(pending, at_ms)
            one, command = self.judge(call)
            n = len(placed)
            told = wire.refused(call, f"c{n}", command) if command else self.reports_of(call, f"c{n}")
            for report in told:
                heapq.heappush(pending, (report.arrives_ms, n, next(order), report))
            placed.append(one)
            if one.refused and not again and rng.random() < self.scenario.redials:
                later = at_ms + int(rng.integers(10 * SECOND_MS, MINUTE_MS))
                heapq.heappush(calls, (later, next(order), call._replace(at_ms=later), True))
        self._arrive(pending, 1 << 62)
        return self.told(placed)

    def _arrive(self, pending: list[tuple[int, int, int, Report]], before_ms: int) -> None:
        """Feed what arrives before a moment, and obey."""
        ready = []
        while pending and pending[0][0] < before_ms:
            ready.append(heapq.heappop(pending))
        if ready:
            for ordered in self.feed([n for _, n, _, _ in ready], [report for *_, report in ready]):
                self.obey(ordered)


def _lies_over(command: Command, call: CallView, now_ms: int) -> bool:
    if command.action is Action.RELEASE or command.expires_at <= now_ms:
        return False
    target = command.target
    under = call.called == target.value if target.scope == "called" else call.called.startswith(target.value)
    return under and all(getattr(target, name) in (None, getattr(call, name)) for name in ("switch", "trunk", "plan"))
