"""The three roles as lives: our code from `streams`, driven as Kafka and Faust drive it, on virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from confluent_kafka import Message

from models import sightings
from models.tables import Tables
from streams import decider, detector, faust_role, forwarder, intake, outbox, reading, route_pages, window_pages
from streams.decider import DeciderRole
from streams.detector import DetectorRole
from streams.heartbeat import Heartbeat
from streams.intake import Intake
from streams.outbox import Outbox
from streams.settings import Settings
from tests.faults.clients import TOPICS, EventConsumer, Feed, Producer, Reader
from tests.faults.lives import Life
from tests.faults.virtual_kafka import Cluster, Group, Member
from tests.faults.virtual_loop import VirtualLoop

TOPIC_ID = "virtual"
SLICES = (4, 4, 4, 2, 2)
"""Slices of the windows by kind: few, as there are few keys."""
PAGE_BYTES = 200
"""Of them a checkpoint writes some only, so that a restart has to catch up with the others."""
HOLDS_MAX = 3
"""Messages that a Faust member may still take when it has been expelled and does not know it."""


class Staged(NamedTuple):
    """What the lives of a schedule share."""

    cluster: Cluster
    settings: Settings
    tables: Tables
    groups: dict[str, Group]
    choose: Callable[[dict[int, int]], dict[int, int]]
    """Of which partitions (and their positions) how many records a fetch of the intake brings."""
    pick: Callable[[list[Any]], Any]
    """One of several things."""
    is_peace: Callable[[], bool]
    """Whether nothing goes wrong any more."""


class VirtualTime:
    """Stands for the module `time` in ours; asks the clock of the life's Kafka."""

    @staticmethod
    def time_ns() -> int:
        return Life.current().cluster.clock_ms * 1_000_000

    @staticmethod
    def monotonic() -> float:
        return Life.current().cluster.clock_ms / 1000

    @staticmethod
    def thread_time() -> float:
        return 0.0


class StillWatch:
    """Tables that do not change."""

    remark = ""

    def __init__(self, _settings: Settings, tables: Tables) -> None:
        self.tables = tables

    def changed(self) -> None:
        return None


@asynccontextmanager
async def unsupervised(_heartbeat: Heartbeat) -> AsyncIterator[None]:
    """A failure ends the life, not the process of the tests."""
    yield


@contextmanager
def virtual() -> Iterator[None]:
    """Put the virtual Kafka and its time in the place of the clients that `streams` uses."""

    with ExitStack() as stack:
        for where, name, stand_in in (
            (outbox, "Producer", Producer),
            (reading, "Consumer", Reader),
            (forwarder, "Feed", Feed),
            (forwarder, "topic_id", lambda *_: TOPIC_ID),
            (decider, "topic_id", lambda *_: TOPIC_ID),
            (detector, "topic_id", lambda *_: TOPIC_ID),
            (faust_role, "TableWatch", StillWatch),
            (detector, "supervised", unsupervised),
            (faust_role.FaustRole, "beat", lambda _: None),
            (DetectorRole, "_measure", lambda _: None),
            (sightings, "SLICES", SLICES),
            (window_pages, "BYTES_MIN", PAGE_BYTES),
            (window_pages, "BYTES_PER_ROW", 0),
            (route_pages, "RECENT_MINUTES", 2),
            (route_pages, "RECENT_MAX", 3),
            *((module, "time", VirtualTime) for module in (outbox, intake, detector, decider)),
        ):
            stack.enter_context(mock.patch.object(where, name, stand_in))
        yield


def intake_body(staged: Staged) -> Callable[[Life], None]:
    """The intake's process."""

    def body(life: Life) -> None:
        stop = SimpleNamespace(is_set=lambda: life.stopping)
        consumer: Any = EventConsumer(life, staged.groups["intake"], staged.choose)
        watch: Any = StillWatch(staged.settings, staged.tables)
        role = Intake(staged.settings, watch, consumer, Outbox(staged.settings), TOPIC_ID)
        role.run(stop, Heartbeat(None))  # type: ignore[arg-type] # an event whose threads are lives

    return body


def detector_body(staged: Staged) -> Callable[[Life], None]:
    """The detector's process."""
    return _faust_body(staged, DetectorRole, detector.ROWS, "detector")


def decider_body(staged: Staged) -> Callable[[Life], None]:
    """The decider's process."""
    return _faust_body(staged, DeciderRole, decider.FINDINGS, "decider")


BODIES = {"intake": intake_body, "detector": detector_body, "decider": decider_body}


def _faust_body(staged: Staged, made: Any, topic: str, name: str) -> Callable[[Life], None]:
    def body(life: Life) -> None:
        loop = VirtualLoop(VirtualTime.monotonic)
        try:
            role = made(staged.settings, staged.tables, Heartbeat(None))
            _FaustMember(life, staged, role, loop, topic, staged.groups[name]).run()
        finally:
            loop.close()

    return body


class _FaustMember:
    """Delivers messages in order, one at a time, beside a timer, and commits what was acknowledged, as Faust does."""

    def __init__(self, life: Life, staged: Staged, role: Any, loop: VirtualLoop, topic: str, group: Group) -> None:
        self._life, self._staged, self._role, self._loop = life, staged, role, loop
        self._topic, self._group = topic, group
        self._at: dict[int, int] = {}
        self._acked: dict[int, int] = {}
        self._held = HOLDS_MAX
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    @property
    def _member(self) -> Member:
        return self._life.member  # type: ignore[no-any-return] # set by `run`

    def run(self) -> None:
        self._life.member = self._group.join(self._life)
        while not self._life.stopping:
            self._life.wait()
            self._turn()
            self._check()
        self._commit()
        self._group.leave(self._member)

    def _check(self) -> None:
        """End where a task of the role has failed."""
        self._life.check()
        if self._loop.failure is not None:
            raise self._loop.failure

    def _turn(self) -> None:
        member, peace = self._member, self._staged.is_peace()
        if self._loop.has_work and (peace or self._revoking or self._staged.pick([True, False])):
            self._loop.work()
        elif self._revoking:
            self._loop.settle()
        elif member.expelled and self._held and self._take_one():
            self._held -= 1
        elif member.expelled or member.must_revoke:
            self._begin("revoke", lambda: self._role.revoked(set(self._at)))
        elif member.to_assign is not None:
            share, member.to_assign = member.to_assign, None
            self._at = {partition: self._group.committed.get(partition, 0) for partition in share}
            self._acked = {}
        elif peace:
            self._work_off()
        else:
            self._staged.pick([self._take_one, self._take_one, self._take_one, self._tick, self._commit])()
        self._finish_revoke()

    @property
    def _revoking(self) -> bool:
        return "revoke" in self._tasks

    def _begin(self, name: str, make: Callable[[], Any]) -> None:
        self._life.revoking = name == "revoke" or self._revoking
        self._tasks[name] = self._loop.begin(make)

    def _finish_revoke(self) -> None:
        """When the role has let go, the group may go on."""
        if not self._revoking or not self._tasks["revoke"].done():
            return
        self._check()
        if self._staged.pick([True, False]):
            self._commit()
        del self._tasks["revoke"]
        self._life.revoking, self._at = False, {}
        if self._member.expelled:
            self._life.member, self._held = self._group.join(self._life), HOLDS_MAX
        else:
            self._group.revoked(self._member)

    def _is_free(self, name: str) -> bool:
        return name not in self._tasks or self._tasks[name].done()

    def _take_one(self) -> bool:
        logs, low = self._life.cluster.logs, self._life.cluster.low
        self._at = {partition: max(at, low.get((self._topic, partition), 0)) for partition, at in self._at.items()}
        waiting = [partition for partition, at in self._at.items() if at < len(logs[self._topic, partition])]
        if not waiting or not self._is_free("take"):
            return False
        partition = self._staged.pick(sorted(waiting))
        event = _Event(self, self._life, logs[self._topic, partition][self._at[partition]])
        self._at[partition] += 1
        self._begin("take", lambda: self._role.take(event))
        return True

    def _work_off(self) -> None:
        """Do all that there is to do, without a break."""
        while self._take_one() or self._loop.has_work:
            while self._loop.has_work:
                self._loop.work()
        self._tick()
        while self._loop.has_work:
            self._loop.work()
        self._commit()

    def _tick(self) -> None:
        if self._is_free("tick"):
            self._begin("tick", self._role.tick)

    def acked(self, message: Any) -> None:
        """Note what the role has acknowledged; called in order of offsets."""
        self._life.point("between durable and acknowledged")
        self._acked[message.partition] = message.offset + 1

    def _commit(self) -> None:
        mine = {partition: end for partition, end in self._acked.items() if partition in self._at}
        if mine:
            self._life.point("between acknowledged and committed")
            self._group.commit(self._member, mine)
            self._acked = {}


class _Event:
    """A Faust event over a record."""

    def __init__(self, member: _FaustMember, life: Life, record: Message) -> None:
        self._member, self._life = member, life
        self.message = SimpleNamespace(
            topic=record.topic(),
            partition=record.partition(),
            offset=record.offset(),
            key=record.key(),
            value=record.value(),
            headers=record.headers(),
            timestamp=record.timestamp()[1] / 1000,
        )

    def ack(self) -> None:
        self._member.acked(self.message)


def settings_of(keys: Path) -> Settings:
    """The settings of all schedules."""
    kafka = {"row_partitions": TOPICS["ringfence.rows"]}
    return Settings(network={"home_country_code": "212"}, kafka=kafka, keys={"dir": keys})
