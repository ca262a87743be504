"""What a person sees of the demo: a live view on a terminal, plain lines elsewhere; both on standard error."""

import time
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from streams.cli.common import console

FETCHING = "Kafka and what it needs are fetched, once: 45 MB"
FETCHED = "Kafka is fetched; it starts"
PLAIN_EVERY_S = 3.0
"""How often the figures are printed where nobody can watch them change."""


class Figures(NamedTuple):
    """The state of the play."""

    calls: int
    calls_per_s: float
    free_through: int
    payers: int
    refused: int

    def cells(self) -> tuple[str, ...]:
        """Each figure in words."""
        return (
            f"{self.calls:,} calls",
            f"{self.calls_per_s:.0f} calls/s",
            f"{self.free_through} free by the leak, {self.payers} payers",
            f"{self.refused} refused",
        )


class View(Protocol):
    """Something that tells the story; a context manager around all of it."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def fetch(self, done: int, total: int) -> None:
        """How many of Kafka's jars are there: told at a first start only."""

    def say(self, text: str, style: str = "") -> None:
        """A new line of the story; `style` is rich's, where there are colours."""

    def show(self, figures: Figures) -> None:
        """The figures as they are now."""

    def step(self, done: float) -> None:
        """How much of the whole is done, 0 to 1."""


def view() -> View:
    """The view that fits standard error."""
    screen = console(stderr=True)
    return LiveView(screen) if screen.is_terminal else PlainView(screen)


class PlainView:
    """A line per piece of news, and the figures now and then."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._began_s = time.monotonic()
        self._shown_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def fetch(self, done: int, total: int) -> None:
        """Print the first and the last."""
        if done == 0:
            self.say(FETCHING)
        elif done == total:
            self.say(FETCHED)

    def say(self, text: str, style: str = "") -> None:
        """Print it, with the seconds since the start."""
        del style  # no colours here
        self._screen.print(f"{time.monotonic() - self._began_s:5.1f} s  {text}", markup=False, soft_wrap=True)

    def show(self, figures: Figures) -> None:
        """Print the figures if they are old."""
        if time.monotonic() - self._shown_s >= PLAIN_EVERY_S:
            self._shown_s = time.monotonic()
            self.say("; ".join(figures.cells()))

    def step(self, done: float) -> None:
        """Nobody watches."""


class LiveView:
    """The story, scrolling by, over the figures and a progress bar that stay."""

    def __init__(self, screen: Console) -> None:
        self._began_s = time.monotonic()
        self._figures: Figures | None = None
        self._progress = Progress(TextColumn("{task.description}"), BarColumn(bar_width=40), TaskProgressColumn())
        self._task = self._progress.add_task("the demo", total=1.0)
        self._fetching: TaskID | None = None
        self._live = Live(console=screen, refresh_per_second=8, get_renderable=self._render)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def fetch(self, done: int, total: int) -> None:
        """A bar of its own while jars come."""
        if self._fetching is None:
            self.say(FETCHING)
            self._fetching = self._progress.add_task("fetching Kafka", total=total)
        self._progress.update(self._fetching, completed=done, visible=done < total)
        if done == total:
            self.say(FETCHED)

    def say(self, text: str, style: str = "") -> None:
        """Print it above the figures; what does not fit into a line goes on under its own beginning."""
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_row(f"{time.monotonic() - self._began_s:5.1f} s", Text(text, style))
        self._live.console.print(line)

    def show(self, figures: Figures) -> None:
        """Put the figures in the place of those before."""
        self._figures = figures

    def step(self, done: float) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done)

    def _render(self) -> Group:
        figures = Table.grid(padding=(0, 3, 0, 0))
        if self._figures is not None:
            figures.add_row(*self._figures.cells(), style="bold")
        return Group(figures, self._progress)
