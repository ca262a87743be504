"""What each stage between a record's bytes and a finding costs by itself, in one process and without Kafka."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from models import ownership
from models.ownership import shares_of
from models.row_table import Rows
from models.scan.rows import scan_rows, warm
from models.tables import Tables
from streams import blocks
from streams.assembly import detector_of
from streams.bench.figures import Figure
from streams.bench.limit import decode_all
from streams.bench.load import Load
from streams.blocks import Cover, Encoder
from streams.intake import BATCH
from streams.settings import Settings
from streams.warming import warm_detector

PART = "stages"
LIMIT = "plain decode (the limit)"
STAGES = SCAN, SPLIT, READ, WINDOWS, DETECTOR = (
    *("bytes to rows", "split into blocks", "read a block", "windows"),
    "evidence, copies and totals",
)
"""What one event goes through, in this order; the last two are the detector's."""
WARM_SHARE = 0.3
"""Part of the batches that is not counted: kernels compile and caches fill."""
ORIGIN = "signalling.events/0/"


class Clock:
    """Adds up the time (ns) of named stages."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = {}
        self.counting = False

    def time(self, stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do a stage's work and count its time."""
        begin = time.perf_counter_ns()
        result = work(*arguments)
        if self.counting:
            self.spent[stage] = self.spent.get(stage, 0) + time.perf_counter_ns() - begin
        return result


def run(load: Load, settings: Settings, tables: Tables, targets: int = 4) -> list[Figure]:
    """Take a load through every stage in batches as the intake's; ns per event of each, in their order."""
    warm()
    ownership.warm()
    warm_detector(settings)
    clock, events, offset = Clock(), 0, 0
    values = [record.value for record in load]
    batches = [values[begin : begin + BATCH] for begin in range(0, len(values), BATCH)]
    detectors = [detector_of(settings, tables) for _ in range(targets)]
    for detector in detectors:
        detector.source(ORIGIN)
        counted = partial(clock.time, WINDOWS, detector.sightings.count)
        detector.sightings.count = counted  # type: ignore[method-assign] # timed by itself, inside the detector
    for number, batch in enumerate(batches):
        clock.counting = number >= WARM_SHARE * len(batches)
        rows = _intake(clock, batch, offset, settings, tables)
        for target, value in clock.time(SPLIT, _split, rows, targets):
            block = clock.time(READ, blocks.decode, value)
            clock.time(DETECTOR, detectors[target].apply, block.share, "rows", target, number)
        offset += len(batch)
        events += len(rows) if clock.counting else 0
    clock.spent[DETECTOR] -= clock.spent[WINDOWS]
    return [Figure(PART, name, "ns/event", (clock.spent[name] / events,)) for name in (LIMIT, *STAGES)]


def _intake(clock: Clock, batch: Sequence[bytes], offset: int, settings: Settings, tables: Tables) -> Rows:
    clock.time(LIMIT, decode_all, batch)
    source, offsets = np.zeros(len(batch), np.int32), np.arange(offset, offset + len(batch))
    network, payer = settings.numbering(), settings.detection.payer
    rows, _ = clock.time(SCAN, scan_rows, batch, None, network, tables, source, offsets, payer)
    return rows  # type: ignore[no-any-return] # through the clock


def _split(rows: Rows, targets: int) -> list[tuple[int, bytes]]:
    """What the intake sends to each owner."""
    shares, cover, encoder = shares_of(rows, targets), (Cover(ORIGIN, "bench", 0, 1, 0),), Encoder(rows)
    parts = [(target, shares.part(target)) for target in range(targets)]
    return [(target, encoder.share(cover, shares.row[part], shares.owns[part])) for target, part in parts]
