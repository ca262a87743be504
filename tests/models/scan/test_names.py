"""Names are numbered as `models.columns.Names` numbers them, column after column."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.columns import Names
from models.hashing import joined
from models.scan.eight import PAD
from models.scan.names import numbered, renumbered

_names = st.sampled_from(["", "a", "b", "ab", "x" * 8, "x" * 9, "y" * 8, "x" * 16, "x" * 17]) | st.text(max_size=9)
_columns = st.integers(0, 30).flatmap(
    lambda rows: st.lists(st.lists(_names, min_size=rows, max_size=rows), min_size=5, max_size=5)
)


@given(_columns)
def test_names_are_numbered_in_order_of_appearance(columns):
    text, starts, ends = joined([name for column in columns for name in column])
    padded = np.frombuffer(text.tobytes() + b"\0" * PAD, np.uint8)
    codes, places = numbered(padded, starts.reshape(5, -1), ends.reshape(5, -1))
    names = Names()
    assert codes.tolist() == [names.codes(column).tolist() for column in columns]
    assert tuple(padded[start:end].tobytes().decode() for start, end in places) == names.texts()


def test_thousands_of_names_are_told_apart():
    texts = [f"trunk-{number:05}" for number in range(5000)]
    text, starts, ends = joined(texts)
    padded = np.frombuffer(text.tobytes() + b"\0" * PAD, np.uint8)
    codes, places = numbered(padded, starts.reshape(5, -1), ends.reshape(5, -1))
    assert codes.ravel().tolist() == list(range(1, 5001))
    assert len(places) == 5001


@given(st.lists(st.integers(0, 9), min_size=20, max_size=20))
def test_codes_are_numbered_anew_as_their_names_would_be(codes):
    ordered, used = renumbered(np.array(codes, np.uint32).reshape(5, 4), 10)
    names = Names()
    texts = [str(code) if code else "" for code in codes]
    assert ordered.ravel().tolist() == names.codes(texts).tolist()
    assert [str(code) if code else "" for code in used] == list(names.texts())
