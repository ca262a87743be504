"""`ringfence simulate SCENARIO|FILE`: what the service does to calls that it may refuse."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import ConfigOption, JsonOption, print_json, print_table, progress
from streams.errors import UsageError
from streams.settings import load
from streams.tables import load_tables


def command(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO|FILE", help="founding, or events as JSON lines.")],
    output: Annotated[Path, typer.Option(help="Directory for report.html, commands.jsonl and more.")] = Path(
        "simulation"
    ),
    seed: Annotated[int, typer.Option(help="Of all chance in a scenario.")] = 1,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Play a scenario or a file in a closed loop; the same seed and input give the same bytes."""
    from streams.backtest import Output  # noqa: PLC0415 - compiles kernels
    from streams.report.collect import Collector  # noqa: PLC0415
    from streams.report.loop import rows_of  # noqa: PLC0415
    from streams.simulate import SCENARIOS, recorded  # noqa: PLC0415

    settings = load(config)
    if scenario not in SCENARIOS and not Path(scenario).is_file():
        raise UsageError(f"{scenario}: neither a scenario ({', '.join(SCENARIOS)}) nor a file")
    tables = load_tables(settings)
    out = Output(output, Collector.of(settings), numbers=settings.service.show_numbers)
    with progress() as bar:
        task = bar.add_task(scenario, total=1.0)
        if scenario in SCENARIOS:
            told = SCENARIOS[scenario](settings, tables, out, seed, lambda part: bar.update(task, completed=part))
        else:
            told = recorded(settings, tables, out, Path(scenario), lambda part: bar.update(task, completed=part))
    name = scenario if scenario in SCENARIOS else Path(scenario).name
    summary = out.close(Counter(), f"Simulation of {name}", told)
    if json:
        print_json(told | summary)
    else:
        print_table(("figure", "value", "what it is"), rows_of(told | summary))
