"""The broker's process: launched, waited for until it answers, ended."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.broker import archive, guard, state
from streams.broker.runtime import Runtime, environment
from streams.broker.storage import LOGGING, PROPERTIES
from streams.errors import DependencyError

READY_S = 60.0
"""How long a broker may take until it answers; a slow machine with much to recover takes tens of seconds."""
STOP_S = 30.0
"""How long it may take to stop before it is killed."""
LOG = "broker.log"
CONSOLE = "console.log"
_FLAGS = (
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",  # this and the next: as Kafka's own start script
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-XX:ErrorFile=jvm-crash.log",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={LOGGING}",
)
_NOISE = ("WARNING:", "OpenJDK", "[", "\t", " ")
"""How lines of a JVM begin that say nothing about its end: warnings, its own log, stack traces."""
_detached: list["_Detached"] = []
"""Brokers that we started: one that ends before us is ours to reap."""
_LOG = logging.getLogger("rdkafka")
_LOG.addHandler(logging.NullHandler())


class _Detached(subprocess.Popen[bytes]):
    """A process that is to outlive us: to forget it is no mistake, of which `Popen` would warn."""

    def __del__(self) -> None:
        """Say nothing."""


class PortTakenError(DependencyError):
    """A port that was free a moment ago is not any more."""


def launch(data: Path, runtime: Runtime, heap_mb: int, flags: Sequence[str] = ()) -> psutil.Process:
    """Start Kafka in its directory, in a session of its own: it survives this terminal.

    Args:
        data: its directory, configured and formatted.
        runtime: Java and jars.
        heap_mb: the most heap it may take, MB.
        flags: more flags for the JVM; by default those of the start-up archive.
    """
    every = (f"-Xmx{heap_mb}m", *_FLAGS, *(flags or archive.flags_to_use(runtime)), state.mark(data))
    with (data / CONSOLE).open("wb") as console:
        process = _Detached(
            runtime.command("kafka.Kafka", PROPERTIES, flags=every),
            cwd=data,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _detached.append(process)
    return psutil.Process(process.pid)


def launch_guard() -> subprocess.Popen[str]:
    """Start a guard that does not know yet whom to guard."""
    command = [sys.executable, "-P", guard.__file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)


def wait_until_ready(data: Path, process: psutil.Process, bootstrap: str, timeout_s: float = READY_S) -> None:
    """Wait until the broker answers a client's question for metadata, and has what consumer groups need.

    Raises:
        DependencyError: it died, or did not answer in time.
    """
    client = _client(bootstrap)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if _answers(client, 0.2):
            return _wake_groups(client)
        if has_ended(process):
            raise _death(data, process.create_time())
    raise DependencyError(f"Kafka did not answer at {bootstrap} within {timeout_s:.0f} s; see {data / LOG}")


def _wake_groups(client: AdminClient) -> None:
    """Ask for a group that nobody has: Kafka makes `__consumer_offsets` now (0.2 s), not at a join (3 s)."""
    for asked in client.describe_consumer_groups(["ringfence-nobody"], request_timeout=5).values():
        asked.exception(10)


def answers(bootstrap: str, timeout_s: float = 2.0) -> bool:
    """Whether a broker answers there now."""
    return _answers(_client(bootstrap), timeout_s)


def _client(bootstrap: str) -> AdminClient:
    quick = {"reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100}
    config: dict[str, Any] = {"bootstrap.servers": bootstrap, "logger": _LOG, **quick}
    return AdminClient(config)


def _answers(client: AdminClient, timeout_s: float) -> bool:
    try:
        return bool(client.list_topics(timeout=timeout_s).brokers)
    except KafkaException:
        return False


def has_ended(process: psutil.Process) -> bool:
    """Whether a process is gone, or only waits to be reaped.

    A killed process is a zombie as soon as its first thread has ended; its ports are free when the last one has.
    """
    try:
        return not process.is_running() or (process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def wait_until_ended(process: psutil.Process, timeout_s: float) -> bool:
    """Wait for a process that need not be our child; whether it ended in time.

    psutil's own wait lasts until whoever is responsible has reaped it: in a container, perhaps nobody.
    """
    deadline = time.monotonic() + timeout_s
    while not (ended := has_ended(process)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return ended


def end(process: psutil.Process, *, gently: bool = True, timeout_s: float = STOP_S) -> None:
    """Ask a process to stop, and kill it if it does not in time.

    Raises:
        DependencyError: it is somebody else's.
    """
    try:
        if gently:
            process.terminate()
            wait_until_ended(process, timeout_s)
        if not has_ended(process):
            process.kill()
            wait_until_ended(process, 10)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise DependencyError(f"process {process.pid} is another user's: stop Kafka as that user") from None
    finally:
        _detached[:] = [child for child in _detached if child.poll() is None]


def _death(data: Path, since: float) -> DependencyError:
    reason = last_words(_tail(data / LOG, since), _tail(data / CONSOLE, since))
    message = f"Kafka died while starting: {reason} (log: {data / LOG})"
    return (PortTakenError if "Address already in use" in reason else DependencyError)(message)


def last_words(log: Sequence[str], console: Sequence[str]) -> str:
    """The line that says best why a broker died: the JVM's own error, else the log's last error or cause.

    Args:
        log: the end of Kafka's log.
        console: what the JVM wrote to its standard output.
    """
    errors = [line for line in log if " ERROR " in line or " FATAL " in line]
    causes = [line for line in log if line.startswith("Caused by: ")]
    said = [line for line in console if line.strip() and not line.startswith(_NOISE)]
    jvm = [line for line in said if line.startswith(("Error", "Exception", "Terminating", "java.", "#"))]
    for lines in (causes, errors, jvm, said, log):
        if lines:
            return lines[-1].strip().removeprefix("Caused by: ")
    return "it said nothing"


def _tail(path: Path, since: float, most_bytes: int = 1 << 16) -> list[str]:
    """The last lines of a file; none where nobody wrote to it since then (s since the epoch)."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            if about.st_mtime < since - state.CLOCK_SLACK_S:
                return []
            file.seek(max(0, about.st_size - most_bytes))
            return file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
