"""`ringfence model show|verify PATH`: what a model of the isolation forest is, and whether it may be used."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from streams.cli.common import JsonOption, print_json, print_table
from streams.errors import NegativeAnswer

if TYPE_CHECKING:
    from models.forest.artifact import Loaded
    from models.forest.manifest import Entry

app = typer.Typer(help="The isolation forest's model: show, verify.", no_args_is_help=True, rich_markup_mode=None)
PathArgument = Annotated[Path, typer.Argument(metavar="PATH", help="A directory of models, or a manifest.")]
ALARMS = "alarms per 1,000 keys a day"
COLUMNS = ("kind", "trees", "features", "rows", "keys", "keys and days", "from", "to", "threshold")


@app.command()
def show(path: PathArgument, json: JsonOption = False) -> None:
    """What it was trained on, and what each false-alarm budget would make its threshold."""
    loaded = _loaded(path)
    if json:
        print_json({"model": loaded.name, **msgspec.to_builtins(loaded.manifest)})
        return
    typer.echo(f"{loaded.name}, seed {loaded.manifest.seed}, scikit-learn {loaded.manifest.trained_with}")
    print_table((*COLUMNS, ALARMS), map(_row, loaded.manifest.models))
    typer.echo()
    print_table(("kind", "if the budget were", "threshold", ALARMS), _curves(loaded))


@app.command()
def verify(path: PathArgument, json: JsonOption = False) -> None:
    """Check everything that a service checks; exit status 1 and one line where something does not match."""
    loaded = _loaded(path)
    kinds = [entry.kind for entry in loaded.manifest.models]
    if json:
        print_json({"ok": True, "model": loaded.name, "kinds": kinds})
    else:
        typer.echo(f"{loaded.name} is good: {', '.join(kinds)}")


def _loaded(path: Path) -> "Loaded":
    from models.forest.artifact import ModelError  # noqa: PLC0415 - compiles kernels
    from streams.model_files import load  # noqa: PLC0415

    try:
        return load(path)
    except ModelError as error:
        raise NegativeAnswer(f"{path} is refused: {error}") from None


def _row(entry: "Entry") -> tuple[object, ...]:
    counts = entry.trees, len(entry.features), entry.rows, entry.keys, entry.key_days
    chosen = entry.chosen
    times = day(entry.first_ms), day(entry.last_ms)
    return entry.kind, *counts, *times, f"{chosen.threshold:.4f}", alarms(chosen.budget, chosen.expected)


def _curves(loaded: "Loaded") -> list[tuple[object, ...]]:
    return [
        (entry.kind, f"{point.budget:g}", f"{point.threshold:.4f}", alarms(point.budget, point.expected))
        for entry in loaded.manifest.models
        for point in entry.curve
    ]


def day(at_ms: int) -> str:
    """A time of event for a table, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def alarms(budget: float, expected: float) -> str:
    """At most how many are to be expected, and why more than were asked for."""
    short = " (too few keys and days)" if expected > budget else ""
    return f"at most {expected:.3g}{short}"
