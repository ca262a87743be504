"""The simulated network's quiet morning and its founding incident, read as a history."""

from itertools import chain, takewhile

import numpy as np
import pytest
from support.calls import VOICEMAIL
from support.histories import HOUR, MONDAY, learned

from models.scenarios.incident import WRONG_ROW, beside_it, word_of_mouth
from models.scenarios.morning import morning
from models.scenarios.network import DECLARED_FREE, LATE_SWITCH, LEAKING, Network
from models.scenarios.switch import Switch
from models.tables import Tables

MORNING = 8 * HOUR


def history(seed):
    """Eight quiet hours, then half an hour of +333 for nothing."""
    network, switch = Network(np.random.default_rng(seed), subscribers=4_000), Switch()
    quiet = [event.value for event in morning(network, MONDAY, MONDAY + MORNING, 8_000)]
    network.destinations = tuple(place for place in network.destinations if place is not LEAKING)
    switch.wrong_row = WRONG_ROW
    begin = MONDAY + MORNING
    calls = chain(
        *(
            takewhile(lambda call: call.time_ms < begin + HOUR // 2, source)
            for source in (word_of_mouth(network, begin), beside_it(network, begin, 10_000), network.day(begin, 1.0))
        )
    )
    made = [event for call in calls for event in switch.place(call, call.time_ms).events]
    return quiet, [event.value for event in sorted(made)]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_incident_is_asked_about_and_the_look_alikes_are_not_proposed(seed):
    quiet, incident = history(seed)
    told = learned(quiet + incident, VOICEMAIL)
    asked = {one.prefix: [question.kind for question in one.questions] for one in told.free_prefixes if not one.known}
    assert list(asked) == ["+333"]
    assert asked["+333"][:2] == ["short_code", "was_paid"]
    assert [one.prefix[:7] for one in told.free_prefixes if one.known] == [DECLARED_FREE]
    assert [one.switch for one in told.end_priced] == [LATE_SWITCH]


def test_a_quiet_morning_has_no_leak():
    quiet, _ = history(3)
    assert [one.prefix for one in learned(quiet, Tables()).free_prefixes if not one.known] == []
