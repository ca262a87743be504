"""When a process has hung, and how long to wait before the next start; time is an argument (seconds)."""

from streams.heartbeat import Beat

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
GOOD_LIFE_S = 60.0
"""A process that lived this long was well: the next pause is the first one again."""
START_FACTOR = 4.0
"""The first report may take this many times the limit: kernels may have to be compiled first."""


class Watchdog:
    """Judges one life of a process by its reports."""

    def __init__(self, limit_s: float, now_s: float) -> None:
        self._limit_s = limit_s
        self._last: Beat | None = None
        self._heard_s = self._progress_s = now_s

    def heard(self, beat: Beat, now_s: float) -> None:
        """Take a report; a rest with nothing to do counts as progress."""
        if self._last is None or beat.moved != self._last.moved or beat.lag <= 0:
            self._progress_s = now_s
        self._last, self._heard_s = beat, now_s

    def complaint(self, now_s: float) -> str:
        """Why the process must be started anew; empty while it is well."""
        silent_s = now_s - self._heard_s
        if self._last is None:
            return f"no first report for {silent_s:.0f} s" if silent_s > self._limit_s * START_FACTOR else ""
        if silent_s > self._limit_s:
            return f"no report for {silent_s:.0f} s"
        stuck_s = now_s - self._progress_s
        if stuck_s > self._limit_s:
            return f"no progress for {stuck_s:.0f} s with {self._last.lag} records waiting"
        return ""


class Backoff:
    """Pauses between starts: doubling up to half a minute, from the beginning after a good life."""

    def __init__(self) -> None:
        self._pause_s = FIRST_PAUSE_S

    def after(self, lived_s: float) -> float:
        """Seconds to wait after a life of `lived_s`.

        >>> backoff = Backoff()
        >>> [backoff.after(1), backoff.after(1), backoff.after(3600), backoff.after(1)]
        [0.2, 0.4, 0.2, 0.4]
        """
        if lived_s >= GOOD_LIFE_S:
            self._pause_s = FIRST_PAUSE_S
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return pause_s
