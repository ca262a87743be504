"""`ringfence run`: one process per role, kept alive until SIGTERM, with health and metrics over HTTP."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from streams import logs
from streams.child import Child
from streams.health import Health, exposition, serve
from streams.settings import Service
from streams.table_watch import KEPT

INSTANCE = "RINGFENCE_INSTANCE"
"""Environment of a role's process: its name among the others (`detector`, or `detector-2` of several)."""
METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"
"""Environment that prometheus-client reads when it is imported."""

log = logs.get(__name__)
Command = Callable[[str], Sequence[str]]


def role_command(config: Path | None) -> Command:
    """How a role's process is started: this program again, with the hidden option `--child`."""
    options = ["--config", str(config)] if config else []
    return lambda role: [sys.executable, "-m", "streams", "run", role, "--child", *options]


def run(counts: Mapping[str, int], service: Service, command: Command) -> None:
    """Start the processes and keep them until SIGTERM or SIGINT.

    Args:
        counts: processes of each role.
        service: where to listen, and the watchdog's patience.
        command: program and arguments for a role.

    Raises:
        UsageError: a process says that its configuration is wrong, or the port is taken.
    """
    with tempfile.TemporaryDirectory(prefix="ringfence-") as directory:
        metrics = Path(directory) / "metrics"
        metrics.mkdir()
        environ = {**os.environ, METRICS_DIR: str(metrics), KEPT: str(Path(directory) / "tables")}
        children = [
            Child(name, command(role), {**environ, INSTANCE: name}, service.watchdog_s) for role, name in _names(counts)
        ]
        asyncio.run(_supervise(children, service, metrics))


def _names(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Role and name of every process.

    >>> list(_names({"intake": 1, "detector": 2}))
    [('intake', 'intake'), ('detector', 'detector-1'), ('detector', 'detector-2')]
    """
    for role, count in counts.items():
        if count == 1:
            yield role, role
        else:
            yield from ((role, f"{role}-{number}") for number in range(1, count + 1))


async def _supervise(children: Sequence[Child], service: Service, metrics: Path) -> None:
    def healths() -> Iterator[Health]:
        return (child.health for child in children)

    stop = _stop_signal()
    async with serve(service, healths, exposition(healths, metrics)) as address:
        log.info("serving", http=f"http://{address}", processes=[child.name for child in children])
        await _until(stop, children)
    log.info("stopped")


def _stop_signal() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, children: Sequence[Child]) -> None:
    """Keep all children until `stop` is set or one of them cannot be kept; then end them all together."""
    stopping = asyncio.create_task(stop.wait())
    keeping = [asyncio.create_task(child.keep()) for child in children]
    done, _ = await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, *keeping):
        task.cancel()
    await asyncio.gather(stopping, *keeping, return_exceptions=True)
    for task in done:
        task.result()
