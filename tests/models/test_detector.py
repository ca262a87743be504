"""The detector: snapshots at any point, batches of any size, several sources, and names beyond its limit."""

import copy
import functools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import calls
from support.calls import MINUTE, NOON, SECOND, VOICEMAIL, charged, event, free, number, paid

import models.name_table
from models.detector import Detector
from models.findings import Leak, Totals, encode
from models.fingerprints import Prints
from models.numbers import Network
from models.odds import Limits
from models.records import decode
from models.rows import COLUMNS, Rows, rows_from, rows_of
from models.rules import knowledge_of
from models.share import Share

NETWORK = Network(home_country_code="212")
MORNING = calls.morning(calls=320)


def detector() -> Detector:
    return Detector(knowledge_of(VOICEMAIL, Limits()), 600_000, 86_400_000)


def rows(to: Detector, lines: list[bytes], first: int, origin: str = "events/0/") -> Rows:
    source = np.full(len(lines), to.source(origin), np.int32)
    made, bad = rows_of(decode(lines), NETWORK, VOICEMAIL, source, np.arange(first, first + len(lines)))
    assert not bad
    return made


def restored(old: Detector, prints) -> Detector:
    """A detector built from what would be on pages."""
    pages = {"detector": old.snapshot(), "routes": {code: r.snapshot() for code, r in old.routes.items()}}
    pages["prints"] = [(part.packed(), part.until) for part in prints if len(part.keys)]
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(pages), strict=True)
    new = detector()
    new.load(read["detector"])
    for code, state in read["routes"].items():
        new.load_route(int(code), state)
    for page, until in read["prints"]:
        new.admission.load(Prints.unpacked(page, until))
    return new


@functools.cache
def taught():
    """A detector after a morning, and the fingerprints that it wrote to pages."""
    judge = detector()
    batch = rows(judge, MORNING, 0)
    _, judged = judge.apply(Share.of(batch), "rows", 0, None)
    return judge, [judge.admission.fingerprints(batch, judged)]


def played(lines: list[bytes], cuts=(), stops=()) -> list[bytes]:
    """Findings of lines in batches that end at `cuts`; at `stops` the detector is built anew from its pages."""
    judge, prints = copy.deepcopy(taught())
    told, begin = [], 0
    for end in [*sorted({cut for cut in {*cuts, *stops} if cut < len(lines)}), len(lines)]:
        batch = rows(judge, lines[begin:end], begin + len(MORNING))
        findings, judged = judge.apply(Share.of(batch), "rows", 0, None)
        told += [encode(finding) for finding in findings]
        prints.append(judge.admission.fingerprints(batch, judged))
        if end in stops:
            judge = restored(judge, prints)
        begin = end
    return told


@st.composite
def days(draw):
    """A lively hour out of order: copies, late calls, call records, charges, prices apart."""
    lines = []
    for nth in range(draw(st.integers(5, 40))):
        ts = NOON + nth * 20 * SECOND - draw(st.sampled_from([0, 0, SECOND, 3 * MINUTE, 20 * MINUTE]))
        called = number(draw(st.sampled_from(["+3331", "+3332", "+3345", "+2165"])), draw(st.integers(0, 9)))
        payer = draw(st.integers(0, 9))
        where = {"switch": draw(st.sampled_from(calls.SWITCHES)), "call_id": f"d{draw(st.integers(0, nth))}"}
        kind = draw(st.sampled_from(["free", "free", "paid", "charged", "answer", "cdr", "rating", "copy"]))
        if kind == "charged":
            lines += [free(called, payer, ts, **where), charged(called, payer, ts, **where)]
        elif kind == "copy" and lines:
            lines.append(draw(st.sampled_from(lines)))
        elif kind in ("answer", "cdr", "rating"):
            price = {} if kind == "answer" else {"charge": draw(st.sampled_from(["0", "2"])), "duration_s": 60}
            lines.append(event(kind, where["call_id"], ts, called, payer, switch=where["switch"], **price))
        else:
            lines.append((paid if kind == "paid" else free)(called, payer, ts, **where))
    return lines


@settings(max_examples=40, deadline=None)
@given(days(), st.data())
def test_batches_of_any_size_give_the_same_findings(lines, data):
    cuts = data.draw(st.sets(st.integers(0, len(lines))))
    whole = played(lines)
    assert played(lines, cuts) == whole
    assert played(lines, range(len(lines))) == whole


@settings(max_examples=40, deadline=None)
@given(days(), st.data())
def test_a_detector_restored_at_any_point_goes_on_as_if_never_stopped(lines, data):
    stops = data.draw(st.sets(st.integers(0, len(lines)), max_size=3))
    assert played(lines, stops=stops) == played(lines)


def apply(to: Detector, lines: list[bytes], first: int, position: int | None = None) -> list:
    return to.apply(Share.of(rows(to, lines, first)), "rows", 3, position)[0]


def test_findings_of_one_block_carry_its_position_and_rise_in_index():
    judge = detector()
    apply(judge, MORNING, 0)
    found = apply(judge, [free(number("+333", nth), nth, NOON + nth * SECOND) for nth in range(4)], 900, position=17)
    assert [(f.source.log, f.source.partition, f.source.position) for f in found] == [("rows", 3, 17)] * len(found)
    assert [f.source.index for f in found] == list(range(len(found)))
    leak = next(f for f in found if isinstance(f, Leak) and f.grade == "block")
    assert leak.evidence.offsets == ("events/0/900", "events/0/901")


def test_a_minute_is_told_when_event_time_leaves_it():
    judge = detector()
    lines = [event("answer", f"a{nth}", NOON + nth * 20 * SECOND, "+33312345678", nth) for nth in range(7)]
    totals = [f for f in apply(judge, lines, 0) if isinstance(f, Totals)]
    counted = {}
    for one in totals:
        counted |= dict(one.minutes)
    first = NOON // MINUTE
    by_hand = {}
    for nth in range(7):
        minute = (NOON + nth * 20 * SECOND) // MINUTE
        by_hand[minute] = by_hand.get(minute, 0) + 1
    del by_hand[max(by_hand)]
    assert counted == by_hand
    assert min(counted) == first


def test_answered_calls_at_home_are_in_the_totals_and_make_no_route():
    judge = detector()
    lines = [event("answer", f"a{nth}", NOON, called, nth) for nth, called in enumerate(("+212522123456", "333"))]
    found = apply(judge, [*lines, event("answer", "b", NOON + MINUTE, "+33312345678", 2)], 0)
    assert [one.minutes for one in found if isinstance(one, Totals)] == [((NOON // MINUTE, 2),)]
    assert list(judge.routes) == [33]


def test_a_partition_that_is_read_after_another_is_told_as_it_is_read():
    """Of a backlog the newest minute has turned long before the second partition's calls come."""
    judge, told = detector(), {}
    for partition in range(2):
        lines = [event("answer", f"{partition}-{nth}", NOON + nth * MINUTE, "+33312345678", nth) for nth in range(9)]
        batch = rows(judge, lines, 0, f"events/{partition}/")
        found, _ = judge.apply(Share.of(batch), "rows", 0, partition)
        for one in found:
            told |= dict(one.minutes) if isinstance(one, Totals) else {}
    assert told == {NOON // MINUTE + nth: 2 for nth in range(8)}


def test_late_copied_and_old_rows_are_counted_apart():
    judge = detector()
    line = paid("+33312345678", 1, NOON)
    late = paid("+33312345678", 2, NOON - 11 * MINUTE)
    old = paid("+33312345678", 3, NOON - 25 * 60 * MINUTE)
    apply(judge, [line, line, late, old], 0)
    assert judge.counts == {"counted": 1, "late": 1, "duplicates": 1, "too_late": 1}


def test_a_late_price_is_evidence_and_no_answered_call():
    judge = detector()
    apply(judge, MORNING, 0)
    now = [paid("+34612345678", 1, NOON + 60 * MINUTE)]
    late = [free(number("+333", nth), nth, NOON + nth * SECOND) for nth in range(3)]
    found = apply(judge, [*now, *late], 900)
    assert any(isinstance(f, Leak) and f.grade == "block" for f in found)


@pytest.mark.parametrize("limit", [2, 3])
def test_names_beyond_the_limit_share_one_and_are_no_place_to_block(monkeypatch, limit):
    monkeypatch.setattr(models.name_table, "NAMES_MAX", limit)
    judge = detector()
    apply(judge, MORNING, 0)
    found = apply(judge, [free(number("+333", nth), nth, NOON + nth * SECOND, switch="s9") for nth in range(4)], 900)
    leaks = [f for f in found if isinstance(f, Leak)]
    assert any(f.grade == "block" for f in leaks)
    assert all("…" not in (f.subject.switch, f.subject.plan) for f in leaks)


def lone_switch_leak(judge: Detector) -> list[Leak]:
    """A leak of one switch only, after calls that named `limit` rows of a rate table."""
    lines = []
    for nth in range(6):
        lines.append(free(number("+333", nth), nth, NOON + nth * SECOND, switch="s9", rate_key=f"row {nth}"))
        lines += [
            paid(number("+333", nth), 50 + nth, NOON + nth * SECOND + 1, switch="s1", plan=p) for p in calls.PLANS
        ]
    return [f for f in apply(judge, lines, 5_000) if isinstance(f, Leak)]


def test_a_flood_of_row_names_leaves_room_for_switches(monkeypatch):
    monkeypatch.setattr(models.name_table, "NAMES_MAX", 8)
    judge = detector()
    flood = [paid(number("+333", nth), nth, NOON - MINUTE + nth, switch="s1", rate_key=f"r{nth}") for nth in range(50)]
    apply(judge, [*MORNING, *flood, paid("+33187654321", 9, NOON - SECOND, switch="s9")], 0)
    assert ("block", "s9") in [(leak.grade, leak.subject.switch) for leak in lone_switch_leak(judge)]


@settings(max_examples=25, deadline=None)
@given(days(), st.data())
def test_batches_of_any_size_give_the_same_findings_when_names_run_out(lines, data):
    cuts = data.draw(st.sets(st.integers(0, len(lines))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models.name_table, "NAMES_MAX", 3)
        taught.cache_clear()
        whole = played(lines)
        assert played(lines, cuts) == whole
        assert played(lines, stops=cuts) == whole
    taught.cache_clear()


def test_columns_that_were_cut_out_of_bytes_anywhere_give_the_same_findings():
    whole, shifted = detector(), detector()
    lines = [*MORNING, *(free(number("+333", nth), nth, NOON + nth * SECOND) for nth in range(4))]
    batch = rows(whole, lines, 0)
    rows(shifted, lines[:1], 0)
    raw = {name: b"\0" + getattr(batch, name).tobytes() for name in COLUMNS}
    columns = {name: np.frombuffer(raw[name], dtype, len(batch), 1) for name, dtype in COLUMNS.items()}
    found = [
        [encode(one) for one in to.apply(Share.of(given_rows), "rows", 0, None)[0]]
        for to, given_rows in ((whole, batch), (shifted, rows_from(columns, batch.names)))
    ]
    assert found[0] == found[1] != []
