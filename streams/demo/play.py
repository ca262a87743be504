"""The play itself: calls in real time through a switch that obeys the enforcer, from the wrong row to the mend."""

import heapq
import queue
from collections.abc import Iterable
from enum import IntEnum
from itertools import count

from models.scenarios.incident import WRONG_ROW, Timetable, beside_it, customers, word_of_mouth
from models.scenarios.network import LEAKING, Network
from models.scenarios.switch import Emitted, Placed, Switch
from streams.demo.processes import Process
from streams.demo.report import Measured
from streams.demo.stage import HALF_OPEN_AFTER_S, SHORTENED
from streams.demo.view import Figures, View
from streams.demo.wires import Arrival, Command, Events, Gone, Rule, wall_ms
from streams.errors import DependencyError
from streams.logs import mask_number

LONGEST_CALL_S = 5.0
"""Calls of the play are short, so that those of the leak are charged before the curtain falls."""
TURN_MS = 100
SHOW_EVERY_MS = 250
BESIDE_EVERY_MS = 700
CUSTOMERS_EVERY_MS = 250
TARGET = f"prefix:{WRONG_ROW}"


class Act(IntEnum):
    """What happens; every act ends at its own cue, or fails after its patience."""

    QUIET = 0
    LEAK = 1
    BLOCKED = 2
    MENDED = 3
    TRICKLE = 4
    RELEASED = 5
    END = 6


LENGTH_MS = {Act.QUIET: 2_000, Act.BLOCKED: (HALF_OPEN_AFTER_S - 1) * 1_000, Act.RELEASED: 2_000}
"""Acts that end by the clock."""
PATIENCE_MS = {Act.LEAK: 15_000, Act.MENDED: 10_000, Act.TRICKLE: 15_000}
"""Acts that end by a rule of the enforcer; if none comes the play is over."""


class Play:
    """One performance.

    Args:
        network: who calls; its calls are made short, and who calls under the wrong row has a part of his own.
        events: where the switch reports to.
        inbox: where commands and rules arrive.
        view: who watches.
        rate: ordinary calls a second.
    """

    def __init__(
        self, network: Network, events: Events, inbox: "queue.SimpleQueue[Arrival]", view: View, rate: float
    ) -> None:
        network.longest_s = LONGEST_CALL_S
        network.destinations = tuple(place for place in network.destinations if place is not LEAKING)
        self.switch = Switch()
        self.measured = Measured()
        self._network = network
        self._events = events
        self._inbox = inbox
        self._view = view
        self._table = Timetable()
        self._reports: list[tuple[int, int, Emitted]] = []
        self._order = count()
        self._act = Act.QUIET
        self._began_ms = self._act_ms = self._shown_ms = wall_ms()
        self._table.add("day", network.day(int(self._began_ms), rate))

    def run(self, needed: Iterable[Process]) -> None:
        """Play to the end, as long as the processes that we need run.

        Raises:
            DependencyError: Kafka, the service or the enforcer is gone.
        """
        while self._act is not Act.END:
            self._wait()
            now_ms = wall_ms()
            self._make_calls(now_ms)
            self._report(now_ms)
            self._keep_time(now_ms)
            if self._show(now_ms):
                for process in needed:
                    process.check()
        self._events.flush()

    def _wait(self) -> None:
        """Take what has arrived, or wait until the next call or report is due."""
        due = [self._reports[0][0]] if self._reports else []
        due += [at for at in (self._table.due(),) if at is not None]
        pause_ms = min([*(at - wall_ms() for at in due), TURN_MS])
        try:
            arrival = self._inbox.get(timeout=max(0.0, pause_ms / 1000))
            while True:
                self._take(arrival)
                arrival = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, arrival: Arrival) -> None:
        match arrival:
            case Gone():
                raise DependencyError("the enforcer ended in the middle of the demo")
            case Command(value, appended_ms, _):
                self._take_command(value, appended_ms)
            case Rule(change, at_ms) if change["event"] == "rule":
                self.switch.rules.apply(change)
                self._take_rule(change["key"], change["effect"], at_ms)

    def _take_command(self, value: dict[str, object], appended_ms: int) -> None:
        if value["action"] == "block" and self.measured.commanded_ms is None:
            evidence = value["evidence"]
            sources = evidence["offsets"] if isinstance(evidence, dict) else ()
            self.measured.commanded_ms = appended_ms
            self.measured.proved_ms = self._events.last_produced(sources)
            self._view.say(f"COMMAND  block: {value['summary']}")
            self._view.say(f"         {_because(value)}")

    def _take_rule(self, key: str, effect: str, at_ms: float) -> None:
        if key != TARGET:
            return
        if effect == "refuse" and self._act is Act.LEAK:
            self.measured.ruled_ms = at_ms
            self._begin(Act.BLOCKED, f"the switch refuses {WRONG_ROW}; the short code 333 still works")
        elif effect == "limit" and self._act in {Act.BLOCKED, Act.MENDED}:
            if self._act is Act.BLOCKED:
                self._mend()
            self._begin(Act.TRICKLE, "the block lets a trickle through, to see what a call costs now")
            self._table.add("customers", customers(self._network, int(wall_ms()), CUSTOMERS_EVERY_MS))
        elif effect == "none" and self._act is Act.TRICKLE:
            self.measured.released_ms = at_ms
            self._begin(Act.RELEASED, "two payers paid: the block is RELEASED")

    def _keep_time(self, now_ms: float) -> None:
        """End an act whose time is over."""
        lasted_ms = now_ms - self._act_ms
        if lasted_ms >= PATIENCE_MS.get(self._act, lasted_ms + 1):
            self._begin(Act.END, "no answer came: the play is over")
        elif lasted_ms < LENGTH_MS.get(self._act, lasted_ms + 1):
            return
        elif self._act is Act.QUIET:
            self.switch.wrong_row = WRONG_ROW
            self._table.add("word", word_of_mouth(self._network, int(now_ms) + 500))
            self._table.add("beside", beside_it(self._network, int(now_ms), BESIDE_EVERY_MS))
            self._begin(Act.LEAK, f"somebody enters the voicemail's short code as {WRONG_ROW}: calls there are free")
        elif self._act is Act.BLOCKED:
            self._mend()
        else:
            self._begin(Act.END, "the incident is over")

    def _mend(self) -> None:
        self.switch.wrong_row = None
        self._table.remove("word")
        self._begin(Act.MENDED, "the row is mended; who was refused waits until the block lets him")

    def _begin(self, act: Act, text: str) -> None:
        self._act, self._act_ms = act, wall_ms()
        self._view.say(text)
        self._view.step(act / Act.END)
        if act is Act.BLOCKED:
            self._view.say(f"         {SHORTENED}")

    def _make_calls(self, now_ms: float) -> None:
        while (due := self._table.due()) is not None and due <= now_ms:
            self._note(self.switch.place(self._table.pop(), int(wall_ms())))

    def _note(self, placed: Placed) -> None:
        tally, called = self.switch.tally, mask_number(placed.call.called)
        if placed.leaked and not placed.refused and tally.leaked_through <= 3:
            self._view.say(f"free call {tally.leaked_through} to {called} ({placed.call.price} a minute before)")
        if placed.refused and self.measured.first_refused_ms is None:
            self.measured.first_refused_ms = wall_ms()
            self._view.say(f"first call refused: {called}")
        first, *later = placed.events
        self._events.send(first, watch=placed.leaked)
        for event in later:
            heapq.heappush(self._reports, (event.at_ms, next(self._order), event))

    def _report(self, now_ms: float) -> None:
        """Send what the switch reports later than the attempt."""
        while self._reports and self._reports[0][0] <= now_ms:
            self._events.send(heapq.heappop(self._reports)[2])
        self._events.poll()

    def _show(self, now_ms: float) -> bool:
        """Show the figures if they are old, and say whether they were."""
        if now_ms - self._shown_ms < SHOW_EVERY_MS:
            return False
        self._shown_ms = now_ms
        tally = self.switch.tally
        seconds = max(0.001, (now_ms - self._began_ms) / 1000)
        self._view.show(
            Figures(tally.calls, tally.calls / seconds, tally.leaked_through, len(tally.payers), tally.refused)
        )
        return True


def _because(command: dict[str, object]) -> str:
    """Evidence, diagnosis and impact of a command in one line."""
    evidence, diagnosis, impact = (command[name] or {} for name in ("evidence", "diagnosis", "impact"))
    if not (isinstance(evidence, dict) and isinstance(diagnosis, dict) and isinstance(impact, dict)):
        return ""
    return (
        f"{evidence['free_calls']} free calls of {evidence['payers']} payers, odds 10^{evidence['log10_odds']};"
        f" frees {diagnosis['frees']}; mend: {diagnosis['fix']};"
        f" touches {impact['paid_share_1h']:.1%} of the answered calls"
    )
