"""The scanner gives the rows and the rejects that the typed decoder gives, whatever the records are."""

from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.numbers import Network
from models.records import decode
from models.rejects import Reject
from models.row_table import COLUMNS, Rows
from models.rows import rows_of
from models.scan.events import scan
from models.scan.names import numbered, renumbered
from models.scan.rows import scan_rows, warm
from models.tables import FreePrefix, Tables, TariffRow
from models.underpriced import floors_of
from tests.bad_events import AHEAD, BAD_EVENTS, GOOD
from tests.examples import ANSWER, ATTEMPT, RELEASE, TS, event, raw
from tests.models.scan.producers import STYLES, compact, mutated, ordinary, records

NETWORKS = (Network("212"), Network("33", "011", ("+33", "+336")))
TARIFF = (TariffRow("+33", Decimal(50), "MAD"), TariffRow("+338", Decimal(100)), TariffRow("+3387", Decimal(0)))
FLOORS = floors_of(TARIFF)
TABLES = Tables(free_prefixes=(FreePrefix("+800"), FreePrefix("+333", plan="prepaid", until_ms=TS)))


def _told(rows: Rows, rejects: list[Reject]) -> dict[str, Any]:
    """Return all that there is to compare, as plain values."""
    columns = {column: getattr(rows, column) for column in COLUMNS}
    dtypes = {column: values.dtype for column, values in columns.items()}
    values = {column: values.tolist() for column, values in columns.items()}
    return {**values, "dtypes": dtypes, "names": rows.names, "rejects": rejects}


def _assert_same(values, append=None, network=NETWORKS[0], payer="account"):
    """Compare both ways from records to rows, of three sources."""
    source, offset = np.arange(len(values), dtype=np.int32) % 3, np.arange(len(values)) + 100
    decoded = decode(values, append)
    expected, bad = rows_of(decoded, network, TABLES, source, offset, payer, FLOORS)
    rejects = sorted([*decoded.rejects, *bad], key=lambda reject: (reject.record, reject.index))
    found = scan_rows(values, append, network, TABLES, source, offset, payer, FLOORS)
    assert _told(*found) == _told(expected, rejects)


@given(st.lists(ordinary(), min_size=8, max_size=20), st.sampled_from(NETWORKS), st.sampled_from(["account", "caller"]))
def test_ordinary_events(values, network, payer):
    _assert_same(values, None, network, payer)


def _every(**values: list[Any]) -> list[bytes]:
    """Return an event for every combination of some fields' values."""
    return [event(duration_s=9, **dict(zip(values, chosen, strict=True))) for chosen in product(*values.values())]


KINDS = ["attempt", "answer", "release", "cdr", "rating"]


@pytest.mark.parametrize("payer", ["account", "caller"])
def test_every_payer(payer):
    parties = {"account": [None, "", "a"], "trunk_in": [None, "", "a"], "caller": ["", "+212661234567"]}
    _assert_same(_every(**parties, attestation=[None, "A", "B"]), payer=payer)


def test_every_price():
    amounts = {"rate": [None, "0", "1", "-1"], "setup_fee": [None, "0", "1", "-1"], "charge": [None, "0", "1", "-1"]}
    _assert_same(
        _every(event=KINDS, **amounts, free_s=[None, 60], rating_status=[None, "rated", "allowance", "failed"])
    )


def test_every_absurd_price():
    prices = {"rate": [None, "0.5", "2"], "setup_fee": [None, "3"], "charge": [None, "0.1", "9"]}
    where = {"called": ["+33187654321", "+33887654321", "+33787654321"], "currency": [None, "MAD", "EUR"]}
    _assert_same(_every(event=KINDS, **prices, **where, dialled=[None], free_s=[None, 60]))


def test_every_flag():
    ways = [None, "originating", "terminating", "transit", "forwarded", "roaming"]
    dialled = [None, "", "00 33 3 87 65 43 21", "333", "+33387654321"]
    flags = {"test": [None, True, False], "refused_by": [None, "", "a"]}
    _assert_same(_every(event=KINDS, direction=ways, dialled=dialled, **flags))


@pytest.mark.parametrize("network", NETWORKS)
def test_every_sort_of_number(network):
    sorts = [None, "international", "national", "subscriber", "short", "unknown"]
    numbers = ["333", "0612345678", "661234567", "+33612345678", "01133612345678", "00336", "*21#", "1" * 16, "+"]
    _assert_same(_every(called_type=sorts, called=numbers, dialled=numbers, caller=numbers[:3]), network=network)


@given(st.lists(mutated(), max_size=10))
def test_events_with_a_few_bytes_changed(values):
    _assert_same(values)


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_noise(values):
    _assert_same(values)


@given(st.lists(records(), max_size=10), st.lists(st.integers(-1, 2 * TS), min_size=10, max_size=10))
def test_records_of_every_sort(values, append):
    _assert_same(values, append[: len(values)])


@pytest.mark.parametrize("bad", [*BAD_EVENTS, AHEAD], ids=lambda bad: bad.name)
def test_bad_events(bad):
    _assert_same([GOOD, bad.record, GOOD], [TS] * 3)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fields", [ATTEMPT, ANSWER, RELEASE], ids=["attempt", "answer", "release"])
def test_the_contracts_examples(style, fields):
    _assert_same([style(fields), style(fields)])


def test_names_are_numbered_in_the_order_of_rows_whichever_way_they_came():
    odd = event(switch="a\tb", plan="z", trunk="t")
    assert b"\\t" in odd
    _assert_same([event(switch="c", plan="z"), odd, event(switch="t", plan="a\tb"), odd, event(switch="c")])


def test_an_odd_event_in_an_array_leaves_its_neighbours_alone():
    parts = [GOOD, event(plan="a\tb"), event(called="x"), b"17", raw(rate="1e0"), raw(ts="1e3"), GOOD]
    _assert_same(
        [b"[" + b" , ".join(parts) + b"]", b"[]", b"[" + b",".join([*parts, raw(note=r'"\u0041"')]) + b"]", GOOD]
    )


@pytest.mark.parametrize("instead", [b"", b"'", b"\\", b"\n", b"\x1f", b'""', b'\\"'], ids=repr)
def test_no_quote_can_be_anything_else(instead):
    quotes = [at for at, byte in enumerate(GOOD) if byte == ord('"')]
    _assert_same([GOOD[:at] + instead + GOOD[at + 1 :] for at in quotes])


@given(st.integers(0, 10**12), st.integers(0, 18))
def test_amounts_are_rounded_alike(digits, places):
    amount = f"{digits // 10**places}.{digits % 10**places:0{places}}" if places else str(digits)
    _assert_same([event(rate=amount), event(rate=f"{digits // 10}.0000005"), raw(rate=amount)])


def test_an_array_with_more_odd_events_than_there_is_room_for():
    _assert_same([GOOD, b"[" + b",".join([GOOD, b"17"] * 1000) + b"]", GOOD])


def test_a_batch_of_many_events():
    _assert_same([compact({**ATTEMPT, "call_id": str(number), "switch": f"s{number % 97}"}) for number in range(3000)])


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_events_about_as_large_as_they_may_be(size):
    large = event(note="x" * (size - len(event(note=""))))
    assert len(large) == size
    _assert_same([large, b"[" + large + b"]", b"  " + large])


@pytest.mark.parametrize("count", [9_999, 10_000, 10_001])
def test_arrays_about_as_long_as_they_may_be(count):
    small = compact({"event": "rating", "call_id": "a", "ts": TS, "caller": "", "called": "1"})
    _assert_same([b"[" + b",".join([small] * count) + b"]"])


@pytest.mark.parametrize("levels", [13, 14, 15, 16, 61, 128, 129])
def test_events_about_as_deep_as_they_may_be(levels):
    for deep in (raw(note="[" * levels + "]" * levels), raw(note='{"a":' * levels + "1" + "}" * levels)):
        _assert_same([deep, b"[" + deep + b"," + GOOD + b"]"])


def test_no_records_are_no_rows():
    _assert_same([])


def test_the_kernels_compile_ahead_for_the_types_that_batches_have():
    warm()
    kernels = (scan, numbered, renumbered)
    compiled = [len(kernel.signatures) for kernel in kernels]
    assert compiled == [1, 1, 1]
    for values in ([], [GOOD], [None, GOOD, b"x"], [b"[" + GOOD + b"]"], [GOOD] * 100, [event(plan="a\tb"), GOOD]):
        _assert_same(values, [TS] * len(values))
    assert [len(kernel.signatures) for kernel in kernels] == compiled
