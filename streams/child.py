"""One process of the service, kept alive: started, watched, ended, and started anew after a pause."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
from prometheus_client.multiprocess import mark_process_dead

from streams import logs
from streams.errors import UsageError
from streams.health import Health
from streams.heartbeat import STATUS_FD, Beat
from streams.watchdog import Backoff, Watchdog

FAREWELL_S = 8.0
"""From SIGTERM to SIGKILL; the whole service has ended within 10 s."""

log = logs.get(__name__)


class Ended(NamedTuple):
    """How a life ended: exit status (negative: the signal), why in words, and how long it was."""

    status: int
    reason: str
    lived_s: float


class Child:
    """A role's process.

    Args:
        name: for logs and health: the role, and a number where there are several.
        command: program and arguments.
        environ: its environment; the descriptor to report to is added.
        watchdog_s: silence or standstill after which it is killed.
    """

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str], watchdog_s: float) -> None:
        self.name = name
        self.starts = 0
        self._command = command
        self._environ = environ
        self._watchdog_s = watchdog_s
        self._beat = Beat()
        self._was_ready = False

    @property
    def health(self) -> Health:
        """Ready as of the last report, the lag, how often it was started anew, and its remark."""
        return Health(self.name, self._beat.ready, self._beat.lag, max(0, self.starts - 1), self._beat.remark)

    async def keep(self) -> None:
        """Keep the process running until this task is cancelled, which ends the process too.

        Raises:
            UsageError: the process says that its configuration is wrong (exit status 2), and never worked with it.
        """
        backoff = Backoff()
        while True:
            ended = await self._live()
            if ended.status == UsageError.exit_status and not self._was_ready:
                raise UsageError(ended.reason)
            pause_s = backoff.after(ended.lived_s)
            log.error("process ended", process=self.name, reason=ended.reason, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)

    async def _live(self) -> Ended:
        """One life, from start to exit status."""
        started_s, self._beat = time.monotonic(), Beat()
        read_fd, write_fd = os.pipe()
        reader, transport = await _reader(read_fd)
        try:
            process = await self._start(write_fd)
            try:
                reason = await self._watch(process, reader)
                status = await process.wait()
            finally:
                await _end(process)
                self._beat = Beat()
                _forget_metrics(process.pid, self._environ)
        finally:
            transport.close()  # not before its end: to the process it would mean that we died
        return Ended(status, reason or _spelled(status), time.monotonic() - started_s)

    async def _start(self, write_fd: int) -> asyncio.subprocess.Process:
        """Start the process; cancelled meanwhile, see it started and end it, for it would be nobody's."""
        launch = asyncio.create_subprocess_exec(
            *self._command,
            env={**self._environ, STATUS_FD: str(write_fd)},
            pass_fds=(write_fd,),
            process_group=0,  # Ctrl-C reaches the supervisor alone, which ends the others in order
        )
        starting = asyncio.ensure_future(launch)
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _end(await starting)
            raise
        finally:
            os.close(write_fd)
        self.starts += 1
        log.info("process started", process=self.name, pid=process.pid)
        return process

    async def _watch(self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader) -> str:
        """Read reports until the process ends, and give its last words; one that hangs is killed."""
        watchdog, words = Watchdog(self._watchdog_s, time.monotonic()), ""
        while (line := await _line(reader, self._watchdog_s / 4)) != b"":
            if line is not None:
                words = self._heard(line, watchdog) or words
            if complaint := watchdog.complaint(time.monotonic()):
                process.kill()
                return complaint
        return words

    def _heard(self, line: bytes, watchdog: Watchdog) -> str:
        try:
            beat = msgspec.json.decode(line, type=Beat)
        except msgspec.DecodeError:
            return ""
        if beat.last_words:
            return beat.last_words
        self._beat = beat
        self._was_ready |= beat.ready
        watchdog.heard(beat, time.monotonic())
        return ""


async def _reader(fd: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(fd, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader, transport


async def _line(reader: asyncio.StreamReader, timeout_s: float) -> bytes | None:
    """The next report; None after `timeout_s` without one, empty at the end."""
    try:
        return await asyncio.wait_for(reader.readline(), timeout_s)
    except TimeoutError:
        return None
    except ValueError:
        return None  # a line longer than the reader's limit is none of our reports


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, a while to finish, SIGKILL."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), FAREWELL_S)
    except TimeoutError:
        log.warning("process did not end and is killed", pid=process.pid)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _forget_metrics(pid: int, environ: Mapping[str, str]) -> None:
    """Drop the gauges of a process that is no more; its counters stay."""
    if directory := environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(pid, directory)  # type: ignore[no-untyped-call] # the library's


def _spelled(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
