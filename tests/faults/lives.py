"""A life: one process of a role, as a thread that runs only while the schedule lets it, and dies where it is told."""

import threading
from collections.abc import Callable
from typing import Any, cast

from streams.errors import RingfenceError
from tests.faults.virtual_kafka import Cluster, Wire


class Killed(BaseException):
    """The end of a life; every operation of a dead one raises it."""


class Life(threading.Thread):
    """One process.

    Args:
        role: `intake`, `detector` or `decider`.
        number: tells apart the lives of a schedule.
        cluster: the Kafka that it talks to.
        at_point: is asked at every named point whether to go on.
        body: what the process does.
    """

    def __init__(
        self,
        role: str,
        number: int,
        cluster: Cluster,
        at_point: Callable[["Life", str], None],
        body: Callable[["Life"], None],
    ) -> None:
        super().__init__(daemon=True, name=f"{role} {number}")
        self.role, self.number, self.cluster = role, number, cluster
        self.wire = Wire(cluster)
        self.alive, self.frozen, self.stopping = True, False, False
        self.failure: RingfenceError | None = None
        self.fault: BaseException | None = None
        self.revoking = False
        self.member: Any = None
        self.passed: dict[str, int] = {}
        self._killed = False
        self._at_point, self._body = at_point, body
        self._mine, self._back = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._back.acquire()
        self.start()

    @staticmethod
    def current() -> "Life":
        """The life whose code runs now."""
        return cast(Life, threading.current_thread())

    def run(self) -> None:
        self._mine.acquire()
        try:
            if not self._killed:
                self._body(self)
        except Killed:
            pass
        except RingfenceError as error:
            self.failure = error
        except BaseException as error:
            self.fault = error
        self.alive = False
        self._back.release()

    def go(self) -> None:
        """Let it run until it waits or ends."""
        self._mine.release()
        self._back.acquire()

    def wait(self) -> None:
        """Called by its own code: let others run."""
        self._back.release()
        self._mine.acquire()
        self.check()

    def point(self, name: str) -> None:
        """Called by its own code at a place where it may be killed or stopped."""
        self.check()
        name = f"in a revoke: {name}" if self.revoking else name
        self.passed[name] = self.passed.get(name, 0) + 1
        self._at_point(self, name)

    def check(self) -> None:
        """Go no further if it is dead."""
        if self._killed:
            raise Killed

    def die(self) -> None:
        """Called by its own code: this is its end."""
        self._killed = True
        raise Killed

    def kill(self) -> None:
        """Called by the schedule, while it waits."""
        self._killed, self.frozen = True, False
        if self.alive:
            self.go()
        self.join()
