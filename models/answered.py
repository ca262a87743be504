"""Answered calls per minute of event time: in all, and per prefix of one calling code (what a block would touch)."""

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

MINUTE_MS = 60_000
HOUR_MINUTES = 60
KEEP_MINUTES = 180
"""An hour, and room for prices that come with call records up to two hours late."""
PREFIX_DIGITS = 7
"""Digits of the called number that are told apart; a longer prefix is counted as its first seven: never too few."""

Ints = npt.NDArray[np.int64]


@nb.njit(cache=True)
def turns(source: npt.NDArray[np.int32], high: Ints, seen: Ints) -> npt.NDArray[np.bool_]:
    """Rows with which a source partition enters a new minute: what came before it can be told.

    Args:
        source: int32[rows], number of the source partition.
        high: int64[rows], highest event time (ms) of that partition so far.
        seen: int64[sources], the minute that each had reached; brought up to date.
    """
    turned = np.zeros(source.size, np.bool_)
    for i in range(source.size):
        minute = high[i] // MINUTE_MS
        if minute > seen[source[i]]:
            seen[source[i]] = minute
            turned[i] = True
    return turned


class AnsweredTotals:
    """Answered calls per minute of one rows partition; a minute is told again when late calls changed it.

    What is told of a minute never shrinks: calls of one that was forgotten are not counted any more.
    """

    def __init__(self) -> None:
        self.minutes: dict[int, int] = {}
        self._changed: set[int] = set()
        self._kept_from = 0

    def add(self, ts: Ints) -> None:
        """Count calls answered at `ts` (ms)."""
        minutes, counts = np.unique(ts // MINUTE_MS, return_counts=True)
        kept = minutes >= self._kept_from
        for minute, count in zip(minutes[kept].tolist(), counts[kept].tolist(), strict=True):
            self.minutes[minute] = self.minutes.get(minute, 0) + count
            self._changed.add(minute)

    def close(self, now_minute: int) -> tuple[tuple[int, int], ...]:
        """Minutes before `now_minute` that changed since they were last told, as (minute, calls so far)."""
        told = sorted(minute for minute in self._changed if minute < now_minute)
        self._changed.difference_update(told)
        closed = tuple((minute, self.minutes[minute]) for minute in told)
        self._kept_from = max(self._kept_from, now_minute - KEEP_MINUTES)
        for minute in [m for m in self.minutes if m < self._kept_from]:
            del self.minutes[minute]
        return closed

    def snapshot(self) -> dict[str, Any]:
        """The totals as plain values."""
        return {
            "minutes": sorted(self.minutes.items()),
            "changed": sorted(self._changed),
            "kept_from": self._kept_from,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "AnsweredTotals":
        """The totals that `snapshot` described."""
        totals = cls()
        totals.minutes = {int(minute): int(count) for minute, count in state["minutes"]}
        totals._changed = {int(minute) for minute in state["changed"]}
        totals._kept_from = int(state["kept_from"])
        return totals


class AnsweredPrefixes:
    """Answered calls of one calling code per minute, called prefix (7 digits), switch, trunk and plan."""

    def __init__(self) -> None:
        self._minutes: dict[int, dict[tuple[int, int, int, int], int]] = {}

    def add(self, minute: Ints, prefix: Ints, dimensions: Ints) -> None:
        """Count answered calls.

        Args:
            minute: int64[n], minutes since the epoch.
            prefix: int64[n], the called numbers' first seven digits.
            dimensions: int64[n, 3], switch, trunk and plan.
        """
        keyed = np.column_stack([minute, prefix, dimensions])
        unique, counts = np.unique(keyed, axis=0, return_counts=True)
        for (at, *key), count in zip(unique.tolist(), counts.tolist(), strict=True):
            calls = self._minutes.setdefault(at, {})
            calls[tuple(key)] = calls.get(tuple(key), 0) + count

    def hour_before(self, ts: int, digits: str, wanted: tuple[int, int, int]) -> int:
        """Calls to `digits…` in the 60 whole minutes before `ts` (ms); `wanted` = switch, trunk, plan, 0 = any."""
        digits = digits[:PREFIX_DIGITS]
        scale, prefix = 10 ** (PREFIX_DIGITS - len(digits)), int(digits)
        last = ts // MINUTE_MS
        return sum(
            count
            for minute in range(last - HOUR_MINUTES, last)
            for key, count in self._minutes.get(minute, {}).items()
            if key[0] // scale == prefix and all(w in (0, k) for w, k in zip(wanted, key[1:], strict=True))
        )

    def forget(self) -> None:
        """Drop the minutes that are too old beside the newest."""
        newest = max(self._minutes, default=0)
        for minute in [m for m in self._minutes if m < newest - KEEP_MINUTES]:
            del self._minutes[minute]

    def snapshot(self) -> list[tuple[int, list[tuple[tuple[int, ...], int]]]]:
        """The counts as plain values."""
        return [(minute, sorted(calls.items())) for minute, calls in sorted(self._minutes.items())]

    @classmethod
    def restore(cls, state: list[Any]) -> "AnsweredPrefixes":
        """The counts that `snapshot` described."""
        answered = cls()
        for minute, calls in state:
            answered._minutes[int(minute)] = {tuple(key): int(count) for key, count in calls}
        return answered
