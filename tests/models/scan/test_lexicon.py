"""Every word of a lexicon is found, and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.scan.eight import PAD
from models.scan.layout import FIELDS
from models.scan.lexicon import UNKNOWN, lexicon, look_up

_KEYS = lexicon({field: slot for slot, field in enumerate(FIELDS)})


def _number(word: bytes) -> int:
    return look_up(_KEYS, np.frombuffer(word + b'":"' + b"\0" * PAD, np.uint8), 0, len(word))


def test_every_word_has_its_number():
    assert [_number(field.encode()) for field in FIELDS] == list(range(len(FIELDS)))


_pieces = st.sampled_from([*FIELDS, "", "x", "_", "\0", "rating_s", "called_t"])


@given(st.lists(_pieces, max_size=3).map("".join) | st.text(max_size=20))
def test_anything_else_is_unknown(word):
    assert _number(word.encode()) == (FIELDS.index(word) if word in FIELDS else UNKNOWN)


def test_no_short_word_has_the_number_of_another_in_its_place():
    letters = "abcdefghijklmnopqrstuvwxyz_"
    assert {_number((one + other).encode()) for one in letters for other in letters if one + other != "ts"} == {UNKNOWN}
