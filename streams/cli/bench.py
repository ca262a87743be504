"""`ringfence bench [PART…]`: what the service does on this machine, against what could be done."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from streams.cli.common import JsonOption, print_json, print_table, progress


def command(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PART]...", help="throughput, latency, scale, memory, restart, stages; none: all."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each measurement.")] = 1,
    events: Annotated[int, typer.Option(min=10_000, help="Events that are read as fast as can be.")] = 3_000_000,
    rate: Annotated[
        list[int] | None, typer.Option(min=1, help="Events a second, for latency; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=8.0, help="Length of a latency run.")] = 30.0,
    peer: Annotated[bool, typer.Option(help="Measure Kafka Streams beside it, where Java and Maven are.")] = True,
    output: Annotated[Path | None, typer.Option(help="Write the figures of every run to this JSON file.")] = None,
    json: JsonOption = False,
) -> None:
    """Measure the service on a Kafka of its own; nothing else should run on the machine."""
    from streams.bench.report import COLUMNS, document, rows  # noqa: PLC0415 - compiles kernels
    from streams.bench.shape import shape  # noqa: PLC0415
    from streams.bench.suite import Plan, measure  # noqa: PLC0415

    rates = tuple(rate) if rate else Plan().rates
    plan = Plan(tuple(parts or ()), runs, events, rates, seconds, peer=peer)
    machine = shape()
    with progress() as bar:
        task = bar.add_task("starting Kafka", total=1.0)
        figures = measure(plan, lambda what, part: bar.update(task, description=what, completed=part))
    told = document(machine, plan, figures)
    if output is not None:
        output.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    if json:
        print_json(told)
    else:
        print_table(("machine", ""), machine.items())
        print_table(COLUMNS, rows(figures))
