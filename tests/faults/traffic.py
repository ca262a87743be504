"""Traffic for schedules: small logs with every sort of event in them, whose outcome no interleaving can change."""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.faults.oracle.consult import Verdict, consult
from tests.faults.oracle.facts import Facts, Free, Record

BEGIN_MS = 1_795_460_000_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
PARTITIONS = 3
FACTS = Facts(
    short_codes=frozenset({"333", "177"}),
    free=(Free("800"), Free("4930", plan="family")),
    tariff={"34": "2.50", "49": "1.20"},
)
NAMES = {"333": "voicemail", "177": "police"}
Lines = list[tuple[int, int, bytes]]
"""Partition, when it was appended, value."""


@dataclass(frozen=True)
class Plan:
    """A log of `signalling.events` and what must come of it."""

    name: str
    records: tuple[Record, ...]
    verdict: Verdict


class Caller:
    """Writes events; every call has an id of its own."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._calls = 0

    def event(self, kind: str, ts: int, called: str, **changes: Any) -> bytes:
        """One event; a field changed to ... is left out."""
        self._calls += 1
        payer = self.random.randrange(12)
        fields = {"event": kind, "call_id": f"c{self._calls}", "ts": ts, "called": called, "plan": "prepaid"}
        fields |= {"caller": f"+2126612345{payer:02}", "account": f"acc-{payer}", "switch": "s1", "trunk": "INTL-1"}
        if kind in ("release", "cdr"):
            fields["duration_s"] = self.random.choice([0, 2.5, 5.9996, 61.2, 700 if kind == "release" else 30])
        kept = {name: value for name, value in (fields | changes).items() if value is not ...}
        items = list(kept.items())
        self.random.shuffle(items)
        return json.dumps(dict(items), ensure_ascii=self.random.random() < 0.5).encode()

    def ordinary(self, ts: int) -> bytes:
        """An event of every day."""
        pick = self.random.choice
        kind = pick(["attempt", "attempt", "answer", "release", "cdr", "rating"])
        called = pick(["+212522000001", "0522000002", "333", "*123#", "+4989123456", "0039061234567", "+99912345678"])
        changes: dict[str, Any] = {"rate": pick(["1.20", "0.5", 3]), "trunk": pick(["INTL-1", "INTL-2", ...])}
        odd: list[dict[str, Any]] = [
            {"caller": "anonymous", "account": ...},
            {"refused_by": "a command of ours"},
            {"test": True},
            {"direction": "transit", "trunk_in": "IC-9", "account": ...},
            {"rating_status": "allowance", "rate": "0"},
            {"trunk_in": "IC-7", "account": ..., "attestation": "B"},
            {"caller": "0661234599"},
            {"dialled": "0033387654321"},
        ]
        if self.random.random() < 0.4:
            changes |= pick(odd)
        return self.event(kind, ts, called, **changes)

    def priced(self, ts: int, called: str, payer: str, rate: str, **changes: Any) -> bytes:
        """A set-up with a price, or none, by one payer."""
        return self.event("attempt", ts, called, account=payer, rate=rate, trunk=..., **changes)


def leak_by_short_code(caller: Caller, begin: int) -> Lines:
    """`+` before short code 333: the second payer proves it."""
    return [
        (0, begin + n * 2 * SECOND, caller.priced(begin + n * 2 * SECOND, f"+333{n + 1}7654321", f"leak-{n}", "0"))
        for n in range(4)
    ]


def leak_by_tariff(caller: Caller, begin: int) -> Lines:
    """A prefix that has a tariff: the second payer limits it, the third blocks it."""
    lines = []
    for n in range(6):
        at = begin + n * 3 * SECOND
        called, rate = ("+34910000000", "2.5") if n < 2 else (f"+346{n}1234567", "0")
        lines.append((1, at, caller.priced(at, called, f"es-{n}", rate)))
    return lines


def leak_that_ends(caller: Caller, begin: int) -> Lines:
    """`+` before short code 177, mended a little later: two payers pay."""
    lines = []
    for n, rate in enumerate(["0", "0", "0", "0.9", "0.9"]):
        at = begin + n * 4 * SECOND
        lines.append((2, at, caller.priced(at, f"+177{n + 1}5551234", f"us-{n}", rate)))
    return lines


BAD = (
    b"", b" \n", b"call started", b'{"event":"attempt"', b"17", b'"attempt"', b'{"v":2}', b"\xff\xfe", b"[[]]",
    b'{"event":"ringing","call_id":"x","ts":1795460000000,"caller":"1","called":"2"}',
    b'{"event":"attempt","call_id":"x","ts":1795460000,"caller":"1","called":"2"}',
    b'{"event":"attempt","call_id":"x","ts":1995460000000,"caller":"1","called":"2"}',
    b'{"event":"attempt","call_id":"x","ts":1795460000000,"caller":"1","called":"sip:x"}',
    b'{"event":"attempt","call_id":"x","ts":1795460000000,"caller":"1","called":"+33387654321","rate":"NaN"}',
    b'{"event":"release","call_id":"x","ts":1795460000000,"caller":"1","called":"2"}',
    b'[{"event":"attempt","call_id":"x","ts":1795460000000,"caller":"1"}, 5 , {"v":"1"}]',
)  # fmt: skip
"""Records of which nothing counts."""


def spread(caller: Caller, begin: int, count: int, span: int, partitions: tuple[int, ...]) -> Lines:
    """Ordinary events over a time, some of them in arrays."""
    lines = []
    for _ in range(count):
        ts = begin + caller.random.randrange(span)
        value = caller.ordinary(ts)
        if caller.random.random() < 0.15:
            value = b"[" + value + b" ,\n" + caller.ordinary(ts + 1) + b"]"
        lines.append((caller.random.choice(partitions), ts, value))
    return lines


def doubled(caller: Caller, lines: Lines, share: float) -> Lines:
    """A share of the lines once more: a leak's in its own partition, where the first copy surely comes first."""
    again = []
    for partition, at, value in lines:
        if caller.random.random() < share:
            where = partition if b'"acc-' not in value else caller.random.randrange(PARTITIONS)
            again.append((where, at + caller.random.randrange(30) * SECOND, value))
    return lines + again


def late(caller: Caller, newest: int) -> Lines:
    """Events beyond the allowed lateness, and beyond any use: in one partition, behind what makes them late."""
    return [
        (0, newest + 1, caller.event("attempt", newest - 20 * MINUTE, "+4989123456", rate="1.2")),
        (0, newest + 2, caller.event("cdr", newest - 15 * MINUTE, "+212522000001", duration_s=5)),
        (0, newest + 3, caller.event("attempt", newest - 30 * HOUR, "+4989123456", rate="1.2")),
        (1, newest + 3, caller.event("answer", newest - 26 * HOUR, "+4989123456")),
    ]


def bad_among(caller: Caller, begin: int, span: int, count: int, partitions: tuple[int, ...]) -> Lines:
    """Records to refuse."""
    pick = caller.random.choice
    return [(pick(partitions), begin + caller.random.randrange(span), pick(BAD)) for _ in range(count)]


def _everything(caller: Caller) -> Lines:
    lines = spread(caller, BEGIN_MS, 36, 6 * MINUTE, (0, 1, 2))
    lines += leak_by_short_code(caller, BEGIN_MS + MINUTE) + leak_by_tariff(caller, BEGIN_MS + 2 * MINUTE)
    lines += leak_that_ends(caller, BEGIN_MS + 3 * MINUTE)
    return doubled(caller, lines, 0.1) + bad_among(caller, BEGIN_MS, 6 * MINUTE, 6, (0, 1, 2))


def _doubles(caller: Caller) -> Lines:
    """30 % duplicates, and event times in any order within the allowed lateness."""
    lines = spread(caller, BEGIN_MS, 45, 8 * MINUTE, (0, 1, 2)) + leak_by_short_code(caller, BEGIN_MS + 8 * MINUTE)
    lines = doubled(caller, lines, 0.43)
    mixed = [
        (p, BEGIN_MS + 9 * MINUTE + caller.random.randrange(20) * SECOND, v) for p, at, v in lines if b"leak-" not in v
    ]
    return mixed + [line for line in lines if b"leak-" in line[2]]


def _hours(caller: Caller) -> Lines:
    """A day and a half: buckets of every width come and go, and events come too late."""
    lines = []
    for hour in range(0, 30, 2):
        lines += spread(caller, BEGIN_MS + hour * HOUR, 3, 4 * MINUTE, (0, 1, 2))
    newest = BEGIN_MS + 30 * HOUR
    lines += spread(caller, newest - MINUTE, 12, MINUTE, (0, 1, 2))
    return lines + leak_that_ends(caller, newest) + late(caller, newest + MINUTE)


def _poisoned(caller: Caller) -> Lines:
    """Nothing that counts in one partition."""
    lines = spread(caller, BEGIN_MS, 30, 4 * MINUTE, (0, 1)) + leak_by_tariff(caller, BEGIN_MS + MINUTE)
    return doubled_in(caller, lines, (0, 1)) + bad_among(caller, BEGIN_MS, 4 * MINUTE, 20, (2,))


def doubled_in(caller: Caller, lines: Lines, partitions: tuple[int, ...]) -> Lines:
    """As `doubled`, but for some partitions only."""
    return [line for line in doubled(caller, lines, 0.1) if line[0] in partitions]


def _one_key(caller: Caller) -> Lines:
    """A caller who is busy: his windows are buckets, not a log."""
    lines = spread(caller, BEGIN_MS, 12, 4 * MINUTE, (0, 1, 2))
    for n in range(66):
        ts = BEGIN_MS + n * 2 * SECOND
        called = f"+2125220{n % 40:05}"
        lines.append((n % 3, ts, caller.event("attempt", ts, called, caller="+212600000000", account="busy")))
    return lines


MAKERS: tuple[Callable[[Caller], Lines], ...] = (_everything, _doubles, _hours, _poisoned, _one_key)


def _records(lines: Lines) -> Iterator[Record]:
    offsets = [0] * PARTITIONS
    for nth, (partition, at, value) in enumerate(sorted(lines, key=lambda line: line[1])):
        yield Record(partition, offsets[partition], b"k%d" % (nth % 7) if nth % 5 else None, at, value)
        offsets[partition] += 1


def _plan(name: str, lines: Lines) -> Plan:
    records = tuple(_records(lines))
    return Plan(name, records, consult(records, FACTS))


@functools.cache
def plans() -> tuple[Plan, ...]:
    """All plans; each is made and judged once."""
    return tuple(_plan(f"{maker.__name__[1:]} {nth}", maker(Caller(nth))) for nth, maker in enumerate(MAKERS * 2))


NAMES_MET = ("+4989000000", "+390610000000", "+33187654321", "+34910000000", "+12025550000")
"""A number of every calling code that the plans call."""
AHEAD = b"1995460000000"
"""An event with this time is refused as too far ahead, which the backtest has no clock to see."""
COPY_MS = 9 * MINUTE
"""Lines of so long before the end come again: copies that are not late."""


def _opening(caller: Caller) -> Lines:
    """A paid call for every calling code and trunk, so that whoever owns a code meets all names in the same order."""
    return [
        (0, BEGIN_MS - MINUTE, caller.event("attempt", BEGIN_MS - MINUTE, called, trunk=trunk, rate="1.20"))
        for called in NAMES_MET
        for trunk in ("INTL-1", "INTL-2", "IC-7", "IC-9")
    ]


@functools.cache
def plans_in_one_partition() -> tuple[Plan, ...]:
    """The same traffic through one partition, as the backtest reads it, and then once more."""
    made = []
    for nth, maker in enumerate(MAKERS):
        caller = Caller(nth)
        lines = sorted(_opening(caller) + maker(caller), key=lambda line: line[1])
        lines = [(0, at, value) for _, at, value in lines if AHEAD not in value]
        end = lines[-1][1]
        copies = [(0, end + 1, value) for _, at, value in lines if at > end - COPY_MS]
        made.append(_plan(f"{maker.__name__[1:]} {nth} twice", lines + copies))
    return tuple(made)
