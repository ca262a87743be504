"""Whether this process stood still for longer than its session: then another has its partitions, and it must not write.

A process that is paused (SIGSTOP, a suspended machine) goes on in the middle of what it did, with records in its hands
that are no longer its own. The group tells it soon, but not at once; a thread that looks at the clock knows at once.
"""

import threading
import time

from streams.errors import RingfenceError

LOOK_S = 0.25


class StandstillError(RingfenceError):
    """The process was paused for too long: it has to begin anew from what is durable."""


class Standstill:
    """Looks at the clock in a thread of its own, from `watch` on."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._seen_s: float | None = None
        self._longest_s = 0.0

    def watch(self) -> None:
        """Begin."""
        self.look(time.monotonic())
        threading.Thread(target=self._look_on, name="standstill", daemon=True).start()

    def _look_on(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.look(time.monotonic())

    def look(self, now_s: float) -> None:
        """Note how long nobody looked."""
        if self._seen_s is not None:
            self._longest_s = max(self._longest_s, now_s - self._seen_s)
        self._seen_s = now_s

    def check(self, now_s: float | None = None) -> None:
        """See that this process has not stood still; one that is not watched never has.

        Raises:
            StandstillError: it has, at any time since the first look.
        """
        if self._seen_s is None:
            return
        longest_s = max(self._longest_s, (time.monotonic() if now_s is None else now_s) - self._seen_s)
        if longest_s > self._limit_s:
            raise StandstillError(
                f"stood still for {longest_s:.1f} s: another member may have taken over (starting anew)"
            )
