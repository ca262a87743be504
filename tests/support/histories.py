"""A week of a network's calls for tests of learning: what is usual, and what can be planted in it."""

import json
from typing import Any

from support.calls import MINUTE, PLANS, SWITCHES, charged, event, free, number, paid, settings

from models.learning.cells import CELLS_MAX, Cells
from models.learning.proposals import Learned
from models.tables import Tables
from streams.learning import Learning

HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = 1_795_392_000_000
"""Event time (ms) of a week's beginning: midnight, UTC."""
WEEK = 7 * DAY


def usual(code: str = "+33", calls: int = 600, digits: int = 11, **changes: Any) -> list[bytes]:
    """A week of paid calls to a country from both switches and plans, spread evenly."""
    lines = []
    for nth in range(calls):
        at = MONDAY + nth * (WEEK // calls)
        place = {"switch": SWITCHES[nth // 10 % 2], "plan": PLANS[nth // 20 % 2]}
        lines.append(paid(number(code, nth, digits), 10_000 + nth % 211, at, **(place | changes)))
    return lines


def gift(prefix: str, calls: int = 60, begin: int = 0, length: int = WEEK, **changes: Any) -> list[bytes]:
    """Free calls to a prefix by some forty payers, from `begin` (ms into the week) on."""
    lines = []
    for nth in range(calls):
        at = MONDAY + begin + nth * (length // calls)
        place = {"switch": SWITCHES[nth // 2 % 2], "plan": PLANS[nth % 2]}
        lines.append(free(number(prefix, nth), 20_000 + nth % 41, at, **(place | changes)))
    return lines


def without(lines: list[bytes], prefix: str, begin: int, end: int, **where: str) -> list[bytes]:
    """The lines but for those to a prefix within a part of the week (ms), `where` fields have these values."""
    return [line for line in lines if not _is_there(json.loads(line), prefix, begin, end, where)]


def _is_there(told: dict[str, Any], prefix: str, begin: int, end: int, where: dict[str, str]) -> bool:
    amid = MONDAY + begin <= told["ts"] < MONDAY + end
    return amid and told["called"].startswith(prefix) and where.items() <= told.items()


def bundle(plan: str, code: str = "+33", calls: int = 200, every: int = 3, **changes: Any) -> list[bytes]:
    """A plan's calls to a country of which one in `every` is paid, the rest by the customers' bundle."""
    lines = []
    for nth in range(calls):
        at = MONDAY + nth * (WEEK // calls)
        place = {"switch": SWITCHES[nth % 2], "plan": plan}
        if nth % every:
            lines.append(free(number(code, nth), 30_000 + nth % 60, at, **(place | changes)))
        else:
            lines.append(paid(number(code, nth), 30_000 + nth % 60, at, **place))
    return lines


def at_the_end(switch: str, code: str = "+34", calls: int = 60, **changes: Any) -> list[bytes]:
    """Calls of a switch that shows 0 at set-up and charges at release."""
    lines = []
    for nth in range(calls):
        at, called = MONDAY + nth * HOUR, number(code, nth)
        lines.append(free(called, 40_000 + nth, at, switch=switch, **changes))
        lines.append(charged(called, 40_000 + nth, at, switch=switch))
    return lines


def regular(name: str, calls: int = 40, every: int = 15 * MINUTE, numbers: int = 2, **changes: Any) -> list[bytes]:
    """An account that calls a few numbers at regular intervals."""
    return [
        event("attempt", f"{name}-{nth}", at, number("+2126", nth % numbers, 12), 9, **({"account": name} | changes))
        for nth, at in enumerate(range(MONDAY, MONDAY + calls * every, every))
    ]


def learned(
    lines: list[bytes],
    tables: Tables = Tables(),  # noqa: B008 - frozen
    batch: int = 5_000,
    cells: int = CELLS_MAX,
) -> Learned:
    """What lines teach, read so many at a time and told apart in so many cells."""
    learning = Learning(settings(), tables, Cells(cells))
    for begin in range(0, len(lines), batch):
        learning.feed(lines[begin : begin + batch])
    return learning.learned()
