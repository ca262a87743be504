"""Whose windows an event counts in, and with whom: each kind's key and other party."""

import numpy as np
import orjson
import pytest

from models.hashing import Key, key_of
from models.kinds import EVERY, Kind
from models.numbers import Network
from models.row_table import Rows
from models.scan.rows import scan_rows
from models.share import Share
from models.sightings import Sightings
from models.tables import Tables

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


def test_hours_of_the_week_are_kept_of_prefixes_and_trunks():
    sightings = Sightings(100)
    count(sightings, rows(event(), event(call_id="c2")))
    week = 7 * 86_400_000
    for kind, key in ((Kind.PREFIX, 33387), (Kind.TRUNK, key_of(Key.TRUNK, "out-1"))):
        usual = sightings.hours[kind].usual(np.array([key], np.uint64), TS + week)
        assert usual.attempts.tolist() == [2.0]


def test_tables_are_named_apart():
    assert list(Sightings(100).tables) == [
        *("caller", "account", "called", "prefix", "trunk"),
        *("prefix-hours", "trunk-hours"),
    ]
