"""Real people's calls are no fraud: no block at all, and hardly a finding (issue of detection, acceptance 3).

The same records are told in several ways: as calls abroad and at home, as call records and as signalling, from the
first one on and after a taught third. A limit of 1 finding in 1,000 subscriber-days is counted in whole findings over
days on which somebody called, which are fewer than the days that he was observed.
"""

import itertools
from collections import Counter

import pytest
from support.call_records import RECORDS, SETS, Call, events_of, in_order, lines_of, subscriber_days

from models.tables import ShortCode, Tables
from streams.backtest import Backtest
from streams.settings import Network, Settings

pytestmark = [
    pytest.mark.skipif(not RECORDS.is_dir(), reason="../shared/data/cdr is absent"),
    pytest.mark.timeout(900),  # kernels may have to be compiled first, on a machine that others use
]

TABLES = Tables(short_codes=(ShortCode("333", "voicemail"), ShortCode("177", "police")))
ABROAD = "212"
DAYS = {"nodobo": 1_694, "vast": 3_265, "complaints": 12_251}
"""Subscriber-days of each set: of a complaint, the number that was complained about stands for its subscriber."""
FORMS = {"records": lines_of, "signalling": events_of}


def told(lines: list[bytes], home: str, taught: int) -> tuple[Counter[str], Counter[str]]:
    """Commands by action and findings by verdict, and how many lines were read or refused."""
    test = Backtest(Settings(network=Network(home_country_code=home)), TABLES)
    counts: Counter[str] = Counter()
    list(test.feed("before:", 1, lines[:taught], teach=True))
    for begin in range(taught, len(lines), 5_000):
        for one in test.feed("day:", begin - taught + 1, lines[begin : begin + 5_000]):
            counts.update(f"command {order.command.action}" for order in one.decision.orders)
            counts.update(verdict["verdict"] for verdict in one.decision.verdicts)
    return counts, test.counts


def calls_of(name: str) -> list[Call]:
    return in_order(SETS[name][0]())


@pytest.mark.parametrize(
    ("name", "form", "at_home", "history"), list(itertools.product(SETS, FORMS, [False, True], [False, True]))
)
def test_nobody_is_blocked_and_hardly_anything_is_found(name, form, at_home, history):
    calls = calls_of(name)
    lines = FORMS[form](calls)
    counts, _ = told(lines, SETS[name][1] if at_home else ABROAD, len(lines) // 3 if history else 0)
    assert counts["command block"] == 0
    found = sum(counts[verdict] for verdict in ("block", "limit", "shadow", "held"))
    assert found <= DAYS[name] // 1_000, counts


@pytest.mark.parametrize("name", SETS)
def test_the_records_are_read_and_counted(name):
    calls = calls_of(name)
    assert subscriber_days(calls) == DAYS[name]
    lines = lines_of(calls)
    _, read = told(lines, ABROAD, 0)
    refused = sum(count for reason, count in read.items() if reason.startswith("rejected_"))
    assert read["events"] + refused == len(lines)
    assert refused < len(lines) / 100, read
