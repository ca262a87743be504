"""Records in memory are what they would be one by one, together and in every part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.judging import RECORD_MAX
from models.scan.batch import joined_records
from tests.streams.fake_kafka import APPENDED_MS, fetched, message

TEXTS = st.none() | st.binary(max_size=20) | st.text(max_size=8).map(str.encode)


def readable(joined):
    """What is read of a text: each record, and the line break after it."""
    text, starts, ends = joined
    assert (text[ends] == ord("\n")).all()
    assert text[-16:].tobytes() == bytes(16)
    return [text[start:end].tobytes() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


@given(st.lists(TEXTS, max_size=12))
def test_joined_they_are_what_joining_their_bytes_gives(values):
    with fetched([message(0, offset, value) for offset, value in enumerate(values)]) as (batch, _):
        found, expected = batch.joined(), joined_records(values)
    assert readable(found) == readable(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.tobytes() == other.tobytes()
        assert (one.dtype, one.flags.c_contiguous, one.flags.writeable) == (
            other.dtype,
            other.flags.c_contiguous,
            other.flags.writeable,
        )


@given(st.lists(TEXTS, max_size=12))
def test_only_what_can_be_read_is_in_the_text(values):
    def kept(value):
        try:
            return (value or b"").decode().encode()
        except UnicodeDecodeError:
            return b""

    assert readable(joined_records(values)) == list(map(kept, values))


@pytest.mark.parametrize("size", [RECORD_MAX, RECORD_MAX + 1])
def test_a_record_that_is_too_large_is_empty(size):
    values = [b"a", b"x" * size, b"b"]
    with fetched([message(0, offset, value) for offset, value in enumerate(values)]) as (batch, _):
        assert readable(batch.joined()) == [b"a", values[1] if size == RECORD_MAX else b"", b"b"]
        assert batch.value(1) == values[1]


@given(st.lists(st.tuples(TEXTS, TEXTS, st.booleans()), max_size=12))
def test_each_has_its_own_bytes_also_in_a_part(records):
    messages = [message(n % 3, n, value, key) for n, (value, key, _) in enumerate(records)]
    which = np.array([chosen for *_, chosen in records], np.bool_)
    with fetched(messages) as (batch, _):
        part = batch.part(which)
        found = [(part.value(n), part.key(n)) for n in range(len(part))]
        assert found == [(value, key) for value, key, chosen in records if chosen]
        assert part.offset.tolist() == np.flatnonzero(which).tolist()
        assert part.partition.tolist() == (np.flatnonzero(which) % 3).tolist()
        assert part.sizes.tolist() == [len(value or b"") for value, _ in found]
        assert part.appended_ms.tolist() == [APPENDED_MS] * len(part)
