"""Where every part of the benchmark plays: a Kafka of its own, a directory, and a load on the events topic."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from streams.bench import home
from streams.bench.feed import feed
from streams.bench.load import Load, Recipe
from streams.broker import Broker
from streams.settings import Settings

HEAP_MB = 1024
"""The broker's memory: more than the default, so that it is not what we measure."""
Tell = Callable[[str, float], None]
"""Told what goes on, and which part of it is done (0 to 1)."""


class Arena:
    """A benchmark's Kafka (`logs`: its directory), and a service's directory (`home`) and settings.

    `stage` gives the topics a load or a fresh start.
    """

    def __init__(self, directory: Path, broker: Broker, partitions: int, tell: Tell) -> None:
        self.home = directory
        self.logs = broker.data
        self.settings: Settings = home.build(directory, broker.bootstrap_servers, partitions)
        self.tell = tell
        self._staged: Recipe | None = None
        self._used = False

    def stage(self, recipe: Recipe) -> Load:
        """Fresh topics, with this load on the events topic: sent once, and kept for the next run that wants it."""
        load = self.load(recipe)
        same = self._staged == recipe
        if self._used or not same:
            home.renew(self.settings, events=not same)
        if not same:
            feed(self.settings, load, lambda sent: self.tell("sending the load", sent / len(load)))
        self._staged, self._used = recipe, True
        return load

    def empty(self) -> None:
        """Fresh topics, and no load."""
        home.renew(self.settings, events=True)
        self._staged, self._used = None, True

    def load(self, recipe: Recipe) -> Load:
        """The records of a recipe, in a file that is gone at the end."""
        self.tell(f"making a load of {recipe.events:,} events", 0.0)
        return Load(recipe, self.home)


@contextmanager
def arena(partitions: int, tell: Tell) -> Iterator[Arena]:
    """Start a Kafka in a temporary directory; both are gone at the end, also after SIGTERM."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    directory = Path(tempfile.mkdtemp(prefix="ringfence-bench-")).resolve()
    try:
        with Broker(ephemeral=True, heap_mb=HEAP_MB) as broker:
            yield Arena(directory, broker, partitions, tell)
    finally:
        signal.signal(signal.SIGTERM, before)
        shutil.rmtree(directory, ignore_errors=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a benchmark as Ctrl-C does: with everything stopped."""
    raise KeyboardInterrupt
