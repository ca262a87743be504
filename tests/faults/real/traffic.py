"""Traffic by the clock for real processes: seeded, three in ten events sent twice, out of order up to the lateness.

Whatever the roles do to it, one outcome is right: calls of a leak stand in one source partition, in order, and every
copy of an event is as late, or as little late, as the first.
"""

import heapq
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from tests.faults.oracle.facts import Facts
from tests.faults.real.plants import BY_CODE, EVERY_MS, TARIFF, plant
from tests.faults.traffic import BAD, FACTS, HOUR, MINUTE, SECOND, Caller

PARTITIONS = 4
POISONED = PARTITIONS - 1
"""The source partition that can be poisoned: no leak's calls stand there."""
LATENESS_MS = 4 * MINUTE
DELAY_MS, AGAIN_MS, AHEAD_MS = 120 * SECOND, 50 * SECOND, 62 * SECOND
"""The oldest event when it is first sent, the longest way behind it for a copy, the longest call detail record."""
FIRST_LATE_MS = 10 * SECOND
"""From then on every partition has shown a time by which late events are late."""
AGAIN_SHARE = 0.43
"""Of the events: so that three in ten of those sent are copies."""
BAD_SHARE, LATE_SHARE, ARRAY_SHARE, ODD_SHARE, PROMPT_SHARE = 0.01, 0.003, 0.1, 0.3, 0.6
CALLERS, NUMBERS = 3_000, 2_000
ABROAD = ("+3316", "+3317", "+4420", "+4416")

REAL_FACTS = Facts(
    short_codes=frozenset(BY_CODE) | FACTS.short_codes,
    free=FACTS.free,
    tariff=TARIFF | FACTS.tariff,
    lateness_ms=LATENESS_MS,
)
"""What the oracle is told; `tests.faults.real.home` tells the service the same."""


class Sent(NamedTuple):
    """A record to send: when (ms since the epoch), where, and its bytes."""

    at_ms: int
    partition: int
    value: bytes


class Traffic:
    """All records from `begin_ms` on, `per_s` a second; `poisoned` may be set and reset at any time."""

    def __init__(self, seed: int, begin_ms: int, per_s: float) -> None:
        self.poisoned = False
        self.leaks = 0
        self._caller = Caller(seed)
        self._random = self._caller.random
        self._begin_ms = begin_ms
        self._pause_ms = 1_000 / (per_s / (1 + AGAIN_SHARE))
        self._next_ms = float(begin_ms)
        self._planned: list[tuple[int, int, Sent]] = []
        self._order = count()

    def until(self, now_ms: int) -> Iterator[Sent]:
        """Every record that is due by now, in order."""
        self._plan_leaks(now_ms)
        while self._next_ms <= now_ms:
            self._plan_ordinary(int(self._next_ms))
            self._next_ms += self._pause_ms
        while self._planned and self._planned[0][0] <= now_ms:
            yield from self._spoiled(heapq.heappop(self._planned)[2])

    def ordinary(self, ts: int) -> bytes:
        """An event of every day: of the odd sorts, or of one of many callers to one of many numbers."""
        if self._random.random() < ODD_SHARE:
            return self._caller.ordinary(ts)
        pick = self._random.choice
        who = int(CALLERS ** self._random.random())
        number = int(NUMBERS ** self._random.random())
        called = f"{pick(ABROAD)}{number:07}" if self._random.random() < 0.2 else f"+21252{number:07}"
        return self._caller.event(
            pick(["attempt", "attempt", "answer", "release", "cdr"]),
            ts,
            called,
            caller=f"+21266{who:07}",
            account=f"acc-{who}",
            rate=pick(["1.20", "0.5", 3]),
            switch=f"s{who % 4}",
            trunk=f"INTL-{number % 7}",
        )

    def _plan(self, at_ms: int, partition: int, value: bytes) -> None:
        heapq.heappush(self._planned, (at_ms, next(self._order), Sent(at_ms, partition, value)))

    def _plan_leaks(self, now_ms: int) -> None:
        while (at_ms := self._begin_ms + (self.leaks + 1) * EVERY_MS) <= now_ms:
            where = self._random.randrange(POISONED)
            for line in plant(self._caller, self.leaks, at_ms):
                self._plan(line.at_ms, where, line.value)
                if self._random.random() < AGAIN_SHARE:
                    self._plan(line.at_ms + self._random.randrange(AGAIN_MS), where, line.value)
            self.leaks += 1

    def _plan_ordinary(self, at_ms: int) -> None:
        value = self._value(at_ms)
        self._plan(at_ms, self._random.randrange(PARTITIONS), value)
        if self._random.random() < AGAIN_SHARE:
            later = at_ms + self._random.randrange(AGAIN_MS)
            self._plan(later, self._random.randrange(PARTITIONS), value)

    def _value(self, at_ms: int) -> bytes:
        kind = self._random.random()
        if kind < BAD_SHARE:
            return self._random.choice(BAD)
        if kind < BAD_SHARE + LATE_SHARE and at_ms > self._begin_ms + FIRST_LATE_MS:
            return self._late(at_ms)
        ts = at_ms - (0 if self._random.random() < PROMPT_SHARE else self._random.randrange(DELAY_MS))
        if self._random.random() < ARRAY_SHARE:
            return b"[" + self.ordinary(ts) + b" ,\n" + self.ordinary(ts - 1) + b"]"
        return self.ordinary(ts)

    def _late(self, at_ms: int) -> bytes:
        """Beyond the allowed lateness, or beyond any use."""
        age_ms = self._random.choice([LATENESS_MS + MINUTE, HOUR, 30 * HOUR])
        return self._caller.event("attempt", at_ms - age_ms, "+4989123456", rate="1.2")

    def _spoiled(self, sent: Sent) -> Iterator[Sent]:
        """While a partition is poisoned it gets nothing that is good; what was meant for it goes elsewhere."""
        if self.poisoned and sent.partition == POISONED:
            yield sent._replace(value=self._random.choice(BAD))
            sent = sent._replace(partition=self._random.randrange(POISONED))
        yield sent
