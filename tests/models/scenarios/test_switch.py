"""The simulated switch: what it reports is good by the contract, it obeys its rules, and it keeps the truth."""

from decimal import Decimal
from itertools import islice

import numpy as np
import orjson
import pytest

from models.matching import CallView
from models.records import decode
from models.scenarios.incident import WRONG_ROW
from models.scenarios.morning import morning
from models.scenarios.network import LEAKING, Kind, Network
from models.scenarios.rule_table import RuleTable
from models.scenarios.switch import Switch

NOW_MS = 1_795_460_000_000
REFUSE = {"key": f"prefix:{WRONG_ROW}", "effect": "refuse", "args": None, "until": NOW_MS + 1000, "command": "c-1"}


@pytest.fixture
def network():
    return Network(np.random.default_rng(1), subscribers=500)


def place(switch, call):
    placed = switch.place(call, NOW_MS)
    return placed, [orjson.loads(event.value) for event in placed.events]


def abroad(network, **changes):
    return network.abroad(NOW_MS, network.somebody(), LEAKING)._replace(**changes)


def test_every_report_of_a_morning_is_a_good_event_in_the_order_of_time(network):
    events = list(morning(network, NOW_MS, NOW_MS + 600_000, 2_000))
    decoded = decode([event.value for event in events], [NOW_MS + 600_000] * len(events))
    assert not decoded.rejects
    times = [event.at_ms for event in events]
    assert times == sorted(times)
    assert NOW_MS <= times[0] <= times[-1] <= NOW_MS + 600_000


def test_an_answered_call_is_an_attempt_an_answer_and_a_release_with_its_charge(network):
    _, reports = place(Switch(), abroad(network, duration_s=30.0))
    assert [report["event"] for report in reports] == ["attempt", "answer", "release"]
    assert (reports[0]["rate"], reports[2]["charge"], reports[2]["duration_s"]) == ("3.50", "1.75", 30.0)


def test_a_call_that_nobody_answers_has_no_answer_and_no_charge(network):
    _, reports = place(Switch(), abroad(network, duration_s=0.0))
    assert [report["event"] for report in reports] == ["attempt", "release"]
    assert "charge" not in reports[1]


def test_the_wrong_row_makes_paid_calls_free_and_only_those_under_it(network):
    switch = Switch()
    switch.wrong_row = WRONG_ROW
    placed, reports = place(switch, abroad(network, duration_s=60.0))
    assert placed.leaked
    assert (reports[0]["rate"], Decimal(reports[2]["charge"])) == ("0", 0)
    beside, reports = place(switch, abroad(network, called="+33187654321", duration_s=60.0))
    assert not beside.leaked
    assert reports[2]["charge"] == "3.50"
    assert (switch.tally.leaked_through, switch.tally.lost) == (1, Decimal("3.5"))


@pytest.mark.parametrize(
    ("kind", "rate", "charge"),
    [
        (Kind.ALLOWANCE, "0", "0"),
        (Kind.CHARGED_LATE, "0", "3.50"),
        (Kind.ROAMING, "0", "0"),
        (Kind.PAID, "3.50", "3.50"),
    ],
)
def test_look_alikes_are_free_at_set_up_and_charged_as_they_are(network, kind, rate, charge):
    _, reports = place(Switch(), abroad(network, kind=kind, duration_s=60.0))
    assert (reports[0]["rate"], reports[2]["charge"]) == (rate, charge)


def test_a_refused_call_is_one_attempt_that_names_the_command(network):
    switch = Switch()
    switch.wrong_row = WRONG_ROW
    switch.rules.apply(REFUSE)
    placed, reports = place(switch, abroad(network, duration_s=60.0))
    assert placed.refused
    assert [(report["event"], report["refused_by"]) for report in reports] == [("attempt", "c-1")]
    assert (switch.tally.refused, switch.tally.honest_refused, switch.tally.saved) == (1, 0, Decimal("3.5"))


def test_refusing_a_call_that_would_have_paid_counts_against_us(network):
    switch = Switch()
    switch.rules.apply(REFUSE)
    place(switch, abroad(network))
    assert (switch.tally.honest_refused, switch.tally.saved) == (1, 0)


@pytest.mark.parametrize("kind", [Kind.FORWARDED, Kind.ROAMING])
def test_a_prefix_touches_nothing_that_was_dialled_otherwise(network, kind):
    switch = Switch()
    switch.rules.apply(REFUSE)
    looked_at = [call for call in islice(network.day(NOW_MS, 10.0), 5_000) if call.kind is kind]
    assert looked_at
    assert not any(switch.place(call, NOW_MS).refused for call in looked_at)


def seen(number="+33387654321"):
    return CallView(number)


def test_a_rule_holds_until_its_end():
    table = RuleTable()
    table.apply(REFUSE)
    assert table.judge(seen(), NOW_MS).command == "c-1"
    assert table.judge(seen("333"), NOW_MS).effect == "pass"
    assert table.judge(seen(), NOW_MS + 1000).effect == "pass"


def test_a_limit_replaces_a_refusal_and_admits_so_many_calls_a_minute():
    table = RuleTable()
    table.apply(REFUSE)
    table.apply(REFUSE | {"effect": "limit", "args": {"calls_per_minute": 2}, "until": NOW_MS + 100_000})
    assert [table.judge(seen(), NOW_MS).effect for _ in range(3)] == ["pass", "pass", "refuse"]
    assert table.judge(seen(), NOW_MS + 60_000).effect == "pass"


def test_a_rule_that_is_withdrawn_holds_no_more():
    table = RuleTable()
    table.apply(REFUSE)
    table.apply(REFUSE | {"effect": "none"})
    assert table.judge(seen(), NOW_MS).effect == "pass"
