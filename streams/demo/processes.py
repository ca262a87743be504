"""The service and the log enforcer as processes of the demo: started, waited for, started anew, stopped."""

import http.client
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import orjson

from streams.demo.interrupts import undivided
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
        if self.process.stdout is not None:
            with self.process.stdout as output:
                yield from output

    def check(self) -> None:
        """See that it still runs.

        Raises:
            DependencyError: it ended, with its last words.
        """
        if self.process.poll() is not None:
            raise DependencyError(self.end())

    def end(self) -> str:
        """Wait for its end, and say how it came, with its last words."""
        return f"{self._name} ended with status {self.process.wait()}: {self._last_words()}"

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


class Enforcer:
    """`ringfence enforce log`, started anew where it is killed: its lines are one stream over all its lives."""

    def __init__(self, configuration: Path, log: Path) -> None:
        self._arguments = ["enforce", "log", "--config", str(configuration), "--name", "demo"]
        self._log = log
        self._lives = 0
        self._stopped = False
        self._lock = threading.Lock()
        self._process = self._start()

    def _start(self) -> Process:
        self._lives += 1
        return Process(self._arguments, self._log.with_stem(f"{self._log.stem}-{self._lives}"), read_output=True)

    def lines(self) -> Iterator[bytes]:
        """What it writes to standard output; ends when it was stopped, or ended by itself."""
        yield from self._process.lines()
        while self._revive():
            yield from self._process.lines()

    def _revive(self) -> bool:
        with self._lock:
            killed = self._process.process.wait() < 0
            if self._stopped or not killed:
                return False
            self._process = self._start()
            return True

    def end(self) -> str:
        """How it ended, with its last words."""
        return self._process.end()

    def stop(self) -> None:
        """End it for good."""
        with self._lock:
            self._stopped = True
            self._process.stop()


class Stoppable(Protocol):
    """Something that was started."""

    def stop(self) -> object:
        """End it; twice is once."""


S = TypeVar("S", bound=Stoppable)


@contextmanager
def running(start: Callable[[], S], *, keep: bool = False) -> Iterator[S]:
    """Start something and stop it at the end, whatever comes; with `keep` only where something fails.

    Args:
        start: starts it, in a moment: an interrupt waits until it is known what must be stopped.
        keep: leave it where all went well.
    """
    started = None
    try:
        with undivided():
            started = start()
        yield started
        if not keep:
            started.stop()
    except BaseException:
        if started is not None:
            started.stop()
        raise


def service(configuration: Path, log: Path) -> Process:
    """Start `ringfence run`."""
    return Process(["run", "--config", str(configuration)], log)


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
