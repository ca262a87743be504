"""All that must come of a log: windows, counts, totals, prices, dead letters, commands."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.faults.oracle.calls import PAID, DeadLetter, read_log
from tests.faults.oracle.counting import Windows, judge, totals, windows
from tests.faults.oracle.facts import Facts, Record
from tests.faults.oracle.leaks import Expected, commands

TOPIC = "signalling.events"


@dataclass(frozen=True)
class Verdict:
    """What must be found when a log was read to its end.

    Attributes:
        now_ms: highest event time.
        counts: events by `counted`, `late`, `duplicates`, `too_late`.
        windows: by kind (`caller` `account` `called` `prefix` `trunk`) and key.
        totals: answered calls per minute.
        paid: priced calls by calling code and the three digits behind it.
        letters: every dead letter.
        commands: those of each calling code in order.
    """

    now_ms: int
    counts: Counter[str]
    windows: dict[tuple[str, str], Windows]
    totals: Counter[int]
    paid: Counter[str]
    letters: list[DeadLetter]
    commands: list[Expected]


def consult(records: Iterable[Record], facts: Facts) -> Verdict:
    """Work it all out.

    Raises:
        AmbiguousError: it depends on how partitions are interleaved.
    """
    calls, letters = read_log(records, facts, TOPIC)
    judged = judge(calls, facts)
    evident = judged.counted + judged.late
    now_ms = max((call.high for call in calls), default=0)
    return Verdict(
        now_ms=now_ms,
        counts=judged.counts,
        windows=windows(judged.counted, now_ms),
        totals=totals(judged.counted),
        paid=Counter(_place(call.called.text, call.called.code) for call in evident if call.price == PAID),
        letters=letters,
        commands=commands(evident, facts),
    )


def _place(number: str, code: str) -> str:
    return f"{number[1:]:0<15}"[: len(code) + 3]
