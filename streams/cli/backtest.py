"""`ringfence backtest FILE… --output DIR`: what the service would have done about recorded events."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from streams.backtest import Backtest, Output, batches
from streams.cli.common import ConfigOption, JsonOption, print_json, print_table, progress
from streams.errors import UsageError
from streams.report.collect import Collector
from streams.settings import load
from streams.tables import load_tables

FILES_NAMED = 3
"""Files that the report's title names."""


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Events as JSON lines, in order of arrival.")],
    output: Annotated[Path, typer.Option(help="Directory for report.html, commands.jsonl and more.")],
    history: Annotated[
        list[Path] | None, typer.Option(help="Read first: builds state and gives no command. May be repeated.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Replay recorded events in event time; the same input gives the same bytes."""
    settings = load(config)
    for path in [*(history or []), *files]:
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
    out = Output(output, Collector.of(settings), numbers=settings.service.show_numbers)
    test = Backtest(settings, load_tables(settings), out.watch)
    with progress() as bar:
        for path in history or []:
            _read(test, out, path, True, bar)
        for path in files:
            _read(test, out, path, False, bar)
    summary = out.close(test.counts, f"Backtest of {_named(files)}")
    if json:
        print_json(summary)
    else:
        print_table(("count", "of"), [(count, name.replace("_", " ")) for name, count in summary.items()])


def _named(files: list[Path]) -> str:
    names = ", ".join(path.name for path in files[:FILES_NAMED])
    return names if len(files) <= FILES_NAMED else f"{names} and {len(files) - FILES_NAMED} more"


def _read(test: Backtest, out: Output, path: Path, teach: bool, bar: Progress) -> None:
    task: TaskID = bar.add_task(path.name, total=path.stat().st_size)
    for first, lines in batches(path):
        for decided in test.feed(f"{path.name}:", first, lines, teach):
            out.write(decided)
        bar.advance(task, sum(len(line) + 1 for line in lines))
