"""Absurd prices: far below the tariff's row of the number, in its currency, by rate and by charge; nothing else."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import MILLION
from models.numbers import Network
from models.prices import Price
from models.records import decode
from models.rows import rows_of
from models.table_lookup import Tariff
from models.tables import FreePrefix, Tables, TariffRow
from models.underpriced import NO_FLOORS, floors_of
from tests.examples import ATTEMPT, event
from tests.support import calls
from tests.support.calls import MINUTE, NOON, SECOND, number, paid, settings

TARIFF = (
    TariffRow("+33", Decimal("3.50"), "MAD"),
    TariffRow("+338", Decimal("0.50"), "MAD"),
    TariffRow("+3389", Decimal(0), "MAD"),
    TariffRow("+34", Decimal("0.20"), "EUR"),
    TariffRow("+39", Decimal("0.20")),
)
PAID, FREE, DECLARED, UNDERPRICED = Price.PAID, Price.FREE, Price.DECLARED, Price.UNDERPRICED


def rated(record: bytes, floors=None, tables=Tables()) -> tuple[Price, int]:  # noqa: B008 - frozen
    """What a record says about price, and its rate in millionths."""
    floors = floors_of(TARIFF) if floors is None else floors
    zeros = np.zeros(1, np.int64)
    rows, rejects = rows_of(decode([record]), Network("212"), tables, zeros.astype(np.int32), zeros, "account", floors)
    assert not rejects
    return Price(rows.price[0]), int(rows.rate[0])


def release(**fields) -> bytes:
    return event({**ATTEMPT, "event": "release", "rate": None, "duration_s": 61.2, "dialled": None}, **fields)


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"rate": "0.01"}, UNDERPRICED),
        ({"rate": "0.069999"}, UNDERPRICED),
        ({"rate": "0.07"}, PAID),
        ({"rate": "1.75"}, PAID),
        ({"rate": "350"}, PAID),
        ({"rate": "0"}, FREE),
        ({"rate": "0.01", "setup_fee": "0.05"}, UNDERPRICED),
        ({"rate": "0.01", "setup_fee": "3.50"}, PAID),
        ({"rate": "0", "setup_fee": "0.01"}, UNDERPRICED),
        ({"rate": "0.01", "called": "+33000000000"}, UNDERPRICED),
        ({"rate": "0.01", "currency": "EUR"}, PAID),
        ({"rate": "0.01", "currency": None}, PAID),
        ({"rate": "0.01", "called": "+33887654321"}, PAID),
        ({"rate": "0.009", "called": "+33887654321"}, UNDERPRICED),
        ({"rate": "0.000001", "called": "+33897654321"}, PAID),
        ({"rate": "0.000001", "called": "+35187654321"}, PAID),
        ({"rate": "0.003", "called": "+34876543210", "currency": "EUR"}, UNDERPRICED),
        ({"rate": "0.003", "called": "+34876543210"}, PAID),
        ({"rate": "0.003", "called": "+39876543210", "currency": None}, UNDERPRICED),
        ({"rate": "0.003", "called": "+39876543210"}, PAID),
        ({"rate": "0.01", "rating_status": "allowance"}, Price.ALLOWANCE),
        ({"rate": "0.01", "direction": "transit"}, Price.NONE),
        ({"rate": "0.01", "called": "+212661234567"}, Price.NONE),
    ],
    ids=str,
)
def test_a_rate_is_judged_by_the_longest_row_of_the_tariff_in_its_currency(fields, price):
    assert rated(event(**{"dialled": None, **fields}))[0] == price


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"charge": "0.01"}, (UNDERPRICED, 9_803)),
        ({"charge": "3.57"}, (PAID, -1)),
        ({"charge": "0.01", "duration_s": 7}, (PAID, -1)),
        ({"charge": "0.01", "duration_s": 0}, (PAID, -1)),
        ({"charge": "0.000001", "duration_s": 0}, (PAID, -1)),
        ({"charge": "0.01", "free_s": 61}, (PAID, -1)),
        ({"charge": "0.01", "rate": "3.50"}, (PAID, 3_500_000)),
        ({"charge": "3.57", "rate": "0.01"}, (PAID, 10_000)),
        ({"charge": "0.01", "rate": "0.02"}, (UNDERPRICED, 20_000)),
        ({"charge": None, "rate": "0.01"}, (UNDERPRICED, 10_000)),
        ({"charge": "0.01", "event": "cdr"}, (UNDERPRICED, 9_803)),
        ({"charge": "0.01", "event": "rating"}, (UNDERPRICED, 9_803)),
        ({"charge": "0.01", "event": "rating", "duration_s": None}, (PAID, -1)),
    ],
    ids=str,
)
def test_a_charge_is_judged_by_the_minute_and_never_against_a_good_rate(fields, price):
    assert rated(release(**fields)) == price


def test_an_absurd_price_where_calls_are_free_on_purpose_is_declared():
    tables = Tables(free_prefixes=(FreePrefix("+333"),))
    assert rated(event(rate="0.01"), tables=tables)[0] == DECLARED


@pytest.mark.parametrize("floors", [NO_FLOORS, floors_of(()), floors_of(TARIFF, 0.0)])
def test_without_a_tariff_or_a_share_no_price_is_absurd(floors):
    assert rated(event(rate="0.000001"), floors)[0] == PAID


ROWS = st.dictionaries(st.integers(1, 99_999).map(lambda n: f"+{n}"), st.integers(0, 999), max_size=12)


@given(ROWS, st.lists(st.integers(10**6, 10**15 - 1), min_size=1, max_size=20))
def test_the_floors_are_what_the_tariff_looks_up(rows, numbers):
    tariff = tuple(TariffRow(prefix, Decimal(cents) / 100, "MAD") for prefix, cents in rows.items())
    floors, table = floors_of(tariff, 0.25), Tariff(tariff)
    for one in numbers:
        padded = one * 10 ** (15 - len(str(one)))
        found = int(floors.least[np.searchsorted(floors.begins, padded, side="right") - 1])
        row = table.expected(str(one))
        assert found == (0 if row is None else int(row.rate * MILLION / 4))
    assert (np.diff(floors.begins) > 0).all()


def cheap(rate: str, begin: int = NOON, payers: int = 4) -> list[bytes]:
    return [paid(number("+333", nth), nth, begin + nth * 20 * SECOND, rate=rate) for nth in range(payers)]


def test_a_price_of_a_cent_is_a_leak_and_its_words_say_what_it_should_be():
    test = calls.taught(tables=Tables(tariff=TARIFF))
    commands = [order.command for one in calls.feed(test, cheap("0.01")) for order in one.decision.orders]
    assert [(str(c.action), c.target.key()) for c in commands] == [("limit", "prefix:+333"), ("block", "prefix:+333")]
    assert commands[1].summary == (
        "Calls to +333 (France) are rated 0.01 instead of 3.50 MAD: the price of a row at or under it is absurd."
    )
    assert commands[1].diagnosis["kind"] == "absurd_price"
    assert "rated 0.01 instead of 3.50 MAD" in commands[1].diagnosis["fix"]


@pytest.mark.parametrize("rate", ["1.75", "0.35", "0.07"])
def test_half_the_price_or_a_fiftieth_is_a_promotion(rate):
    test = calls.taught(tables=Tables(tariff=TARIFF))
    assert not [order for one in calls.feed(test, cheap(rate)) for order in one.decision.orders]


def test_without_a_tariff_a_cent_is_a_price():
    assert not [order for one in calls.feed(calls.taught(), cheap("0.01")) for order in one.decision.orders]


def test_a_proper_price_again_releases_it():
    lines = cheap("0.01") + cheap("3.50", NOON + 5 * MINUTE)
    test = calls.taught(tables=Tables(tariff=TARIFF))
    actions = [str(order.command.action) for one in calls.feed(test, lines) for order in one.decision.orders]
    assert actions == ["limit", "block", "release"]


def test_the_share_is_a_setting():
    test = calls.Backtest(settings(detection={"absurd_share": 0.2}), Tables(tariff=TARIFF))
    lines = [*calls.morning(), *cheap("0.35")]
    assert [str(o.command.action) for one in calls.feed(test, lines) for o in one.decision.orders] == ["limit", "block"]
