"""`ringfence simulate SCENARIO|FILE`: what the service does to calls that it may refuse."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table, progress
from streams.errors import UsageError
from streams.settings import load
from streams.tables import load_tables


def command(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE", help="founding, or events as JSON lines.")],
    output: Annotated[Path, typer.Option(help="Directory for commands.jsonl, findings.jsonl, summary.json.")] = Path(
        "simulation"
    ),
    seed: Annotated[int, typer.Option(help="Of all chance in a scenario.")] = 1,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Play a scenario or a file in a closed loop; the same seed and input give the same bytes."""
    from streams.backtest import Output  # noqa: PLC0415 - compiles kernels
    from streams.simulate import SCENARIOS, recorded  # noqa: PLC0415

    settings = load(config)
    if scenario not in SCENARIOS and not Path(scenario).is_file():
        raise UsageError(f"{scenario}: neither a scenario ({', '.join(SCENARIOS)}) nor a file")
    tables, out = load_tables(settings), Output(output)
    with progress() as bar:
        task = bar.add_task(scenario, total=1.0)
        if scenario in SCENARIOS:
            told = SCENARIOS[scenario](settings, tables, out, seed, lambda part: bar.update(task, completed=part))
        else:
            told = recorded(settings, tables, out, Path(scenario), lambda part: bar.update(task, completed=part))
    told |= out.close(out.counts - out.counts)
    if json:
        print_json(told)
    else:
        print_table(("figure", "value"), [(name.replace("_", " "), value) for name, value in told.items()])
