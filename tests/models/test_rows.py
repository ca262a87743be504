"""Rows are what their events say, and do not depend on what else was in the batch."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import EventKind
from models.hashing import HASHED, Key, key_of
from models.kinds import EVERY
from models.numbers import Network, Reach
from models.records import decode
from models.rejects import Reason
from models.rows import (
    COLUMNS,
    FLAG_ANSWERED,
    FLAG_ORIGINATING,
    FLAG_REFUSED,
    FLAG_TEST,
    NAMED,
    Price,
    Rows,
    rows_of,
    warm,
)
from models.tables import FreePrefix, Tables
from tests.bad_events import BAD_EVENTS, GOOD
from tests.examples import ANSWER, ATTEMPT, RELEASE, TS, event, hostile

MOROCCO = Network(home_country_code="212")
TABLES = Tables(free_prefixes=(FreePrefix("+800"),))


def _rows(values, append=None, source=None, payer="account"):
    """Return the rows of records, and all rejects in order; the offsets are the records' positions, plus 100."""
    decoded = decode(values, append)
    sources = np.zeros(len(values), np.int32) if source is None else np.array(source, np.int32)
    rows, rejects = rows_of(decoded, MOROCCO, TABLES, sources, np.arange(len(values)) + 100, payer)
    return rows, sorted(decoded.rejects + rejects, key=lambda reject: (reject.record, reject.index))


def _row(record: bytes, **options):
    """Return the only row, its columns by name, the named ones as their texts."""
    rows, rejects = _rows([record], **options)
    assert rejects == []
    return _as_dict(rows, 0)


def _as_dict(rows: Rows, place: int) -> dict[str, object]:
    values = {column: getattr(rows, column)[place].item() for column in COLUMNS}
    return values | {column: rows.names[values[column]] for column in NAMED}


def test_the_contracts_example_gives_three_rows():
    rows, rejects = _rows([event(ATTEMPT), event(ANSWER), event(RELEASE)])
    assert rejects == []
    attempt, answer, release = (_as_dict(rows, place) for place in range(3))
    assert attempt == {
        **{"source": 0, "offset": 100, "index": 0, "ts": TS, "when": TS, "start": TS, "high": TS},
        **{"event": EventKind.ATTEMPT, "flags": FLAG_ORIGINATING, "price": Price.FREE, "rate": 0},
        **{"reach": Reach.INTERNATIONAL, "code": 33, "called": 33387654321, "digits": 11, "caller": 212661234567},
        **{"payer": key_of(Key.ACCOUNT, "acc-0042"), "call": key_of(Key.CALL, "a84b4c76e66710@cas-msc-1")},
        **{"switch": "cas-msc-1", "trunk": "INTL-FR-1", "plan": "prepaid", "currency": "MAD", "rate_key": ""},
        **{"account": key_of(Key.ACCOUNT, "acc-0042"), "via": key_of(Key.TRUNK, "INTL-FR-1")},
        **{"duration": 0, "owns": EVERY, "copy": attempt["copy"]},
    }
    assert release["duration"] == 61_200
    assert (answer["event"], answer["flags"]) == (EventKind.ANSWER, FLAG_ORIGINATING | FLAG_ANSWERED)
    assert (answer["price"], answer["rate"], answer["plan"]) == (Price.NONE, -1, "")
    assert (release["price"], release["start"], release["when"]) == (Price.FREE, 1795467964100, 1795468025300)
    assert attempt["call"] == answer["call"] == release["call"]
    assert len({attempt["copy"], answer["copy"], release["copy"]}) == 3


@pytest.mark.parametrize("bad", BAD_EVENTS, ids=lambda bad: bad.name)
def test_a_bad_event_is_refused_alone(bad):
    rows, rejects = _rows([GOOD, bad.record, GOOD])
    whole = bad.value is None
    (reject,) = rejects
    assert (reject.record, reject.reason, reject.value) == (1, bad.reason, bad.record if whole else bad.value)
    assert reject.index in ((0, -1) if whole else (1,))
    assert (rows.offset.tolist(), rows.index.tolist()) == (
        ([100, 102], [0, 0]) if whole else ([100, 101, 101, 102], [0, 0, 2, 0])
    )


@pytest.mark.parametrize(
    ("fields", "via", "account"),
    [
        ({"trunk": "out", "trunk_in": "in"}, "in", "acc-0042"),
        ({"trunk": "out", "account": None}, "out", None),
        ({"trunk": "", "trunk_in": "in", "account": ""}, "in", None),
        ({"trunk": None}, None, "acc-0042"),
    ],
)
def test_a_call_is_of_the_trunk_that_it_came_in_by(fields, via, account):
    row = _row(event(**fields))
    assert row["via"] == (key_of(Key.TRUNK, via) if via else 0)
    assert row["account"] == (key_of(Key.ACCOUNT, account) if account else 0)


def test_there_is_a_bad_event_for_every_reason():
    assert {bad.reason for bad in BAD_EVENTS} == set(Reason)


def test_a_detail_never_tells_a_whole_number():
    _, rejects = _rows([event(called="+33387654321x"), event(caller=212661234567)])
    assert not any("387654321" in reject.detail or "661234567" in reject.detail for reject in rejects)


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({}, FLAG_ORIGINATING),
        ({"direction": "transit"}, 0),
        ({"test": True}, FLAG_ORIGINATING | FLAG_TEST),
        ({"refused_by": "6f1c"}, FLAG_ORIGINATING | FLAG_REFUSED),
        ({"event": "cdr", "duration_s": 0}, FLAG_ORIGINATING),
        ({"event": "cdr", "duration_s": 0.4}, FLAG_ORIGINATING | FLAG_ANSWERED),
        ({"event": "release", "duration_s": 9}, FLAG_ORIGINATING),
        ({"event": "answer", "test": True, "direction": "roaming"}, FLAG_TEST | FLAG_ANSWERED),
    ],
)
def test_flags(fields, flags):
    assert _row(event(**fields))["flags"] == flags


@pytest.mark.parametrize(
    ("kind", "start", "when"),
    [("attempt", TS, TS), ("release", TS - 61_235, TS), ("cdr", TS, TS + 61_235), ("rating", TS, TS)],
)
def test_a_cdr_ends_and_a_release_began_a_duration_away(kind, start, when):
    row = _row(event(event=kind, duration_s=61.2346))
    assert (row["ts"], row["start"], row["when"]) == (TS, start, when)


def test_a_cdr_cannot_end_later_than_its_append_time_allows():
    row = _row(event(event="cdr", duration_s=86_400), append=[TS + 1000])
    assert (row["when"], row["high"]) == (TS + 301_000, TS + 301_000)


def test_high_is_the_highest_time_that_each_source_has_shown():
    records = [event(ts=TS + shift) for shift in (5, 9, 3, 2, 7)]
    rows, _ = _rows(records, source=[0, 0, 1, 0, 1])
    assert (rows.high - TS).tolist() == [5, 9, 3, 9, 7]
    assert rows.source.tolist() == [0, 0, 1, 0, 1]


_CALLER = {"caller": "+212661234567", "account": None}
_WITHHELD = {"caller": "anonymous", "account": None}


@pytest.mark.parametrize(
    ("fields", "by_account", "by_caller"),
    [
        ({"account": "a"}, "a", "c"),
        ({"account": "a", "caller": ""}, "a", "a"),
        ({"account": "a", "trunk_in": "t"}, "a", "c"),
        ({"account": "a", "trunk_in": "t", "caller": ""}, "a", "a"),
        (_CALLER, "c", "c"),
        ({**_CALLER, "account": ""}, "c", "c"),
        ({**_CALLER, "attestation": "A"}, "c", "c"),
        ({**_CALLER, "trunk_in": "t"}, "t", "t"),
        ({**_CALLER, "trunk_in": "t", "attestation": "B"}, "t", "t"),
        ({**_CALLER, "trunk_in": "t", "attestation": "A"}, "c", "c"),
        (_WITHHELD, "", ""),
        ({**_WITHHELD, "trunk_in": "t"}, "t", "t"),
        ({**_WITHHELD, "trunk_in": "t", "attestation": "A"}, "", "t"),
    ],
    ids=str,
)
def test_who_counts_as_one_payer(fields, by_account, by_caller):
    caller = _row(event(**_CALLER))["payer"]
    known = {"a": key_of(Key.ACCOUNT, "a"), "t": key_of(Key.TRUNK, "t"), "c": caller, "": 0}
    assert caller >= HASHED
    assert _row(event(**fields))["payer"] == known[by_account]
    assert _row(event(**fields), payer="caller")["payer"] == known[by_caller]


def test_one_caller_is_one_payer_however_it_is_written():
    written = ["+212661234567", "00212661234567", "0661 23 45 67"]
    rows, _ = _rows([event(caller=caller, account=None) for caller in written])
    assert len(set(rows.payer.tolist())) == 1


@given(st.lists(st.none() | hostile(), max_size=10))
def test_records_read_together_give_the_rows_that_each_gives_alone(values):
    together, rejects = _rows(values)
    place = 0
    for number, value in enumerate(values):
        alone, refused = _rows([value])
        for row in range(len(alone)):
            expected = _as_dict(alone, row) | {"offset": 100 + number, "high": 0}
            assert _as_dict(together, place) | {"high": 0} == expected
            place += 1
        mine = [(r.index, r.reason, r.value) for r in rejects if r.record == number]
        assert mine == [(r.index, r.reason, r.value) for r in refused]
    assert place == len(together)


def _assert_same(one: Rows, other: Rows) -> None:
    assert [_as_dict(one, i) for i in range(len(one))] == [_as_dict(other, i) for i in range(len(other))]


@given(st.lists(hostile() | st.just(GOOD), max_size=10), st.integers(0, 10))
def test_what_is_cut_in_two_can_be_put_together(values, cut):
    rows, _ = _rows(values)
    _assert_same(Rows.concat([rows.take(slice(0, cut)), rows.take(slice(cut, None))]), rows)


def test_concat_merges_the_names():
    first, _ = _rows([event(switch="a", plan="x"), event(switch="b", plan=None)])
    second, _ = _rows([event(switch="b", plan="a")])
    merged = Rows.concat([first, second, Rows.empty()])
    assert [_as_dict(merged, i)["switch"] for i in range(3)] == ["a", "b", "b"]
    assert [_as_dict(merged, i)["plan"] for i in range(3)] == ["x", "", "a"]
    assert len(set(merged.names)) == len(merged.names)
    assert merged.names[0] == ""


def test_take_keeps_what_a_mask_or_positions_choose():
    rows, _ = _rows([event(ts=TS + shift) for shift in range(4)])
    assert (rows.take(np.array([True, False, False, True])).ts - TS).tolist() == [0, 3]
    assert (rows.take(np.array([2, 0])).ts - TS).tolist() == [2, 0]


def test_no_events_are_no_rows():
    rows, rejects = _rows([])
    assert (len(rows), len(Rows.concat([])), rejects) == (0, 0, [])


def test_columns_have_their_dtypes():
    rows, _ = _rows([GOOD])
    assert {column: getattr(rows, column).dtype for column in COLUMNS} == COLUMNS
    assert [field.name for field in dataclasses.fields(Rows)] == [*COLUMNS, "names"]


def test_the_kernels_compile_ahead_for_the_types_that_batches_have():
    warm()
    from models import columns, digits, hashing, judging, numbers, prices  # noqa: PLC0415 - only here are they kernels

    kernels = [
        value
        for module in (columns, digits, hashing, judging, numbers, prices)
        for value in vars(module).values()
        if hasattr(value, "nopython_signatures")
    ]
    compiled = [len(kernel.signatures) for kernel in kernels]
    _rows([GOOD, event(RELEASE), event(note=[[]])])
    assert [len(kernel.signatures) for kernel in kernels] == compiled
