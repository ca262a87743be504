"""What the cells of a price history add up to wherever a free call may ask: every level of every scope.

A cell is part of `PLACES` places. Their sums are kept as calls come in, so that a free call looks up what it needs,
however many cells there are.

What was seen *before* a run of free calls must not depend on what is paid during it: paid calls after the first free
one would otherwise make a cold prefix warm, and so create a block. The first free call at a place begins an episode
there; for a day, what is paid there is set apart, and `begin` gives what was free and paid when the episode began.
"""

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from models.evidence import DEPTH, LEVELS, PLACES, SCOPES, Mask

EPISODE_MS = 86_400_000
"""How long after the first free call at a place paid calls there are set apart: a late price is a day late at most."""
NEVER = -(1 << 62)
STAGES = 2
FREE, PAID, ASIDE, FREE_BEFORE, SINCE = range(5)
"""Sums per place and stage: free and paid calls of the week; paid ones set apart and free ones before the running
episode; when that began (ms, event time)."""
START_ROOM = 64

Ints = npt.NDArray[np.int64]
Sums = npt.NDArray[np.int64]


@nb.njit(cache=True)
def _add_paid(sums: Sums, paid_start: Ints, places: Ints, stages: Ints, starts: Ints, known: Mask) -> None:
    for i in range(places.shape[0]):
        for place in places[i]:
            paid_start[place] = max(paid_start[place], starts[i])
            sums[place, stages[i], PAID] += known[i]
            sums[place, stages[i], ASIDE] += 1  # known or not: which days are known depends on how rows were cut


@nb.njit(cache=True)
def _begin(sums: Sums, places: Ints, stage: int, ts: int) -> Ints:
    before = np.empty(2 * places.size, np.int64)
    for k in range(places.size):
        own = sums[places[k], stage]
        if ts >= own[SINCE] + EPISODE_MS:
            own[SINCE], own[ASIDE], own[FREE_BEFORE] = ts, 0, own[FREE]
        before[2 * k], before[2 * k + 1] = own[FREE_BEFORE], max(0, own[PAID] - own[ASIDE])
    return before


@nb.njit(cache=True)
def _bounds(paid_start: Ints, places: Ints, start: int, shortest: int, digits: int) -> Ints:
    bounds = np.zeros(len(SCOPES), np.int64)
    for scope in range(len(SCOPES)):
        for level in range(DEPTH, -1, -1):
            if paid_start[places[scope * LEVELS + level]] >= start:
                bounds[scope] = min(digits, shortest + level)
                break
    return bounds


class Places:
    """Sums of one calling code: `of` is int64[cells, PLACES], `sums` int64[places, STAGES, 5]."""

    def __init__(self) -> None:
        self.of: Ints = np.zeros((START_ROOM, PLACES), np.int64)
        self.sums: Sums = np.zeros((0, STAGES, 5), np.int64)
        self._paid_start: Ints = np.zeros(0, np.int64)
        self._ids: dict[tuple[int, int, int, int], int] = {}

    def add_cell(self, cell: int, where: tuple[int, int, int], prefix: int) -> None:
        """Make the places of a new cell: `where` = switch, trunk, plan; `prefix` has `DEPTH` digits after the code."""
        if cell == len(self.of):
            self.of = np.concatenate([self.of, np.zeros_like(self.of)])
        scoped = (0, *where)
        keys = [
            (scope, scoped[scope], level, prefix // 10 ** (DEPTH - level))
            for scope in range(len(SCOPES))
            for level in range(LEVELS)
        ]
        self.of[cell] = [self._ids.setdefault(key, len(self._ids)) for key in keys]
        if len(self._ids) > len(self.sums):
            self._grow()

    def _grow(self) -> None:
        more = max(START_ROOM, len(self.sums), len(self._ids) - len(self.sums))
        fresh = np.zeros((more, STAGES, 5), np.int64)
        fresh[:, :, SINCE] = NEVER
        self.sums = np.concatenate([self.sums, fresh])
        self._paid_start = np.concatenate([self._paid_start, np.full(more, NEVER)])

    def add_paid(self, cells: Ints, stages: Ints, starts: Ints, known: Mask) -> None:
        """Count paid calls, one element each; those that are not `known` (too old) leave only their start (ms)."""
        _add_paid(self.sums, self._paid_start, self.of[cells], stages, starts, known)

    def add_free(self, cell: int, stage: int, calls: int) -> None:
        """Count free calls, or take them back."""
        self.sums[self.of[cell], stage, FREE] += calls

    def begin(self, cell: int, stage: int, ts: int) -> Ints:
        """A free call at `ts` (ms): begin the episodes that are due; int64[2 * PLACES], free and paid before them."""
        before: Ints = _begin(self.sums, self.of[cell], stage, ts)
        return before

    def bounds(self, cell: int, start: int, shortest: int, digits: int) -> Ints:
        """Digits, per scope, that a number of `digits` shares with a call begun at `start` (ms) or later and paid.

        `shortest` is the length of the calling code.
        """
        bounds: Ints = _bounds(self._paid_start, self.of[cell], start, shortest, digits)
        return bounds

    def recount(self, free: Ints, paid: Ints, stages: Ints) -> None:
        """Sum anew over all cells, one element each, when days were forgotten."""
        self.sums[:, :, [FREE, PAID]] = 0
        of = self.of[: len(stages)]
        at = (of, np.broadcast_to(stages[:, np.newaxis], of.shape))
        np.add.at(self.sums[:, :, FREE], at, free[:, np.newaxis])
        np.add.at(self.sums[:, :, PAID], at, paid[:, np.newaxis])

    def snapshot(self) -> dict[str, Any]:
        """What the cells do not say, as plain values."""
        size = len(self._ids)
        return {"sums": self.sums[:size].tobytes(), "paid_start": self._paid_start[:size].tobytes()}

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `snapshot` described; the cells were added before, in their order.

        Raises:
            ValueError: the sums are those of other cells.
        """
        sums = np.frombuffer(state["sums"], np.int64).reshape(-1, STAGES, 5)
        if len(sums) != len(self._ids):
            raise ValueError(f"sums of {len(sums)} places where the cells have {len(self._ids)}")
        self.sums[: len(sums)] = sums
        self._paid_start[: len(sums)] = np.frombuffer(state["paid_start"], np.int64)
