"""Does what a schedule says to a broker, three roles and their traffic, and counts it."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from streams.broker import Broker
from streams.errors import DependencyError
from tests.faults.real.disk import SmallDisk
from tests.faults.real.feeder import Feeder
from tests.faults.real.machines import Machine
from tests.faults.real.recovery import Recovery
from tests.faults.real.schedule import ROLES, Step

FROZEN_S = 9.0
"""Longer than the session of 6 s."""
AWAY_S = (0.5, 1.5, 4.0)
"""How long the broker is gone."""
FULL_S = 40.0
"""Longer than a role waits for an acknowledgement: by then it must have said so."""
PATIENCE_S, READY_S = 100.0, 400.0
"""Until everybody has recovered; until everybody is ready the first time, when kernels may have to be compiled."""
LOOK_S = 0.1


class StuckError(AssertionError):
    """Something that had to come did not."""


class Stage:
    """All that is acted upon; `disk` is None where there is none that can be filled."""

    def __init__(self, home: Path, broker: Broker, disk: SmallDisk | None, feeder: Feeder, program: str) -> None:
        self.counts: Counter[str] = Counter()
        self.kills: Counter[str] = Counter()
        self.notes: list[str] = []
        self.stuck: list[str] = []
        self._home, self._broker, self._disk, self._feeder, self._program = home, broker, disk, feeder, program
        self._started: Counter[str] = Counter()
        self._left: list[Machine] = []
        self.machines = {role: [self._new(role)] for role in ROLES}
        self.recovery: Recovery
        self.random = Random(0)

    def _new(self, role: str) -> Machine:
        self._started[role] += 1
        return Machine(self._home, role, self._started[role], self._program)

    def open(self, recovery: Recovery, seed: int) -> None:
        """Start every role, and wait until all are ready."""
        self.recovery, self.random = recovery, Random(seed)
        for role in ROLES:
            self._main(role).start()
        for role in ROLES:
            self._await(f"the {role} is ready", self._main(role).ready, READY_S)

    def _main(self, role: str) -> Machine:
        return self.machines[role][0]

    def do(self, step: Step) -> None:
        """Wait for a step's pause and do it.

        Raises:
            StuckError: what must follow does not.
        """
        time.sleep(step.pause_s)
        acts: dict[str, Callable[[str], None]] = {
            "kill": self._kill,
            "kill at its start": self._kill_at_start,
            "crash": self._crash,
            "freeze": self._freeze,
            "freeze with a successor": self._freeze_beside,
            "join and leave": self._join_and_leave,
            "takeover": self._take_over,
            "power cut": self._power_cut,
            "broker restart": lambda _: self._broker_goes(self._broker.stop),
            "broker kill": lambda _: self._broker_goes(self._broker.kill),
            "full disk": self._fill_disk,
            "poisoned partition": lambda _: self._poison(True),
            "good partition again": lambda _: self._poison(False),
            "recovery": lambda _: self.settle(),
        }
        acts[step.act](step.role)
        if step.act != "recovery":
            self.counts[step.act] += 1

    def _await(self, what: str, condition: Callable[[], object], limit_s: float = PATIENCE_S) -> None:
        deadline_s = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > deadline_s:
                reasons = {m.name: m.reasons()[-3:] for m in self._everybody()}
                raise StuckError(f"{what}: not after {limit_s:.0f} s; {reasons}")
            time.sleep(LOOK_S)

    def _everybody(self) -> list[Machine]:
        return [machine for machines in self.machines.values() for machine in machines]

    def settle(self) -> None:
        """Let everybody recover; a role that does not by itself is told, and helped.

        Raises:
            StuckError: even that does not help.
        """
        try:
            self._await("all roles recover", lambda: not self.recovery.pending())
        except StuckError:
            for role in self.recovery.pending():
                reasons = [f"{one.name}: {reason}" for one in self.machines[role] for reason in one.reasons()[-3:]]
                self.stuck.append(f"the {role} does not recover by itself within {PATIENCE_S:.0f} s; {reasons}")
                self._crash(role)
                self.recovery.hurt(role, counts=False)
            self._await("all roles recover when started anew", lambda: not self.recovery.pending())

    def _killed(self, role: str) -> None:
        self.kills[role] += 1
        self.recovery.hurt(role)

    def _kill(self, role: str) -> None:
        """Kill a role at its work; where that does not come (others are down), as it is."""
        deadline_s = time.monotonic() + 20
        while not self._main(role).ready() and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)
        self._kill_at_start(role)

    def _kill_at_start(self, role: str) -> None:
        """Kill a role whatever it does, as soon as it is there."""
        self._await(f"the {role} runs", self._main(role).kill)
        self._killed(role)

    def _crash(self, role: str) -> None:
        self._await(f"the {role} runs", self._main(role).process)
        if self._main(role).crash():
            self._killed(role)
        self._main(role).start()

    def _freeze(self, role: str) -> None:
        self._await(f"the {role} runs", self._main(role).freeze)
        time.sleep(FROZEN_S)
        self._main(role).thaw()
        self.recovery.hurt(role, counts=False)

    def _beside(self, role: str) -> Machine:
        """Start a second member; of deciders only one is ever ready."""
        second = self._new(role)
        self.machines[role].append(second)
        second.start()
        if role == "decider":
            self._await(f"a second {role} runs", second.process)
            time.sleep(FROZEN_S / 2)
        else:
            self._await(f"a second {role} is ready", second.ready)
        return second

    def _one_leaves(self, role: str) -> None:
        """One of two goes in order, the other goes on."""
        leaver = self.machines[role].pop(self.random.randrange(2))
        status = leaver.leave()
        if status != 0:
            self.notes.append(f"{leaver.name} left with status {status}")
        self._left.append(leaver)
        self.counts["planned rebalances"] += 2
        self.recovery.hurt(role, counts=False)

    def _freeze_beside(self, role: str) -> None:
        """Stop the one at work until the other has taken over, and let it go on: what it knows is old."""
        self._beside(role)
        stopped = self._at_work(role)
        self._await(f"the {role} at work is stopped", stopped.freeze)
        time.sleep(FROZEN_S)
        (other,) = (machine for machine in self.machines[role] if machine is not stopped)
        with suppress(StuckError):
            self._await(f"the other {role} takes over", other.ready, 20)
        stopped.thaw()
        time.sleep(3)
        self._one_leaves(role)

    def _at_work(self, role: str) -> Machine:
        """A member that is ready; with deciders the only one."""
        return next((machine for machine in self.machines[role] if machine.ready()), self._main(role))

    def _join_and_leave(self, role: str) -> None:
        self._beside(role)
        time.sleep(self.random.choice([0.5, 3.0]))
        self._one_leaves(role)

    def _take_over(self, role: str) -> None:
        """Two members; the machine of the one at work dies and does not come back."""
        self._beside(role)
        victim = self._at_work(role)
        self._await(f"the {role} runs", victim.process)
        if victim.crash():
            self._killed(role)
        self.machines[role].remove(victim)
        self._left.append(victim)
        self.settle()

    def _power_cut(self, _: str) -> None:
        """Everything but the broker dies at once."""
        died = [machine for machine in self._everybody() if machine.crash()]
        for machine in self._everybody():
            machine.start()
        for machine in died:
            self._killed(machine.role)

    def _broker_goes(self, end: Callable[[], bool]) -> None:
        self.recovery.clouded()
        end()
        time.sleep(self.random.choice(AWAY_S))
        self._broker.start()
        self.recovery.clouded()

    def _fill_disk(self, _: str) -> None:
        """No room for the broker: every role says so, and all go on when there is room again."""
        if self._disk is None:
            return
        self.settle()
        self.recovery.clouded()
        before = {machine.name: len(machine.reasons()) for machine in self._everybody()}
        self._disk.fill()
        time.sleep(FULL_S)
        self._await("somebody says that Kafka takes nothing", lambda: self._complaints(before), 60)
        self.notes.append(f"full disk: {self._complaints(before)[0]}")
        self._disk.make_room()
        self._broker.kill()
        self._broker.start()
        self.recovery.clouded()
        self.settle()

    def _complaints(self, before: dict[str, int]) -> list[str]:
        return [
            f"{machine.name}: {reason}"
            for machine in self._everybody()
            for reason in machine.reasons()[before[machine.name] :]
        ]

    def _poison(self, poisoned: bool) -> None:
        self._feeder.traffic.poisoned = poisoned

    def drain(self) -> None:
        """End the traffic, and wait until everything was taken."""
        self._feeder.stop()
        self.settle()
        self._await("everything is taken", self.recovery.caught_up)
        self.recovery.hurt("decider", counts=False)
        self.settle()

    def close(self) -> None:
        """End all roles in order; one that would not is noted."""
        for machine in self._everybody():
            with suppress(DependencyError):
                if (status := machine.leave()) != 0:
                    self.notes.append(f"{machine.name} ended with status {status}")
