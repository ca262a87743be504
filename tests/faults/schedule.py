"""A schedule: one seed decides who runs next, where who dies or stops, what of his records still arrives, and when.

Afterwards everybody who is left works in peace until nothing waits; what then stands in Kafka is compared.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from models.tables import Tables
from streams.errors import DependencyError, RingfenceError
from streams.event_source import EVENTS
from streams.settings import Settings
from tests.faults.clients import TOPICS, use
from tests.faults.lives import Life
from tests.faults.roles import BODIES, Staged
from tests.faults.traffic import Plan
from tests.faults.virtual_kafka import Cluster, Group, InFlight, Lane, Member

STEPS = (100, 400)
"""Turns with faults, one or the other; more follow until nothing waits. Pages are replaced in long schedules only."""
PEACE_MAX = 600
"""Turns after which a schedule that still has work to do has failed."""
SESSION_MS = 6_000
TICK = b'"kind":"tick"'
"""What marks a finding that only says that a second has passed."""
POINTS = {
    "intake": (
        "before a dead letter", "before a block", "between produce and ack", "after an ack", "between ack and commit",
        "after a commit", "before a fetch", "in a revoke: before a block", "in a revoke: between produce and ack",
        "in a revoke: after an ack", "in a revoke: between ack and commit", "in a revoke: after a commit",
    ),
    "detector": (
        "before a finding", "before a page", "between produce and ack", "after an ack", "between pages and manifest",
        "between manifest and drop", "between durable and acknowledged", "between acknowledged and committed",
        "in a revoke: before a page", "in a revoke: between produce and ack", "in a revoke: after an ack",
        "in a revoke: between pages and manifest", "in a revoke: between manifest and drop",
        "in a revoke: between durable and acknowledged", "in a revoke: between acknowledged and committed",
    ),
    "decider": (
        "before a finding", "before a command", "before an incident", "before the decider's state",
        "between produce and ack", "after an ack", "between durable and acknowledged",
        "between acknowledged and committed",
    ),
}  # fmt: skip
"""Where a life of each role may end or stop."""
READS = {"intake": EVENTS, "detector": "ringfence.rows", "decider": "ringfence.findings"}
ACTIONS = {
    "feed": 12, "run": 60, "time": 14, "network": 6,
    "restart": 10, "expel": 6, "thaw": 5, "rebalance": 3, "stop": 1, "ghost": 3,
}  # fmt: skip
"""What may happen next, and how often."""


@dataclass
class Fault:
    """What happens where: at the `nth` time that a life of a role passes a point."""

    role: str
    point: str
    nth: int
    kind: str


@dataclass
class Outcome:
    """What a schedule left."""

    plan: Plan
    cluster: Cluster
    steps: list[str]
    reached: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    stops: list[tuple[str, RingfenceError]] = field(default_factory=list)


class Schedule:
    """One run of all roles over one plan."""

    def __init__(self, seed: int, plan: Plan, settings: Settings, tables: Tables, faults: bool = True) -> None:
        self._random = Random(seed)
        self._plan = plan
        self._cluster = Cluster(TOPICS, max((record.append_ms for record in plan.records), default=0) + 1)
        self._groups = {name: Group(TOPICS[topic], self._spread) for name, topic in READS.items()}
        self._cluster.groups = self._groups
        pick = self._random.choice
        self._staged = Staged(self._cluster, settings, tables, self._groups, self._choose, pick, lambda: self._peace)
        self._unfed = list(plan.records)
        self._lives: list[Life] = []
        self._slots: list[Life] = []
        self._ghosts: list[tuple[Lane, list[InFlight]]] = []
        self._peace = not faults
        self._faults = [self._fault() for _ in range(self._random.choice([2, 4, 6, 9]))] if faults else []
        self.outcome = Outcome(plan, self._cluster, [f"plan {plan.name}"])

    def _fault(self) -> Fault:
        role = self._random.choice(["intake", "detector", "detector", "decider", "decider"])
        point = self._random.choice(POINTS[role])
        return Fault(role, point, self._random.choice([1, 1, 1, 2, 3, 5]), self._random.choice(["kill", "freeze"]))

    def _log(self, text: str) -> None:
        self.outcome.steps.append(text)

    def run(self) -> Outcome:
        """Run it to its end.

        Raises:
            AssertionError: a life failed in a way that is none of the planned, or work is left that nobody does.
        """
        use(self._cluster)
        try:
            for role, most in (("intake", 2), ("detector", 2), ("decider", 2)):
                for _ in range(self._random.choice([1, most])):
                    self._slots.append(self._start(role))
            if not self._peace:
                for action in self._random.choices(list(ACTIONS), list(ACTIONS.values()), k=self._random.choice(STEPS)):
                    getattr(self, f"_{action}")()
            self._end_in_peace()
            return self.outcome
        finally:
            self.end()

    def _start(self, role: str) -> Life:
        life = Life(role, len(self._lives), self._cluster, self._at_point, BODIES[role](self._staged))
        self._lives.append(life)
        self.outcome.counts[f"{role} starts"] += 1
        self._log(f"start {life.name}")
        return life

    def turn(self, role: str, turns: int) -> None:
        """For tests of one thing: let the only life of a role run so many times."""
        use(self._cluster)
        mine = [life for life in self._slots if life.role == role]
        if not mine:
            mine = [self._start(role)]
            self._slots += mine
        for _ in range(turns):
            self._cluster.clock_ms += 600
            if mine[0].alive:
                self._let_run(mine[0])
                mine[0].wire.deliver_all()

    def delete(self, topic: str, partition: int, below: int) -> None:
        """Let retention take the records below an offset."""
        self._cluster.low[topic, partition] = below

    def end(self) -> None:
        """Let nobody live on."""
        for life in self._lives:
            if life.is_alive():
                life.kill()

    def _feed(self) -> None:
        self.feed(self._random.choice([3, 8, 20]))

    def feed(self, count: int) -> None:
        """The next few records of the plan arrive."""
        for record in self._unfed[:count]:
            sent = InFlight(record.key, record.value, [], None)
            self._cluster.append((EVENTS, record.partition), sent, record.append_ms)
        del self._unfed[:count]

    def _run(self) -> None:
        """Somebody runs until he waits."""
        able = [life for life in self._slots if life.alive and not life.frozen]
        if able:
            self._let_run(self._random.choice(able))

    def _let_run(self, life: Life) -> None:
        life.go()
        if not life.alive:
            self._note_end(life)

    def _note_end(self, life: Life) -> None:
        if life.fault is not None:
            raise AssertionError(f"{life.name} failed: {life.fault!r}") from life.fault
        if life.failure is not None:
            self._log(f"{life.name} stops: {life.failure}")
            self.outcome.stops.append((life.role, life.failure))
        self._bury(life)

    def _bury(self, life: Life) -> None:
        """Of what a dead life had on its way a prefix of every lane arrives, now or later; the rest is lost."""
        life.wire.orphaned()
        for lane in sorted(life.wire.lanes):
            records = life.wire.lanes[lane]
            arrived = records[: self._random.randint(0, len(records))]
            if self._peace or self._random.random() < 0.7:
                for record in arrived:
                    self._cluster.append(lane, record)
            elif arrived:
                self._ghosts.append((lane, arrived))
        life.wire.lanes.clear()

    def _time(self) -> None:
        self._cluster.clock_ms += self._random.choice([50, 300, 700, 1_500])

    def _network(self) -> None:
        """Some of what is on its way arrives."""
        wires = [life.wire for life in self._slots if life.alive and life.wire.lanes]
        if wires:
            wire = self._random.choice(wires)
            lane = self._random.choice(sorted(wire.lanes))
            wire.deliver(lane, self._random.randint(1, len(wire.lanes[lane])))

    def _restart(self) -> None:
        dead = [slot for slot, life in enumerate(self._slots) if not life.alive]
        if dead:
            slot = self._random.choice(dead)
            self._slots[slot] = self._start(self._slots[slot].role)

    def _expel(self) -> None:
        """Groups go on without those that were not heard of for the session's time."""
        for name, group in self._groups.items():
            for member in [member for member in group.members if not member.life.alive or member.life.frozen]:
                self._cluster.clock_ms += SESSION_MS
                self._log(f"{name}: the group goes on without {member.life.name}")
                self.outcome.counts["expelled"] += 1
                group.leave(member)

    def _thaw(self) -> None:
        frozen = [life for life in self._slots if life.frozen]
        if frozen:
            life = self._random.choice(frozen)
            self._log(f"{life.name} goes on")
            life.frozen = False
            self._let_run(life)

    def _rebalance(self) -> None:
        name = self._random.choice(sorted(self._groups))
        self._log(f"{name}: rebalance")
        self._groups[name].rebalance()

    def _stop(self) -> None:
        """SIGTERM to somebody."""
        able = [life for life in self._slots if life.alive and not life.frozen]
        if able:
            life = self._random.choice(able)
            self._log(f"SIGTERM to {life.name}")
            life.stopping = True

    def _ghost(self) -> None:
        """What a dead producer had sent arrives late."""
        if self._ghosts:
            lane, records = self._ghosts.pop(self._random.randrange(len(self._ghosts)))
            self._log(f"{len(records)} records of a dead producer arrive on {lane[0]}/{lane[1]}")
            for record in records:
                self._cluster.append(lane, record)

    def _at_point(self, life: Life, point: str) -> None:
        """Asked by a life at every point."""
        for fault in [] if self._peace else self._faults:
            if (fault.role, fault.point) != (life.role, point):
                continue
            fault.nth -= 1
            if fault.nth == 0:
                self._faults.remove(fault)
                self.outcome.reached[fault.role, fault.point, fault.kind] += 1
                self._log(f"{fault.kind} {life.name} {point}")
                if fault.kind == "kill":
                    life.die()
                life.frozen = True
                life.wait()
                return

    def _choose(self, at: dict[int, int]) -> dict[int, int]:
        """What a fetch brings: up to some records of each partition."""
        most = 1_000 if self._peace else self._random.choice([0, 2, 10, 40])
        ends = {partition: len(self._cluster.logs[EVENTS, partition]) for partition in at}
        return {p: min(most, ends[p] - at[p]) for p in sorted(at) if ends[p] > at[p] and most}

    def _spread(self, members: list[Member], partitions: int) -> list[set[int]]:
        shares: list[set[int]] = [set() for _ in members]
        for partition in range(partitions):
            shares[self._random.randrange(len(members))].add(partition)
        return shares

    def _end_in_peace(self) -> None:
        """No more faults: everybody is there, and works until nothing waits."""
        self._log("peace")
        self._peace = True
        while self._unfed:
            self._feed()
        while any(life.frozen for life in self._slots):
            self._thaw()
        while self._ghosts:
            self._ghost()
        if self._random.random() < 0.5:
            self._kill_all()
        for _ in range(PEACE_MAX):
            self._expel()
            for role in sorted(BODIES.keys() - {life.role for life in self._slots if life.alive}):
                self._slots.append(self._start(role))
            for life in self._slots:
                if life.alive:
                    self._let_run(life)
                life.wire.deliver_all()
            self._cluster.clock_ms += 1_100
            if self._nothing_waits():
                break
        else:
            raise AssertionError(f"work is left that nobody does: {self._waiting()}")

    def _kill_all(self) -> None:
        """The machine loses its power: what comes up again has only what is durable."""
        self._log("everybody is killed")
        for life in self._slots:
            if life.alive:
                life.kill()
                self._bury(life)

    def _nothing_waits(self) -> bool:
        lengths = {lane: len(log) for lane, log in self._cluster.logs.items()}
        done = self._groups["intake"].committed, self._groups["detector"].committed
        events = all(done[0].get(p, 0) == lengths[EVENTS, p] for p in range(TOPICS[EVENTS]))
        rows = all(done[1].get(p, 0) == lengths["ringfence.rows", p] for p in range(TOPICS["ringfence.rows"]))
        decided = self._groups["decider"].committed.get(0, 0)
        undecided = self._cluster.logs["ringfence.findings", 0][decided:]
        return events and rows and all(TICK in (message.value() or b"") for message in undecided)

    def _waiting(self) -> str:
        """How far each group is, for a person."""
        ends = {
            name: [len(self._cluster.logs[topic, p]) for p in range(TOPICS[topic])] for name, topic in READS.items()
        }
        return ", ".join(f"{name} {group.committed} of {ends[name]}" for name, group in self._groups.items())


def allowed(stop: RingfenceError) -> bool:
    """Whether a life may end so: its commit came after it had been expelled."""
    return isinstance(stop, DependencyError) and "cannot commit offsets" in str(stop)
