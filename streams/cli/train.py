"""`ringfence train FILE…|--topic`: a model of the isolation forest, from what a network has recorded."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table, progress
from streams.cli.model import ALARMS, alarms, day
from streams.errors import NegativeAnswer
from streams.settings import Settings, load
from streams.tables import load_tables

if TYPE_CHECKING:
    from models.forest.model import Model
    from models.forest.sampling import Sampler
    from streams.recorded import Recording

COLUMNS = ("kind", "rows", "keys", "keys and days", "from", "to", "threshold", ALARMS)


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Events as JSON lines, in order of arrival.")
    ] = None,
    topic: Annotated[bool, typer.Option("--topic", help="Read all of signalling.events instead.")] = False,
    output: Annotated[Path, typer.Option(help="Directory for forest.json and its arrays.")] = Path("forest"),
    seed: Annotated[int, typer.Option(min=0, max=(1 << 32) - 1, help="Of all chance: same input, same bytes.")] = 1,
    budget: Annotated[
        float, typer.Option(min=0.001, max=500.0, help="False alarms a day for every 1,000 busy keys.")
    ] = 1.0,
    trees: Annotated[int, typer.Option(min=1, max=1000, help="Trees of each model.")] = 100,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Train a model for each kind of key that has enough of a history, and write it where a service may take it up."""
    from models.forest.artifact import packed, unpacked  # noqa: PLC0415 - compiles kernels
    from models.forest.sampling import Sampler  # noqa: PLC0415
    from streams.model_files import write  # noqa: PLC0415
    from streams.recorded import recordings  # noqa: PLC0415

    settings, sampler = load(config), Sampler(seed)
    read = recordings(settings, files or [], topic)
    with progress() as bar:
        counts = _take(settings, read, sampler, bar)
        models, missing = _train(sampler, seed, budget, trees, bar)
    if not models:
        raise NegativeAnswer("too little to learn from: " + "; ".join(f"{kind}: {why}" for kind, why in missing))
    artifact = packed(models, seed)
    name, where = unpacked(artifact).name, write(output, artifact)
    refused = {str(entity): dict(+pool.refused) for entity, pool in sampler.pools.items()}
    if json:
        told = {"missing": dict(missing), "refused": refused, "models": list(map(_told, models)), "events": counts}
        print_json({"model": name, "manifest": str(where), **told})
        return
    print_table(COLUMNS, map(_row, models))
    for line in _remarks(counts, missing, refused):
        typer.echo(line)
    typer.echo(f"{name} in {where}")


def _remarks(
    counts: dict[str, int], missing: "list[tuple[str, str]]", refused: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """What was left out, and why; a line each."""
    yield from (f"{kind}: no model, {why}" for kind, why in missing)
    for kind, features in refused.items():
        yield from (
            f"{kind}: {rows} rows refused, {name} has no number or is out of range" for name, rows in features.items()
        )
    rejected = {name: count for name, count in counts.items() if name.startswith("rejected_")}
    yield from (f"{count} events {name.replace('_', ' ')}" for name, count in rejected.items())


def _take(settings: Settings, read: "list[Recording]", sampler: "Sampler", bar: Progress) -> dict[str, int]:
    """Let the sampler see what was recorded; gives how many events there were, and how many were rejected and why."""
    from streams.teaching import Teaching  # noqa: PLC0415 - compiles kernels

    teaching = Teaching(settings, load_tables(settings), sampler.take)
    for recording in read:
        task = bar.add_task(recording.name, total=recording.total)
        for batch in recording.batches:
            teaching.feed(batch)
            bar.advance(task, batch.size)
    return dict(sorted(teaching.counts.items()))


def _train(
    sampler: "Sampler", seed: int, budget: float, trees: int, bar: Progress
) -> "tuple[list[Model], list[tuple[str, str]]]":
    """A model of each kind that there is enough of; and what the others lack."""
    from models.forest.model import Model, lacking, trained  # noqa: PLC0415 - compiles kernels

    task = bar.add_task("growing trees", total=len(sampler.pools))
    models, missing = list[Model](), list[tuple[str, str]]()
    for entity, pool in sampler.pools.items():
        if why := lacking(pool.sample()):
            missing.append((entity, why))
        else:
            models.append(trained(entity, pool, seed, budget, trees))
        bar.advance(task, 1)
    return models, missing


def _told(model: "Model") -> dict[str, object]:
    names = ("rows", "seen", "keys", "key_days", "first_ms", "last_ms")
    counts = {name: getattr(model, name) for name in names}
    return {"kind": model.entity, **counts, **model.chosen._asdict()}


def _row(model: "Model") -> tuple[object, ...]:
    chosen = model.chosen
    counts = model.rows, model.keys, model.key_days, day(model.first_ms), day(model.last_ms)
    return model.entity, *counts, f"{chosen.threshold:.4f}", alarms(chosen.budget, chosen.expected)
