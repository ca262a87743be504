"""The decider's role: one partition of findings to signed commands, incidents and its own state, in that order."""

import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from models import commands
from models.decider import CONTROL, Decider, Decision, Heard, Order, Stamp
from models.findings import Source, Tick, decode, encode
from models.tables import Tables
from streams import latency, logs, metrics
from streams.app import decider_app
from streams.assembly import decider_of
from streams.coverage import GapError
from streams.decider_states import STATE, DeciderStates, Saved, unreadable
from streams.enforcers.worker import POLICY
from streams.faust_role import FaustRole
from streams.forwarder import Forwarder
from streams.heartbeat import Heartbeat
from streams.reading import to_the_end, topic_id
from streams.settings import Settings
from streams.signing import KeyRing, Role

FINDINGS, INCIDENTS = "ringfence.findings", "fraud.incidents"
SAVE_S = 1.0
"""Records that change nothing to be seen are acknowledged after at most this time."""
DEFLATE = 1
"""zlib's fastest level: the state shrinks to a fifth."""

log = logs.get(__name__)


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    DeciderRole(settings, tables, Heartbeat.from_env()).serve(decider_app)


class DeciderRole(FaustRole):
    """Takes findings in order; a record is acknowledged when what it led to and the state after it are durable."""

    def __init__(self, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        super().__init__("decider", FINDINGS, settings, tables, heartbeat)
        self._keys = KeyRing.load(settings.keys.dir)
        self._signer = self._keys.signer(Role.DECIDER)
        self._topic_id = topic_id(settings, FINDINGS)
        self._forwarder = Forwarder(settings, self.outbox)
        self._states = DeciderStates(self.outbox)
        self._saved_s = time.monotonic()
        self._loaded = False

    def _begin(self) -> None:
        """State as the last decider left it, and the commands that stand on the control topic.

        It is read when the partition is ours: while another decides, it is old at once.
        """
        self._decider = self._made(self.watch.tables)
        saved = self._states.newest(_records(self.settings, STATE), self._topic_id)
        self._epoch, self._offset, self._durable = self._states.epoch, -1, False
        if saved is not None:
            self._resume(saved)
        self._written: set[str] = set()
        for _, value in _records(self.settings, CONTROL):
            if value is not None:
                self._stands(value)
        self._loaded = True

    def _made(self, tables: Tables) -> Decider:
        return decider_of(self.settings, tables, self._verify)

    def _verify(self, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> str:
        return self._keys.verify(Role.OPERATOR, POLICY, key, value, headers)

    def _resume(self, saved: Saved) -> None:
        self._epoch, self._offset, self._durable = saved.epoch, saved.offset, True
        try:
            self._decider.load(msgspec.msgpack.decode(zlib.decompress(saved.state)))
        except (msgspec.DecodeError, ValueError, zlib.error) as error:
            raise unreadable(error) from None

    def _stands(self, value: bytes) -> None:
        """Know a command of the control topic; one of another log is of a higher epoch's past."""
        try:
            command = commands.decode(value)
        except commands.CommandError:
            return
        self._written.add(command.id)
        if not self._durable:
            self._epoch = max(self._epoch, command.epoch)
            self._decider.spend(command.incident, command.lease)

    async def take(self, finding: Any) -> None:
        """Decide one record, and make what it leads to durable before the next."""
        self.standstill.check()
        async with self.lock:
            if not self._loaded:
                self._begin()
            if not self._durable:
                await self._begin_epoch()
            self.took(finding)
            if finding.message.offset > self._offset:
                self._see_that_none_is_missing(finding.message.offset)
                await self._decide(finding.message)
            if time.monotonic() - self._saved_s >= SAVE_S:
                await self._save()

    def _see_that_none_is_missing(self, offset: int) -> None:
        """The state is that of every record so far: it stands for none that was not decided."""
        if 0 <= self._offset < offset - 1:
            raise GapError(
                f"{FINDINGS}: offsets {self._offset + 1} to {offset - 1} never came; the decider stops here"
                f" (set the offset of its group, ringfence.decider, back to {self._offset + 1})"
            )

    async def _begin_epoch(self) -> None:
        """A log made anew has the next epoch, durable before its first command: a restart must not count again."""
        self._epoch += 1
        self._durable = True
        await self._save()

    async def _decide(self, message: Any) -> None:
        stamp = Stamp(round(message.timestamp * 1000), message.offset, self._epoch)
        try:
            decision = self._decider.take(decode(message.value), stamp)
        except ValueError as error:
            log.warning("a finding that nobody can read", offset=message.offset, reason=str(error))
            decision = Decision.nothing()
        self._offset = message.offset
        for heard in decision.heard:
            _report(heard)
        for line in decision.verdicts:
            metrics.VERDICTS.labels(reason=line["reason"], verdict=line["verdict"], why=line["why"]).inc()
        if decision.orders or decision.incidents:
            await self._publish(decision, message)
            await self._save()

    async def _publish(self, decision: Decision, message: Any) -> None:
        """Commands first, each durable before the incidents that speak of it."""
        new = sum(map(self._send, decision.orders))
        await self.settle()
        if new:
            latency.observe(message.headers, time.time_ns() // 1_000_000)
        for incident in decision.incidents:
            value = msgspec.json.encode(self._decider.record(incident, message.offset))
            self.outbox.send(INCIDENTS, value, incident.id.encode(), 0)
        await self.settle()

    def _send(self, order: Order) -> bool:
        """Send a command, unless it stands there already; tells whether it was new."""
        topic, command = order
        if command.id in self._written:
            return False
        key, value = command.target.key().encode(), commands.encode(command)
        self.outbox.send(topic, value, key, headers=self._signer.sign(topic, key, value))
        if topic == CONTROL:
            self._written.add(command.id)
        metrics.COMMANDS.labels(mode=command.mode, action=command.action).inc()
        return True

    async def _save(self) -> None:
        self._saved_s = time.monotonic()
        state = zlib.compress(msgspec.msgpack.encode(self._decider.snapshot()), DEFLATE)
        saved = Saved(self._topic_id, self._epoch, self._offset, state)
        self._states.write(saved)
        await self.settle()
        self._states.written(saved)
        self.acknowledge(0, self._offset + 1)

    async def tick(self) -> None:
        """Put the second, and what operators have said, on the log; follow the tables; report."""
        now_s = time.time_ns() // 1_000_000_000
        tables = self.watch.changed()
        async with self.lock:
            self.outbox.send(FINDINGS, encode(Tick(Source("clock", 0, now_s))), partition=0)
            self._forwarder.forward()
            if tables is not None and self._loaded:
                await self._learn(tables)
        self.beat()

    async def _learn(self, tables: Tables) -> None:
        """Go on with other tables from a saved state: a restart from there judges by them, too."""
        if self._durable:
            await self._save()
        state = self._decider.snapshot()
        self._decider = self._made(tables)
        self._decider.load(state)

    async def revoked(self, partitions: set[int]) -> None:
        """Another decider takes over: what we know is old as soon as it writes."""
        if partitions:
            async with self.lock:
                self.lose(partitions)
                self._loaded = False


def _report(heard: Heard) -> None:
    """Tell what became of an operator's record."""
    at = f"{POLICY}/0/{heard.position}"
    metrics.ORDERS.labels(result="refused" if heard.fault else "taken").inc()
    if heard.fault:
        log.warning("order ignored", at=at, setting=heard.setting, author=heard.author, reason=heard.fault)
    else:
        log.info("order taken", at=at, setting=heard.setting, author=heard.author)


def _records(settings: Settings, topic: str) -> Iterator[tuple[bytes | None, bytes | None]]:
    return ((message.key(), message.value()) for message in to_the_end(settings, topic, 0))
