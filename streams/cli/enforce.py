"""`ringfence enforce log|kamailio|sip|http`: one enforcer, until SIGTERM."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from streams import logs
from streams.cli.common import ConfigOption
from streams.settings import load

app = typer.Typer(help="Run one enforcer.", no_args_is_help=True, rich_markup_mode=None)

NameOption = Annotated[
    str | None, typer.Option("--name", help="Its name in acknowledgements (default: host name and kind).")
]
SwitchOption = Annotated[
    list[str] | None, typer.Option("--switch", help="A switch that it drives; repeat for more (default: all).")
]
KillFileOption = Annotated[
    Path | None,
    typer.Option("--kill-file", help="While this file exists, every call passes, even while Kafka is away."),
]


def _enforce(
    kind: str, name: str | None, switches: list[str] | None, kill_file: Path | None, config: Path | None
) -> None:
    from streams.enforcers.service import driver_named, run  # noqa: PLC0415 - the help needs no Kafka client

    driver = driver_named(kind)
    settings = load(config)
    logs.setup(settings.service)
    own_name = name or f"{socket.gethostname().split('.')[0]}-{kind}"
    run(settings, driver, own_name, tuple(switches or ()), kill_file)


@app.command()
def log(
    name: NameOption = None, switch: SwitchOption = None, kill_file: KillFileOption = None, config: ConfigOption = None
) -> None:
    """Write every change as a line of JSON to standard output."""
    _enforce("log", name, switch, kill_file, config)


@app.command()
def kamailio(
    name: NameOption = None, switch: SwitchOption = None, kill_file: KillFileOption = None, config: ConfigOption = None
) -> None:
    """Drive a Kamailio (not built in this version)."""
    _enforce("kamailio", name, switch, kill_file, config)


@app.command()
def sip(
    name: NameOption = None, switch: SwitchOption = None, kill_file: KillFileOption = None, config: ConfigOption = None
) -> None:
    """Answer as a SIP redirect server (not built in this version)."""
    _enforce("sip", name, switch, kill_file, config)


@app.command()
def http(
    name: NameOption = None, switch: SwitchOption = None, kill_file: KillFileOption = None, config: ConfigOption = None
) -> None:
    """Answer over HTTP (not built in this version)."""
    _enforce("http", name, switch, kill_file, config)
