"""Whose turn it is to be saved: the partition that has waited longest, and no more often than is worth its while."""

from collections.abc import Iterable

SHARE = 20
"""Saving may take a twentieth of the time."""


class Turns:
    """When each partition was saved last, and what that cost; times in seconds of any clock that does not go back."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._saved_s: dict[int, float] = {}
        self._cost_s: dict[int, float] = {}

    def due(self, changed: Iterable[int], now_s: float) -> int | None:
        """The partition to save now, of those that have changed; one that never was is saved a turn after it is seen.

        >>> turns = Turns(1.0)
        >>> turns.due([7], 0.0), turns.due([7], 0.9), turns.due([7], 1.0)
        (None, None, 7)
        """
        waited = [(self._saved_s.setdefault(partition, now_s), partition) for partition in changed]
        pause_s = max(self._every_s, SHARE * sum(self._cost_s.values()))
        saved_s, partition = min(waited, default=(now_s, -1))
        return partition if now_s - saved_s >= pause_s else None

    def saved(self, partition: int, now_s: float, cost_s: float) -> None:
        """A partition's state is on its way."""
        self._saved_s[partition] = now_s
        self._cost_s[partition] = cost_s

    def forget(self, partition: int) -> None:
        """A partition goes to another member."""
        self._saved_s.pop(partition, None)
        self._cost_s.pop(partition, None)
