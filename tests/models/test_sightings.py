"""Whose windows an event counts in, and with whom: each kind's key and other party."""

from itertools import pairwise

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.digits import INTERNATIONAL
from models.hashing import Key, key_of
from models.kinds import EVERY, FOLLOWS, Kind
from models.numbers import Network
from models.row_table import COLUMNS, Rows, rows_from
from models.scan.rows import scan_rows
from models.share import Share
from models.sightings import Sightings
from models.tables import Tables
from models.windows.updating import columns_of

TS = 1_795_460_000_000
DAY = 3


def event(**changes: object) -> bytes:

    fields = {"event": "attempt", "call_id": "c1", "ts": TS, "caller": "+212661234567", "called": "+33387654321"}
    return orjson.dumps(fields | {"account": "acc-1", "trunk": "out-1"} | changes)


def rows(*values: bytes) -> Rows:
    size = len(values)
    made, rejects = scan_rows(
        values, None, Network(home_country_code="212"), Tables(), np.zeros(size, np.int32), np.arange(size)
    )
    assert not rejects
    return made


def count(sightings: Sightings, batch: Rows, counted: bool = True) -> None:
    sightings.count(Share.of(batch), np.full(len(batch), counted), np.maximum.accumulate(batch.when))


def attempts(sightings: Sightings, kind: Kind, key: int) -> tuple[int, int]:
    """Attempts and distinct other parties in the day's window."""
    features = sightings.windows[kind].features(np.array([key], np.uint64), TS + 1_000)
    return int(features.attempts[0, DAY]), int(features.distinct[0, DAY])


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (Kind.CALLER, 212661234567),
        (Kind.ACCOUNT, key_of(Key.ACCOUNT, "acc-1")),
        (Kind.CALLED, 33387654321),
        (Kind.PREFIX, 33387),
        (Kind.TRUNK, key_of(Key.TRUNK, "out-1")),
    ],
)
def test_an_event_counts_for_every_key_that_it_names(kind, key):
    sightings = Sightings(100)
    count(sightings, rows(event()))
    assert attempts(sightings, kind, key) == (1, 1)
    assert [len(windows) for windows in sightings.windows] == [1] * len(Kind)


@pytest.mark.parametrize(
    ("called", "prefix"), [("+12125550123", 1212), ("+4930123456", 49301), ("+35312345678", 353123), ("+88612", 88612)]
)
def test_a_prefix_is_a_calling_code_and_three_digits(called, prefix):
    sightings = Sightings(100)
    count(sightings, rows(event(called=called)))
    assert sightings.windows[Kind.PREFIX].keys().tolist() == [prefix]


@pytest.mark.parametrize("called", ["+212522000000", "333", "0522000000"])
def test_numbers_at_home_have_no_prefix(called):
    sightings = Sightings(100)
    count(sightings, rows(event(called=called)))
    assert len(sightings.windows[Kind.PREFIX]) == 0
    assert len(sightings.windows[Kind.CALLED]) == 1


def test_nobody_has_no_windows():
    sightings = Sightings(100)
    count(sightings, rows(event(caller="", account=None, trunk=None)))
    assert [len(windows) for windows in sightings.windows] == [0, 0, 1, 1, 0]


def test_only_the_owner_counts_and_only_what_counts():
    sightings, batch = Sightings(100), rows(event(), event(call_id="c2", caller="+212661234568"))
    batch.owns[:] = EVERY & ~(1 << Kind.CALLED)
    count(sightings, batch)
    assert [len(windows) for windows in sightings.windows] == [2, 1, 0, 1, 1]
    count(sightings, rows(event(call_id="c3", called="+33311111111")), counted=False)
    assert len(sightings.windows[Kind.PREFIX]) == 1


def test_an_event_beyond_what_windows_hold_counts_in_none_and_stops_no_clock():
    sightings = Sightings(100)
    count(sightings, rows(event(ts=4_000_000_000_000), event(call_id="c2")))
    assert [len(windows) for windows in sightings.windows] == [0] * len(Kind)


def test_hours_of_the_week_are_kept_of_all_who_are_busy():
    sightings = Sightings(100)
    count(sightings, rows(*(event(call_id=f"c{nth}", ts=TS + nth * 20_000) for nth in range(100))))
    assert [len(table.hours) for table in sightings.tables.values()] == [1] * len(Kind)
    assert len(Sightings(100).tables["caller"].hours) == 0


keys = st.one_of(st.sampled_from([0, 33387654321, 2**63 + 5]), st.integers(1, 300))
drawn = st.lists(
    st.tuples(
        st.integers(0, 3),
        *[keys] * 4,
        st.integers(0, EVERY),
        st.booleans(),
        st.integers(0, 40_000_000),
    ),
    max_size=60,
)


def batch_of(events) -> tuple[Rows, np.ndarray]:
    """Rows of drawn events, and which of them count."""
    columns = {name: np.zeros(len(events), dtype) for name, dtype in COLUMNS.items()}
    for row, (event_kind, caller, account, called, via, owns, _, after_ms) in enumerate(events):
        columns["event"][row], columns["owns"][row], columns["ts"][row] = event_kind, owns, TS + after_ms
        columns["caller"][row], columns["account"][row], columns["via"][row] = caller, account, via
        columns["called"][row], columns["digits"][row] = called, len(str(called))
        columns["code"][row], columns["reach"][row] = 33, INTERNATIONAL
    return rows_from(columns, ("",)), np.array([counted for *_, counted, _ in events], np.bool_)


def kind_by_kind(sightings: Sightings, batch: Rows, counted: np.ndarray, clock: np.ndarray) -> None:
    """Count with columns made for each kind, and each table by itself."""
    tail = np.uint64(10) ** np.maximum(batch.digits.astype(np.int64) - 5, 0).astype(np.uint64)
    prefix = np.where((batch.owns & FOLLOWS > 0) & (batch.digits <= 15), batch.called // tail, np.uint64(0))
    keys = (batch.caller, batch.account, batch.called, prefix, batch.via)
    others = (batch.called, batch.caller, batch.caller, batch.caller, batch.called)
    for kind, key, other in zip(Kind, keys, others, strict=True):
        mine = counted & (batch.owns >> kind & 1 > 0) & (key != 0)
        facts = (key, other, batch.ts, batch.event, batch.flags, batch.duration, clock)
        events = columns_of(column[mine] for column in facts)
        if len(events.ts):
            latest_ms = int(max(events.ts.max(), events.clock.max()))
            sightings.tables[kind.name.lower()].count(events, np.arange(len(events.ts), dtype=np.int32), latest_ms)


@settings(deadline=None)
@given(drawn, st.sampled_from([1, 64 * 2, 10_000]), st.sets(st.integers(0, 60)))
def test_rows_are_counted_as_if_each_kind_had_columns_of_its_own(events, keys_max, cuts):
    found, expected = Sightings(keys_max), Sightings(keys_max)
    batch, counted = batch_of(events)
    clock = np.maximum.accumulate(batch.ts)
    for begin, end in pairwise([0, *sorted(cut for cut in cuts if cut < len(batch)), len(batch)]):
        part = batch.take(slice(begin, end))
        found.count(Share.of(part), counted[begin:end], clock[begin:end])
    kind_by_kind(expected, batch, counted, clock)
    for name, table in expected.tables.items():
        slices = range(len(table.dirty))
        assert found.tables[name].dirty.tolist() == table.dirty.tolist()
        assert [found.tables[name].slice_bytes(at) for at in slices] == [table.slice_bytes(at) for at in slices]


def test_an_event_before_1970_is_an_error_and_nothing_is_counted():
    sightings, batch = Sightings(100), rows(event(), event(call_id="c2"))
    batch.ts[1] = -1
    with pytest.raises(ValueError, match="1970"):
        count(sightings, batch)
    assert [len(windows) for windows in sightings.windows] == [0] * len(Kind)


def test_tables_are_named_apart():
    assert list(Sightings(100).tables) == ["caller", "account", "called", "prefix", "trunk"]
