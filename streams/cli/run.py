"""`ringfence run [ROLE…]`: the service; with the hidden `--child`, one role in this process."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from streams import logs
from streams.cli.common import ConfigOption
from streams.errors import RingfenceError
from streams.heartbeat import Heartbeat
from streams.roles import chosen, entry
from streams.settings import Settings, load

log = logs.get(__name__)


def command(
    roles: Annotated[list[str] | None, typer.Argument(help="intake, detector, decider; none: all.")] = None,
    instances: Annotated[
        list[str] | None, typer.Option("--instances", help="ROLE=COUNT, for a role that runs more than once.")
    ] = None,
    config: ConfigOption = None,
    child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Run the service until SIGTERM: Kafka, topics, tables and the model are checked before anything starts."""
    counts = chosen(roles or [], instances or [])
    settings = load(config)
    logs.setup(settings.service)
    if child:
        _child(next(iter(counts)), settings)
    else:
        _service(counts, settings, config)


def _service(counts: dict[str, int], settings: Settings, config: Path | None) -> None:
    from streams.model_files import forest_at_start  # noqa: PLC0415 - compiles kernels, where there is a model
    from streams.supervisor import role_command, run  # noqa: PLC0415 - children have no need of it
    from streams.tables import load_tables  # noqa: PLC0415
    from streams.topics import require  # noqa: PLC0415

    settings.numbering()
    load_tables(settings)
    forest_at_start(settings)
    require(settings)
    run(counts, settings.service, role_command(config))


def _child(role: str, settings: Settings) -> None:
    """Run one role; why it ended goes to the supervisor, which writes it to the log."""
    from streams.table_watch import tables_at_start  # noqa: PLC0415 - the supervisor reports what importing may raise

    heartbeat = Heartbeat.from_env()
    heartbeat.end_with_supervisor()
    try:
        entry(role)(settings, tables_at_start(settings))
    except RingfenceError as error:
        if not heartbeat.last_words(str(error)):
            raise
        sys.exit(error.exit_status)
    except Exception as error:
        log.debug("role failed", role=role, exc_info=error)
        if not heartbeat.last_words(logs.describe(error)):
            raise
        sys.exit(1)
