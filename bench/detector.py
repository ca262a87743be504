"""The detector by itself: ns per event in blocks of 500 and 2,000 rows, µs per free call and per checkpoint.

The load is the hot path's, split over four owners as the intake does it: attempts, answers, releases and call records
to some thirty countries, 1 % of the calls free (for the last figure 10 %), 1 % of the events sent twice. The first
third teaches and is not counted. Processor time.
"""

import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from models.detector import Detector
from models.numbers import Network
from models.odds import Limits
from models.ownership import shares_of
from models.prices import Price
from models.records import decode
from models.row_table import Rows
from models.rows import rows_of
from models.rules import knowledge_of
from models.tables import FreePrefix, ShortCode, Tables
from streams.bench.load import Recipe, slices
from streams.bench.traffic import FREEPHONE, VOICEMAIL

EVENTS = 300_000
OWNERS = 4
TAUGHT = 0.3
ROUNDS = 3
BLOCKS = (500, 2_000)
LATENESS_MS, PRICE_EVIDENCE_MS = 600_000, 86_400_000
NETWORK = Network(home_country_code="212")
TABLES = Tables(
    short_codes=(ShortCode(str(VOICEMAIL.prefix), "voicemail"),), free_prefixes=(FreePrefix(f"+{FREEPHONE.prefix}"),)
)


class Meter:
    """Adds up the processor time of some work."""

    def __init__(self) -> None:
        self.ns = 0
        self.times = 0

    def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do the work and count its time."""
        begin = time.process_time_ns()
        result = work(*arguments)
        self.ns += time.process_time_ns() - begin
        self.times += 1
        return result


def load(events: int, free: float) -> list[Rows]:
    """Every owner's rows of a load in their order; a share of its calls is `free` of charge."""
    parts: list[list[Rows]] = [[] for _ in range(OWNERS)]
    at = 0
    for piece in slices(Recipe(events=events, bad=0.0, free=free)):
        decoded = decode([record.value for record in piece.records])
        size = len(piece.records)
        rows, _ = rows_of(decoded, NETWORK, TABLES, np.zeros(size, np.int32), np.arange(at, at + size))
        at += size
        shares = shares_of(rows, OWNERS)
        for target, part in enumerate(parts):
            share = shares.part(target)
            part.append(replace(rows.take(shares.row[share]), owns=shares.owns[share]))
    return [Rows.concat(part) for part in parts]


def detectors() -> list[Detector]:
    """One per owner, without state."""
    made = [Detector(knowledge_of(TABLES, Limits()), LATENESS_MS, PRICE_EVIDENCE_MS) for _ in range(OWNERS)]
    for detector in made:
        detector.source("events/0/")
    return made


def blocks(parts: list[Rows], size: int) -> list[tuple[int, Rows]]:
    """The owners' blocks in turn, each with its owner."""
    most = max(map(len, parts))
    cut = [(n, rows.take(slice(at, at + size))) for at in range(0, most, size) for n, rows in enumerate(parts)]
    return [(owner, rows) for owner, rows in cut if len(rows)]


def page(detector: Detector, codes: list[int]) -> int:
    """Make the pages of some calling codes as a checkpoint does; gives their bytes."""
    states = [detector.routes[code].snapshot() for code in codes if code in detector.routes]
    return sum(len(zlib.compress(msgspec.msgpack.encode(state), 1)) for state in states)


def measure(parts: list[Rows], size: int) -> None:
    """Print what a block of `size` rows costs."""
    judges, meter, saving, events, written = detectors(), Meter(), Meter(), 0, 0
    cut = blocks(parts, size)
    for number, (owner, rows) in enumerate(cut):
        counts = number >= TAUGHT * len(cut)
        spent = meter if counts else Meter()
        spent.run(judges[owner].apply, rows, "rows", owner, number)
        events += len(rows) * counts
        if counts and number % 40 < OWNERS:
            written += saving.run(page, judges[owner], np.unique(rows.code).tolist())
    print(
        f"{size:>6} rows{meter.ns / events:>12.0f} ns/event{saving.ns / saving.times / 1000:>12.0f} µs/checkpoint"
        f"{written / saving.times:>12.0f} bytes/checkpoint"
    )


def free_calls(parts: list[Rows]) -> None:
    """Print what the free calls of a load cost beside its others, in blocks of 500 rows: the least of some rounds."""
    count, spent = sum(int((rows.price == Price.FREE).sum()) for rows in parts), []
    for price in (Price.FREE, Price.NONE):
        changed = [replace(rows, price=np.where(rows.price == Price.FREE, price, rows.price)) for rows in parts]
        spent.append(min(_walked(blocks(changed, BLOCKS[0])) for _ in range(ROUNDS)))
    share = count / sum(map(len, parts))
    print(f"free calls {count} ({share:.2%}){(spent[0] - spent[1]) / count / 1000:>9.1f} µs each")


def _walked(cut: list[tuple[int, Rows]]) -> int:
    """The time that new detectors take for blocks."""
    judges, meter = detectors(), Meter()
    for number, (owner, rows) in enumerate(cut):
        meter.run(judges[owner].apply, rows, "rows", owner, number)
    return meter.ns


def main() -> None:
    """Print the table."""
    parts = load(EVENTS, free=0.01)
    measure(parts, BLOCKS[0])  # compiles
    for size in BLOCKS:
        measure(parts, size)
    free_calls(load(EVENTS // 3, free=0.1))


if __name__ == "__main__":
    main()
