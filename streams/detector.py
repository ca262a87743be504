"""The detector's role: owners of the partitions that Faust assigns, their findings sent, their state checkpointed."""

import time
from typing import Any

from models.findings import encode
from models.tables import Tables
from streams import latency, metrics
from streams.app import detector_app
from streams.assembly import detector_of, known_of
from streams.faust_role import FaustRole
from streams.heartbeat import Heartbeat
from streams.owner import Owner
from streams.pages import PageStore
from streams.settings import Settings
from streams.warming import warm_detector

ROWS, FINDINGS = "ringfence.rows", "ringfence.findings"


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    warm_detector(settings, tables)
    DetectorRole(settings, tables, Heartbeat.from_env()).serve(detector_app)


class DetectorRole(FaustRole):
    """Blocks are acknowledged only after a checkpoint that holds them."""

    def __init__(self, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        super().__init__("detector", ROWS, settings, tables, heartbeat)
        self._owners: dict[int, Owner] = {}
        self._checkpointed_s = time.monotonic()

    async def take(self, block: Any) -> None:
        """Apply one block and send what it shows."""
        async with self.lock:
            owner = self._owner(block.message.partition)
            with metrics.timed("detector"):
                self._apply(owner, block.message)
            self.took(block)
        if self._due:
            await self.checkpoint()

    def _apply(self, owner: Owner, message: Any) -> None:
        before = dict(owner.detector.counts)
        headers = latency.carried(message.headers)
        for finding in owner.take(message.offset, message.value):
            self.outbox.send(FINDINGS, encode(finding), partition=0, headers=headers)
            metrics.FINDINGS.labels(verdict=getattr(finding, "grade", type(finding).__name__.lower())).inc()
        new = {name: count - before[name] for name, count in owner.detector.counts.items()}
        metrics.DUPLICATES.inc(new["duplicates"])
        metrics.LATE.inc(new["late"] + new["too_late"])

    def _owner(self, partition: int) -> Owner:
        """The partition's owner, its state restored at the first block."""
        if partition not in self._owners:
            store = PageStore(self.settings, partition, self.outbox)
            owner = Owner(partition, detector_of(self.settings, self.watch.tables), store)
            owner.restore()
            self._owners[partition] = owner
        return self._owners[partition]

    @property
    def _due(self) -> bool:
        return time.monotonic() - self._checkpointed_s >= self.settings.service.checkpoint_ms / 1000

    async def tick(self) -> None:
        """Checkpoint where it is time, follow the operator's tables, and report."""
        tables = self.watch.changed()
        if tables is not None or self._due:
            await self.checkpoint(tables)
        self.beat()

    async def checkpoint(self, tables: Tables | None = None) -> None:
        """Make the state durable, acknowledge the blocks that it holds, and go on with new tables, if there are any."""
        async with self.lock:
            self._checkpointed_s = time.monotonic()
            changed = [owner for owner in self._owners.values() if owner.changed]
            if changed:
                await self._save(changed)
            self.acknowledge()
            if tables is not None:
                for owner in self._owners.values():
                    owner.detector.know(known_of(self.settings, tables))
            self._measure()

    async def _save(self, owners: list[Owner]) -> None:
        """Findings and pages first, then the manifests, then what they make superfluous."""
        written = [(owner, *owner.write_pages()) for owner in owners]
        await self.settle()
        for owner, manifest, _ in written:
            owner.commit(manifest)
        await self.settle()
        for owner, manifest, gone in written:
            owner.saved(manifest, gone)
        metrics.CHECKPOINTS.inc(len(written))

    def _measure(self) -> None:
        detectors = [owner.detector for owner in self._owners.values()]
        routes = [route for detector in detectors for route in detector.routes.values()]
        metrics.STATE_KEYS.labels(kind="calling_codes").set(len(routes))
        metrics.STATE_KEYS.labels(kind="free_calls").set(sum(len(route.calls) for route in routes))
        metrics.STATE_KEYS.labels(kind="leaks").set(sum(len(route.leaks) for route in routes))
        metrics.STATE_KEYS.labels(kind="names").set(sum(len(detector.names) for detector in detectors))

    async def revoked(self, partitions: set[int]) -> None:
        """Save what goes to another member, and forget it."""
        await self.checkpoint()
        self.lose(partitions)
        for partition in partitions:
            self._owners.pop(partition, None)
