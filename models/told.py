"""What was rejected lately: a burst is found every few seconds, and its reason is told once."""

from typing import Any

KEEP_MS = 3_600_000
"""A rejection that has not come for so long is told again."""
KEEP_MAX = 1_000
"""Rejections that are remembered; the one that was met longest ago goes first."""


class Told:
    """Rejections by target, rule and reason.

    >>> told = Told()
    >>> told.again("caller:+1", 0), told.again("caller:+1", 5_000), told.again("caller:+1", 5_000 + KEEP_MS)
    (False, True, False)
    """

    def __init__(self) -> None:
        self._met: dict[str, int] = {}

    def again(self, rejection: str, at_ms: int) -> bool:
        """Whether it was met within `KEEP_MS`; it is remembered from now on."""
        before = self._met.pop(rejection, None)
        self._met[rejection] = at_ms
        if len(self._met) > KEEP_MAX:
            del self._met[next(iter(self._met))]
        return before is not None and at_ms - before < KEEP_MS

    def snapshot(self) -> list[Any]:
        """What is remembered, as plain values, the one that was met longest ago first."""
        return list(self._met.items())

    @classmethod
    def restore(cls, state: list[Any]) -> "Told":
        """What `snapshot` described."""
        told = cls()
        told._met = {rejection: int(at_ms) for rejection, at_ms in state}
        return told
