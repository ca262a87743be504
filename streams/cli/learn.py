"""`ringfence learn FILE…|--topic --output DIR`: what a network's own history teaches, as proposals."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table, progress
from streams.settings import load
from streams.tables import load_tables

if TYPE_CHECKING:
    from models.learning.proposals import Learned


def command(
    output: Annotated[Path, typer.Option(help="Directory for the proposed_*.csv and report.md.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Events as JSON lines, in any order of files.")
    ] = None,
    topic: Annotated[bool, typer.Option("--topic", help="Read signalling.events instead.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Propose free prefixes (leak or gift?), end-priced switches, bundles and test accounts; nothing is in force."""
    from streams.learning import Learning, write  # noqa: PLC0415 - compiles kernels
    from streams.recorded import recordings  # noqa: PLC0415

    settings = load(config)
    read = recordings(settings, files or [], topic)
    learning = Learning(settings, load_tables(settings))
    with progress() as bar:
        for recording in read:
            task = bar.add_task(recording.name, total=recording.total)
            for batch in recording.batches:
                learning.feed(batch.values)
                bar.advance(task, batch.size)
    learned = learning.learned()
    written = write(output, learned)
    if json:
        print_json(msgspec.to_builtins(learned))
    else:
        _show(learned, written)


def _show(learned: "Learned", written: list[Path]) -> None:
    from models.learning import report  # noqa: PLC0415 - with the rest of learning

    for title, columns, rows in (
        ("Free prefixes", report.FREE_COLUMNS, report.free_rows(learned)),
        ("Switches that price only at the end", report.END_COLUMNS, report.end_rows(learned)),
        ("Plans with bundles", report.BUNDLE_COLUMNS, report.bundle_rows(learned)),
        ("Test accounts", report.ACCOUNT_COLUMNS, report.account_rows(learned)),
    ):
        typer.echo(f"{title}: {len(rows) or 'none'}")
        if rows:
            print_table(columns, rows)
        typer.echo()
    for note in learned.notes:
        typer.echo(f"Note: {note}")
    typer.echo("Nothing is in force. To accept, read the report, then let a setting name the file or copy its rows:")
    for path in written:
        typer.echo(f"  {path}")
