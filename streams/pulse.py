"""How a role is doing, told to its supervisor and to Prometheus at once, from its main loop."""

from streams import metrics
from streams.heartbeat import Heartbeat


class Pulse:
    """Reports of one role that reads one topic."""

    def __init__(self, role: str, topic: str, heartbeat: Heartbeat) -> None:
        self._progress = metrics.PROGRESS.labels(role=role)
        self._lag = metrics.LAG.labels(topic=topic)
        self._heartbeat = heartbeat
        self._moved = -1

    def beat(self, ready: bool, moved: int, lag: int, remark: str = "") -> None:
        """Report as `Heartbeat.beat` does; call it as often as the loop turns."""
        self._lag.set(lag)
        if moved != self._moved:
            self._moved = moved
            self._progress.set_to_current_time()
        self._heartbeat.beat(ready, moved, lag, remark)
