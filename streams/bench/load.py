"""A whole load: planned, reported, spoiled and written to a file, where the next run finds it again."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from streams.bench.traffic import CALLER_ZIPF, EVENTS_PER_CALL, LEAD_MS, plan_calls, report
from streams.bench.wire import Record, in_arrays, render, spoil

SLICE = 100_000
"""Events that are rendered at once."""


class Recipe(msgspec.Struct, frozen=True):
    """What a load is made of; the same recipe gives the same bytes.

    Attributes:
        events: how many, copies and bad ones among them.
        seed: of all chance.
        begin_ms: event time of the first event; by default a day long ago, never ahead of a record's append time.
        per_s: events per second of event time.
        free: share of calls that are free on purpose or by habit.
        duplicates: share of events that are sent twice.
        bad: share of records that are spoiled.
        array: events per record; 1 = one object a record.
        zipf: exponent of Zipf's law for callers; 0 = all call alike.
    """

    events: int
    seed: int = 7
    begin_ms: int = 1_735_689_600_000
    per_s: int = 20_000
    free: float = 0.01
    duplicates: float = 0.01
    bad: float = 0.001
    array: int = 1
    zipf: float = CALLER_ZIPF

    @property
    def name(self) -> str:
        """Name of the file with its records."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def begun(self, begin_ms: int) -> "Recipe":
        """The same, its first event at another time."""
        return msgspec.structs.replace(self, begin_ms=begin_ms)


class Slice(NamedTuple):
    """Some records of a load in a row: when each is sent (ms since the first event), and who calls in each event."""

    records: list[Record]
    sent_ms: npt.NDArray[np.int64]
    callers: npt.NDArray[np.int64]


def slices(recipe: Recipe) -> Iterator[Slice]:
    """The load's records, `SLICE` at a time."""
    rng = np.random.default_rng(recipe.seed)
    span_ms = LEAD_MS + int(recipe.events / recipe.per_s * 1000 * 1.05) + 1_000
    count = int(span_ms / 1000 * recipe.per_s / EVENTS_PER_CALL)
    calls = plan_calls(rng, count, span_ms, recipe.free, recipe.zipf)
    reports = report(rng, calls, recipe.duplicates).take(slice(0, recipe.events))
    bad = rng.random(recipe.events) < recipe.bad
    step = SLICE - SLICE % recipe.array
    for begin in range(0, len(reports.call), step):
        part = reports.take(slice(begin, begin + step))
        rendered = render(calls, part, recipe.begin_ms - LEAD_MS)
        for position in np.flatnonzero(bad[begin : begin + step]).tolist():
            good = rendered[position]
            rendered[position] = Record(good.key, spoil(good.value, begin + position))
        if recipe.array > 1:
            rendered = in_arrays(rendered, recipe.array)
        yield Slice(rendered, part.sent[:: recipe.array] - LEAD_MS, calls.caller[part.call])


class Load:
    """The records of a recipe in a file under `directory`, made when they are first asked for."""

    def __init__(self, recipe: Recipe, directory: Path) -> None:
        self.recipe = recipe
        self.path = directory / f"ringfence-load-{recipe.name}"
        if not self.path.is_dir():
            self._make()
        self._sizes = np.load(self.path / "sizes.npy")
        self.sent_ms: npt.NDArray[np.int64] = np.load(self.path / "sent.npy")
        self.active_callers = int(np.load(self.path / "callers.npy"))

    def __len__(self) -> int:
        """How many records."""
        return len(self._sizes)

    @property
    def bytes_per_event(self) -> float:
        """Mean size of an event's JSON."""
        return float(self._sizes[:, 1].sum() / self.recipe.events)

    def __iter__(self) -> Iterator[Record]:
        """Every record in order."""
        with (self.path / "records").open("rb") as file:
            for begin in range(0, len(self), SLICE):
                yield from _cut(file.read, self._sizes[begin : begin + SLICE])

    def delete(self) -> None:
        """Remove the file: its load is of no use to another run."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _make(self) -> None:
        """Write into a directory beside, and give it its name when it is whole."""
        making = Path(tempfile.mkdtemp(prefix=f"{self.path.name}-", dir=self.path.parent))
        sizes, sent, callers = [], [], []
        try:
            with (making / "records").open("wb") as file:
                for part in slices(self.recipe):
                    file.writelines(record.key + record.value for record in part.records)
                    sizes.append(np.array([(len(r.key), len(r.value)) for r in part.records], np.int32))
                    sent.append(part.sent_ms)
                    callers.append(np.unique(part.callers))
            np.save(making / "sizes.npy", np.concatenate(sizes))
            np.save(making / "sent.npy", np.concatenate(sent))
            np.save(making / "callers.npy", np.unique(np.concatenate(callers)).size)
            making.rename(self.path)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise


def _cut(read: Any, sizes: npt.NDArray[np.int32]) -> Iterator[Record]:
    """Cut one slice of the file into records."""
    data = read(int(sizes.sum()))
    ends = [0, *np.cumsum(sizes.reshape(-1)).tolist()]
    pieces = [data[begin:end] for begin, end in pairwise(ends)]
    return map(Record, pieces[::2], pieces[1::2])
