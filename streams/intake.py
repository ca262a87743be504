"""The intake: records of `signalling.events` to blocks of rows and dead letters; keeps no state (design, section 2).

Offsets are committed only after every block and dead letter that came of them is acknowledged, and after every
owner was told that they are covered. A restart reads again from there; owners drop what they have.
"""

import signal
import threading
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models import ownership
from models.ownership import Shares, shares_of
from models.rejects import Reject
from models.row_table import Rows
from models.scan.batch import records_of
from models.scan.rows import rows_of_records, warm
from models.tables import Tables
from streams import allocator, batch_consumer, latency, metrics
from streams.batch_consumer import BatchConsumer
from streams.blocks import Cover, Encoder, encode
from streams.cuts import has_room, parts, pieces
from streams.dead_letters import TOPIC as DEAD_LETTERS
from streams.dead_letters import Place, letter
from streams.event_source import EVENTS, begins_of, commit, heed, new_consumer
from streams.garbage import settle
from streams.heartbeat import Heartbeat
from streams.outbox import Outbox
from streams.pricing import rules_of
from streams.pulse import Pulse
from streams.reading import topic_id
from streams.record_batch import RecordBatch
from streams.settings import Settings
from streams.table_watch import TableWatch

ROWS = "ringfence.rows"
BATCH = 16_000
"""Records of some 300 bytes that make a piece (`streams.cuts`)."""
WAIT_S = 0.005
"""How long a batch may wait to fill: latency where calls are few."""
COMMIT_S = 0.5
NOT_OURS = np.iinfo(np.int64).max
"""Position in a partition that is not assigned to us: no record is at or above it."""

Ints = npt.NDArray[np.int64]


def main(settings: Settings, tables: Tables) -> None:
    """Run until SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    warm()
    ownership.warm()
    batch_consumer.warm()
    watch, outbox = TableWatch(settings, tables), Outbox(settings)
    consumer = new_consumer(settings)
    settle()
    allocator.keep()
    Intake(settings, watch, consumer, outbox, topic_id(settings, EVENTS)).run(stop, Heartbeat.from_env())


class Intake:
    """One member of the intake's consumer group.

    Args:
        settings: all of them.
        watch: the operator's tables, which are followed from one commit to the next.
        consumer: reads the events; commits by hand.
        outbox: takes blocks and dead letters.
        topic: the id of the topic of events (KIP-516).
    """

    def __init__(
        self, settings: Settings, watch: TableWatch, consumer: BatchConsumer, outbox: Outbox, topic: str
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._rules = rules_of(settings, watch.tables)
        self._consumer = consumer
        self._outbox = outbox
        self._topic_id = topic
        self._targets = outbox.partitions(ROWS)
        self._position: dict[int, int] = {}
        self._committed: dict[int, int] = {}
        self._covered: dict[tuple[int, int], int] = {}
        self._high: dict[int, int] = {}
        self._moved = 0

    def run(self, stop: threading.Event, heartbeat: Heartbeat) -> None:
        """Take records until `stop` is set.

        Raises:
            RingfenceError: Kafka is out of reach, or records that were not read yet are gone.
        """
        pulse = Pulse("intake", EVENTS, heartbeat)
        self._consumer.subscribe(self._assigned, self._revoked, self._lost)
        due_s = time.monotonic() + COMMIT_S
        try:
            while not stop.is_set():
                with self._consumer.fetch(BATCH, WAIT_S) as (records, errors):
                    heed(errors)
                    self.take(records)
                if time.monotonic() >= due_s:
                    self.commit()
                    self._follow_tables()
                    due_s = time.monotonic() + COMMIT_S
                pulse.beat(bool(self._position), self._moved, self._lag(), self._watch.remark)
            self.commit()
        except BaseException:
            self._position.clear()  # closing revokes, and revoking commits: not what was taken in part
            raise
        finally:
            self._consumer.close()

    def _follow_tables(self) -> None:
        """Call it right after a commit: a restart from there prices by the new tables, too."""
        if (tables := self._watch.changed()) is not None:
            self._rules = rules_of(self._settings, tables)

    def _assigned(self, partitions: list[int]) -> dict[int, int]:
        for partition, begin in begins_of(self._consumer, partitions).items():
            self._resume(partition, begin)
        return self._position

    def _resume(self, partition: int, begin: int) -> None:
        """Owners have everything below the committed offset, and the highest event time there."""
        self._position[partition] = self._committed[partition] = begin
        self._covered |= {(target, partition): begin for target in range(self._targets)}
        self._high[partition] = 0

    def _revoked(self, partitions: list[int]) -> None:
        self.commit()
        self._lost(partitions)

    def _lost(self, partitions: list[int]) -> None:
        for partition in partitions:
            self._position.pop(partition, None)

    def take(self, records: RecordBatch) -> None:
        """Turn records into blocks and dead letters and send them.

        Records of partitions that went to another member, and those that were taken before, are passed over.
        """
        if not len(records):
            return
        partitions = np.flatnonzero(np.bincount(records.partition)).tolist()
        source = np.searchsorted(partitions, records.partition).astype(np.int32)
        position = np.array([self._position.get(p, NOT_OURS) for p in partitions], np.int64)
        ours = records.offset >= position[source]
        if ours.all():
            self._apply(records, partitions, source)
        else:
            self.take(records.part(ours))

    def _apply(self, records: RecordBatch, partitions: list[int], source: npt.NDArray[np.int32]) -> None:
        """Read records piece by piece, and send what comes of each."""
        for begin, end in pieces(records.sizes):
            self._apply_piece(records.part(slice(begin, end)), partitions, source[begin:end])

    def _apply_piece(self, piece: RecordBatch, partitions: list[int], source: npt.NDArray[np.int32]) -> None:
        """Read a piece and send what comes of it; each half by itself where a block could not hold its names."""
        rows, rejects = self._read(piece, source)
        if len(piece) > 1 and not has_room(rows.names):
            for half in (slice(len(piece) // 2), slice(len(piece) // 2, None)):
                self._apply_piece(piece.part(half), partitions, source[half])
            return
        appended = piece.appended_ms
        self._send_dead_letters(rejects, piece)
        self._send_rows(self._with_high(rows, partitions), partitions, latency.header(int(appended.min())))
        self._move_on(partitions, source, piece.offset)
        self._count(rows, int(appended.max()), len(piece))

    def _read(self, piece: RecordBatch, source: npt.NDArray[np.int32]) -> tuple[Rows, list[Reject]]:
        records = records_of(piece.joined(), piece.value, piece.appended_ms, source, piece.offset)
        return rows_of_records(records, self._rules)

    def _with_high(self, rows: Rows, partitions: list[int]) -> Rows:
        """Rows whose `high` is that of all batches so far, not of this one: it must not depend on how they are cut."""
        before = np.array([self._high[partition] for partition in partitions], np.int64)
        return replace(rows, high=np.maximum(rows.high, before[rows.source]))

    def _send_rows(self, rows: Rows, partitions: list[int], headers: latency.Headers) -> None:
        """Send rows in blocks; the offsets of the rows that a later block brings are not covered by an earlier one."""
        for begin, end in parts(rows):
            part = rows.take(slice(begin, end))
            for number, partition in enumerate(partitions):
                self._show(partition, part, rows.offset[end:][rows.source[end:] == number], number)
            shares, encoder = shares_of(part, self._targets), Encoder(part)
            for target in range(self._targets):
                self._send_share(target, partitions, shares, encoder, headers)

    def _show(self, partition: int, part: Rows, later: Ints, number: int) -> None:
        """Move on to a partition's first row that comes later, and to what this part shows of its event time."""
        mine = part.source == number
        if mine.any():
            self._position[partition] = int(later[0]) if later.size else int(part.offset[mine].max()) + 1
            self._high[partition] = int(part.high[mine].max())

    def _move_on(self, partitions: list[int], source: npt.NDArray[np.int32], offset: Ints) -> None:
        """Every record was taken, those without a row, too."""
        for number in np.unique(source).tolist():
            self._position[partitions[number]] = int(offset[source == number].max()) + 1

    def _send_share(
        self, target: int, partitions: list[int], shares: Shares, encoder: Encoder, headers: latency.Headers
    ) -> None:
        share = shares.part(target)
        if (rows := share.stop - share.start) > 0:
            covers = tuple(self._cover(target, partition) for partition in partitions)
            self._send_block(target, encoder.share(covers, shares.row[share], shares.owns[share]), rows, headers)

    def _send_block(self, target: int, block: bytes, rows: int, headers: latency.Headers) -> None:
        self._outbox.send(ROWS, block, partition=target, headers=headers)
        metrics.ROWS_PRODUCED.inc(rows)
        metrics.BLOCKS_PRODUCED.inc()

    def _cover(self, target: int, partition: int) -> Cover:
        """What the next block covers for an owner: everything since the last one that it got."""
        begin, end = self._covered[target, partition], self._position[partition]
        self._covered[target, partition] = end
        return Cover(f"{EVENTS}/{partition}/", self._topic_id, begin, end, self._high[partition])

    def _send_dead_letters(self, rejects: list[Reject], records: RecordBatch) -> None:
        for reject in rejects:
            number = reject.record
            place = Place(EVENTS, int(records.partition[number]), int(records.offset[number]), records.key(number))
            sent = letter(reject, place)
            self._outbox.send(DEAD_LETTERS, sent.value, sent.key, headers=sent.headers)
            metrics.EVENTS_REJECTED.labels(reason=reject.reason.value).inc()

    def commit(self) -> None:
        """Tell every owner what is covered, wait for all acknowledgements, and commit the source offsets.

        Raises:
            DependencyError: Kafka did not take a record or the offsets.
        """
        behind = {p: end for p, end in self._position.items() if end > self._committed[p]}
        if not behind:
            return
        for target in range(self._targets):
            if lagging := [p for p in behind if self._covered[target, p] < self._position[p]]:
                covers = tuple(self._cover(target, partition) for partition in lagging)
                self._send_block(target, encode(covers, Rows.empty()), 0, [])
        self._outbox.settle()
        commit(self._consumer, behind)
        self._committed |= behind

    def _count(self, rows: Rows, appended_ms: int, records: int) -> None:
        self._moved += records
        metrics.EVENTS_READ.inc(len(rows))
        if appended_ms > 0 and len(rows):
            metrics.EVENT_AGE.set((appended_ms - int(rows.when.max())) / 1000)

    def _lag(self) -> int:
        lag = 0
        for partition, position in self._position.items():
            lag += max(0, self._consumer.known_end(partition) - position)
        return lag
