"""What the verbs share: options, the two consoles, plain tables, the progress bar."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

PLAIN_WIDTH = 250
"""Columns where nobody watches: a script's lines are not folded."""

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file (default: ringfence.toml, if it is here)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def console(*, stderr: bool = False) -> Console:
    """Standard output for results, standard error for progress; no colours and no folding in a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)


def print_json(value: object) -> None:
    """Print a value as one line of JSON on standard output."""
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns on standard output, without frames."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(str, row))
    console().print(table, markup=False)


def progress() -> Progress:
    """A progress bar on standard error, shown only where a person is watching."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
