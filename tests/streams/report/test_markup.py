"""Nothing of the input becomes markup, and telephone numbers are masked as in logs."""

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.report.markup import Markup, joined, shown, tag, void


@given(st.text())
def test_any_text_comes_back_as_itself_and_is_no_markup(text):
    seen = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.append((tag, attrs))

    made = tag("p", text, title=text)
    Reader().feed(made)
    assert [name for name, _ in seen] == ["p"]
    assert made.count("<") == 2
    assert unescape(made.removesuffix("</p>").partition(">")[2]) == text


def test_elements_nest_and_attributes_are_spelled():
    assert tag("a", tag("b", 1), " & ", class_="x", aria_label='"', hidden=None) == (
        '<a class="x" aria-label="&quot;"><b>1</b> &amp; </a>'
    )
    assert joined(None, void("meta", name="viewport")) == '<meta name="viewport"/>'
    assert isinstance(joined("<"), Markup)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+33387654321", "+33387******"),
        ("0612345678", "06123*****"),
        ("acc-42", "acc-42"),
        ("a\u202eb\x00\n", "a?b??"),
        ("x" * 500, "x" * 95 + "…"),
    ],
)
def test_names_are_one_short_line_without_whole_numbers(text, expected):
    assert shown(text) == expected


def test_numbers_are_whole_where_the_operator_wants_them():
    assert shown("+33387654321", numbers=True) == "+33387654321"
