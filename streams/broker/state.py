"""The state file of a broker: which process it is and where it listens, so that another command finds it.

A file can outlive its process, and a process id can be given to another program: neither counts as running.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

STATE = "broker.json"
CLOCK_SLACK_S = 2.0
"""psutil works the creation time out from the time of boot, which moves when the clock is set."""


class Running(msgspec.Struct, frozen=True):
    """A broker that was started: process id, its creation time (s since the epoch), ports, its address."""

    pid: int
    create_time: float
    port: int
    controller_port: int
    bootstrap_servers: str


def mark(data: Path) -> str:
    """The argument by which the broker of this data is known among all processes."""
    return f"-Dringfence.data={data}"


def write(data: Path, running: Running) -> None:
    """Keep the state, in one step."""
    part = data / (STATE + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(running)))
    part.replace(data / STATE)


def read(data: Path) -> Running | None:
    """The state as it was kept, true or stale; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode((data / STATE).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None


def forget(data: Path) -> None:
    """Remove the state."""
    (data / STATE).unlink(missing_ok=True)


def why_stale(data: Path, running: Running) -> str | None:
    """Why the process of a state is not the broker any more; None where it still is.

    Args:
        data: the broker's directory.
        running: the state as it was read there.
    """
    try:
        process = psutil.Process(running.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return f"process {running.pid} has ended"
        same_time = abs(process.create_time() - running.create_time) <= CLOCK_SLACK_S
        if same_time or mark(data) in process.cmdline():
            return None
    except psutil.NoSuchProcess:
        return f"process {running.pid} has ended"
    except psutil.AccessDenied:
        pass  # somebody else's process, and ours would not be
    return f"process {running.pid} is another program by now"


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Only one command starts or stops the broker of a directory at a time; a second one waits here."""
    with (data / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
