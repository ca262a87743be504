"""What must not matter, end to end in one process: cuts, restarts, copies, one payer's calls, calls paid meanwhile."""

import itertools
import json
import random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import calls
from support.calls import MINUTE, NOON, SECOND, charged, event, feed, free, number, orders, paid, taught

from models.tables import Tables
from streams.backtest import Backtest

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def days(draw, payers=12):
    """Lines of a lively hour: free and paid calls of few payers to few places, ends with charges, and time between."""
    ts, lines = NOON, []
    for nth in range(draw(st.integers(3, 40))):
        ts += draw(st.sampled_from([1, 300, SECOND, 20 * SECOND, 3 * MINUTE]))
        payer, place = (
            draw(st.integers(0, payers - 1)),
            draw(st.sampled_from(["+3331", "+3332", "+3333", "+334", "+34"])),
        )
        called = number(place, draw(st.integers(0, 9)))
        where = {"switch": draw(st.sampled_from(calls.SWITCHES)), "plan": draw(st.sampled_from(calls.PLANS))}
        where["call_id"] = f"d{nth}"
        kind = draw(st.sampled_from(["free", "free", "free", "paid", "charged", "answer"]))
        if kind == "charged":
            lines += [free(called, payer, ts, **where), charged(called, payer, ts, **where)]
        elif kind == "answer":
            lines.append(event("answer", f"d{nth}", ts, called, payer))
        else:
            lines.append((free if kind == "free" else paid)(called, payer, ts, **where))
    return lines


@quick
@given(days(), st.data())
def test_any_cut_into_batches_gives_the_same_bytes(lines, data):
    cuts = data.draw(st.sets(st.integers(0, len(lines))))
    whole = calls.spelled(feed(taught(), lines))
    assert calls.spelled(feed(taught(), lines, cuts)) == whole
    assert calls.spelled(feed(taught(), lines, range(len(lines)))) == whole


@quick
@given(days())
def test_a_file_cut_right_after_a_command_still_gives_it(lines):
    whole = orders(feed(taught(), lines))
    for after in {after for after, _ in whole}:
        cut = orders(feed(taught(), lines[:after]))
        assert cut == [one for one in whole if one[0] <= after]


@quick
@given(days(payers=1))
def test_calls_of_one_payer_never_give_a_command(lines):
    assert calls.given(taught(), lines) == []


@quick
@given(days(), st.randoms(use_true_random=False))
def test_copies_change_nothing(lines, rng: random.Random):
    copied = list(itertools.chain.from_iterable([line] * (1 + (rng.random() < 0.3)) for line in lines))
    assert calls.essence(feed(taught(), copied)) == calls.essence(feed(taught(), lines))


@quick
@given(days(), st.data())
def test_a_decider_restored_at_any_line_goes_on_as_if_never_stopped(lines, data):
    stop = data.draw(st.integers(0, len(lines)))
    test = taught()
    told = calls.spelled(test.feed("day:", 1, lines[:stop]))
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(test._decider.snapshot()))
    test._decider = taught()._decider
    test._decider.load(state)
    told += calls.spelled(test.feed("day:", stop + 1, lines[stop:]))
    assert told == calls.spelled(feed(taught(), lines))


def covers(wide, narrow) -> bool:
    """Whether every call under one target is under another."""
    inside = narrow.value.startswith(wide.value) if wide.scope == "prefix" else narrow.value == wide.value
    return inside and all(getattr(wide, q) in (None, getattr(narrow, q)) for q in ("switch", "trunk", "plan"))


def blocked(lines, test=None):
    return [c.target for c in calls.given(test or taught(), lines) if c.action == "block"]


def run_of(data, count: int) -> list[bytes]:
    places = st.sampled_from(["+33311", "+33312", "+3332", "+3335", "+334"])
    return [
        free(
            number(data.draw(places), data.draw(st.integers(0, 9))),
            data.draw(st.integers(0, 5)),
            NOON + nth * SECOND,
            switch=data.draw(st.sampled_from(calls.SWITCHES)),
        )
        for nth in range(count)
    ]


@quick
@given(st.data())
def test_some_of_the_free_calls_never_give_a_wider_block_than_all(data):
    lines = run_of(data, 10)
    some = [line for line in lines if data.draw(st.booleans())]
    whole = blocked(lines)
    assert all(any(covers(wide, target) for wide in whole) for target in blocked(some))


@quick
@given(st.data())
def test_paid_calls_after_the_first_free_one_never_create_or_widen_a_block(data):
    lines = run_of(data, 10)
    answers = []
    for nth in range(1, 10):
        answers.append(lines[nth - 1])
        if data.draw(st.booleans()):
            called = number(data.draw(st.sampled_from(["+3331", "+3332", "+3335"])), data.draw(st.integers(0, 9)))
            answers.append(paid(called, 60 + nth, NOON + nth * SECOND - 1))
    whole = blocked(lines[:9])
    assert all(any(covers(wide, target) for wide in whole) for target in blocked(answers))


PLACES = st.sampled_from(["+3331", "+3332", "+3335", "+336"])


def cold(calls_before: int) -> Backtest:
    """A backtest without tables that has seen about as many calls as make a price known."""
    test = Backtest(calls.settings(), Tables())
    list(test.feed("morning:", 1, calls.morning(calls=calls_before), teach=True))
    return test


@quick
@given(
    st.sampled_from([0, 280, 299, 300]), st.lists(st.tuples(PLACES, st.booleans()), min_size=3, max_size=12), st.data()
)
def test_paid_calls_after_the_first_free_one_never_make_a_cold_prefix_warm(before, steps, data):
    frees, answers = [], []
    for nth, (place, tight) in enumerate(steps):
        ts = NOON + nth * MINUTE
        frees.append(
            free(number(place, 0 if tight else nth), nth, ts, switch=data.draw(st.sampled_from(calls.SWITCHES)))
        )
        answers.append(frees[-1])
        for other in range(data.draw(st.sampled_from([0, 0, 1, 20, 300]))):
            where = calls.SWITCHES[other % 2]
            answers.append(paid(number(data.draw(PLACES), other), 1_000 + other, ts + 1 + other, switch=where))
    whole = blocked(frees, cold(before))
    assert all(any(covers(wide, target) for wide in whole) for target in blocked(answers, cold(before)))


def under(target, line: dict) -> bool:
    """Whether an event's call is under a target."""
    inside = line["called"].startswith(target.value) if target.scope == "prefix" else line["called"] == target.value
    return inside and all(getattr(target, q) in (None, line.get(q)) for q in ("switch", "trunk", "plan"))


@quick
@given(days())
def test_a_leak_is_consistent_with_every_paid_call_of_its_scope(lines):
    """Payers enough for a proof have called for nothing under a new block since the newest paid call there."""
    events = [json.loads(line) for line in lines]
    seen = set()
    for after, command in orders(feed(taught(), lines)):
        if command.action != "block" or command.lease > 1 or command.target.key() in seen:
            continue
        seen.add(command.target.key())
        mine = [one for one in events[:after] if "rate" in one or "charge" in one]
        mine = [one for one in mine if under(command.target, one)]
        free_of = [i for i, one in enumerate(mine) if float(one.get("charge", one.get("rate"))) == 0]
        last_paid = max((i for i in range(len(mine)) if i not in free_of), default=-1)
        assert len({mine[i]["account"] for i in free_of if i > last_paid}) >= 2
