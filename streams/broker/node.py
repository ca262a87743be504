"""The broker: a real one-node Apache Kafka on this machine, started, found again, stopped."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil
from platformdirs import user_state_path

from streams.broker import guard, ports, process, state, storage
from streams.broker.jars import Progress, silent, unwritable
from streams.broker.runtime import Runtime, find
from streams.errors import DependencyError, UsageError

DEFAULT_PORT = 9092
"""Kafka's own, and our configuration's default: a lasting broker takes it where it is free."""
HEAP_MB = 512
LEAST_FREE_BYTES = 256 << 20
"""Kafka ends itself when a write fails, so a nearly full disk is said before."""
ATTEMPTS = 3
"""A port that was free can be taken before Kafka has it."""


class BrokerAddress(NamedTuple):
    """Where a broker is: for clients, for a person, and whether `start` found it running already."""

    bootstrap_servers: str
    pid: int
    data: Path
    already_running: bool

    def __str__(self) -> str:
        return self.bootstrap_servers


class Broker:
    """One broker and its directory.

    A lasting one (the default) outlives this process. An ephemeral one ends with its owner, even where that
    is killed; without a directory of its own it gets one that is removed at the end.

        with Broker(ephemeral=True) as broker:
            client = AdminClient({"bootstrap.servers": broker.bootstrap_servers})

    Args:
        data: its directory; by default one under the user's state directory.
        port: where it listens on the loopback; by default 9092 if that is free (lasting), or any free one.
        ephemeral: end with the owner.
        heap_mb: the most heap it may take, MB.
        progress: told of every jar while some are fetched.
        runtime: Java and jars, where they are known already.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        ephemeral: bool = False,
        *,
        heap_mb: int = HEAP_MB,
        progress: Progress = silent,
        runtime: Runtime | None = None,
    ) -> None:
        self.ephemeral = ephemeral
        self._remove = ephemeral and data is None
        self._wanted_data = data
        self._data: Path | None = None
        self._port = port
        self._last_port: int | None = None
        self._heap_mb = heap_mb
        self._progress = progress
        self._runtime = runtime
        self._guard: subprocess.Popen[str] | None = None

    @property
    def data(self) -> Path:
        """Its directory; a temporary one is made when it is first asked for."""
        if self._data is None:
            self._data = self._place()
        return self._data

    @property
    def bootstrap_servers(self) -> str:
        """Its address for clients, `host:port`.

        Raises:
            DependencyError: it is not running.
        """
        running = self.status()
        if running is None:
            raise DependencyError(f"Kafka is not running (data: {self.data}); start it first")
        return running.bootstrap_servers

    def status(self) -> state.Running | None:
        """The running broker of this directory, or None."""
        return self.look()[0]

    def look(self) -> tuple[state.Running | None, str]:
        """The running broker of this directory, or None and why."""
        running = state.read(self.data)
        if running is None:
            return None, "it was not started"
        reason = state.why_stale(self.data, running)
        return (None, reason) if reason else (running, "")

    def start(self, flags: tuple[str, ...] = ()) -> BrokerAddress:
        """Start it and wait until it answers; one that runs already is left alone.

        Args:
            flags: more flags for the JVM.

        Raises:
            UsageError: the port is taken, or the broker runs already on another one or for another owner.
            DependencyError: no Java, no jars, no room, or Kafka died.
        """
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            with state.exclusive(self.data):
                if running := self.status():
                    return self._join(running)
                state.forget(self.data)
                return self._start(flags)
        except OSError as error:
            raise DependencyError(f"cannot write Kafka's data: {unwritable(self.data, error)}") from None

    def stop(self) -> bool:
        """Stop it, gently first (30 s); an ephemeral one whose data goes with it is killed at once.

        Returns:
            Whether there was one to stop.

        Raises:
            DependencyError: it is another user's.
        """
        return self._end(gently=not self._remove, remove=self._remove)

    def kill(self) -> bool:
        """Kill it (kill -9) and keep its data; `start` takes the same port again."""
        return self._end(gently=False, remove=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _place(self) -> Path:
        if self._remove:
            return Path(tempfile.mkdtemp(prefix="ringfence-kafka-")).resolve()
        return (self._wanted_data or user_state_path("ringfence") / "kafka").absolute()

    def _join(self, running: state.Running) -> BrokerAddress:
        """Take the broker that runs already, and wait with whoever is starting it."""
        if self.ephemeral:
            raise UsageError(f"Kafka runs already in {self.data}, for another owner: choose another directory")
        if self._port not in {None, running.port}:
            raise UsageError(
                f"Kafka runs already at {running.bootstrap_servers} (data: {self.data});"
                " stop it before it gets another port"
            )
        process.wait_until_ready(self.data, psutil.Process(running.pid), running.bootstrap_servers)
        return BrokerAddress(running.bootstrap_servers, running.pid, self.data, True)

    def _start(self, flags: tuple[str, ...]) -> BrokerAddress:
        if shutil.disk_usage(self.data).free < LEAST_FREE_BYTES:
            raise DependencyError(
                f"the disk of {self.data} is full (less than {LEAST_FREE_BYTES >> 20} MB free); make room"
            )
        port = self._choose_port()
        self._runtime = self._runtime or find(os.environ, progress=self._progress)
        storage.prepare(self.data, self._runtime)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._launch(port, self._runtime, flags)
            except process.PortTakenError:
                if attempt == ATTEMPTS:
                    raise
                port = self._choose_port()
        raise AssertionError  # the last attempt returns or raises

    def _choose_port(self) -> int:
        if self._port is not None:
            if not ports.is_free(self._port):
                raise UsageError(f"port {self._port} of {ports.LOOPBACK} is taken: choose another with --port")
            return self._port
        liked = [self._last_port, None if self.ephemeral else DEFAULT_PORT]
        return next((port for port in liked if port and ports.is_free(port)), 0) or ports.free_ports(1)[0]

    def _launch(self, port: int, runtime: Runtime, flags: tuple[str, ...]) -> BrokerAddress:
        controller_port = next(other for other in ports.free_ports(2) if other != port)
        storage.configure(self.data, port, controller_port)
        if self.ephemeral:
            self._guard = process.launch_guard()
        launched = process.launch(self.data, runtime, self._heap_mb, flags)
        try:
            self._tell_guard(launched)
            bootstrap = f"{ports.LOOPBACK}:{port}"
            running = state.Running(launched.pid, launched.create_time(), port, controller_port, bootstrap)
            state.write(self.data, running)
            process.wait_until_ready(self.data, launched, bootstrap)
        except BaseException:
            process.end(launched, gently=False)
            state.forget(self.data)
            self._dismiss()
            raise
        self._last_port = port
        return BrokerAddress(bootstrap, launched.pid, self.data, False)

    def _tell_guard(self, launched: psutil.Process) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            remove = str(self.data) if self._remove else None
            self._guard.stdin.write(guard.order(launched.pid, launched.create_time(), remove))
            self._guard.stdin.flush()

    def _dismiss(self) -> None:
        """Tell the guard that all is over."""
        if self._guard is not None:
            with suppress(BrokenPipeError):
                self._guard.communicate("done\n")
            self._guard = None

    def _end(self, *, gently: bool, remove: bool) -> bool:
        if not self.data.is_dir():
            return False
        with state.exclusive(self.data):
            running = self.status()
            if running:
                process.end(psutil.Process(running.pid), gently=gently)
            state.forget(self.data)
            self._dismiss()
        if remove:
            shutil.rmtree(self.data, ignore_errors=True)
            self._data = None
        return running is not None
