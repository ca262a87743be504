"""Ordinary events are plain, so that the scanner pays; whatever needs care is odd."""

import numpy as np
import pytest

from models.scan.batch import Batch, batch_of, joined_records, records_of
from models.scan.layout import END, INDEX, RECORD, START, WHOLE
from tests.bad_events import BAD_EVENTS, GOOD
from tests.examples import ANSWER, ATTEMPT, RELEASE, event, raw
from tests.models.scan.producers import STYLES


def _batch(*values: bytes) -> Batch:
    source = np.zeros(len(values), np.int32)
    return batch_of(records_of(joined_records(values), values.__getitem__, None, source, np.arange(len(values))))


def _odd(*values: bytes) -> list[tuple[int, int]]:
    """Return record and index of what is odd."""
    odd = _batch(*values).odd
    return list(zip(odd[RECORD].tolist(), odd[INDEX].tolist(), strict=True))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fields", [ATTEMPT, ANSWER, RELEASE], ids=["attempt", "answer", "release"])
def test_the_contracts_examples_are_plain(style, fields):
    assert _odd(style(fields), b"[" + style(fields) + b",\n" + style(fields) + b"]") == []


@pytest.mark.parametrize(
    "record",
    [
        event(ts="2026-11-24T21:06:00.281+01:00"),
        event(v=..., plan=None, rate=None, duration_s=None, test=None, direction=None),
        event(plan="pr\u00e9pay\u00e9"),
        event(caller="Anonymous", called="*21#", dialled="06 12.34-56"),
        event(note={"x": [1, {"y": None}], "z": 'q"'}, other=-1.5e9),
        event(rate="0.0583333", setup_fee=-1, charge=0.25, free_s=60.5, cause=-1, test=True),
        event(call_id="x" * 128, account="y" * 256),
        raw(note="[" * 15 + "]" * 15),
        b"[]",
        b" [ ] ",
    ],
)
def test_what_is_ordinary_somewhere_is_plain(record):
    assert _odd(GOOD, record, GOOD) == []


@pytest.mark.parametrize(
    "record",
    [
        event(plan="a\tb"),
        GOOD.replace(b'"plan"', b'"pl\\u0061n"'),
        raw(note='"\\u00e9"'),
        raw(rate="1e3"),
        raw(duration_s="1e1"),
        event(rate="007"),
        event(rate="1." + "0" * 18),
        raw(plan='"a","plan":"b"'),
        event(called="+33 3"),
        event(account="\u00e9" * 129),
        GOOD + b"\0",
        GOOD.replace(b'prepaid"', b"prepaid\\"),
        GOOD.replace(b'plan":', b"plan\n:"),
    ],
)
def test_what_needs_care_is_odd(record):
    assert _odd(GOOD, record, GOOD) == [(1, WHOLE)]


@pytest.mark.parametrize("bad", BAD_EVENTS, ids=lambda bad: bad.name)
def test_what_is_bad_is_odd(bad):
    found = _odd(GOOD, bad.record, GOOD)
    assert found == [(1, WHOLE if bad.value is None or bad.record[:1] != b"[" else 1)]


def test_an_odd_event_of_an_array_has_its_own_bytes():
    bad = raw(rate="1e3")
    batch = _batch(GOOD, b"[" + GOOD + b" , " + bad + b"\n]")
    assert batch.odd[[RECORD, INDEX]].tolist() == [[1], [1]]
    assert batch.text[batch.odd[START, 0] : batch.odd[END, 0]].tobytes() == bad
    assert batch.columns.places.tolist() == [[0, 1], [WHOLE, 0]]


def test_no_record_goes_on_in_the_next():
    half = len(GOOD) // 2
    for values in ((GOOD[:half], GOOD[half:]), (b"[" + GOOD, GOOD + b"]"), (GOOD[:-1], b"}"), (b'{"a":"', b'"}')):
        assert _odd(*values) == [(0, WHOLE), (1, WHOLE)]


def test_where_there_is_no_room_for_an_array_it_is_odd():
    small = b'{"event":"rating","call_id":"a","ts":1795467960281,"caller":"","called":"1"}'
    assert _odd(b" [" + b",".join([small] * 50) + b"]") == [(0, WHOLE)]
