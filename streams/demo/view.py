"""What a person sees of the demo: a live view on a terminal, plain lines elsewhere; both on standard error."""

import time
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from streams.cli.common import console

LINES = 16
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

    def say(self, text: str) -> None:
        """A new line of the story."""

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

    def say(self, text: str) -> None:
        """Print it, with the seconds since the start."""
        self._screen.print(f"{time.monotonic() - self._began_s:5.1f} s  {text}", markup=False)

    def show(self, figures: Figures) -> None:
        """Print the figures if they are old."""
        if time.monotonic() - self._shown_s >= PLAIN_EVERY_S:
            self._shown_s = time.monotonic()
            self.say("; ".join(figures.cells()))

    def step(self, done: float) -> None:
        """Nobody watches."""


class LiveView:
    """The last lines of the story over the figures and a progress bar."""

    def __init__(self, screen: Console) -> None:
        self._began_s = time.monotonic()
        self._lines: list[str] = []
        self._figures: Figures | None = None
        self._progress = Progress(TextColumn("the incident"), BarColumn(bar_width=40), TaskProgressColumn())
        self._task = self._progress.add_task("", total=1.0)
        self._live = Live(console=screen, refresh_per_second=8, get_renderable=self._render)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """Add it to the lines."""
        self._lines = [*self._lines[-LINES + 1 :], f"{time.monotonic() - self._began_s:5.1f} s  {text}"]

    def show(self, figures: Figures) -> None:
        """Put the figures in the place of those before."""
        self._figures = figures

    def step(self, done: float) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done)

    def _render(self) -> Group:
        figures = Table(box=None, pad_edge=False, show_header=False, padding=(0, 3, 0, 0))
        if self._figures is not None:
            figures.add_row(*self._figures.cells(), style="bold")
        return Group(*(Text(line) for line in self._lines), figures, self._progress)
