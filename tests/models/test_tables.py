"""The operator's tables: what is read, and how a broken row is named."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import csv_table
from models.tables import (
    FreePrefix,
    ProtectedNumber,
    ShortCode,
    TableError,
    Tables,
    TariffRow,
    parse_free_prefixes,
    parse_protected,
    parse_short_codes,
    parse_tariff,
)

PARSERS = [parse_short_codes, parse_free_prefixes, parse_tariff, parse_protected]
FREE = "prefix,reason,from,until,plan\n"
TARIFF = "prefix,rate,currency,name\n"
VOICEMAIL = (ShortCode("333", "voicemail"),)
NEW_YEAR_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "code,name\n333,voicemail\n",
        "code;name\n333;voicemail\n",
        "\ufeffcode,name\n333,voicemail",
        b"\xef\xbb\xbfcode,name\r\n333,voicemail\r\n",
        "code,name\r333,voicemail\r",
        "# ours\n\n  \ncode,name\n # more\n\n333,voicemail\n",
        "Code , NAME\n 333 ,\tvoicemail \n",
        "name,owner,code\nvoicemail,core team,333\n",
        '"code","name"\n"333", "voicemail"\n',
        "code,name\n333,voicemail,,\n",
    ],
)
def test_the_same_table_in_the_dialects_that_are_accepted(text):
    assert parse_short_codes(text, "s.csv") == VOICEMAIL


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "code,name\n", b"\xef\xbb\xbf"])
def test_a_table_without_rows_is_empty(text):
    assert parse_short_codes(text, "s.csv") == ()


def test_a_missing_column_and_a_short_row_are_empty():
    assert parse_short_codes("code\n333", "s.csv") == (ShortCode("333", ""),)
    assert parse_short_codes("code,name\n333", "s.csv") == (ShortCode("333", ""),)


def test_a_code_that_begins_with_a_hash_is_quoted():
    assert parse_short_codes('code,name\n"#31#",hide\n*21*,forward', "s.csv")[0].code == "#31#"


def test_a_delimiter_of_the_other_kind_is_text():
    assert parse_short_codes("code;name\n333;mail, voice", "s.csv")[0].name == "mail, voice"


def test_every_field_of_a_free_prefix():
    text = FREE + "+33 800,freephone,2026-01-01T00:00:00Z,2026-01-01T01:00:01.5+01:00,student\n"
    assert parse_free_prefixes(text, "f.csv") == (
        FreePrefix("+33800", "freephone", NEW_YEAR_MS, NEW_YEAR_MS + 1500, "student"),
    )


def test_every_field_of_a_tariff_row():
    assert parse_tariff(TARIFF + "+33,0.000001,MAD,France\n336,3.50,,\n", "t.csv") == (
        TariffRow("+33", Decimal("0.000001"), "MAD", "France"),
        TariffRow("+336", Decimal("3.50"), "", ""),
    )


def test_protected_numbers_keep_the_plus_that_they_have():
    assert parse_protected("number,reason\n+333,museum\n333,voicemail\n*100#,\n", "p.csv") == (
        ProtectedNumber("+333", "museum"),
        ProtectedNumber("333", "voicemail"),
        ProtectedNumber("*100#", ""),
    )


def test_free_at_different_times_or_for_different_plans_is_no_duplicate():
    rows = [
        "+333,,,2026-01-01T00:00:00Z,",
        "+333,,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,",
        "+333,,2026-02-01T00:00:00Z,,",
        "+333,,,,student",
    ]
    assert len(parse_free_prefixes(FREE + "\n".join(rows), "f.csv")) == 4


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_short_codes, "code,name\n1,a\n\n# x\n3x3,b", "t.csv:5: code: '3x3' is not 1 to 32 digits"),
        (parse_short_codes, "code,name\n,b", "t.csv:2: code: is empty"),
        (parse_short_codes, "code,name\n+333,b", "t.csv:2: code: '+333' is not"),
        (parse_short_codes, "code,name\n" + "1" * 33, "t.csv:2: code: "),
        (parse_short_codes, "code,name\n٣٣٣,b", "t.csv:2: code: "),
        (parse_short_codes, "code,name\n333,a\n1,b\n333,c", "t.csv:4: code: is on line 2 too"),
        (parse_short_codes, "333,voicemail", "t.csv:1: code: no such column; the header is code,name"),
        (parse_short_codes, "codes,name\n333,a", "t.csv:1: code: no such column; is 'codes' meant?"),
        (parse_short_codes, "code,code\n1,2", "t.csv:1: code: the column is there twice"),
        (parse_short_codes, "code,name\n1,a,b", "t.csv:2: has 3 fields, the header 2"),
        (parse_short_codes, 'code,name\n1,"a\nb"', "t.csv:2: is not CSV"),
        (parse_short_codes, "code,name\n1,a\x1b[2J", "t.csv:2: has a control character"),
        (parse_short_codes, "code,name\n1,a\ud800", "t.csv:2: has a control character"),
        (parse_short_codes, b"code,name\r\n1,a\r\n2,caf\xe9", "t.csv:3: is not UTF-8"),
        (
            parse_free_prefixes,
            "prefix,untill\n+333,2026-01-01T00:00:00Z",
            "t.csv:1: until: no such column; is 'untill'",
        ),
        (parse_free_prefixes, FREE + "333,,,,", "t.csv:2: prefix: '333' has no '+'"),
        (parse_free_prefixes, FREE + "00333,,,,", "t.csv:2: prefix: '00333' has no '+'"),
        (parse_free_prefixes, FREE + "+,,,,", "t.csv:2: prefix: '+' is not '+' and 1 to 15 digits"),
        (parse_free_prefixes, FREE + "+999,,,,", "t.csv:2: prefix: '+999' does not begin with an assigned"),
        (parse_free_prefixes, FREE + "+33*,,,,", "t.csv:2: prefix: '+33*' is not"),
        (parse_free_prefixes, FREE + "+33,,2026-01-01,,", "t.csv:2: from: '2026-01-01' is not RFC 3339"),
        (parse_free_prefixes, FREE + "+33,,2026-01-01T00:00:00,,", "t.csv:2: from: "),
        (parse_free_prefixes, FREE + "+33,,1767225600000,,", "t.csv:2: from: "),
        (parse_free_prefixes, FREE + "+33,,,2026-02-30T00:00:00Z,", "t.csv:2: until: "),
        (
            parse_free_prefixes,
            FREE + "+33,,2026-01-01T01:00:00+01:00,2026-01-01T00:00:00Z,",
            "t.csv:2: until: ",
        ),
        (
            parse_free_prefixes,
            FREE + "+33,a,,,\n+1,,,,\n+33,b,2026-01-01T00:00:00Z,,",
            "t.csv:4: prefix: is on line 2",
        ),
        (
            parse_free_prefixes,
            FREE + "+33,,2026-01-01T00:00:00Z,,\n+33,,,2026-01-02T00:00:00Z,",
            "t.csv:3: prefix: ",
        ),
        (parse_tariff, TARIFF + "00333,1,,", "t.csv:2: prefix: '00333' does not begin with an assigned"),
        (parse_tariff, TARIFF + "00333,1,,", "write '+333'?"),
        (parse_tariff, TARIFF + "3312345678901234,1,,", "t.csv:2: prefix: "),
        (parse_tariff, TARIFF + "33,,,", "t.csv:2: rate: is empty"),
        (parse_tariff, TARIFF + "33,-0.1,,", "t.csv:2: rate: '-0.1' is not a decimal >= 0"),
        (parse_tariff, TARIFF + "33,NaN,,", "t.csv:2: rate: "),
        (parse_tariff, TARIFF + "33,Infinity,,", "t.csv:2: rate: "),
        (parse_tariff, TARIFF + "33,1e400,,", "t.csv:2: rate: "),
        (parse_tariff, TARIFF.replace(",", ";") + "33;3,50;;", "t.csv:2: rate: '3,50' is not a decimal"),
        (parse_tariff, TARIFF + "33,1,dirham,", "t.csv:2: currency: 'dirham' is not three capital letters"),
        (parse_tariff, TARIFF + "33,1,,\n+33,2,,", "t.csv:3: prefix: is on line 2 too"),
        (parse_protected, "number,reason\n+999,", "t.csv:2: number: '+999' does not begin"),
        (parse_protected, "number,reason\nfire,", "t.csv:2: number: 'fire' is not"),
    ],
)
def test_a_broken_table_is_named_by_file_line_and_field(parse, text, message):
    with pytest.raises(TableError) as caught:
        parse(text, "t.csv")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_never_quotes_a_long_field_whole():
    with pytest.raises(TableError) as caught:
        parse_short_codes("code\n" + "x" * 60_000, "t.csv")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("limit", "value", "text", "message"),
    [
        ("MAX_BYTES", 10, "code\n333333", "t.csv: is larger than"),
        ("MAX_LINE", 8, "code\n1\n123456789", "t.csv:3: line is longer than 8"),
        ("MAX_ROWS", 2, "code\n1\n2\n3", "t.csv:4: more than 2 rows"),
    ],
)
def test_what_is_too_large_is_refused(monkeypatch, limit, value, text, message):
    monkeypatch.setattr(csv_table, limit, value)
    with pytest.raises(TableError, match=message):
        parse_short_codes(text, "t.csv")


HEADERS = st.sampled_from(["code;name", "prefix,from,until,plan", "prefix,rate,currency", "number,reason", ""])
CELLS = st.sampled_from(["333", "+333", "+33", "0", "1.5", "-1", "2026-01-01T00:00:00Z", '"', "", "#", "MAD", "\x00"])
LINES = st.lists(st.lists(CELLS | st.text(max_size=5), max_size=5).map(",".join), max_size=5)


@given(st.builds(lambda header, lines: "\n".join([header, *lines]), HEADERS, LINES) | st.text() | st.binary())
@example(b"code\n\xff")
@example('code\n"')
@example("\x00")
@example("prefix,from\n+33,0001-01-01T00:00:00+14:00")
@example("prefix,from\n+33,9999-12-31T23:59:59-14:00")
def test_any_bytes_give_rows_or_a_table_error(text):
    for parse in PARSERS:
        with contextlib.suppress(TableError):
            assert isinstance(parse(text, "t.csv"), tuple)


def test_tables_that_the_operator_does_not_keep_are_empty():
    assert Tables() == Tables(short_codes=(), free_prefixes=(), tariff=(), protected=())
