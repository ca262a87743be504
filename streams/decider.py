"""The decider's role: one partition of findings to signed commands, incidents and its own state, in that order."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import faust
import msgspec

from models import commands
from models.decider import CONTROL, Decision, Order, Stamp
from models.findings import Source, Tick, decode, encode
from models.tables import Tables
from streams import logs, metrics
from streams.app import decider_app
from streams.assembly import decider_of
from streams.errors import UsageError
from streams.faust_app import assigned, run
from streams.heartbeat import Heartbeat
from streams.outbox import Outbox
from streams.reading import to_the_end, topic_id
from streams.settings import Settings
from streams.signing import KeyRing, Role

FINDINGS, INCIDENTS, STATE = "ringfence.findings", "fraud.incidents", "ringfence.decider"
SAVE_S = 1.0
"""Records that change nothing to be seen are acknowledged after at most this time."""

log = logs.get(__name__)


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    role = DeciderRole(settings, tables, Heartbeat.from_env())
    role.app = decider_app(settings, role)
    run(role.app)


class Saved(msgspec.Struct):
    """What stands on `ringfence.decider`: the log (topic id, epoch), the last record applied, and the state."""

    topic_id: str
    epoch: int
    offset: int
    state: dict[str, Any]


class DeciderRole:
    """Takes findings in order; a record is acknowledged when what it led to and the state after it are durable."""

    app: faust.App

    def __init__(self, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        self.heartbeat = heartbeat
        self._settings = settings
        self._tables = tables
        self._outbox = Outbox(settings)
        self._signer = KeyRing.load(settings.keys.dir).signer(Role.DECIDER)
        self._topic_id = topic_id(settings, FINDINGS)
        self._lock = asyncio.Lock()
        self._waiting: list[Any] = []
        self._saved_s = time.monotonic()
        self._moved = 0
        self._begin()

    def _begin(self) -> None:
        """State as the last decider left it, and the commands that stand on the control topic."""
        self._decider = decider_of(self._settings, self._tables)
        self._epoch, self._offset = 1, -1
        for saved in _values(self._settings, STATE):
            self._resume(saved)
        self._written = {commands.id_of(value) for value in _values(self._settings, CONTROL)}
        self._loaded = True

    def _resume(self, value: bytes) -> None:
        try:
            saved = msgspec.msgpack.decode(value, type=Saved)
            if saved.topic_id == self._topic_id:
                self._epoch, self._offset = saved.epoch, saved.offset
                self._decider.load(saved.state)
            else:
                self._epoch = max(self._epoch, saved.epoch + 1)
        except (msgspec.DecodeError, ValueError) as error:
            raise UsageError(f"{STATE}: {error} (run the version that wrote it, or delete the topic)") from None

    async def take(self, finding: Any) -> None:
        """Decide one record, and make what it leads to durable before the next."""
        message = finding.message
        async with self._lock:
            if not self._loaded:
                self._begin()
            self._waiting.append(finding)
            if message.offset > self._offset:
                await self._decide(message)
            self._moved += 1
            if time.monotonic() - self._saved_s >= SAVE_S:
                await self._save()

    async def _decide(self, message: Any) -> None:
        stamp = Stamp(round(message.timestamp * 1000), message.offset, self._epoch)
        try:
            decision = self._decider.take(decode(message.value), stamp)
        except ValueError as error:
            log.warning("a finding that nobody can read", offset=message.offset, reason=str(error))
            decision = Decision([], [], [])
        self._offset = message.offset
        if decision.orders or decision.incidents:
            await self._publish(decision, message.offset)
            await self._save()

    async def _publish(self, decision: Decision, offset: int) -> None:
        """Commands first, each durable before the incidents that speak of it."""
        for order in decision.orders:
            self._send(order)
        await self._settle()
        for incident in decision.incidents:
            value = msgspec.json.encode(incident.record(offset))
            self._outbox.send(INCIDENTS, value, incident.id.encode(), 0)
        await self._settle()

    def _send(self, order: Order) -> None:
        topic, command = order
        if command.id in self._written:
            return
        key, value = command.target.key().encode(), commands.encode(command)
        self._outbox.send(topic, value, key, headers=self._signer.sign(topic, key, value))
        if topic == CONTROL:
            self._written.add(command.id)
        metrics.COMMANDS.labels(mode=command.mode, action=command.action).inc()

    async def _save(self) -> None:
        self._saved_s = time.monotonic()
        saved = Saved(self._topic_id, self._epoch, self._offset, self._decider.snapshot())
        self._outbox.send(STATE, msgspec.msgpack.encode(saved), b"state", 0)
        await self._settle()
        for finding in self._waiting:
            finding.ack()
        self._waiting.clear()

    async def _settle(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._outbox.settle)

    async def tick(self) -> None:
        """Put the second on the log, and tell the supervisor that we move."""
        now_s = time.time_ns() // 1_000_000_000
        async with self._lock:
            self._outbox.send(FINDINGS, encode(Tick(Source("clock", 0, now_s))), partition=0)
        self.heartbeat.beat(bool(assigned(self.app)), self._moved, 0)

    async def revoked(self, partitions: set[int]) -> None:
        """Another decider takes over: what we know is old as soon as it writes."""
        if partitions:
            async with self._lock:
                self._waiting.clear()
                self._loaded = False


def _values(settings: Settings, topic: str) -> Iterator[bytes]:
    values = (message.value() for message in to_the_end(settings, topic, 0))
    return (value for value in values if value is not None)
