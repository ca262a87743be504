"""The detector's role: owners of the partitions that Faust assigns, their findings sent, their state checkpointed."""

import asyncio
import time
from typing import Any

import faust

from models.findings import encode
from models.tables import Tables
from streams import metrics
from streams.app import detector_app
from streams.assembly import detector_of
from streams.faust_app import assigned, run
from streams.heartbeat import Heartbeat
from streams.outbox import Outbox
from streams.owner import Owner
from streams.pages import PageStore
from streams.settings import Settings
from streams.warming import warm_detector

FINDINGS = "ringfence.findings"


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    warm_detector(settings, tables)
    role = DetectorRole(settings, tables, Heartbeat.from_env())
    role.app = detector_app(settings, role)
    run(role.app)


class DetectorRole:
    """Blocks are acknowledged only after a checkpoint that holds them."""

    app: faust.App

    def __init__(self, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        self.heartbeat = heartbeat
        self._settings = settings
        self._tables = tables
        self._outbox = Outbox(settings)
        self._owners: dict[int, Owner] = {}
        self._waiting: list[Any] = []
        self._lock = asyncio.Lock()
        self._checkpointed_s = time.monotonic()
        self._moved = 0

    async def take(self, block: Any) -> None:
        """Apply one block and send what it shows."""
        message = block.message
        async with self._lock:
            owner = self._owner(message.partition)
            started = time.perf_counter()
            for finding in owner.take(message.offset, message.value):
                self._outbox.send(FINDINGS, encode(finding), partition=0)
                metrics.FINDINGS.labels(verdict=getattr(finding, "grade", type(finding).__name__.lower())).inc()
            metrics.KERNEL_MS.labels(role="detector").observe((time.perf_counter() - started) * 1000)
            self._waiting.append(block)
            self._moved += 1
        if time.monotonic() - self._checkpointed_s >= self._settings.service.checkpoint_ms / 1000:
            await self.checkpoint()

    def _owner(self, partition: int) -> Owner:
        """The partition's owner, its state restored at the first block."""
        if partition not in self._owners:
            store = PageStore(self._settings, partition, self._outbox)
            owner = Owner(partition, detector_of(self._settings, self._tables), store)
            owner.restore()
            self._owners[partition] = owner
        return self._owners[partition]

    async def checkpoint(self) -> None:
        """Make the state durable, then acknowledge the blocks that it holds."""
        async with self._lock:
            self._checkpointed_s = time.monotonic()
            changed = [owner for owner in self._owners.values() if owner.changed]
            if changed:
                await self._save(changed)
            for block in self._waiting:
                block.ack()
            self._waiting.clear()
        assignment = assigned(self.app)
        self.heartbeat.beat(bool(assignment), self._moved, len(self._waiting))

    async def _save(self, owners: list[Owner]) -> None:
        """Findings and pages first, then the manifests, then what they make superfluous."""
        loop = asyncio.get_running_loop()
        written = [(owner, *owner.write_pages()) for owner in owners]
        await loop.run_in_executor(None, self._outbox.settle)
        for owner, manifest, _ in written:
            owner.commit(manifest)
        await loop.run_in_executor(None, self._outbox.settle)
        for owner, manifest, gone in written:
            owner.saved(manifest, gone)
        metrics.CHECKPOINTS.inc(len(written))

    async def revoked(self, partitions: set[int]) -> None:
        """Save what goes to another member, and forget it."""
        await self.checkpoint()
        for partition in partitions:
            self._owners.pop(partition, None)
