"""Look-ups in the operator's tables: against a plain search through all rows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.table_lookup import FreeList, PrefixMap, Protected, Tariff
from models.tables import FreePrefix, ProtectedNumber, ShortCode, Tables, TariffRow

TARIFF = Tariff(tuple(TariffRow(prefix, Decimal(1)) for prefix in ("+33", "+336", "+33612", "+1")))
FREE = FreeList(
    (
        FreePrefix("+33", from_ms=1000, until_ms=2000),
        FreePrefix("+33", from_ms=3000),
        FreePrefix("+336", plan="student"),
        FreePrefix("+800"),
    )
)
TABLES = Tables(
    short_codes=(ShortCode("333"),),
    protected=(ProtectedNumber("+33140"), ProtectedNumber("177"), ProtectedNumber("+33387654321")),
)


@pytest.mark.parametrize(
    ("digits", "prefix"),
    [
        ("33387654321", "+33"),
        ("+33687654321", "+336"),
        ("33612", "+33612"),
        ("3361", "+336"),
        ("12125550123", "+1"),
        ("3", None),
        ("212661234567", None),
        ("", None),
    ],
)
def test_the_longest_prefix_wins(digits, prefix):
    row = TARIFF.expected(digits)
    assert (row.prefix if row else None) == prefix


@given(st.dictionaries(st.text("012", max_size=4), st.integers()), st.text("012", max_size=6))
def test_longest_is_what_a_search_through_all_prefixes_finds(rows, digits):
    fitting = sorted((prefix for prefix in rows if digits.startswith(prefix)), key=len, reverse=True)
    index = PrefixMap(rows.items())
    assert index.all(digits) == [rows[prefix] for prefix in fitting]
    assert index.longest(digits) == (rows[fitting[0]] if fitting else None)


@pytest.mark.parametrize(
    ("digits", "plan", "at_ms", "free"),
    [
        ("33387654321", "", 999, False),
        ("33387654321", "", 1000, True),
        ("+33387654321", "prepaid", 1999, True),
        ("33387654321", "", 2000, False),
        ("33387654321", "", 3000, True),
        ("33612345678", "student", 0, True),
        ("33612345678", "prepaid", 0, False),
        ("33612345678", "", 0, False),
        ("33612345678", "prepaid", 1500, True),
        ("80012345678", "", 0, True),
        ("44", "", 1500, False),
    ],
)
def test_free_on_purpose_depends_on_prefix_plan_and_time(digits, plan, at_ms, free):
    assert (FREE.declared(digits, plan, at_ms) is not None) is free


@pytest.mark.parametrize(
    ("number", "covered"),
    [
        ("333", True),
        ("+333", False),
        ("177", True),
        ("15", True),
        ("112", True),
        ("116000", True),
        ("+33140123456", True),
        ("+33140", True),
        ("+3314", False),
        ("+33387654321", True),
        ("33140123456", False),
        ("+112", False),
        ("", False),
        ("+", False),
    ],
)
def test_the_plus_tells_a_protected_short_code_from_a_prefix(number, covered):
    assert Protected(TABLES, "MA").covers(number) is covered


def test_a_prefix_knows_the_protected_numbers_under_it():
    protected = Protected(TABLES, "MA")
    assert protected.under("+33") == ("+33140", "+33387654321")
    assert protected.under("+333") == ("+33387654321",)
    assert protected.under("+44") == ()
