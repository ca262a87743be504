"""What is proposed agrees with every call of a history of chance, counted one by one."""

import random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from support.calls import MINUTE, free, paid
from support.histories import MONDAY, learned

QUARTER = 15 * MINUTE
PLANS = ("prepaid", "postpaid", "student")
SWITCHES = ("s1", "s2")
CALLS = 900


class Call(NamedTuple):
    """A call at a quarter of an hour of its own, for a brute count."""

    called: str
    payer: int
    ts: int
    plan: str
    switch: str
    free: bool


def history(seed):
    """Calls to few countries, of which some prefixes are free for a part of the time, for a plan or on a switch."""
    chance = random.Random(seed)
    rules = []
    for _ in range(chance.randrange(1, 4)):
        prefix = chance.choice(["+33", "+333", "+3338", "+216", "+44", "+4475"])
        begin = chance.choice([0, chance.randrange(600)])
        end = chance.choice([CALLS, begin + chance.randrange(40, 700)])
        rules.append((prefix, begin, end, chance.choice([None, None, *PLANS]), chance.choice([None, None, *SWITCHES])))
    calls = []
    for nth in range(CALLS):
        digits = "".join(str(chance.choice([3, 5, 8])) for _ in range(3)) + f"{chance.randrange(10**5):05d}"
        called = chance.choice(["+333", "+338", "+216", "+447", "+445"]) + digits
        plan, switch = chance.choice(PLANS), chance.choice(SWITCHES)
        given_away = chance.random() < 0.01 or any(
            called.startswith(prefix) and begin <= nth < end and by in (None, plan) and at in (None, switch)
            for prefix, begin, end, by, at in rules
        )
        calls.append(Call(called, chance.randrange(60), MONDAY + nth * QUARTER, plan, switch, given_away))
    return calls


def told_of(calls):
    return [
        (free if call.free else paid)(call.called, call.payer, call.ts, plan=call.plan, switch=call.switch)
        for call in calls
    ]


@examples(max_examples=25)
@given(st.integers(0, 10**6))
def test_every_number_of_a_proposal_is_what_a_count_gives(seed):
    calls = history(seed)
    for one in learned(told_of(calls)).free_prefixes:
        there = [
            call
            for call in calls
            if call.called.startswith(one.prefix) and one.plan in ("", call.plan) and one.switch in ("", call.switch)
        ]
        given_away = [call for call in there if call.free]
        amid = [call for call in there if not call.free and one.first_ms < call.ts < one.last_ms]
        assert one.calls <= len(given_away)
        assert one.payers <= len({call.payer for call in given_away})
        assert {one.first_ms, one.last_ms} <= {call.ts for call in given_away}
        assert one.paid_before == sum(not call.free and call.ts < one.first_ms for call in there)
        assert one.paid_after == sum(not call.free and call.ts > one.last_ms for call in there)
        assert len(amid) <= 0.02 * (len(amid) + len(given_away))


@examples(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([300_000, 400, 100, 30]))
def test_nothing_that_was_ever_paid_is_accepted_without_a_question_however_coarse_it_is_seen(seed, cells):
    calls = history(seed)
    for one in learned(told_of(calls), cells=cells).free_prefixes:
        if one.questions:
            continue
        there = [call for call in calls if call.called.startswith(one.prefix) and one.plan in ("", call.plan)]
        assert sum(not call.free for call in there) <= 0.02 * len(there)


@pytest.mark.parametrize("seed", range(4))
def test_an_order_of_chance_gives_the_same(seed):
    lines = told_of(history(seed))
    expected = learned(lines)
    random.Random(seed).shuffle(lines)
    assert learned(lines, batch=333) == expected
    assert any(learned(told_of(history(nth))).free_prefixes for nth in range(4))
