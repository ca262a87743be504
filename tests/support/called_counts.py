"""Counted events told as attempts to one called number, and what the burst rules say of that number."""

import json
from collections.abc import Iterator
from itertools import islice

from support.nab import Series, moments

from models.tables import Tables
from streams.backtest import Backtest
from streams.settings import Network, Settings

CALLED = "+212537000001"
BATCH = 5_000
SPREAD = 7_368_787
"""A prime: neighbouring calls come from callers far apart."""


def attempts(one: Series) -> Iterator[bytes]:
    """An attempt for each thing counted: all to one number, by different callers."""
    for nth, ts in enumerate(moments(one)):
        fields = {"event": "attempt", "call_id": f"n{nth}", "ts": ts, "switch": "s1", "called": CALLED}
        yield json.dumps(fields | {"caller": f"+336{nth * SPREAD % 10**8:08d}"}).encode()


def judge(one: Series) -> list[int]:
    """Times (ms) at which something other than a rejected finding was told of the number."""
    test = Backtest(Settings(network=Network(home_country_code="212")), Tables())
    lines, first, told = attempts(one), 1, list[int]()
    while batch := list(islice(lines, BATCH)):
        for decided in test.feed("counts:", first, batch):
            told += [line["issued_at"] for line in decided.decision.verdicts if _of_number(line)]
        first += len(batch)
    return told


def _of_number(line: dict[str, object]) -> bool:
    target = line["target"]
    return line["verdict"] != "rejected" and getattr(target, "value", "") == CALLED
