"""The proposed tables: loading one as it is accepts only what raised no question; whatever names are on the wire."""

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.calls import VOICEMAIL
from support.histories import at_the_end, bundle, gift, learned, regular, usual

from models.learning.proposals import FreePrefix, Learned, Question
from models.learning.report import report
from models.learning.sheets import BUNDLES, END_PRICED, FREE_PREFIXES, TEST_ACCOUNTS, free_prefixes, sheets
from models.learning.slips import is_writable
from models.tables import parse_free_prefixes

WEEK = learned(
    [
        *(usual() + usual("+44") + gift("+216") + gift("+4475") + gift("+351", plan="student") + usual("+351", 99)),
        *(bundle("max", "+49") + at_the_end("late") + regular("probe")),
    ],
    VOICEMAIL,
)
GIFT = FreePrefix("+216", "Tunisia", "", "", False, 60, 41, 1_795_392_000_000, 1_795_990_000_000, 0, 0)


def changed(**changes):
    fields = {name: getattr(GIFT, name) for name in GIFT.__struct_fields__}
    return FreePrefix(**(fields | changes))


def test_the_file_as_it_is_accepts_only_the_harmless():
    rows = parse_free_prefixes(sheets(WEEK)[FREE_PREFIXES], "proposed.csv")
    assert [(row.prefix, row.plan, row.from_ms, row.until_ms) for row in rows] == [
        ("+216", "", None, None),
        ("+351", "student", None, None),
    ]


def test_without_its_marks_it_accepts_the_questioned_ones_too():
    text = re.sub(r"^#\+", "+", sheets(WEEK)[FREE_PREFIXES], flags=re.M)
    assert [row.prefix for row in parse_free_prefixes(text, "proposed.csv")] == ["+216", "+351", "+4475"]


def test_a_question_stands_above_its_row():
    lines = sheets(WEEK)[FREE_PREFIXES].splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("#+4475,"))
    assert lines[at - 1].startswith("# +4475 (United Kingdom): leak or gift? a narrow row inside +44, where ")


@pytest.mark.parametrize(
    ("kinds", "begins", "ends"),
    [(["was_paid"], True, False), (["ended"], False, True), (["inside_paid"], False, False)],
)
def test_a_row_that_was_paid_begins_or_ends_with_its_free_calls(kinds, begins, ends):
    one = changed(questions=tuple(Question(kind, kind) for kind in kinds))
    text = re.sub(r"^#\+", "+", free_prefixes([one]), flags=re.M)
    (row,) = parse_free_prefixes(text, "proposed.csv")
    assert row.from_ms == (GIFT.first_ms if begins else None)
    assert row.until_ms == (GIFT.last_ms + 1 if ends else None)


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_no_name_on_the_wire_breaks_the_table_or_accepts_a_leak(plan, text, asks):
    questions = (Question("inside_paid", text),) if asks or not is_writable(plan) else ()
    one = changed(prefix="+351", plan=plan, switch=plan, questions=questions)
    rows = parse_free_prefixes(free_prefixes([one, GIFT]), "proposed.csv")
    assert [(row.prefix, row.plan) for row in rows] == [("+351", plan)] * (not questions) + [("+216", "")]


@pytest.mark.parametrize(
    ("name", "first"),
    [(END_PRICED, ["late", "60"]), (BUNDLES, ["max", "+49"]), (TEST_ACCOUNTS, ["probe", "regular"])],
)
def test_the_other_tables_have_a_header_and_a_row(name, first):
    header, row = csv.reader(sheets(WEEK)[name].splitlines())
    assert len(header) == len(row)
    assert row[:2] == first


def test_the_report_tells_all_and_how_to_accept():
    text = report(WEEK)
    for words in ("LEAK OR GIFT?", "a gift, as it seems", "| late |", "| max | +49 |", "| probe | regular |"):
        assert words in text
    assert "Nothing below is in force" in text
    for name in sheets(WEEK):
        assert f"`{name}`: " in text


def test_the_report_of_nothing_says_so():
    nothing = Learned((), (), (), (), 0, None, None, ())
    assert report(nothing).count("None found.") == 4


@given(st.text(max_size=30))
def test_no_name_breaks_a_row_of_the_report(name):
    one = changed(switch=name, questions=(Question("one_switch", name),))
    lines = report(Learned((one,), (), (), (), 1, 0, 0, ())).splitlines()
    (row,) = (line for line in lines if line.startswith("| +216 |"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 10
