"""An operator's record on its way to the decider: byte for byte, and bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.findings import (
    NOTE_HEADER_MAX,
    NOTE_HEADERS_MAX,
    NOTE_KEY_MAX,
    NOTE_VALUE_MAX,
    PolicyNote,
    Source,
    decode,
    encode,
)

SOURCE = Source("policy:1", 0, 7)


@given(
    st.binary(max_size=100),
    st.binary(max_size=1000),
    st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=90)), max_size=4),
)
def test_a_forwarded_record_arrives_byte_for_byte(key, value, headers):
    assert decode(encode(PolicyNote.of(SOURCE, key, value, headers))).signed() == (key, value, headers)


def test_the_largest_record_passes_and_anything_larger_does_not():
    headers = [("h", b"x" * NOTE_HEADER_MAX)] * NOTE_HEADERS_MAX
    key, value = b"k" * NOTE_KEY_MAX, b"v" * NOTE_VALUE_MAX
    assert decode(encode(PolicyNote.of(SOURCE, key, value, headers))).signed() == (key, value, headers)
    for larger in (
        (key + b"k", value, headers),
        (key, value + b"v", headers),
        (key, value, [*headers, ("h", b"")]),
        (key, value, [("h", b"x" * (NOTE_HEADER_MAX + 1))]),
        (key, value, [("h" * (NOTE_HEADER_MAX + 1), b"")]),
    ):
        with pytest.raises(ValueError, match="for an order"):
            PolicyNote.of(SOURCE, *larger)


def test_a_header_without_a_value_is_an_empty_one():
    assert PolicyNote.of(SOURCE, b"k", b"v", [("sig", None)]).signed()[2] == [("sig", b"")]
