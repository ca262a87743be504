"""Whatever the scanner passes over is JSON, and it says where that ends."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scan.eight import PAD
from models.scan.syntax import NESTING_MAX, NO, skipped

_is_json = msgspec.json.Decoder(msgspec.Raw).decode

GOOD = [
    "0",
    "-0",
    "-1.50",
    "1e400",
    "1E+2",
    "1.5e-3",
    "1" * 5000,
    '""',
    r'"\"\\\/\b\f\n\r\t"',
    '"\u00e9"',
    "true",
    "false",
]
GOOD += [
    "null",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    '[1,[],{"a":[{}]} , 2]',
    '{"a" : 1,"" :null }',
    "[" * 60 + "]" * 60,
    '"\x7f"',
]
BAD = [
    "",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "1.e5",
    '"',
    '"\n"',
    '"\x00"',
    r'"\x"',
    r'"\u00e9"',
    "tru",
    "nul",
]
BAD += ["[", "[1,]", "[,1]", "[1 2]", "[1}", "{]", "{1:2}", '{"a"}', '{"a":}', '{"a":1,}', '{"a" 1}', "NaN", "'a'", "]"]


def _end(text: str, room: int = NESTING_MAX) -> int:
    record = text.encode()
    return skipped(np.frombuffer(record + b"\n" + b"\0" * PAD, np.uint8), 0, len(record), room)


@pytest.mark.parametrize("text", GOOD)
def test_json_is_passed_over_to_its_end(text):
    assert _end(text) == len(text.encode())
    assert _end(text + " , 1") == len(text.encode())


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_plain_json_is_not(text):
    assert _end(text) == NO


@pytest.mark.parametrize(("text", "levels"), [("1", 0), ("[]", 1), ('[{"a":[1]},2]', 3), ("[[],[[]]]", 3)])
def test_no_more_levels_are_passed_than_there_may_be(text, levels):
    assert _end(text, levels) == len(text)
    assert levels == 0 or _end(text, levels - 1) == NO


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
_pieces = st.lists(st.sampled_from([*'[]{},:"\\ \n019-.eE+tn', "true", "null", '"a"', '"a":', "\\u0041"]), max_size=12)


@given(_values)
def test_any_value_is_passed_over(value):
    text = json.dumps(value, ensure_ascii=False)
    assert _end(text) == (len(text.encode()) if "\\u" not in text else NO)


@given(_pieces.map("".join))
def test_what_is_passed_over_is_json(text):
    end = _end(text)
    if end != NO:
        _is_json(text.encode()[:end])
