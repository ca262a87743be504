"""Which calls are under a target: as an enforcer would say, but by the column."""

import numpy as np
import pytest
from support.calls import NOON, event

from models.numbers import Network
from models.scan.rows import scan_rows
from models.tables import Tables
from streams.report.under import Sought, place_of

HOME = Network(home_country_code="212")
CALLS = [
    event("attempt", "c0", NOON, "+33387654321", 1),
    event("attempt", "c1", NOON, "0033187654321", 2, switch="s2"),
    event("attempt", "c2", NOON, "333", 3, called_type="short"),
    event("attempt", "c3", NOON, "+33387654321", 4, plan="student", trunk="T-1"),
    event("attempt", "c4", NOON, "+34911111111", 5, trunk_in="IN-1"),
    event("attempt", "c5", NOON, "0522000000", 1, called_type="national"),
]


@pytest.fixture(scope="module")
def sought():
    many = np.arange(len(CALLS))
    rows, rejects = scan_rows(CALLS, None, HOME, Tables(), np.zeros(len(CALLS), np.int32), many)
    assert not rejects
    return Sought(rows)


@pytest.mark.parametrize(
    ("scope", "value", "qualifiers", "expected"),
    [
        ("prefix", "+333", {}, [0, 3]),
        ("prefix", "+33", {}, [0, 1, 3]),
        ("prefix", "+33", {"switch": "s2"}, [1]),
        ("prefix", "+333", {"plan": "student"}, [3]),
        ("prefix", "+333", {"trunk": "T-1", "plan": "prepaid"}, []),
        ("prefix", "+333", {"switch": "nobody"}, []),
        ("prefix", "+33387654321", {}, [0, 3]),
        ("prefix", "+333876543210", {}, []),
        ("called", "+33387654321", {}, [0, 3]),
        ("called", "333", {}, [2]),
        ("caller", "+212600000001", {}, [0, 5]),
        ("account", "acc-3", {}, [2]),
        ("trunk", "IN-1", {}, [4]),
        ("switch", "s2", {}, [1]),
        ("prefix", "no digits", {}, []),
        ("moon", "+333", {}, []),
    ],
)
def test_calls_under_a_target(sought, scope, value, qualifiers, expected):
    assert sought.under(place_of(scope, value, HOME, **qualifiers)).tolist() == expected
