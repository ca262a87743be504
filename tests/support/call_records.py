"""Real call records of people who are no frauds, as events with a price: Nodobo, VAST 2008, complaints to the FTC.

Calls are put in the order in which they began; what a file has wrong (a phone's clock of 1980, a number of 36
characters) stays wrong, and is for the decoder to refuse.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

RECORDS = Path(__file__).parents[3] / "shared" / "data" / "cdr"
DAY_MS = 86_400_000


class Call(NamedTuple):
    """One call: when it began (ms), its parties, answered seconds, and the subscriber who was observed."""

    ts: int
    caller: str
    called: str
    seconds: int
    subscriber: str


def _ms(text: str, form: str) -> int:
    when = datetime.strptime(text, form)
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def british(number: str) -> str:
    """A number as a phone in Britain dials it, in international form where it is a whole one."""
    return f"+44{number[1:]}" if number.startswith("0") and len(number) == 11 else number


def nodobo() -> Iterator[Call]:
    """Calls of 27 young people in five months; one that two of them recorded is told once."""
    with (RECORDS / "nodobo_calls" / "calls.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    users = {row[0] for row in rows}
    for user, other, direction, seconds, time in rows:
        if direction != "Outgoing" and other in users:
            continue
        pair = (user, other) if direction == "Outgoing" else (other, user)
        ts = _ms(time, "%a %b %d %H:%M:%S %z %Y")
        yield Call(ts, *map(british, pair), int(seconds), user)


def vast() -> Iterator[Call]:
    """Calls of 400 phones in ten days."""
    with (RECORDS / "vast2008" / "cdr.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = (f"+447700{int(row[end]):06d}" for end in ("From", "To"))
            yield Call(_ms(row["Datetime"], "%Y%m%d %H%M"), *pair, int(row["Duration(seconds)"]), row["From"])


def complaints() -> Iterator[Call]:
    """Unwanted calls in North America, each to another consumer of the area that complained."""
    path = next((RECORDS / "ftc_dnc").glob("*.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        for nth, row in enumerate(csv.DictReader(file)):
            number, area = row["Company_Phone_Number"], row["Consumer_Area_Code"] or "555"
            caller = f"+1{number}" if len(number) == 10 else number
            yield Call(
                _ms(row["Violation_Date"], "%Y-%m-%d %H:%M:%S"), caller, f"+1{area}{2_000_000 + nth}", 30, number
            )


SETS: Mapping[str, tuple[Callable[[], Iterator[Call]], str]] = {
    "nodobo": (nodobo, "44"),
    "vast": (vast, "44"),
    "complaints": (complaints, "1"),
}
"""Each set, and the calling code of the network at home there."""


def in_order(calls: Iterator[Call]) -> list[Call]:
    """Calls as they began."""
    return sorted(calls, key=lambda call: call.ts)


def subscriber_days(calls: list[Call]) -> int:
    """Days on which an observed subscriber had a call, each subscriber's own: days without one count for nothing."""
    return len({(call.subscriber, call.ts // DAY_MS) for call in calls if call.ts > 0})


def lines_of(calls: list[Call]) -> list[bytes]:
    """A call record each, at a price of 1 a minute; the caller's account is himself."""
    return [
        json.dumps(
            {
                "event": "cdr",
                "call_id": f"c{nth}",
                "ts": call.ts,
                "caller": call.caller,
                "called": call.called,
                "account": f"acc-{call.caller}",
                "plan": "postpaid",
                "switch": "s1",
                "rate": "1.00",
                "charge": f"{call.seconds / 60:.4f}",
                "currency": "GBP",
                "duration_s": call.seconds,
            }
        ).encode()
        for nth, call in enumerate(calls)
    ]


def events_of(calls: list[Call]) -> list[bytes]:
    """The same calls as a switch signals them: set-up with its price, and release when the call ends, in order."""
    told: list[tuple[int, dict[str, object]]] = []
    for nth, call in enumerate(calls):
        fields = {"call_id": f"c{nth}", "caller": call.caller, "called": call.called, "account": f"acc-{call.caller}"}
        fields |= {"plan": "postpaid", "switch": "s1", "currency": "GBP"}
        told.append((call.ts, {"event": "attempt", "ts": call.ts, "rate": "1.00", **fields}))
        if call.seconds:
            end = call.ts + 1_000 * call.seconds
            charge = f"{call.seconds / 60:.4f}"
            told.append((call.ts, {"event": "answer", "ts": call.ts, **fields}))
            told.append((end, {"event": "release", "ts": end, "duration_s": call.seconds, "charge": charge, **fields}))
    told.sort(key=lambda item: item[0])
    return [json.dumps(fields).encode() for _, fields in told]
