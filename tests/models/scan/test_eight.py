"""Words of eight bytes give what a look at every byte gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.scan.eight import DIGITS_MAX, PAD, digits, load_part, plain_end

_texts = st.lists(st.sampled_from(b'a"\\\x1f\x20\x7f\x80\xa2\xdc\xff0'), max_size=30).map(bytes) | st.binary(
    max_size=30
)


def _padded(text: bytes):
    return np.frombuffer(text + b"\n" + b"\0" * PAD, np.uint8)


@given(_texts, st.integers(0, 9))
def test_a_plain_text_ends_at_a_quote_a_backslash_or_a_control_character(text, start):
    start = min(start, len(text))
    stops = (at for at in range(start, len(text)) if text[at] < 32 or text[at] in b'"\\')
    assert plain_end(_padded(text), start) == next(stops, len(text))


@given(st.text("0123456789", max_size=30), st.binary(max_size=9).filter(lambda rest: not rest[:1].isdigit()))
def test_digits_are_read_up_to_the_first_other_byte(number, rest):
    value, count = digits(_padded(number.encode() + rest), 0)
    if len(number) <= DIGITS_MAX:
        assert (value, count) == (int(number or 0), len(number))
    else:
        assert count > DIGITS_MAX


@given(st.binary(min_size=8, max_size=20), st.integers(-3, 12))
def test_a_part_of_a_word_is_its_bytes(text, size):
    assert load_part(_padded(text), 0, size) == int.from_bytes(text[: min(8, max(0, size))], "little")
