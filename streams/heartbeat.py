"""How a role tells its supervisor that it lives and moves, over a pipe, and how it learns of its death."""

import os
import select
import signal
import threading
import time
from collections.abc import Mapping
from typing import Self

import msgspec

STATUS_FD = "RINGFENCE_STATUS_FD"
"""Environment: number of the file descriptor to report to."""
EVERY_S = 0.5
"""Reports closer together than this are left out, unless readiness or remark changed."""
WORDS_MAX = 2000
"""Characters of a remark or a reason: a report is one write to a pipe, and never more than it takes at once."""
FAREWELL_S = 8.0
"""How long a process may take to end by itself after its supervisor died."""


class Beat(msgspec.Struct, frozen=True):
    """One report: ready to work; `moved` rises with the work done; `lag` is the work that waits.

    `remark` is what a person should know of a process that works; `last_words` is the reason of one that ends.
    """

    ready: bool = False
    moved: int = 0
    lag: int = 0
    remark: str = ""
    last_words: str = ""


class Heartbeat:
    """Reports from the MAIN loop of a role: a side thread would beat on when that loop hangs."""

    def __init__(self, fd: int | None) -> None:
        if fd is not None:
            os.set_blocking(fd, False)
        self._fd = fd
        self._next_s = 0.0
        self._told = (False, "")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The heartbeat that the supervisor waits for; a process without a supervisor beats for nobody."""
        fd = environ.get(STATUS_FD, "")
        return cls(int(fd) if fd.isdecimal() else None)

    def beat(self, ready: bool, moved: int, lag: int, remark: str = "") -> None:
        """Report, at most every half second: call it as often as the loop turns.

        Args:
            ready: whether this role does its work (assigned, state restored).
            moved: any count that rises with the work: records, offsets.
            lag: records that wait; with a lag and `moved` at rest, the supervisor starts the role anew.
            remark: what a person should know, empty for nothing.
        """
        now_s = time.monotonic()
        if self._fd is None or (now_s < self._next_s and (ready, remark) == self._told):
            return
        self._next_s, self._told = now_s + EVERY_S, (ready, remark)
        self._send(Beat(ready=ready, moved=moved, lag=lag, remark=remark[:WORDS_MAX]))

    def last_words(self, reason: str) -> bool:
        """Tell why this process ends; False where nobody listens."""
        if self._fd is None:
            return False
        self._send(Beat(last_words=reason[:WORDS_MAX]))
        return True

    def _send(self, beat: Beat) -> None:
        try:
            os.write(self._fd or -1, msgspec.json.encode(beat) + b"\n")
        except BlockingIOError:
            pass  # the supervisor is behind: the next report says more
        except OSError:
            self._fd = None

    def end_with_supervisor(self) -> None:
        """Watch, in a thread, for the end of the supervisor: then SIGTERM to ourselves, and SIGKILL later."""
        if self._fd is not None:
            threading.Thread(target=_outlive, args=(self._fd,), daemon=True, name="supervisor-watch").start()


def _outlive(fd: int) -> None:
    """Wait until the other end of the pipe closes, which happens however the supervisor dies."""
    poll = select.poll()
    poll.register(fd, 0)  # errors are always reported: POLLERR here is a pipe without a reader
    poll.poll()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FAREWELL_S)
    os.kill(os.getpid(), signal.SIGKILL)
