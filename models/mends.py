"""Leaks that were mended: what began free before its mend is free by it, however late it is reported."""

from typing import Any, NamedTuple

import numpy as np

from models.evidence import START, Table
from models.standing import Standing, began, inside

KEEP_MS = 2 * 86_400_000
"""How long a mend is remembered: late prices come within a day (`[windows] price_evidence`), long calls end in one."""
MENDS_MAX = 256


class Mend(NamedTuple):
    """What was mended, as a `Standing` names it; `until` is when the first call began that was paid again, ms."""

    scope: int
    within: int
    digits: str
    single: bool
    until: int


class Mends:
    """The mended leaks of one calling code, oldest first."""

    def __init__(self) -> None:
        self._mends: list[Mend] = []

    def add(self, leak: Standing, until: int) -> Mend:
        """Remember that a leak was mended before a call that began at `until` (ms)."""
        mend = Mend(leak.scope, leak.within, leak.digits, leak.single, until)
        self._mends = [*(known for known in self._mends if known[:-1] != mend[:-1]), mend][-MENDS_MAX:]
        return mend

    def explain(self, call: Table) -> bool:
        """Whether a free call, int64[columns], began under a leak that was mended since."""
        start = began(call)
        return any(inside(*mend[:-1], call[np.newaxis])[0] for mend in self._mends if start < mend.until)

    def expire(self, now: int) -> None:
        """Forget what was mended long before event time `now` (ms)."""
        if self._mends:
            self._mends = [mend for mend in self._mends if mend.until >= now - KEEP_MS]

    def snapshot(self) -> list[Any]:
        """The mends as plain values."""
        return [tuple(mend) for mend in self._mends]

    @classmethod
    def restore(cls, state: list[Any]) -> "Mends":
        """The mends that `snapshot` described."""
        mends = cls()
        mends._mends = [Mend(*mend) for mend in state]
        return mends


def before(mend: Mend, calls: Table) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which calls were under a leak and began before its mend: bool[calls]."""
    found: np.ndarray[Any, np.dtype[np.bool_]] = inside(*mend[:-1], calls) & (calls[:, START] < mend.until)
    return found
