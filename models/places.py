"""What the cells of a price history add up to wherever a free call may ask: every level of every scope.

A cell is part of `PLACES` places. Their sums are kept as calls come in, so that a free call looks up what it needs,
however many cells there are.

What was seen *before* a run of free calls must not depend on what is paid during it: paid calls after the first free
one would otherwise make a cold prefix warm, and so create a block. The first free call at a place begins an episode
there; for a day, what is paid there is set apart, and `begin` gives what was free and paid when the episode began.
"""

from typing import Any, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.evidence import DEPTH, LEVELS, PLACES, POWERS, SCOPES, TOGETHER
from models.hash_index import indexed, seek
from models.packing import pack, unpack

EPISODE_MS = 86_400_000
"""How long after the first free call at a place paid calls there are set apart: a late price is a day late at most."""
NEVER = -(1 << 62)
STAGES = 2
FREE, PAID, ASIDE, FREE_BEFORE, SINCE, PAID_START = range(6)
"""Sums per place and stage: free and paid calls of the week; paid ones set apart and free ones before the running
episode; when that began (ms, event time); when the newest paid call began (ms)."""
SUMS = 6
KEY = 4
"""What a place is of: scope, id in that scope, level, and the prefix at that level. Switch, trunk and plan together are
a scope of their own, whose id has the bits of the three."""
ID_BITS = 16
"""Ids of names are below 2^16 (`models.name_table.NAMES_MAX`)."""
START_ROOM = 64

Ints = npt.NDArray[np.int64]
Sums = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]


class PlaceTable(NamedTuple):
    """The arrays of `Places` as kernels take them.

    Attributes:
        of: int32[cells, PLACES], the places of each cell.
        sums: int64[places, STAGES, SUMS].
        keys: int64[places, KEY].
        slots: index over `keys`.
        size: int64[1], places in use.
    """

    of: Positions
    sums: Sums
    keys: Ints
    slots: Ints
    size: Ints


@nb.njit(cache=True)
def _find_or_add(table: PlaceTable, key: Ints) -> int:
    """Position of the place of a key, made if it is new; there must be room for it."""
    slot = seek(table.slots, table.keys, key)
    if not table.slots[slot]:
        table.keys[table.size[0]] = key
        table.size[0] += 1
        table.slots[slot] = table.size[0]
    return table.slots[slot] - 1  # type: ignore[no-any-return] # an int to Python


@nb.njit(cache=True)
def add_cell(table: PlaceTable, cell: int, circumstances: Ints, prefix: int) -> None:
    """Find or make the places of a new cell; there must be room for `PLACES` more.

    `circumstances` = switch, trunk, plan; `prefix` has `DEPTH` digits after the calling code.
    """
    key = np.zeros(KEY, np.int64)
    for scope in range(len(SCOPES)):
        key[0], key[1] = scope, circumstances[scope - 1] if scope else 0
        for level in range(LEVELS):
            key[2], key[3] = level, prefix // POWERS[DEPTH - level]
            table.of[cell, scope * LEVELS + level] = _find_or_add(table, key)
    together = (circumstances[0] << ID_BITS | circumstances[1]) << ID_BITS | circumstances[2]
    key[0], key[1], key[2], key[3] = len(SCOPES), together, 0, prefix // POWERS[DEPTH]
    table.of[cell, TOGETHER] = _find_or_add(table, key)


@nb.njit(cache=True, inline="always")
def count_paid(table: PlaceTable, cell: int, stage: int, start: int, known: bool) -> None:
    """Count a paid call that began at `start` (ms) at every place of its cell; one not `known` (too old) only began.

    In an episode it is set apart, known or not: which days are known depends on how rows were cut.
    """
    of, sums = table.of, table.sums
    for k in range(PLACES):  # without views of a row: they would be counted references
        place = of[cell, k]
        sums[place, stage, PAID_START] = max(sums[place, stage, PAID_START], start)
        sums[place, stage, PAID] += known
        sums[place, stage, ASIDE] += sums[place, stage, SINCE] != NEVER


@nb.njit(cache=True)
def count_free(table: PlaceTable, cell: int, stage: int, calls: int) -> None:
    """Count free calls at every place of their cell, or take them back."""
    for place in table.of[cell]:
        table.sums[place, stage, FREE] += calls


@nb.njit(cache=True)
def episodes(sums: Sums, places: Positions, stage: int, ts: int) -> Ints:
    """A free call at `ts` (ms): begin the episodes that are due at its places; see `Places.begin`."""
    before = np.empty(2 * places.size, np.int64)
    for k in range(places.size):
        own = sums[places[k], stage]
        if ts >= own[SINCE] + EPISODE_MS:
            own[SINCE], own[ASIDE], own[FREE_BEFORE] = ts, 0, own[FREE]
        before[2 * k], before[2 * k + 1] = own[FREE_BEFORE], max(0, own[PAID] - own[ASIDE])
    return before


@nb.njit(cache=True)
def paid_since(sums: Sums, places: Positions, start: int, shortest: int, digits: int) -> Ints:
    """Digits that a call shares with one begun at `start` (ms) or later and paid; see `Places.bounds`."""
    bounds = np.zeros(len(SCOPES), np.int64)
    for scope in range(len(SCOPES)):
        for level in range(DEPTH, -1, -1):
            if sums[places[scope * LEVELS + level], :, PAID_START].max() >= start:
                bounds[scope] = min(digits, shortest + level)
                break
    return bounds


@nb.njit(cache=True)
def _recount(table: PlaceTable, free: Ints, paid: Ints, stages: Ints) -> None:
    table.sums[:, :, FREE : PAID + 1] = 0
    for cell in range(stages.size):
        for place in table.of[cell]:
            table.sums[place, stages[cell], FREE] += free[cell]
            table.sums[place, stages[cell], PAID] += paid[cell]


@nb.njit(cache=True)
def _start_again(table: PlaceTable, stages: Ints, starts: Ints) -> None:
    for cell in range(stages.size):
        for place in table.of[cell]:
            own = table.sums[place, stages[cell]]
            own[PAID_START] = max(own[PAID_START], starts[cell])


class Places:
    """Sums of one calling code over its cells."""

    def __init__(self) -> None:
        keys = np.zeros((START_ROOM, KEY), np.int64)
        self.table = PlaceTable(
            np.zeros((START_ROOM, PLACES), np.int32),
            _no_sums(START_ROOM),
            keys,
            indexed(keys, 0, KEY),
            np.zeros(1, np.int64),
        )

    @property
    def of(self) -> Positions:
        """The places of each cell, int32[cells, PLACES]."""
        return self.table.of

    @property
    def sums(self) -> Sums:
        """What each place adds up to, int64[places, STAGES, SUMS]."""
        return self.table.sums

    def make_room(self, cell: int) -> None:
        """See that cell number `cell` can be added."""
        of, sums, keys, slots, size = self.table
        if cell >= len(of):
            of = np.concatenate([of, np.zeros((max(len(of), cell + 1 - len(of)), PLACES), np.int32)])
        if size[0] + PLACES > len(sums):
            sums, keys = np.concatenate([sums, _no_sums(len(sums))]), np.concatenate([keys, np.zeros_like(keys)])
            slots = indexed(keys, size[0], KEY)
        self.table = PlaceTable(of, sums, keys, slots, size)

    def add_cell(self, cell: int, where: tuple[int, int, int], prefix: int) -> None:
        """Make the places of a new cell: `where` = switch, trunk, plan; `prefix` has `DEPTH` digits after the code."""
        self.make_room(cell)
        add_cell(self.table, cell, np.array(where, np.int64), prefix)

    def add_free(self, cell: int, stage: int, calls: int) -> None:
        """Count free calls, or take them back."""
        count_free(self.table, cell, stage, calls)

    def begin(self, cell: int, stage: int, ts: int) -> Ints:
        """A free call at `ts` (ms): begin the episodes that are due; int64[2 * PLACES], free and paid before them."""
        before: Ints = episodes(self.sums, self.of[cell], stage, ts)
        return before

    def bounds(self, cell: int, start: int, shortest: int, digits: int) -> Ints:
        """Digits, per scope, that a number of `digits` shares with a call begun at `start` (ms) or later and paid.

        `shortest` is the length of the calling code.
        """
        bounds: Ints = paid_since(self.sums, self.of[cell], start, shortest, digits)
        return bounds

    def recount(self, free: Ints, paid: Ints, stages: Ints) -> None:
        """Sum anew over all cells, one element each, when days were forgotten."""
        _recount(self.table, free, paid, stages)

    def snapshot(self) -> dict[str, Any]:
        """What the cells do not say, as plain values: the episodes."""
        begun = np.flatnonzero(self.sums[:, :, SINCE].reshape(-1) != NEVER)
        episodes = self.sums.reshape(-1, SUMS)[begun]
        columns = {"at": begun, "aside": episodes[:, ASIDE], "free": episodes[:, FREE_BEFORE]}
        packed = {name: pack(values) for name, values in columns.items()}
        return {"places": int(self.table.size[0]), "begun": len(begun), **packed, "since": pack(episodes[:, SINCE])}

    def load(self, state: dict[str, Any], stages: Ints, starts: Ints) -> None:
        """Put back what `snapshot` described; the cells were added before, in their order.

        Args:
            state: what `snapshot` gave.
            stages: int64[cells], each cell's stage.
            starts: int64[cells], when its newest paid call began.

        Raises:
            ValueError: the sums are those of other cells.
        """
        if state["places"] != self.table.size[0]:
            raise ValueError(f"sums of {state['places']} places where the cells have {self.table.size[0]}")
        _start_again(self.table, stages, starts)
        at, aside, free, since = (unpack(state[name], state["begun"]) for name in ("at", "aside", "free", "since"))
        self.sums.reshape(-1, SUMS)[at, ASIDE : SINCE + 1] = np.column_stack([aside, free, since])


def _no_sums(room: int) -> Sums:
    sums = np.zeros((room, STAGES, SUMS), np.int64)
    sums[:, :, [SINCE, PAID_START]] = NEVER
    return sums
