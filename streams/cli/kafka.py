"""`ringfence kafka start|stop|status|install`: a single-node Apache Kafka on this machine."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins
from rich.progress import Progress

from streams.broker import Broker
from streams.broker import install as install_kafka
from streams.broker.jars import Progress as JarProgress
from streams.broker.node import DEFAULT_PORT
from streams.broker.process import LOG, answers
from streams.cli.common import JsonOption, print_json, progress
from streams.errors import NegativeAnswer

app = typer.Typer(
    help="A single-node Apache Kafka on this machine, for development and tests.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Its directory (default: one under the user's state directory)."),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="Its port (default: 9092, or a free one if that is taken)."),
]


@app.command()
def start(data: DataOption = None, port: PortOption = None, json: JsonOption = False) -> None:
    """Start it, wait until it answers, and print its address; it goes on running."""
    with progress() as bar:
        address = Broker(data, port, progress=_fetching(bar)).start()
    if json:
        print_json({**address._asdict(), "log": address.data / LOG})
        return
    if address.already_running:
        sys.stderr.write(f"Kafka runs already (process {address.pid}, data: {address.data})\n")
    elif not address.bootstrap_servers.endswith(f":{DEFAULT_PORT}"):
        sys.stderr.write(f"tell the service: export RINGFENCE_KAFKA__BOOTSTRAP_SERVERS={address}\n")
    sys.stdout.write(f"{address}\n")


@app.command()
def stop(data: DataOption = None, json: JsonOption = False) -> None:
    """Stop it; its data stays."""
    broker = Broker(data)
    stopped = broker.stop()
    if json:
        print_json({"stopped": stopped, "data": broker.data})
    else:
        sys.stdout.write("stopped\n" if stopped else f"Kafka was not running (data: {broker.data})\n")


@app.command()
def status(data: DataOption = None, json: JsonOption = False) -> None:
    """Say whether it runs and answers; exit status 1 where it does not."""
    broker = Broker(data)
    running, reason = broker.look()
    if running and not answers(running.bootstrap_servers):
        reason = f"process {running.pid} runs but does not answer at {running.bootstrap_servers}"
    details = to_builtins(running) if running else {}
    if json:
        print_json({"running": running is not None and not reason, "data": broker.data, **details})
    elif running and not reason:
        sys.stdout.write(f"{running.bootstrap_servers}\n")
        sys.stderr.write(f"Kafka runs (process {running.pid}, data: {broker.data})\n")
    if reason:
        raise NegativeAnswer(f"Kafka is not running: {reason} (data: {broker.data})")


@app.command()
def install() -> None:
    """Fetch Kafka (45 MB) and prepare its start, so that later starts are quick and need no network."""
    with progress() as bar:
        runtime = install_kafka(_fetching(bar))
    sys.stdout.write(f"{len(runtime.jars)} jars, Java {runtime.java.major} ({runtime.java.program})\n")


def _fetching(bar: Progress) -> JarProgress:
    """Show jars as they arrive; the bar appears with the first."""

    def advance(done: int, total: int) -> None:
        if not bar.task_ids:
            bar.add_task("fetching Kafka", total=total)
        bar.update(bar.task_ids[0], completed=done)

    return advance
