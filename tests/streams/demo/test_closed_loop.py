"""The demo's calls through the service's own code in event time: quiet mornings give no command, the leak one block."""

import heapq

import numpy as np
import pytest

from models.scenarios.incident import WRONG_ROW, Timetable, beside_it, customers, word_of_mouth
from models.scenarios.morning import morning
from models.scenarios.network import DESTINATIONS, Network
from models.scenarios.switch import Switch
from streams.backtest import Backtest
from streams.demo import stage
from streams.demo.play import ELSEWHERE
from streams.tables import load_tables

BEGIN_MS = 1_795_460_000_000
MORNING_MS = 3 * 3_600_000
LEAK_MS = BEGIN_MS + MORNING_MS + 8_000


class Loop:
    """A switch whose reports are decided one by one, and that obeys what is decided at once."""

    def __init__(self, home, seed):
        settings = stage.write(home, "unused:1")
        self.network = Network(np.random.default_rng(seed))
        self.switch = Switch()
        self.orders = []
        self._test = Backtest(settings, load_tables(settings))
        self._pending = []
        self._lines = 1

    def feed(self, values):
        decided = list(self._test.feed("events:", self._lines, values))
        self._lines += len(values)
        for order in (order for one in decided for order in one.decision.orders):
            self.orders.append(order.command)
            self.switch.rules.offer(order.command.target.key(), order.command, order.command.issued_at)

    def play(self, table, until):
        while (due := table.due()) < until:
            while self._pending and self._pending[0].at_ms <= due:
                self.feed([heapq.heappop(self._pending).value])
            for event in self.switch.place(table.pop(), due).events:
                heapq.heappush(self._pending, event)

    @property
    def story(self):
        return [(command.action.value, command.target.key()) for command in self.orders]


def call_anywhere(table, network, destinations, begin_ms):
    network.destinations = destinations
    table.remove("day")
    table.add("day", network.day(begin_ms, 60.0))


@pytest.mark.parametrize("seed", [1, 3, 5, 20, 26])
def test_the_incident_is_blocked_at_its_second_payer_and_released_after_the_mend(tmp_path, seed):
    loop = Loop(tmp_path, seed)
    loop.feed([event.value for event in morning(loop.network, BEGIN_MS, BEGIN_MS + MORNING_MS, 10_000)])
    assert loop.story == []
    loop.network.longest_s = 5.0
    table = Timetable()
    call_anywhere(table, loop.network, DESTINATIONS, LEAK_MS - 2_000)
    loop.play(table, LEAK_MS)
    loop.switch.wrong_row = WRONG_ROW
    call_anywhere(table, loop.network, ELSEWHERE, LEAK_MS)
    table.add("word", word_of_mouth(loop.network, LEAK_MS))
    table.add("beside", beside_it(loop.network, LEAK_MS, 700))
    loop.play(table, LEAK_MS + 2_000)
    call_anywhere(table, loop.network, DESTINATIONS, LEAK_MS + 2_000)
    loop.play(table, LEAK_MS + 6_500)
    assert loop.story == [("block", "prefix:+333")]
    assert loop.orders[0].diagnosis["kind"] == "plus_before_short_code"
    assert 0.005 < loop.orders[0].impact["paid_share_1h"] < 0.025
    assert loop.switch.tally.leaked_through == loop.orders[0].evidence["payers"] == 2
    loop.switch.mend()
    table.remove("word")
    table.add("customers", customers(loop.network, LEAK_MS + 6_500, 250))
    loop.play(table, LEAK_MS + 12_000)
    assert [action for action, _ in loop.story] == ["block", "limit", "release"]
    tally = loop.switch.tally
    assert tally.refused - tally.refused_after_mend > 5
    assert tally.refused_after_mend > 0
    assert tally.honest_refused == 0
