"""`ringfence bench [PART…]`: what the service does on this machine, against what could be done."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.progress import Progress

from streams.cli.common import JsonOption, print_json, print_table, progress

if TYPE_CHECKING:
    from streams.bench.report import Document

FILE = "bench.json"


def command(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PART]...",
            help="throughput, latency, scale, memory, restart, stages; none: all of these. Also soak, if named.",
        ),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of each measurement.")] = 1,
    events: Annotated[
        int | None,
        typer.Option(min=10_000, help="Events read as fast as can be (default: 3,000,000; soak: 30,000,000 a day)."),
    ] = None,
    rate: Annotated[
        list[int] | None, typer.Option(min=1, help="Events a second, for latency; may be repeated.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=8.0, help="Length of a latency run.")] = 30.0,
    peer: Annotated[bool, typer.Option(help="Measure Kafka Streams beside it, where Java and Maven are.")] = True,
    output: Annotated[
        Path | None,
        typer.Option(help=f"Write the figures of every run to this JSON file (or DIRECTORY/{FILE}), pictures beside."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Measure the service on a Kafka of its own; nothing else should run on the machine."""
    from streams.bench.plan import Plan, minutes  # noqa: PLC0415 - compiles kernels
    from streams.bench.report import as_json, table  # noqa: PLC0415
    from streams.bench.shape import shape  # noqa: PLC0415
    from streams.bench.suite import measure, steps_of  # noqa: PLC0415

    least = Plan()
    rates = tuple(rate) if rate else least.rates
    counts = (events or least.events, events or least.soak_events)
    plan = Plan(tuple(parts or ()), runs, *counts, rates, seconds, peer=peer)
    steps = steps_of(plan)
    sys.stderr.write(f"measurements: {len(steps)}, about {minutes(sum(step.lasts_s for step in steps))} on two cores\n")
    file = _file(output) if output else None
    document: Document | None = None
    with progress() as bar:
        for document in measure(plan, shape(), _Watcher(bar)):
            if file is not None:
                file.write_bytes(orjson.dumps(as_json(document), option=orjson.OPT_INDENT_2))
    if document is None:
        return
    if file is not None:
        _draw(document, file)
    if json:
        print_json(as_json(document))
    else:
        print_table(("machine", ""), document.machine.items())
        print_table(*table(document.figures))


def _file(output: Path) -> Path:
    """Where the figures go: a file that is named `.json`, else a directory, made where it is missing."""
    file = output if output.suffix == ".json" else output / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _draw(document: "Document", file: Path) -> None:
    """Pictures, where the library is that draws them."""
    try:
        from streams.bench.plots import draw  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        sys.stderr.write(f"no pictures: {error.name} is not installed (pip install 'ringfence[bench]')\n")
        return
    draw(document, file.parent, file.stem)


class _Watcher:
    """Shows how a benchmark gets on: a bar for a person, a line per measurement in a log."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("starting Kafka", total=1.0)
        self._prefix = ""

    def begins(self, name: str, number: int, count: int, left_s: float) -> None:
        """One line, or the beginning of the bar's text."""
        from streams.bench.plan import minutes  # noqa: PLC0415 - not before it is needed

        self._prefix = f"{number}/{count}, {minutes(left_s)} left: "
        if self._bar.disable:
            sys.stderr.write(f"{self._prefix}{name}\n")
        self.tell(name, 0.0)

    def tell(self, what: str, part: float) -> None:
        """Move the bar."""
        self._bar.update(self._task, description=f"{self._prefix}{what}", completed=part)
