"""The simulated switch: what it reports is good by the contract, it obeys its rules, and it keeps the truth."""

from decimal import Decimal
from itertools import islice

import numpy as np
import orjson
import pytest

from models.commands import Action, Command, Target
from models.records import decode
from models.scenarios.incident import WRONG_ROW
from models.scenarios.morning import morning
from models.scenarios.network import LEAKING, Kind, Network
from models.scenarios.switch import Switch

NOW_MS = 1_795_460_000_000
TARGET = Target.from_key(f"prefix:{WRONG_ROW}")


@pytest.fixture
def network():
    return Network(np.random.default_rng(1), subscribers=500)


def place(switch, call):
    placed = switch.place(call, NOW_MS)
    return placed, [orjson.loads(event.value) for event in placed.events]


def blocked(wrong_row=None):
    """A switch that refuses the wrong row, as long as it is free or not."""
    switch = Switch()
    switch.wrong_row = wrong_row
    lease = {"issued_at": NOW_MS, "expires_at": NOW_MS + 1000, "lease": 1, "epoch": 0, "seq": 0}
    block = Command(id="c-1", incident="i-1", action=Action.BLOCK, target=TARGET, reason="zero_cost_route", **lease)
    assert switch.rules.offer(TARGET.key(), block, NOW_MS).status == 200
    return switch


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


def test_a_bundle_pays_for_nothing_where_the_row_is_wrong(network):
    switch = Switch()
    switch.wrong_row = WRONG_ROW
    placed, reports = place(switch, abroad(network, kind=Kind.ALLOWANCE, duration_s=60.0))
    assert placed.leaked
    assert not any("rating_status" in report for report in reports)


def test_a_refused_call_is_one_attempt_that_names_the_command(network):
    switch = blocked(WRONG_ROW)
    placed, reports = place(switch, abroad(network, duration_s=60.0))
    assert placed.refused
    assert [(report["event"], report["refused_by"]) for report in reports] == [("attempt", "c-1")]
    assert (switch.tally.refused, switch.tally.honest_refused, switch.tally.saved) == (1, 0, Decimal("3.5"))


@pytest.mark.parametrize(("kind", "honest"), [(Kind.PAID, 1), (Kind.ALLOWANCE, 1), (Kind.FORWARDED, 0)])
def test_refusing_a_call_that_would_have_paid_counts_against_us(network, kind, honest):
    switch = blocked()
    dialled = {"dialled": "0612345678"} if kind is Kind.FORWARDED else {}
    place(switch, abroad(network, kind=kind, **dialled))
    assert (switch.tally.honest_refused, switch.tally.saved) == (honest, 0)


def test_what_is_refused_between_the_mend_and_the_release_is_counted_apart(network):
    switch = blocked(WRONG_ROW)
    switch.mend()
    placed, reports = place(switch, abroad(network, duration_s=60.0))
    assert placed.refused
    assert reports[0]["rate"] == "3.50"
    assert (switch.tally.refused_after_mend, switch.tally.honest_refused, switch.tally.saved) == (1, 0, 0)
    switch.mended_row = None
    place(switch, abroad(network))
    assert (switch.tally.refused_after_mend, switch.tally.honest_refused) == (1, 1)


@pytest.mark.parametrize("kind", [Kind.FORWARDED, Kind.ROAMING])
def test_a_prefix_touches_nothing_that_was_dialled_otherwise(network, kind):
    switch = blocked(WRONG_ROW)
    looked_at = [call for call in islice(network.day(NOW_MS, 10.0), 5_000) if call.kind is kind]
    assert looked_at
    placed = [switch.place(call, NOW_MS) for call in looked_at]
    assert not any(one.refused or one.leaked for one in placed)
