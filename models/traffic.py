"""All answered calls per minute, as each stream of findings told them: what a block's impact is a share of."""

from collections.abc import Sequence
from typing import Any

from models.policy import MINUTE_MS

HOUR = 60
KEEP = 240
"""Minutes that are kept: two hours back, for proofs that come up to two hours late."""


class Traffic:
    """Counts by stream and minute of event time; a minute that is told again replaces what was told of it."""

    def __init__(self) -> None:
        self._streams: dict[str, dict[int, int]] = {}

    def tell(self, stream: str, minutes: Sequence[tuple[int, int]]) -> None:
        """Take what a stream told: (minute since the epoch, answered calls so far), …; forget what is too old."""
        self._streams.setdefault(stream, {}).update(minutes)
        newest = {name: max(counted, default=0) for name, counted in self._streams.items()}
        for name, counted in list(self._streams.items()):
            if newest[name] < max(newest.values()) - KEEP:
                del self._streams[name]  # its topic was made anew, or nobody calls there
            for minute in [minute for minute in counted if minute < newest[name] - KEEP]:
                del counted[minute]

    def hour_before(self, ts: int) -> int:
        """Answered calls of an hour that a proof beginning at `ts` (ms) may be compared with.

        That is the 60 whole minutes before it, as far as they were told. Where a backlog is read, some streams have
        not come to them yet, and their calls would be missing: then the newest 60 minutes that every stream has told
        count, if those are more. A stream is waited for by going back one further hour at most: one that is silent
        for longer holds nobody up.

        >>> traffic = Traffic()
        >>> traffic.tell("rows/0", [(minute, 10) for minute in range(200)])
        >>> traffic.tell("rows/1", [(minute, 30) for minute in range(150)])
        >>> traffic.hour_before(200 * 60_000)
        2400
        """
        last = ts // MINUTE_MS
        told = min((max(counted, default=0) + 1 for counted in self._streams.values()), default=last)
        common = max(min(told, last), last - HOUR)
        return max(self._sum(last), self._sum(common))

    def _sum(self, end: int) -> int:
        minutes = range(end - HOUR, end)
        return sum(counted.get(minute, 0) for counted in self._streams.values() for minute in minutes)

    def snapshot(self) -> list[Any]:
        """The counts as plain values."""
        return [(stream, sorted(counted.items())) for stream, counted in sorted(self._streams.items())]

    @classmethod
    def restore(cls, state: list[Any]) -> "Traffic":
        """The counts that `snapshot` described."""
        traffic = cls()
        traffic._streams = {stream: dict(map(tuple, minutes)) for stream, minutes in state}
        return traffic
