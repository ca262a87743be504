"""Which switches' ratings fail: shares over the newest calls, summed over all streams that told of theirs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

SHARE_MAX = 0.05
"""Above this share of the rated and failed calls rating is down (design, section 5)."""
ENOUGH = 300
"""Calls that a share is taken of: as many as make a price known (design, section 5)."""
BACK = 60
"""Minutes that are looked back for so many calls."""
KEEP = 90
"""Minutes that are remembered."""
LAG = 10
"""Minutes that a stream is waited for: one that is silent for longer holds nobody up."""
RATED, FAILED = 0, 1

Told = Sequence[tuple[int, str, int, int]]
"""Ratings by minute since the epoch and switch: (minute, switch, rated, failed), …"""


class Share(NamedTuple):
    """Calls of a switch whose price was worked out, and whose rating failed, up to and with a minute."""

    switch: str
    minute: int
    rated: int
    failed: int


class Failing:
    """Ratings by stream, minute of event time and switch; what is told again replaces what was told of it."""

    def __init__(self) -> None:
        self._streams: dict[str, dict[tuple[int, str], tuple[int, int]]] = {}
        self._sums: dict[tuple[int, str], list[int]] = {}

    def tell(self, stream: str, ratings: Told) -> list[Share]:
        """Take what a stream told; gives the switches it named whose share of failed ratings is too high now.

        >>> Failing().tell("rows/0", [(7, "s1", 290, 16)])
        [Share(switch='s1', minute=7, rated=290, failed=16)]
        """
        if not ratings:
            return []
        known = self._streams.setdefault(stream, {})
        for minute, switch, *counts in ratings:
            old = known.get((minute, switch), (0, 0))
            known[minute, switch] = counts[RATED], counts[FAILED]
            total = self._sums.setdefault((minute, switch), [0, 0])
            total[RATED] += counts[RATED] - old[RATED]
            total[FAILED] += counts[FAILED] - old[FAILED]
        self._forget()
        last = self._common()
        named = dict.fromkeys(switch for _, switch, _, failed in ratings if failed)
        shares = (self._share(switch, last) for switch in named)
        return [one for one in shares if one.rated + one.failed >= ENOUGH and _is_high(one)]

    def _share(self, switch: str, last: int) -> Share:
        """The newest calls of a switch, as many whole minutes of them as make enough."""
        counted = [0, 0]
        for minute in range(last, last - BACK, -1):
            here = self._sums.get((minute, switch), (0, 0))
            counted = [counted[RATED] + here[RATED], counted[FAILED] + here[FAILED]]
            if sum(counted) >= ENOUGH:
                break
        return Share(switch, last, *counted)

    def _common(self) -> int:
        """The newest minute that every stream which is not silent has told."""
        newest = [max(minute for minute, _ in known) for known in self._streams.values() if known]
        return min((minute for minute in newest if minute > max(newest) - LAG), default=0)

    def _forget(self) -> None:
        oldest = max(minute for known in self._streams.values() for minute, _ in known) - KEEP
        self._sums = {at: counts for at, counts in self._sums.items() if at[0] >= oldest}
        for stream, known in list(self._streams.items()):
            self._streams[stream] = {at: counts for at, counts in known.items() if at[0] >= oldest}
        self._streams = {stream: known for stream, known in self._streams.items() if known}

    def snapshot(self) -> list[Any]:
        """The counts as plain values."""
        return [
            (stream, sorted((*key, *counts) for key, counts in known.items()))
            for stream, known in sorted(self._streams.items())
        ]

    @classmethod
    def restore(cls, state: list[Any]) -> "Failing":
        """The counts that `snapshot` described."""
        failing = cls()
        for stream, ratings in state:
            failing.tell(stream, [tuple(one) for one in ratings])
        return failing


def _is_high(share: Share) -> bool:
    return share.failed > SHARE_MAX * (share.rated + share.failed)
