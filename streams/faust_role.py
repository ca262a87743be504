"""What the roles on Faust share: tables, outbox, messages that wait for durable state, and how they report."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import faust
from confluent_kafka import KafkaException

from models.tables import Tables
from streams import logs
from streams.backlog import Backlog
from streams.faust_app import SESSION_S, assigned, run
from streams.garbage import settle
from streams.heartbeat import Heartbeat
from streams.outbox import Outbox
from streams.pulse import Pulse
from streams.settings import Settings
from streams.standstill import Standstill
from streams.table_watch import TableWatch

ENDS_S = 2.0
"""How often Kafka is asked what waits."""

log = logs.get(__name__)


class FaustRole:
    """A role that reads one topic; a message is acknowledged when the state that it changed is durable.

    Args:
        name: of the role.
        topic: what it reads.
        settings: all of them.
        tables: as read at the start; `watch` follows the files.
        heartbeat: where it reports.
    """

    app: faust.App

    def __init__(self, name: str, topic: str, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        self.heartbeat = heartbeat
        self.settings = settings
        self.watch = TableWatch(settings, tables)
        self.outbox = Outbox(settings)
        self.lock = asyncio.Lock()
        self.standstill = Standstill(SESSION_S)
        self._pulse = Pulse(name, topic, heartbeat)
        self._waiting: list[Any] = []
        self._taken: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._moved = 0
        self._topic = topic
        self._backlog: Backlog | None = None
        self._looking: asyncio.Task[None] | None = None
        self._next_look_s = 0.0

    def serve(self, make: Callable[[Settings, Any], faust.App]) -> None:
        """Run the app that `make` builds around this role, until SIGTERM."""
        self.app = make(self.settings, self)
        settle()
        self.standstill.watch()
        run(self.app)

    def took(self, event: Any) -> None:
        """Note a message that was applied; `acknowledge` answers for it."""
        self._waiting.append(event)
        self._taken[event.message.partition] = event.message.offset + 1
        self._moved += 1

    def acknowledge(self, partition: int, until: int) -> None:
        """What was taken of a partition below an offset is durable."""
        durable = [event for event in self._waiting if _is_before(event.message, partition, until)]
        self._waiting = [event for event in self._waiting if not _is_before(event.message, partition, until)]
        for event in durable:
            event.ack()

    def lose(self, partitions: set[int]) -> None:
        """Partitions go to another member: what was not acknowledged is that one's."""
        self._waiting = [event for event in self._waiting if event.message.partition not in partitions]
        for partition in partitions:
            self._taken.pop(partition, None)
            self._ends.pop(partition, None)

    async def settle(self) -> None:
        """Wait, without blocking the loop, until all that was sent is acknowledged.

        Raises:
            DependencyError: a record was not taken.
            StandstillError: meanwhile the partitions may have gone to another member.
        """
        await asyncio.get_running_loop().run_in_executor(None, self.outbox.settle)
        self.standstill.check()

    def beat(self) -> None:
        """Report: ready where partitions are assigned, and the records that wait."""
        now_s = time.monotonic()
        if now_s >= self._next_look_s and (self._looking is None or self._looking.done()):
            self._next_look_s = now_s + ENDS_S
            self._looking = asyncio.ensure_future(self._look())
        mine = {place.partition for place in assigned(self.app)}
        self._pulse.beat(bool(mine), self._moved, self._lag(mine), self.watch.remark)

    def _lag(self, mine: set[int]) -> int:
        """Records of our partitions that were not taken; those of which nothing is known do not count."""
        known = mine & self._ends.keys() & self._taken.keys()
        return sum(max(0, self._ends[partition] - self._taken[partition]) for partition in known)

    async def _look(self) -> None:
        """Ask what waits, in a thread of its own: a Kafka that does not answer must not stop the heart."""
        mine = {place.partition for place in assigned(self.app)}
        try:
            if self._backlog is None:
                self._backlog = Backlog(self.settings, self.app.conf.id, self._topic)
            spans = await asyncio.get_running_loop().run_in_executor(None, self._backlog.look, mine)
        except KafkaException as error:
            log.debug("what waits is not known", reason=logs.describe(error))
            return
        for partition, span in spans.items():
            self._ends[partition] = span.end
            self._taken.setdefault(partition, span.begin)


def _is_before(message: Any, partition: int, until: int) -> bool:
    return bool(message.partition == partition and message.offset < until)
