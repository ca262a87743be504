"""Stories of bursts and of honest crowds, as lines of events: a few days of ordinary calls, then what is told."""

import random
from collections.abc import Callable, Sequence

import orjson

HOUR = 3_600_000
DAY = 24 * HOUR
BEGIN = 1_795_046_400_000
"""A Thursday, 00:00 UTC."""
Timed = tuple[int, bytes]
Number = Callable[[random.Random, int], str]


def event(kind: str, call: str, ts: float, caller: str, called: str, **more: object) -> Timed:
    fields = {"event": kind, "call_id": call, "ts": int(ts), "caller": caller, "called": called}
    return int(ts), orjson.dumps(fields | more)


def fixed(number: str) -> Number:
    return lambda _rng, _nth: number


def any_of(prefix: str, digits: int) -> Number:
    return lambda rng, _nth: f"{prefix}{rng.randrange(10**digits):0{digits}d}"


def calls(
    name: str, many: int, begin: float, length: float, caller: Number, called: Number, **more: object
) -> list[Timed]:
    """So many calls, evenly over a length (ms); `answered` is a share, `lasts` seconds, the rest goes in each event."""
    rng = random.Random(name)
    share, lasts = float(str(more.pop("answered", 0.6))), float(str(more.pop("lasts", 60.0)))
    told: list[Timed] = []
    for nth in range(many):
        ts, who = begin + nth * length / many, (caller(rng, nth), called(rng, nth))
        told.append(event("attempt", f"{name}-{nth}", ts, *who, rate="1.5", currency="MAD", **more))
        if rng.random() < share:
            told.append(event("answer", f"{name}-{nth}", ts + 3_000, *who, **more))
            end = ts + 3_000 + lasts * 1000
            told.append(event("release", f"{name}-{nth}", end, *who, duration_s=lasts, charge="1", **more))
        else:
            told.append(event("release", f"{name}-{nth}", ts + 20_000, *who, duration_s=0, **more))
    return told


def ordinary(days: float, per_hour: int = 30) -> list[Timed]:
    """What everybody does all day: nobody is busy."""
    many = int(days * 24 * per_hour)
    return calls("ordinary", many, BEGIN, days * DAY, any_of("+21266", 7), any_of("+3361", 7))


def lines(*parts: Sequence[Timed]) -> list[bytes]:
    """All of them in the order of time."""
    return [line for _, line in sorted((one for part in parts for one in part), key=lambda one: one[0])]


START = BEGIN + 3 * DAY + 10 * HOUR
"""When the burst begins: three days are known."""
SIM = "+212661000001"
VICTIM = "+33387654321"
FRAUDS: dict[str, tuple[str, str, str, list[Timed]]] = {
    "a stolen SIM calls everywhere": (
        *("rate_burst", "caller", SIM),
        calls("sim", 300, START, 2 * HOUR, fixed(SIM), any_of("+2478", 6), account="acc-1"),
    ),
    "a telephone system of withheld numbers is hacked": (
        *("rate_burst", "account", "acc-7"),
        calls("pbx", 400, START, 2 * HOUR, fixed("anonymous"), any_of("+2478", 6), account="acc-7"),
    ),
    "one telephone pumps one number that pays it": (
        *("rate_burst", "caller", SIM),
        calls("pump", 300, START, 2 * HOUR, fixed(SIM), fixed("+24781234567"), answered=1, lasts=20, account="acc-1"),
    ),
    "300 people call one number in a day": (
        *("victim_flood", "called", VICTIM),
        calls("victim", 300, START, DAY, any_of("+21267", 7), fixed(VICTIM), answered=0.4),
    ),
    "300 people call one number of ours, which answers them all": (
        *("victim_flood", "called", "+212537123456"),
        calls("flood", 300, START, DAY, any_of("+33", 9), fixed("+212537123456"), answered=1, direction="terminating"),
    ),
    "short calls that nobody is meant to answer": (
        *("wangiri", "caller", "+22177000001"),
        calls("wangiri", 300, START, HOUR, fixed("+22177000001"), any_of("+2126", 8), answered=0.03, lasts=4),
    ),
    "every number of a range in order": (
        *("range_sweep", "caller", "+22177000002"),
        calls("sweep", 300, START, HOUR, fixed("+22177000002"), lambda _, nth: f"+2126610{nth:05d}", lasts=5),
    ),
}
"""Rule, scope and value of the finding that must come, and its calls."""


def _centre(days: int) -> list[Timed]:
    agents = fixed("+212522000000")
    return [
        one
        for day in range(days)
        for one in calls(f"c{day}", 1_200, BEGIN + day * DAY + 8 * HOUR, 8 * HOUR, agents, any_of("+2126", 8))
    ]


HONEST: dict[str, list[Timed]] = {
    "a call centre at its usual load": _centre(5),
    "New Year's midnight from everyone": calls("new-year", 6_000, START, HOUR, any_of("+21266", 7), any_of("+336", 8)),
    "a redial storm": [
        one
        for who in range(40)
        for one in calls(
            f"r{who}", 150, START, HOUR, fixed(f"+2126620000{who:02d}"), fixed("+33147000000"), answered=0.02
        )
    ],
    "a televote with 400 callers a day": calls(
        "vote", 400, START, DAY, any_of("+21266", 7), fixed("+33899000001"), answered=1, lasts=12
    ),
    "a televote with 400 callers in two hours": calls(
        "vote", 400, START, 2 * HOUR, any_of("+21266", 7), fixed("+33899000001"), answered=1, lasts=12
    ),
    "an airline's hotline on the day of a strike": [
        *calls("h1", 150, BEGIN + DAY, DAY, any_of("+21266", 7), fixed("+33892000000"), answered=0.95, lasts=400),
        *calls("h2", 400, START, 12 * HOUR, any_of("+21266", 7), fixed("+33892000000"), answered=0.95, lasts=400),
    ],
    "everybody's voicemail": calls(
        "mail", 900, START, 2 * HOUR, any_of("+21266", 7), fixed("333"), called_type="short"
    ),
    "a carrier's account": calls(
        "carrier", 3_000, START, 5 * HOUR, any_of("+21268", 7), any_of("+2126", 8), account="carrier-1"
    ),
    "a spoofed caller by a trunk": calls(
        "spoof", 400, START, HOUR, fixed(SIM), any_of("+2126", 8), trunk_in="IN-1", direction="terminating"
    ),
}
"""What must give no command."""
