"""The oracle by itself, and beside our own reading of single records: what a record gives is the same for both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from models.numbers import Network
from models.scan.rows import scan_rows
from models.tables import Tables
from tests.bad_events import AHEAD, BAD_EVENTS, Bad
from tests.examples import ATTEMPT, RELEASE, TS, event, hostile
from tests.faults.oracle.calls import read_log
from tests.faults.oracle.consult import consult
from tests.faults.oracle.counting import judge, windows
from tests.faults.oracle.facts import AmbiguousError, Facts, Record
from tests.faults.oracle.leaks import Expected
from tests.faults.oracle.wire import Refused, read

FACTS = Facts(short_codes=frozenset({"333"}), tariff={"34": "2.50"})
NETWORK = Network(home_country_code="212")


def log(*values: bytes, append_ms: int = TS) -> list[Record]:
    return [Record(0, offset, b"k", append_ms, value) for offset, value in enumerate(values)]


@pytest.mark.parametrize("bad", [*BAD_EVENTS, AHEAD], ids=lambda bad: bad.name)
def test_every_kind_of_bad_input_is_refused_for_its_reason_with_its_own_bytes(bad: Bad):
    refused = [found for found in read(bad.record, TS) if isinstance(found, Refused)]
    expected = bad.record if bad.value is None else bad.value
    assert [(found.reason, found.value) for found in refused] == [(bad.reason.value, expected)]


def ours(value: bytes) -> tuple[list[object], list[object]]:
    rows, rejects = scan_rows([value], [TS], NETWORK, Tables(), np.zeros(1, np.int32), np.zeros(1, np.int64))
    names = rows.names
    good = [
        (
            index, ts, when, start, int(event), duration, price, names[switch], names[plan], reach == 2, code,
            caller if caller < 10**15 else -1,
        )
        for index, ts, when, start, event, duration, price, switch, plan, reach, code, caller in zip(
            *(getattr(rows, name).tolist() for name in ("index", "ts", "when", "start", "event", "duration", "price",
            "switch", "plan", "reach", "code", "caller")), strict=True,
        )
    ]  # fmt: skip
    return good, [(max(reject.index, 0), reject.reason.value, reject.value) for reject in rejects]


PRICES = ("", "free", "paid", "allowance", "failed", "unrated", "declared")
KINDS = ("attempt", "answer", "release", "cdr", "rating")


def theirs(value: bytes) -> tuple[list[object], list[object]]:
    calls, letters = read_log(log(value), FACTS, "t")
    good = [
        (
            call.index, call.ts, call.when, call.start, KINDS.index(call.kind), call.duration_ms,
            PRICES.index(call.price), call.switch, call.plan, call.called.abroad, int(call.called.code or 0),
            int(call.caller[1:]) if call.caller.startswith("+") and len(call.caller) <= 16 and call.caller[1] != "0"
            else -1 if call.caller else 0,
        )
        for call in calls
    ]  # fmt: skip
    bad = [(int(letter.source.partition("#")[2]), letter.reason, letter.value) for letter in letters]
    return good, bad


@examples(max_examples=300)
@given(hostile())
def test_our_reading_of_any_record_is_the_oracles(value):
    assert ours(value) == theirs(value)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "called": st.sampled_from(
            ["+33387654321", "0033387654321", "333", "0661234567", "00", "+0661", "*21#", "33387654321", "+999123456",
             "+3361", "0 6.61-23/45(67)", "+212 661234567", "1" * 16, "+" + "1" * 16]
        ),
        "called_type": st.sampled_from(["international", "national", "subscriber", "short", "unknown", None]),
        "caller": st.sampled_from(["+212661234567", "0661234567", "661234567", "anonymous", "", "12", "*1", "00336"]),
        "dialled": st.sampled_from(["0033387654321", "33387654321", "387654321", "+33387654321", "333", "", None]),
        "rate": st.sampled_from(["0", 0, "0.00", "1.5", -1, "-0", "1e-400", None, ...]),
        "setup_fee": st.sampled_from(["0", "0.1", "-1", None]),
        "charge": st.sampled_from(["0", "0.00", 1, "-2", None]),
        "free_s": st.sampled_from([0, 60, 61.2, None]),
        "rating_status": st.sampled_from(["rated", "allowance", "failed", None]),
        "direction": st.sampled_from(["originating", "transit", "roaming", None]),
        "test": st.sampled_from([True, False, None]),
        "refused_by": st.sampled_from(["x", "", None]),
        "event": st.sampled_from(["attempt", "answer", "release", "cdr", "rating"]),
        "duration_s": st.sampled_from([0, 0.0005, 2.4995, 61.2, 400]),
    },
)  # fmt: skip


@examples(max_examples=500)
@given(st.sampled_from([ATTEMPT, RELEASE]), FIELDS)
def test_our_reading_of_any_event_is_the_oracles(base, changes):
    assert ours(event(base, **changes)) == theirs(event(base, **changes))


def test_late_events_count_in_no_window_and_copies_once():
    late = event(call_id="late", ts=TS - 600_001)
    calls, _ = read_log(log(event(), event(), late, event(call_id="edge", ts=TS - 600_000)), FACTS, "t")
    judged = judge(calls, FACTS)
    assert dict(judged.counts) == {"counted": 2, "duplicates": 1, "late": 1}
    assert windows(judged.counted, TS)["caller", "+212661234567"].distinct == [1, 1, 1, 1]


def test_a_copy_that_is_late_in_another_partition_is_ambiguous():
    records = [Record(0, 0, None, TS, event()), Record(1, 0, None, TS, event(call_id="new", ts=TS)),
               Record(1, 1, None, TS, event(ts=TS - 700_000))]  # fmt: skip
    records[0] = records[0]._replace(value=event(ts=TS - 700_000))
    with pytest.raises(AmbiguousError):
        consult(records, FACTS)


def test_buckets_end_at_the_highest_event_time():
    calls, _ = read_log(log(event(call_id="a", ts=TS - 61_000), event(call_id="b")), FACTS, "t")
    held = windows(calls, TS)["called", "+33387654321"].buckets
    assert [sum(bucket[0] for bucket in window) for window in held] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("called", "payers", "paid", "expected"),
    [
        (["+33317654321", "+33327654321"], 2, [], [Expected("prefix:+333", "block", "zero_cost_route", 2, TS)]),
        (["+33317654321"], 1, [], []),
        (
            ["+34617654321", "+34627654321", "+34637654321"],
            3,
            ["+34910000000"],
            [
                Expected("prefix:+346", "limit", "zero_cost_route", 2, TS + 1),
                Expected("prefix:+346", "block", "zero_cost_route", 3, TS + 1),
            ],
        ),
    ],
)
def test_the_odds_of_the_design_give_the_commands(called, payers, paid, expected):
    numbers = [(number, "3.5") for number in paid] + [(number, "0") for number in called]
    values = [
        event(call_id=f"c{n}", ts=TS + n, called=number, rate=rate, account=f"a{n}", dialled=...)
        for n, (number, rate) in enumerate(numbers)
    ]
    assert consult(log(*values), FACTS).commands == expected
