"""A `ringfence demo --keep` for tests: its story line by line, its roles to be killed, and what it left on Kafka."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from confluent_kafka import Message

from streams.broker import Broker
from streams.demo.configuration import FILE
from streams.kafka import reach
from streams.reading import to_the_end
from streams.settings import Settings, load

ROLES = {name: ("run", name, "--child") for name in ("intake", "detector", "decider")} | {
    "enforcer": ("enforce", "log")
}
"""Words of the command line that a role's process is known by."""
PATIENCE_S = 60


def until(condition, limit_s=PATIENCE_S):
    """Wait for a condition, and give what it gave."""
    deadline_s = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.02)
    return found


class KeptDemo:
    """The demo, and after it its Kafka and its service, in a directory; a context manager that stops everything."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self._directory = directory
        self.said = []
        with (directory / "table").open("wb") as table:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "demo", "--keep", *arguments],
                env={**os.environ, "TMPDIR": str(directory)},
                stdout=table,
                stderr=subprocess.PIPE,
                text=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        roles = self.roles()
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)
        for process in self.service():
            process.terminate()
            process.wait(20)
        for home in self._directory.glob("ringfence-demo-*"):
            Broker(home / "kafka").stop()
        assert not [process for process in roles if process.is_running()]

    @property
    def home(self) -> Path:
        (home,) = self._directory.glob("ringfence-demo-*")
        return home

    @property
    def settings(self) -> Settings:
        return load(self.home / FILE)

    @property
    def table(self) -> str:
        return " ".join((self._directory / "table").read_text().split())

    def wait_for(self, words: str) -> str:
        """The next line of its story that holds the words."""
        for line in self.process.stderr:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {self.said}")

    def end(self) -> int:
        """See its story to the end, and give its exit status."""
        self.said += self.process.stderr.readlines()
        return self.process.wait(PATIENCE_S)

    def service(self) -> list[psutil.Process]:
        """The supervisor of the service."""
        return [process for process in self._all() if "--child" not in process.cmdline()]

    def roles(self) -> list[psutil.Process]:
        return [process for process in self._all() if process not in self.service()]

    def _all(self) -> list[psutil.Process]:
        """Every process whose command line names the demo's configuration."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return any(word.startswith(str(self._directory)) and word.endswith(FILE) for word in process.cmdline())
        except psutil.Error:
            return False

    def kill(self, role: str) -> int:
        """Kill -9 a role as soon as it runs; gives its process id."""

        def living():
            words = ROLES[role]
            return [p for p in self._all() if all(word in p.cmdline() for word in words)]

        (process,) = until(living)
        process.kill()
        process.wait(PATIENCE_S)
        return process.pid

    def records(self, topic: str) -> list[Message]:
        """Everything on a topic, tombstones too."""
        settings = self.settings
        partitions = reach(settings).topics[topic].partitions
        return [message for partition in partitions for message in to_the_end(settings, topic, partition)]
