"""The founding incident: short code 333 (voicemail) is entered as +333, and the word gets round (README)."""

import heapq
from collections.abc import Iterator

from models.scenarios.network import DESTINATIONS, LEAKING, Network, PlannedCall, Subscriber

WRONG_ROW = LEAKING.prefix
"""The row as it was entered: `+` and the short code."""
OPENERS_APART_MS = 1_500
OPENERS = 3
"""The first callers come one by one, each to another next digit; then everybody calls."""
FIRST_GAP_MS, LAST_GAP_MS = 500.0, 80.0
SPREAD = 0.88
"""Every call is followed sooner by the next: the word gets round."""
SHORT_TALK_S = 3.0
VICTIM_SHARE = 0.3
"""One number under the prefix that many of them call."""
BOUNDED_BY = DESTINATIONS[0]
"""Paid calls beside the leak, +33 1: they show that not all of France is free."""


def word_of_mouth(network: Network, begin_ms: int) -> Iterator[PlannedCall]:
    """Calls under the wrong row by ever more payers, from `begin_ms` on, without end."""
    victim = network.number(LEAKING)
    next_digits = network.rng.permutation(10).tolist()
    at_ms, gap_ms = float(begin_ms), FIRST_GAP_MS
    for made, by in enumerate(_everybody(network)):
        called = victim if network.rng.random() < VICTIM_SHARE else network.number(LEAKING)
        if made < OPENERS:
            called = f"{WRONG_ROW}{next_digits[made]}{called[len(WRONG_ROW) + 1 :]}"
        call = network.abroad(int(at_ms), by, LEAKING, called)
        yield call._replace(duration_s=call.duration_s or SHORT_TALK_S)  # somebody waits for them
        if made < OPENERS - 1:
            at_ms += OPENERS_APART_MS
        else:
            at_ms += gap_ms
            gap_ms = max(LAST_GAP_MS, gap_ms * SPREAD)


def beside_it(network: Network, begin_ms: int, every_ms: int) -> Iterator[PlannedCall]:
    """Paid calls to +33 1 while +33 3 leaks, without end."""
    at_ms = begin_ms
    while True:
        yield network.abroad(at_ms, network.somebody(), BOUNDED_BY)
        at_ms += every_ms


def customers(network: Network, begin_ms: int, every_ms: int) -> Iterator[PlannedCall]:
    """The usual customers of +33 3 at one switch and plan, whose calls show that the row is mended; without end."""
    first = network.subscribers[0]
    usual = [s for s in network.subscribers if s.switch == first.switch and s.plan == first.plan]
    at_ms = begin_ms
    while True:
        yield network.abroad(at_ms, usual[int(network.rng.integers(len(usual)))], LEAKING)
        at_ms += every_ms


def _everybody(network: Network) -> Iterator[Subscriber]:
    """The subscribers in an order of chance, each once a round."""
    while True:
        for position in network.rng.permutation(len(network.subscribers)).tolist():
            yield network.subscribers[position]


class Timetable:
    """Planned calls of several sources, in the order of their times; sources come and go while it is read."""

    def __init__(self) -> None:
        self._sources: dict[str, Iterator[PlannedCall]] = {}
        self._next: list[tuple[int, str, PlannedCall]] = []

    def add(self, name: str, source: Iterator[PlannedCall]) -> None:
        """Take the calls of a source in."""
        self._sources[name] = source
        self._fetch(name)

    def remove(self, name: str) -> None:
        """Nobody of this source calls any more."""
        self._sources.pop(name, None)
        self._next = [entry for entry in self._next if entry[1] != name]
        heapq.heapify(self._next)

    def due(self) -> int | None:
        """When the next call is made, ms since the epoch; None where there is none."""
        return self._next[0][0] if self._next else None

    def pop(self) -> PlannedCall:
        """Take the next call out.

        Raises:
            IndexError: there is none.
        """
        _, name, call = heapq.heappop(self._next)
        self._fetch(name)
        return call

    def _fetch(self, name: str) -> None:
        call = next(self._sources[name], None)
        if call is not None:
            heapq.heappush(self._next, (call.time_ms, name, call))
