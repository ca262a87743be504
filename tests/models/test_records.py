"""Bytes become events or rejects, and what a record gives never depends on its neighbours."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Event
from models.records import Decoded, decode
from models.rejects import Reason, Reject
from tests.bad_events import AHEAD, GOOD
from tests.examples import ANSWER, ATTEMPT, RELEASE, TS, event, hostile, raw


def _only(record: bytes) -> Event:
    decoded = decode([record])
    assert decoded.rejects == []
    return decoded.events[0]


def _parts(decoded: Decoded, record: int) -> tuple[list[tuple[int, str]], list[tuple[Any, ...]]]:
    """Return what one record of a batch gave, as if it had been alone; events as text, for NaN is not itself."""
    mine = np.flatnonzero(decoded.record == record)
    rejects = [(r.index, r.reason, r.detail, r.value) for r in decoded.rejects if r.record == record]
    return [(int(decoded.index[place]), repr(decoded.events[place])) for place in mine], rejects


@pytest.mark.parametrize("fields", [ATTEMPT, ANSWER, RELEASE], ids=["attempt", "answer", "release"])
def test_the_contracts_example_is_read_field_by_field(fields):
    read = _only(event(fields))
    for name in Event.__struct_fields__:
        expected = fields.get(name, 1 if name == "v" else None)
        value = getattr(read, name)
        assert (str(value) if name in ("rate", "charge") and value is not None else value) == expected


def test_an_array_is_its_events_in_order():
    decoded = decode([GOOD, b" [" + event(call_id="b") + b" , " + event(call_id="c") + b"]\n", b"[]", GOOD])
    assert [read.call_id[:1] for read in decoded.events] == ["a", "b", "c", "a"]
    assert (decoded.record.tolist(), decoded.index.tolist()) == ([0, 1, 1, 3], [0, 0, 1, 0])
    assert decoded.rejects == []


@pytest.mark.parametrize(
    "record",
    [
        event(note={"x": [1, 2, {"y": None}]}),
        event(v=...),
        event(v=None, plan=None, duration_s=None, test=None, rate=None),
        event(note="[" * 40 + '"{{'),
        raw(note="[" * 15 + "]" * 15),
        b"[" + raw(note="[" * 14 + "]" * 14) + b"]",
        raw(note='"' + r"\"[" * 40 + '"'),
        event(call_id="x" * 128),
        event(call_id="\u00e9" * 128),
        event(plan="pr\u00e9pay\u00e9", note="\u2603"),
        event(note="x" * (65_536 - len(event(note="")))),
        raw(rate="12.50", duration_s="0", cause="-1"),
        b"\r\n\t " + event() + b" \n",
    ],
)
def test_what_the_contract_allows_is_read(record):
    assert _only(record).called == "+33387654321"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-24T21:06:00.281Z", 1795554360281),
        ("2026-11-24T22:06:00.2819+01:00", 1795554360281),
        ("2000-01-01T00:00:00Z", 946684800000),
        ("9999-12-31T23:59:59.999Z", 253402300799999),
    ],
)
def test_rfc_3339_text_is_the_same_as_its_milliseconds(text, ms):
    assert _only(event(ts=text)).ts == ms


@pytest.mark.parametrize(
    ("ahead", "append", "good"),
    [
        (0, [TS], True),
        (300_000, [TS], True),
        (300_001, [TS], False),
        (300_001, None, True),
        (300_001, [-1], True),
        (10**11, [TS], False),
    ],
)
def test_a_ts_may_be_five_minutes_ahead_of_its_append_time(ahead, append, good):
    decoded = decode([event(ts=TS + ahead)], append)
    assert (len(decoded.events), [reject.reason for reject in decoded.rejects]) == (
        (1, []) if good else (0, [Reason.TS_AHEAD])
    )


def test_an_event_ahead_of_time_is_refused_alone_with_its_own_bytes():
    decoded = decode([GOOD, b"[" + GOOD + b", " + AHEAD.record + b" ,17]"], [TS, TS])
    assert [(r.record, r.index, r.reason, r.value) for r in decoded.rejects] == [
        (1, 1, Reason.TS_AHEAD, AHEAD.record),
        (1, 2, Reason.NOT_AN_EVENT, b"17"),
    ]
    assert decoded.record.tolist() == [0, 1]


def test_no_value_is_a_reject_without_bytes():
    assert decode([None]).rejects == [Reject(0, -1, Reason.EMPTY, "no value", b"")]


def test_nothing_gives_nothing():
    decoded = decode([], [])
    assert (decoded.events, decoded.rejects, len(decoded.record)) == ([], [], 0)


def test_a_detail_is_one_short_line():
    (reject,) = decode([event(event="x\n" * 5000)]).rejects
    assert reject.detail.isprintable()
    assert len(reject.detail) <= 200


def test_one_bad_record_in_thousands_is_found():
    values = [GOOD] * 3000
    values[1700] = raw(note='"\u00e9"').replace(b"\xc3\xa9", b"\xe9")
    values[2998] = b"[" + raw(note="[" * 15 + "]" * 15) + b"]"
    values[2999] = raw(note="[" * 16 + "]" * 16)
    decoded = decode(values)
    assert [(r.record, r.reason) for r in decoded.rejects] == [
        (1700, Reason.NOT_UTF8),
        (2998, Reason.TOO_DEEP),
        (2999, Reason.TOO_DEEP),
    ]
    assert len(decoded.events) == 2997


def test_an_array_is_a_level_of_its_own():
    (reject,) = decode([b"[" + raw(note="[" * 15 + "]" * 15) + b"]"]).rejects
    assert reject.reason == Reason.TOO_DEEP


def test_half_a_character_is_not_made_whole_by_the_next_record():
    halves = [event(note="?").replace(b"?", half) for half in (b"\xc3", b"\xa9")]
    assert [reject.reason for reject in decode(halves).rejects] == [Reason.NOT_UTF8] * 2


def test_records_over_64_kib_are_read_like_small_ones():
    decoded = decode([b"[" + b",".join([GOOD] * 900) + b"]"])
    assert (len(decoded.events), decoded.rejects) == (900, [])


@given(st.lists(st.none() | hostile(), max_size=12), st.booleans())
def test_records_read_together_give_what_each_gives_alone(values, timed):
    append = [TS + 1000 * number for number in range(len(values))] if timed else None
    together = decode(values, append)
    for number, value in enumerate(values):
        alone = decode([value], append[number : number + 1] if append else None)
        assert _parts(together, number) == _parts(alone, 0)


@given(st.lists(hostile(), max_size=8))
def test_no_good_event_is_lost_or_made_by_a_hostile_neighbour(values):
    mixed = [value for pair in zip(values, [GOOD] * len(values), strict=True) for value in pair]
    decoded = decode(mixed)
    for number in range(1, len(mixed), 2):
        assert _parts(decoded, number) == ([(0, repr(_only(GOOD)))], [])
