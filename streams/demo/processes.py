"""The service and the log enforcer as processes of the demo: started, waited for, stopped."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson

from streams.errors import DependencyError

READY_S = 120.0
"""A first start compiles kernels."""
STOP_S = 12.0
"""The service ends within 10 s of SIGTERM."""
LOOK_EVERY_S = 0.1


class Process:
    """One `ringfence` process, in a session of its own so that Ctrl-C reaches only us, its log in a file."""

    def __init__(self, arguments: Sequence[str], log: Path, *, read_output: bool = False) -> None:
        self.log = log
        self._name = f"ringfence {arguments[0]}"
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if read_output else errors,
                stderr=errors,
                start_new_session=True,
            )

    def lines(self) -> Iterator[bytes]:
        """What it writes to standard output, until it ends."""
        return iter(self.process.stdout or ())

    def check(self) -> None:
        """See that it still runs.

        Raises:
            DependencyError: it ended, with its last words.
        """
        status = self.process.poll()
        if status is not None:
            raise DependencyError(f"{self._name} ended with status {status}: {self._last_words()}")

    def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL for the whole session where that is not enough."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"


@contextmanager
def service(configuration: Path, log: Path, *, keep: bool) -> Iterator[Process]:
    """Run `ringfence run`; with `keep` it is stopped only where something fails."""
    running = Process(["run", "--config", str(configuration)], log)
    try:
        yield running
    except BaseException:
        running.stop()
        raise
    if not keep:
        running.stop()


@contextmanager
def enforcer(configuration: Path, log: Path) -> Iterator[Process]:
    """Run `ringfence enforce log`, its lines on a pipe."""
    arguments = ["enforce", "log", "--config", str(configuration), "--name", "demo"]
    running = Process(arguments, log, read_output=True)
    try:
        yield running
    finally:
        running.stop()
        if running.process.stdout is not None:
            running.process.stdout.close()


def wait_until_ready(running: Process) -> str:
    """Wait until `/readyz` says yes; gives the service's address, `http://host:port`.

    Raises:
        DependencyError: it ended, or is not ready in time.
    """
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        running.check()
        address = _address(running.log)
        if address and _answers_ready(address):
            return address
        time.sleep(LOOK_EVERY_S)
    raise DependencyError(f"the service is not ready after {READY_S:.0f} s (log: {running.log})")


def _address(log: Path) -> str:
    """The address that the log names, empty before it does."""
    for line in log.read_bytes().splitlines():
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(entry, dict) and entry.get("event") == "serving":
            return str(entry["http"])
    return ""


def _answers_ready(address: str) -> bool:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=2.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
