"""A machine of the service: the supervisor of one role and the role's process; killed, paused, started anew."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from streams.supervisor import INSTANCE

ROOT = Path(__file__).parents[3]
STOP_S, ANSWER_S = 15.0, 2.0
GUARDED, UNGUARDED = "streams", "tests.faults.real.unguarded"
"""The program that is run: `python -m` this one."""


class Machine:
    """One supervisor in a session of its own; `lives` counts its starts.

    Args:
        home: directory of the service, and of the logs.
        role: what runs there.
        number: tells it from others with the same role.
        program: `GUARDED` or `UNGUARDED`.
    """

    def __init__(self, home: Path, role: str, number: int, program: str) -> None:
        self.role = role
        self.name = f"{role}-{number}"
        self.lives = 0
        self._home = home
        self._program = program
        self._frozen: psutil.Process | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the supervisor, which starts the role."""
        self.lives += 1
        with self._log().open("wb") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", self._program, "run", self.role, "--config", str(self._home / "ringfence.toml")],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log(self) -> Path:
        return self._home / f"{self.name}-{self.lives}.log"

    @property
    def on(self) -> bool:
        """Whether the supervisor runs."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def process(self) -> psutil.Process | None:
        """The role's process; None where there is none just now."""
        if not self.on or self._supervisor is None:
            return None
        with suppress(psutil.Error):
            for child in psutil.Process(self._supervisor.pid).children():
                if child.status() != psutil.STATUS_ZOMBIE and child.environ().get(INSTANCE) == self.role:
                    return child
        return None

    def kill(self) -> bool:
        """Kill -9 the role's process; its supervisor starts it anew. Whether there was one."""
        process = self.process()
        with suppress(psutil.Error):
            if process is not None:
                process.kill()
                return True
        return False

    def crash(self) -> bool:
        """Kill -9 supervisor and process at once, as when a machine dies; whether there was a process."""
        process = self.process()
        if self._supervisor is not None:
            self._supervisor.kill()
        killed = process is not None
        with suppress(psutil.Error):
            if process is not None:
                process.kill()
        if self._supervisor is not None:
            self._supervisor.wait()
        return killed

    def freeze(self) -> bool:
        """SIGSTOP the role's process; whether there was one."""
        self._frozen = self.process()
        with suppress(psutil.Error):
            if self._frozen is not None:
                self._frozen.suspend()
                return True
        return False

    def thaw(self) -> None:
        """SIGCONT the process that was stopped."""
        with suppress(psutil.Error):
            if self._frozen is not None:
                self._frozen.resume()
        self._frozen = None

    def leave(self) -> int | None:
        """End it in order, as for an upgrade: SIGTERM; gives the exit status, None where it had to be killed."""
        if self._supervisor is None or self._supervisor.poll() is not None:
            return 0
        self._supervisor.send_signal(signal.SIGTERM)
        try:
            return self._supervisor.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.crash()
            return None

    def ready(self) -> bool:
        """Whether the role says that it does its work (partitions are assigned to it)."""
        address = next((entry["http"] for entry in self._entries(self.lives) if entry.get("event") == "serving"), "")
        if not address or not self.on:
            return False
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=ANSWER_S) as page:  # noqa: S310 - http, of our own log
                return bool(page.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def reasons(self, since_life: int = 1) -> list[str]:
        """Why processes of it ended, as its supervisors logged."""
        lives = range(max(1, since_life), self.lives + 1)
        entries = (entry for life in lives for entry in self._entries(life))
        return [str(entry.get("reason")) for entry in entries if entry.get("event") == "process ended"]

    def _entries(self, life: int) -> Iterator[dict[str, object]]:
        with suppress(FileNotFoundError):
            for line in (self._home / f"{self.name}-{life}.log").read_bytes().splitlines():
                with suppress(json.JSONDecodeError):
                    entry = json.loads(line)
                    if isinstance(entry, dict):
                        yield entry
