"""Dead letters: the refused bytes untouched, and never more than the topic takes."""

import pytest

from models.rejects import WHOLE_RECORD, Reason, Reject
from streams.dead_letters import BUILD, ROOM_BYTES, Place, letter
from streams.kafka import MAX_MESSAGE_BYTES
from streams.version import installed

PLACE = Place("signalling.events", 3, 41, b"key")


def reject(value: bytes, index: int = 2) -> Reject:
    return Reject(0, index, Reason.BAD_FIELD, "`cause` is no integer", value)


def test_a_letter_says_why_and_where_from():
    sent = letter(reject(b"{}"), PLACE)
    assert (sent.value, sent.key) == (b"{}", b"key")
    assert dict(sent.headers) == {
        "dlq.reason": b"bad_field",
        "dlq.stage": b"intake",
        "dlq.source": b"signalling.events/3/41#2",
        "dlq.detail": b"`cause` is no integer",
        "dlq.build": f"ringfence/{installed()}".encode(),
        "__connect.errors.topic": b"signalling.events",
        "__connect.errors.partition": b"3",
        "__connect.errors.offset": b"41",
        "__connect.errors.exception.message": b"bad_field: `cause` is no integer",
    }


def test_the_build_is_the_installed_one():
    assert BUILD.startswith(b"ringfence/")
    assert installed() != ""


def test_a_whole_record_is_index_0():
    assert dict(letter(reject(b"", WHOLE_RECORD), PLACE).headers)["dlq.source"].endswith(b"#0")


@pytest.mark.parametrize(
    ("value", "key", "kept_value", "kept_key"),
    [
        ((1 << 20) + 1, 100, (1 << 20) + 1, 100),
        (ROOM_BYTES - 3, 3, ROOM_BYTES - 3, 3),
        (3 << 20, 3, ROOM_BYTES - 3, 3),
        (1 << 20, (1 << 20) + 5, ROOM_BYTES - (1 << 20) - 5, (1 << 20) + 5),
        (10, 3 << 20, 10, None),
    ],
    ids=["over 1 MiB", "just fits", "a value too long", "key and value too long together", "a key too long"],
)
def test_a_record_too_long_for_the_topic_is_cut_and_says_so(value, key, kept_value, kept_key):
    sent = letter(reject(b"v" * value), PLACE._replace(key=b"k" * key))
    assert sent.value == b"v" * kept_value
    assert sent.key == (None if kept_key is None else b"k" * kept_key)
    assert len(sent.value) + len(sent.key or b"") + sum(len(n) + len(v) for n, v in sent.headers) < MAX_MESSAGE_BYTES
    cut = f"the first {kept_value} of its {value} bytes".encode()
    assert (cut in dict(sent.headers)["dlq.detail"]) == (kept_value < value)
