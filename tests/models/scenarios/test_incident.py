"""The founding incident's calls, and the timetable that puts sources in order."""

from itertools import islice

import numpy as np
import pytest

from models.scenarios.incident import OPENERS, WRONG_ROW, Timetable, beside_it, customers, word_of_mouth
from models.scenarios.network import Network

BEGIN_MS = 1_795_460_000_000


@pytest.fixture
def network():
    return Network(np.random.default_rng(1), subscribers=500)


def test_the_openers_differ_in_payer_and_in_the_digit_after_the_wrong_row(network):
    openers = list(islice(word_of_mouth(network, BEGIN_MS), OPENERS))
    assert len({call.account for call in openers}) == OPENERS
    assert len({call.called[len(WRONG_ROW)] for call in openers}) == OPENERS


def test_the_word_gets_round_ever_faster_and_one_victim_is_called_most(network):
    calls = list(islice(word_of_mouth(network, BEGIN_MS), 200))
    gaps = np.diff([call.time_ms for call in calls])[OPENERS - 1 :]
    assert gaps[:5].mean() > 2 * gaps[-10:].mean()
    numbers = [call.called for call in calls]
    assert max(map(numbers.count, numbers)) > 20
    assert all(number.startswith(WRONG_ROW) for number in numbers)


def test_calls_beside_the_leak_are_not_under_it(network):
    assert not any(call.called.startswith(WRONG_ROW) for call in islice(beside_it(network, BEGIN_MS, 100), 50))


def test_the_usual_customers_share_a_switch_and_a_plan_and_are_several(network):
    calls = list(islice(customers(network, BEGIN_MS, 100), 50))
    assert len({(call.switch, call.plan) for call in calls}) == 1
    assert len({call.account for call in calls}) > 2


def test_a_timetable_merges_its_sources_until_they_are_removed(network):
    table = Timetable()
    assert table.due() is None
    table.add("beside", beside_it(network, BEGIN_MS, 1_000))
    table.add("word", word_of_mouth(network, BEGIN_MS + 500))
    times = [table.pop().time_ms for _ in range(20)]
    assert times == sorted(times)
    table.remove("word")
    assert not any(table.pop().called.startswith(WRONG_ROW) for _ in range(20))
    table.remove("beside")
    assert table.due() is None
