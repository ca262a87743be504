"""The play itself: calls in real time through a switch that obeys the enforcer, from the wrong row to the mend."""

import heapq
import queue
from enum import IntEnum
from itertools import count

from models.commands import Action, Command
from models.scenarios.incident import WRONG_ROW, Timetable, beside_it, customers, word_of_mouth
from models.scenarios.network import DESTINATIONS, LEAKING, Destination, Network
from models.scenarios.switch import Emitted, Placed, Switch
from streams.demo.obedience import Effect, Obedience
from streams.demo.processes import Process
from streams.demo.report import Measured
from streams.demo.stage import HALF_OPEN_AFTER_S, SHORTENED
from streams.demo.view import Figures, View
from streams.demo.wires import Arrival, Commanded, Events, Gone, Rule, wall_ms
from streams.errors import DependencyError
from streams.logs import mask_number

LONGEST_CALL_S = 5.0
"""Calls of the play are short, so that those of the leak are charged before the curtain falls."""
TURN_MS = 100
SHOW_EVERY_MS = 250
BESIDE_EVERY_MS = 700
CUSTOMERS_EVERY_MS = 250
LEARNED = 0.35
"""How much of the whole demo is done when the play begins."""
TARGET = f"prefix:{WRONG_ROW}"
ELSEWHERE = tuple(place for place in DESTINATIONS if place is not LEAKING)


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
PATIENCE_MS = {Act.LEAK: 30_000, Act.MENDED: 30_000, Act.TRICKLE: 30_000}
"""Acts that end by a rule of the enforcer; if none comes, not even after a role was started anew, the play is over."""


class Play:
    """One performance.

    Args:
        network: who calls; its calls are made short.
        events: where the switch reports to.
        inbox: where commands and rules arrive.
        view: who watches.
        rate: ordinary calls a second.
    """

    def __init__(
        self, network: Network, events: Events, inbox: "queue.SimpleQueue[Arrival]", view: View, rate: float
    ) -> None:
        network.longest_s = LONGEST_CALL_S
        self.switch = Switch()
        self.measured = Measured()
        self._network = network
        self._events = events
        self._inbox = inbox
        self._view = view
        self._rate = rate
        self._obedience = Obedience(self.switch.rules)
        self._table = Timetable()
        self._reports: list[tuple[int, int, Emitted]] = []
        self._order = count()
        self._act = Act.QUIET
        self._began_ms = self._act_ms = self._shown_ms = wall_ms()
        self._call_anywhere(DESTINATIONS)

    def _call_anywhere(self, destinations: tuple[Destination, ...]) -> None:
        """Let everybody call these from now on; who calls under the wrong row first has a part of his own."""
        self._network.destinations = destinations
        self._table.remove("day")
        self._table.add("day", self._network.day(int(wall_ms()), self._rate))

    def run(self, service: Process) -> None:
        """Play to the end, as long as the service runs.

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
                service.check()
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
            case Gone(reason):
                raise DependencyError(f"in the middle of the demo {reason}")
            case Commanded(command, appended_ms):
                self._take_command(command, appended_ms)
            case Rule(change, at_ms):
                for effect in self._obedience.hear(change, int(at_ms)):
                    self._take_effect(effect, at_ms)

    def _take_command(self, command: Command, appended_ms: int) -> None:
        if command.action is not Action.BLOCK:
            return
        self._view.say(f"COMMAND block: {command.summary}", "bold red")
        self._view.say(_because(command))
        if command.target.key() == TARGET and self.measured.commanded_ms is None:
            self.measured.commanded_ms = appended_ms
            self.measured.proved_ms = self._events.last_produced(command.evidence["offsets"])

    def _take_effect(self, told: Effect, at_ms: float) -> None:
        if told.key != TARGET:
            return
        if told.effect in ("refuse", "limit") and self._act is Act.LEAK:
            self.measured.ruled_ms = at_ms
            self._begin(Act.BLOCKED, f"the switch refuses {WRONG_ROW}; the short code 333 still works", "bold")
            self._view.say(SHORTENED, "dim")
            self._call_anywhere(DESTINATIONS)
        if told.effect == "limit" and self._act is Act.BLOCKED:
            self._mend()
        if told.effect == "limit" and self._act is Act.MENDED:
            self._begin(Act.TRICKLE, "the block lets a trickle through, to see what a call costs now")
        elif told.effect == "none" and self._act is Act.TRICKLE:
            self.measured.released_ms = at_ms
            self.switch.mended_row = None
            self._begin(Act.RELEASED, "two payers paid: the block is RELEASED", "bold green")

    def _keep_time(self, now_ms: float) -> None:
        """End an act whose time is over."""
        lasted_ms = now_ms - self._act_ms
        if lasted_ms >= PATIENCE_MS.get(self._act, lasted_ms + 1):
            self._begin(Act.END, "no answer came: the play is over", "bold red")
        elif lasted_ms < LENGTH_MS.get(self._act, lasted_ms + 1):
            return
        elif self._act is Act.QUIET:
            self._go_wrong(int(now_ms))
        elif self._act is Act.BLOCKED:
            self._mend()
        else:
            self._begin(Act.END, "the incident is over")

    def _go_wrong(self, now_ms: int) -> None:
        self.switch.wrong_row = WRONG_ROW
        self._call_anywhere(ELSEWHERE)
        self._table.add("word", word_of_mouth(self._network, now_ms + 500))
        self._table.add("beside", beside_it(self._network, now_ms, BESIDE_EVERY_MS))
        wrong = f"somebody enters the voicemail's short code as {WRONG_ROW}: calls there are free"
        self._begin(Act.LEAK, wrong, "yellow")

    def _mend(self) -> None:
        self.switch.mend()
        self._table.remove("word")
        self._table.add("customers", customers(self._network, int(wall_ms()), CUSTOMERS_EVERY_MS))
        self._begin(Act.MENDED, "the row is mended: who calls there would pay, and is refused until the block lets him")

    def _begin(self, act: Act, text: str, style: str = "") -> None:
        self._act, self._act_ms = act, wall_ms()
        self._view.say(text, style)
        self._view.step(LEARNED + (1 - LEARNED) * act / Act.END)

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


def _because(command: Command) -> str:
    """Evidence, diagnosis and impact of a command in one line."""
    evidence, diagnosis, impact = command.evidence, command.diagnosis or {}, command.impact
    return (
        f"{evidence['free_calls']} free calls of {evidence['payers']} payers, odds 10^{evidence['log10_odds']};"
        f" frees {diagnosis['frees']}; risks {diagnosis['risks']}; mend: {diagnosis['fix']};"
        f" touches {impact['paid_share_1h']:.1%} of the answered calls"
    )
