"""What an event says about price: every line of the contract's rules of evidence."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.numbers import Network
from models.prices import ABSENT, NOT_FINITE, Calls, Price, amounts_of, declared_free, micros
from models.records import decode
from models.rows import rows_of
from models.tables import FreePrefix, Tables
from tests.examples import ATTEMPT, TS, event, raw

MOROCCO = Network(home_country_code="212")
NO_TABLES = Tables()
NONE, FREE, PAID, ALLOWANCE, FAILED, UNRATED, DECLARED, UNDERPRICED = Price


def _price(record: bytes, tables: Tables = NO_TABLES, network: Network = MOROCCO) -> Price:
    rows, rejects = rows_of(decode([record]), network, tables, np.zeros(1, np.int32), np.zeros(1, np.int64))
    assert rejects == []
    return Price(rows.price[0])


def _release(**fields) -> bytes:
    return event({**ATTEMPT, "event": "release", "rate": None, "duration_s": 61.2}, **fields)


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"rate": "0"}, FREE),
        ({"rate": "0.00"}, FREE),
        ({"rate": "-0.0"}, FREE),
        ({"rate": 0}, FREE),
        ({"rate": 0.0}, FREE),
        ({"rate": "0", "setup_fee": "0.00"}, FREE),
        ({"rate": "0", "setup_fee": None}, FREE),
        ({"rate": "0", "setup_fee": "0.10"}, PAID),
        ({"rate": "0", "setup_fee": -1}, UNRATED),
        ({"rate": "3.50"}, PAID),
        ({"rate": 3.5}, PAID),
        ({"rate": 3}, PAID),
        ({"rate": "1e-9"}, PAID),
        ({"rate": "1e-400"}, PAID),
        ({"rate": "3.50", "free_s": 60}, PAID),
        ({"rate": ...}, UNRATED),
        ({"rate": None}, UNRATED),
        ({"rate": "-1"}, UNRATED),
        ({"rate": None, "setup_fee": "1"}, UNRATED),
        ({"rate": "0", "rating_status": "rated"}, FREE),
        ({"rate": "0", "rating_status": "allowance"}, ALLOWANCE),
        ({"rate": "3.50", "rating_status": "allowance"}, ALLOWANCE),
        ({"rate": "0", "rating_status": "failed"}, FAILED),
        ({"rate": None, "rating_status": "failed"}, FAILED),
        ({"rate": "0", "charge": "1.00"}, FREE),
        ({"rate": "0", "direction": "originating"}, FREE),
        ({"rate": "0", "direction": "terminating"}, NONE),
        ({"rate": "0", "direction": "transit"}, NONE),
        ({"rate": "0", "direction": "forwarded"}, NONE),
        ({"rate": "0", "direction": "roaming"}, NONE),
        ({"rate": "0", "test": True}, NONE),
        ({"rate": "0", "test": False}, FREE),
        ({"rate": "0", "refused_by": "0b7a"}, NONE),
        ({"rate": "0", "refused_by": ""}, FREE),
        ({"rate": "0", "dialled": None}, FREE),
        ({"rate": "0", "dialled": ""}, FREE),
        ({"rate": "0", "dialled": "333"}, NONE),
        ({"rate": "3.50", "dialled": "0033387654322"}, NONE),
        ({"rate": "0", "event": "answer"}, NONE),
        ({"rate": "3.50", "event": "rating"}, PAID),
    ],
    ids=str,
)
def test_an_attempt_says_what_its_rate_says(fields, price):
    assert _price(event(**fields)) == price


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"charge": "0.00"}, FREE),
        ({"charge": "0.00", "rate": "3.50"}, FREE),
        ({"charge": "0.00", "rate": "-1"}, FREE),
        ({"charge": "0.00", "free_s": 60}, FREE),
        ({"charge": "0.00", "free_s": 61.2}, UNRATED),
        ({"charge": "0.00", "free_s": 120, "rate": "3.50"}, PAID),
        ({"charge": "0.00", "free_s": 120, "rate": "0"}, FREE),
        ({"charge": "0.00", "duration_s": 0}, UNRATED),
        ({"charge": "0.00", "duration_s": 0, "rate": "0"}, FREE),
        ({"charge": "0.00", "duration_s": 0, "rate": "3.50"}, PAID),
        ({"charge": "1.75"}, PAID),
        ({"charge": "1.75", "rate": "0"}, PAID),
        ({"charge": "1e-9", "rate": "0"}, PAID),
        ({"charge": "1.75", "duration_s": 0}, PAID),
        ({"charge": "-1.75", "rate": "0"}, UNRATED),
        ({"charge": None, "rate": "0"}, FREE),
        ({"charge": None, "rate": "3.50"}, PAID),
        ({"charge": None}, UNRATED),
        ({"charge": "0.00", "rating_status": "allowance"}, ALLOWANCE),
        ({"charge": "1.75", "rating_status": "failed"}, FAILED),
        ({"charge": "0.00", "event": "cdr"}, FREE),
        ({"charge": "1.75", "event": "cdr", "rate": "0"}, PAID),
        ({"charge": "0.00", "event": "rating", "duration_s": None}, UNRATED),
        ({"charge": "0.00", "event": "rating", "duration_s": None, "rate": "0"}, FREE),
        ({"charge": "0.00", "event": "rating"}, FREE),
        ({"charge": "1.75", "event": "rating", "duration_s": None}, PAID),
        ({"charge": "0.00", "direction": "roaming"}, NONE),
    ],
    ids=str,
)
def test_a_release_says_what_its_charge_says_and_else_its_rate(fields, price):
    assert _price(_release(**fields)) == price


@pytest.mark.parametrize(
    ("called", "kind", "network", "price"),
    [
        ("+33387654321", None, MOROCCO, FREE),
        ("33387654321", "international", MOROCCO, FREE),
        ("33387654321", None, MOROCCO, NONE),
        ("333", "short", MOROCCO, NONE),
        ("+333", None, MOROCCO, NONE),
        ("+33 3876", None, MOROCCO, NONE),
        ("+33 38765", None, MOROCCO, FREE),
        ("+212661234567", None, MOROCCO, NONE),
        ("0661234567", None, MOROCCO, NONE),
        ("661234567", "national", MOROCCO, NONE),
        ("+999123456789", None, MOROCCO, NONE),
        ("+1234567890123456", None, MOROCCO, NONE),
        ("+33*87654321", None, MOROCCO, NONE),
        ("+12425551234", None, Network("1", "011", ("+1242",)), NONE),
        ("+12125551234", None, Network("1", "011", ("+1242",)), FREE),
    ],
)
def test_only_whole_international_numbers_have_a_price(called, kind, network, price):
    assert _price(event(called=called, called_type=kind, dialled=None), network=network) == price


@pytest.mark.parametrize(
    ("number", "price"),
    [("0", FREE), ("0.00", FREE), ("-0", FREE), ("0e5", FREE), ("1e-400", PAID), ("0." + "0" * 400 + "1", PAID)],
)
def test_a_number_on_the_wire_is_read_exactly(number, price):
    assert _price(raw(rate=number)) == price


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, ABSENT),
        ("0", 0),
        ("-0.00", 0),
        ("3.50", 3_500_000),
        ("0.000001", 1),
        ("1e-9", 1),
        ("1e-999999999", 1),
        ("0.0000015", 2),
        ("999999999999.999999", 10**18 - 1),
        ("-0.000000001", -1),
        ("-999999999999", -1),
        ("1e12", NOT_FINITE),
        ("-1e12", NOT_FINITE),
        ("1e9999999999", NOT_FINITE),
        ("NaN", NOT_FINITE),
        ("sNaN", NOT_FINITE),
        ("-Infinity", NOT_FINITE),
    ],
)
def test_amounts_are_millionths(amount, expected):
    amount = None if amount is None else Decimal(amount)
    assert micros(amount) == expected
    assert amounts_of([amount, Decimal(1)]).tolist() == [expected, 1_000_000]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_amount_changes_its_sign(amount):
    found = micros(amount)
    assert found == NOT_FINITE or (found > 0, found == 0, found < 0) == (amount > 0, amount == 0, amount < 0)


@pytest.mark.parametrize(
    ("entry", "price"),
    [
        (FreePrefix("+33"), DECLARED),
        (FreePrefix("+333"), DECLARED),
        (FreePrefix("+33387654321"), DECLARED),
        (FreePrefix("+333876543210"), FREE),
        (FreePrefix("+334"), FREE),
        (FreePrefix("+3"), DECLARED),
        (FreePrefix("+333", plan="prepaid"), DECLARED),
        (FreePrefix("+333", plan="student"), FREE),
        (FreePrefix("+333", plan="cas-msc-1"), FREE),
        (FreePrefix("+333", from_ms=TS), DECLARED),
        (FreePrefix("+333", from_ms=TS + 1), FREE),
        (FreePrefix("+333", until_ms=TS + 1), DECLARED),
        (FreePrefix("+333", until_ms=TS), FREE),
        (FreePrefix("+333", from_ms=TS - 5, until_ms=TS + 5, plan="prepaid"), DECLARED),
    ],
    ids=str,
)
def test_what_is_free_on_purpose_is_declared(entry, price):
    tables = Tables(free_prefixes=(FreePrefix("+44"), entry))
    assert _price(event(), tables) == price
    assert _price(event(rate="1"), tables) == PAID
    assert _price(event(rate=None), tables) == UNRATED


@pytest.mark.parametrize("bound", [{"until_ms": TS - 61_000}, {"from_ms": TS}])
def test_a_call_that_was_under_way_while_its_prefix_was_free_is_declared(bound):
    tables = Tables(free_prefixes=(FreePrefix("+333", **bound),))
    assert _price(_release(charge="0.00"), tables) == DECLARED


@given(
    st.lists(st.integers(1, 10**15 - 1), min_size=1, max_size=20),
    st.lists(st.integers(1, 9999).map(lambda number: FreePrefix(f"+{number}")), max_size=8),
)
def test_a_declared_prefix_is_a_prefix(numbers, entries):
    zeros = np.zeros(len(numbers), np.int64)
    lengths = np.array([len(str(number)) for number in numbers], np.uint8)
    calls = Calls(np.array(numbers, np.uint64), lengths, zeros, zeros, zeros.astype(np.uint32))
    expected = [any(f"+{number}".startswith(entry.prefix) for entry in entries) for number in numbers]
    assert declared_free(calls, {}, entries).tolist() == expected
