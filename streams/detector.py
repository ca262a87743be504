"""The detector's role: owners of the partitions that Faust assigns, their findings sent, their state saved in turn."""

import asyncio
import hashlib
import time
from collections import Counter
from functools import cached_property
from typing import Any

from models.detector import Detector
from models.findings import encode
from models.tables import Tables
from streams import latency, metrics
from streams.app import detector_app
from streams.assembly import detector_of, known_of
from streams.faust_app import supervised
from streams.faust_role import FaustRole
from streams.heartbeat import Heartbeat
from streams.model_files import forest_or_none
from streams.model_watch import ModelWatch
from streams.naming import KafkaRecords, Records, named
from streams.owner import Owner
from streams.pages import PageStore
from streams.reading import RowsLog, topic_id
from streams.settings import Settings
from streams.turns import Turns
from streams.warming import warm_detector

ROWS, FINDINGS = "ringfence.rows", "ringfence.findings"


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    warm_detector(settings)
    DetectorRole(settings, tables, Heartbeat.from_env()).serve(detector_app)


class DetectorRole(FaustRole):
    """A block is acknowledged only after a checkpoint of its partition that holds it.

    One partition is saved at a time, and blocks are taken while Kafka answers: what they change is in the next one.
    """

    def __init__(self, settings: Settings, tables: Tables, heartbeat: Heartbeat) -> None:
        super().__init__("detector", ROWS, settings, tables, heartbeat)
        self._models = ModelWatch(settings, forest_or_none(settings))
        self._owners: dict[int, Owner] = {}
        self._turns = Turns(settings.service.checkpoint_ms / 1000)
        self._saving: asyncio.Future[None] | None = None
        self._network = settings.numbering()
        self.records: Records = KafkaRecords(settings)

    @cached_property
    def _seed(self) -> int:
        """Of the hashes of every owner: Kafka is asked for it once."""
        return seed_of(topic_id(self.settings, ROWS))

    async def take(self, block: Any) -> None:
        """Apply one block and send what it shows."""
        self.standstill.check()
        async with self.lock:
            owner = self._owner(block.message.partition)
            with metrics.timed("detector"):
                self._apply(owner, block.message)
            self.took(block)
            block.value = block.message.value = None  # what waits to be acknowledged need not hold its rows
            if block.message.offset < owner.durable:  # given again by a restart that came before its acknowledgement
                self.acknowledge(owner.partition, owner.durable)
        self._save_in_turn()

    def _apply(self, owner: Owner, message: Any) -> None:
        before = dict(owner.detector.counts)
        headers = latency.carried(message.headers)
        for found in owner.take(message.offset, message.value):
            finding = named(found, self.records, self._network)
            self.outbox.send(FINDINGS, encode(finding), partition=0, headers=headers)
            metrics.FINDINGS.labels(verdict=getattr(finding, "grade", type(finding).__name__.lower())).inc()
        new = {name: count - before[name] for name, count in owner.detector.counts.items()}
        metrics.DUPLICATES.inc(new["duplicates"])
        metrics.LATE.inc(new["late"] + new["too_late"])

    def _owner(self, partition: int) -> Owner:
        """The partition's owner, its state restored at the first block."""
        if partition not in self._owners:
            owners = self.settings.kafka.row_partitions
            detector = detector_of(self.settings, self.watch.tables, owners, self._seed)
            store, rows = PageStore(self.settings, partition, self.outbox), RowsLog(self.settings, ROWS, partition)
            detector.bursts.witness = self._models.forest
            owner = Owner(partition, detector, store, rows)
            owner.restore()
            self._owners[partition] = owner
        return self._owners[partition]

    async def tick(self) -> None:
        """Save whose turn it is, follow the operator's tables, and report."""
        tables = self.watch.changed()
        if tables is not None:
            await self.checkpoint(tables)
        if self._models.changed() is not None:
            await self.checkpoint()
            self._call_witness()
        self._save_in_turn()
        self._measure()
        self.beat()

    def _call_witness(self) -> None:
        """Let all owners ask the forest in force from the next block on."""
        for owner in self._owners.values():
            owner.detector.bursts.witness = self._models.forest

    def _save_in_turn(self) -> None:
        """Begin to save the partition that has waited longest, if it is due and no other is being saved."""
        if self.lock.locked() or (self._saving is not None and not self._saving.done()):
            return
        changed = [partition for partition, owner in self._owners.items() if owner.changed]
        due = self._turns.due(changed, time.monotonic())
        if due is not None:
            self._saving = asyncio.ensure_future(self._save_one(self._owners[due]))

    async def _save_one(self, owner: Owner) -> None:
        async with supervised(self.heartbeat):
            await self._save([owner])

    async def checkpoint(self, tables: Tables | None = None) -> None:
        """Make all state durable, acknowledge the blocks that it holds, and go on with new tables, if there are any."""
        async with self.lock:
            if self._saving is not None:
                await self._saving
            await self._save([owner for owner in self._owners.values() if owner.changed])
            if tables is not None:
                for owner in self._owners.values():
                    owner.detector.know(known_of(self.settings, tables))
            self._measure()

    async def _save(self, owners: list[Owner]) -> None:
        """Findings and pages first, then the manifests, then what they make superfluous."""
        if not owners:
            return
        begun_s = time.thread_time()
        written = [(owner, *owner.write_pages()) for owner in owners]
        for owner in owners:
            self._turns.saved(owner.partition, time.monotonic(), (time.thread_time() - begun_s) / len(owners))
        await self.settle()
        for owner, manifest, _ in written:
            owner.commit(manifest)
        await self.settle()
        for owner, manifest, gone in written:
            owner.saved(manifest, gone)
            self.acknowledge(owner.partition, manifest.next_offset)
        metrics.CHECKPOINTS.inc(len(written))

    def _measure(self) -> None:
        detectors = [owner.detector for owner in self._owners.values()]
        for name in {name for detector in detectors for name in detector.sightings.tables}:
            tables = [detector.sightings.tables[name] for detector in detectors]
            metrics.STATE_KEYS.labels(kind=name).set(sum(len(table) for table in tables))
            metrics.STATE_BYTES.labels(kind=name).set(sum(table.nbytes for table in tables))
        routes = [route for detector in detectors for route in detector.routes.values()]
        metrics.STATE_KEYS.labels(kind="calling_codes").set(len(routes))
        metrics.STATE_KEYS.labels(kind="free_calls").set(sum(len(route.calls) for route in routes))
        metrics.STATE_KEYS.labels(kind="leaks").set(sum(len(route.leaks) for route in routes))
        metrics.BURSTS_UNTOLD.set(sum(detector.bursts.untold for detector in detectors))
        for feature, rows in _refused(detectors).items():
            metrics.FEATURES_REFUSED.labels(feature=feature).set(rows)
        metrics.STATE_KEYS.labels(kind="names").set(sum(len(detector.names) for detector in detectors))

    async def revoked(self, partitions: set[int]) -> None:
        """Save what goes to another member, and forget it."""
        await self.checkpoint()
        self.lose(partitions)
        for partition in partitions:
            self._owners.pop(partition, None)
            self._turns.forget(partition)


def _refused(detectors: list[Detector]) -> Counter[str]:
    """Moments that the forest refused, by the feature that had no number or one out of range."""
    refused = Counter[str]()
    for detector in detectors:
        refused.update(detector.bursts.refused)
    return refused


def seed_of(topic: str) -> int:
    """A seed that only who may ask the cluster can know, the same for every member: of the id of a topic (KIP-516)."""
    return int.from_bytes(hashlib.sha256(topic.encode()).digest()[:8], "little")
