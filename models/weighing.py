"""What a run of free calls is worth, number by number: its price before, and each payer's reasons of his own.

The compiled half of `models.leaks`. The run's own calls are taken out of the sums while it is weighed, and put back.
"""

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.evidence import (
    BEFORE,
    BOUNDS,
    CELL,
    COUNTED,
    DEPTH,
    DIGITS,
    LEVELS,
    OTHER_ID,
    PADDED,
    PAYER,
    SCOPES,
    STAGE,
    SWITCH,
    TOGETHER,
    Mask,
    Table,
    shared_with,
)
from models.history import SETUP
from models.odds import FREE_UNDER_LEAK, PRIOR_FREE
from models.places import ASIDE, FREE, PAID, STAGES, Places, Positions, Sums

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NOT_SEEN = -1
"""Instead of a level: nowhere above the run were enough calls rated."""
TOLD_APART = 20
"""Paid calls of one switch, trunk and plan that tell its habit from those of each of the three."""
SWITCH_PLACE = LEVELS
"""Position of a call's switch, over the whole calling code, among its places."""


class Weighed(NamedTuple):
    """A run's free and paid calls before it, at which level after the calling code (or NOT_SEEN), and its payers.

    Two chances for each payer that his calls were free for reasons of his own, the least over his calls: `own`, for
    which a switch that shows no prices at set-up is such a reason, and `shown`, for which it is none.
    """

    level: int
    free: int
    paid: int
    own: Floats
    shown: Floats


@nb.njit(cache=True)
def _take_out(sums: Sums, of: Positions, calls: Table, sign: int) -> None:
    for call in calls:
        for place in of[call[CELL]]:
            sums[place, call[STAGE], FREE] -= sign * call[COUNTED]


@nb.njit(cache=True)
def _first_of_stages(sums: Sums, of: Positions, calls: Table, scope: int) -> Ints:
    """The run's first call of each stage at which any of its calls tells something; -1 where none does."""
    first = np.full(STAGES, -1)
    for stage in range(STAGES):
        telling = False
        for i in range(calls.shape[0] - 1, -1, -1):
            if calls[i, STAGE] == stage:
                first[stage] = i
                telling = telling or _shown(sums, of[calls[i, CELL]], stage, scope, 0) < FREE_UNDER_LEAK
        if not telling:
            first[stage] = -1
    return first


@nb.njit(cache=True)
def _before(sums: Sums, of: Positions, calls: Table, scope: int, deepest: int, enough: int) -> tuple[int, int, int]:
    """The level with enough rated calls before the run's first call of each stage, and what was free and paid there.

    A stage at which all calls are as likely free without a leak says nothing of the price.
    """
    first = _first_of_stages(sums, of, calls, scope)
    free = paid = 0
    for level in range(deepest, -1, -1):
        free = paid = known = 0
        for stage in range(STAGES):
            if first[stage] < 0:
                continue
            call, at = calls[first[stage]], scope * LEVELS + level
            known += call[BEFORE + 2 * at] + call[BEFORE + 2 * at + 1]
            free += max(call[BEFORE + 2 * at], sums[of[call[CELL], at], stage, FREE])
            paid += call[BEFORE + 2 * at + 1]
        if known >= enough:
            return level, free, paid
    return NOT_SEEN, free, paid


@nb.njit(cache=True)
def _usual(sums: Sums, place: int, stage: int) -> float:
    """The chance that a call at a place is free, by the other calls there; 0 where none was free."""
    free = sums[place, stage, FREE]
    if free <= 0:
        return 0.0
    paid = max(0, sums[place, stage, PAID] - sums[place, stage, ASIDE])
    return float((PRIOR_FREE + free) / (1 + free + paid))


@nb.njit(cache=True)
def _together(sums: Sums, place: int, stage: int) -> float:
    """The chance that a call of the same switch, trunk and plan is free; 1 where too few of them were paid to tell.

    A plan's bundle makes its switch free now and then, and a switch that shows no prices its plans: what both together
    show tells whose habit it is.
    """
    free, paid = max(0, sums[place, stage, FREE]), sums[place, stage, PAID] - sums[place, stage, ASIDE]
    return float((PRIOR_FREE + free) / (1 + free + paid)) if paid >= TOLD_APART else 1.0


@nb.njit(cache=True)
def _says_nothing(sums: Sums, places: Positions, call: Table, deepest: int, fits: bool) -> bool:
    """Whether a free set-up is what this switch shows of any call, as far as we know.

    It had shown no price at set-up before. Only where the run's prefix is an entry of the operator's tables, and the
    switch was free nowhere else under the calling code, the row explains the zero better than the switch.
    """
    if call[STAGE] != SETUP or call[BEFORE + 2 * SWITCH_PLACE + 1] > 0:
        return False
    elsewhere = sums[places[SWITCH_PLACE], SETUP, FREE] - sums[places[SWITCH_PLACE + deepest], SETUP, FREE]
    return not fits or elsewhere > 0


@nb.njit(cache=True)
def _shown(sums: Sums, places: Positions, stage: int, scope: int, from_level: int) -> float:
    """The chance that a call was free for reasons of its own: where it went, its switch, its trunk, its plan."""
    usual = 0.0
    for level in range(from_level, LEVELS):
        usual = max(usual, _usual(sums, places[scope * LEVELS + level], stage))
    for other in range(1, len(SCOPES)):
        usual = max(usual, _usual(sums, places[other * LEVELS], stage))
    return min(usual, _together(sums, places[TOGETHER], stage))


@nb.njit(cache=True)
def _payers(sums: Sums, of: Positions, calls: Table, scope: int, levels: tuple[int, int], fits: bool) -> Floats:
    """Every payer's own and shown chance, float64[2, payers]."""
    chances = np.ones((2, calls.shape[0]))
    payers = np.empty(calls.shape[0], np.int64)
    count = 0
    for call in calls:
        places, stage, at = of[call[CELL]], call[STAGE], 0
        while at < count and payers[at] != call[PAYER]:
            at += 1
        if at == count:
            payers[at] = call[PAYER]
            count += 1
        shown = _shown(sums, places, stage, scope, levels[0])
        chances[1, at] = min(chances[1, at], shown)
        if not _says_nothing(sums, places, call, levels[1], fits):
            chances[0, at] = min(chances[0, at], shown)
    return chances[:, :count]


@nb.njit(cache=True)
def _weigh(
    sums: Sums, of: Positions, calls: Table, scope: int, deepest: int, enough: int, fits: bool
) -> tuple[int, int, int, Floats]:
    _take_out(sums, of, calls, 1)
    level, free, paid = _before(sums, of, calls, scope, deepest, enough)
    chances = _payers(sums, of, calls, scope, (max(0, level), deepest), fits)
    _take_out(sums, of, calls, -1)
    return level, free, paid, chances


def weigh(places: Places, calls: Table, scope: int, after_code: int, enough: int, fits: bool) -> Weighed:
    """Weigh a run.

    Args:
        places: sums of the calling code's history.
        calls: the run's open calls, oldest arrival first.
        scope: position in SCOPES.
        after_code: how many digits its prefix has after the calling code.
        enough: rated calls that make a price known.
        fits: an entry of the operator's tables explains the prefix.
    """
    deepest = min(after_code, DEPTH)
    level, free, paid, (own, shown) = _weigh(places.sums, places.of, calls, scope, deepest, enough, fits)
    return Weighed(level, free, paid, own, shown)


@nb.njit(cache=True)
def _runs(table: Table, shortest: int, outside: Mask) -> tuple[Ints, Mask]:
    newest = table[-1]
    shared = shared_with(table, newest[PADDED], newest[DIGITS])
    lengths = shared.max() + 1
    found = np.empty((len(SCOPES) * lengths, 3), np.int64)
    members = np.zeros((len(SCOPES) * lengths + 1, table.shape[0]), np.bool_)
    count = 0
    for scope in range(len(SCOPES)):
        begun, within = count, 0 if scope == 0 else newest[SWITCH + scope - 1]
        none = scope > 0 and (within in (0, OTHER_ID))
        for length in range(max(shortest, newest[BOUNDS + scope] + 1), 0 if none else lengths):
            run, others, beyond, common = members[count], False, False, lengths
            for i in range(table.shape[0]):
                here = scope == 0 or table[i, SWITCH + scope - 1] == within
                run[i] = here and shared[i] >= length and table[i, BOUNDS + scope] < length
                if run[i]:
                    others |= table[i, PAYER] != newest[PAYER]
                    beyond |= outside.size == 0 or outside[i]
                    common = min(common, shared[i])
            if others and beyond and not (count > begun and (run == members[count - 1]).all()):
                found[count] = scope, length, common
                count += 1
    return found[:count], members[:count]


def runs(table: Table, shortest: int, outside: Mask | None) -> tuple[Ints, Mask]:
    """The different runs of two payers or more at the prefixes of the newest open call, the shortest prefixes first.

    Args:
        table: the open calls.
        shortest: length of the calling code.
        outside: calls of which a run must have one; None = of any.

    Returns:
        Position in SCOPES, length of a prefix, and digits that all calls share with the newest, int64[runs, 3]; and
        the calls, bool[runs, calls].
    """
    found, members = _runs(table, shortest, np.zeros(0, np.bool_) if outside is None else outside)
    return found, members


@nb.njit(cache=True)
def _habit(sums: Sums, places: Positions, stage: int, scope: int) -> bool:
    return bool(_shown(sums, places, stage, scope, 0) >= FREE_UNDER_LEAK)


def is_habit(places: Places, cell: int, stage: int, scope: int) -> bool:
    """Whether a free call of a cell at a stage is what its circumstances show of any call: it is no sign of a leak."""
    return bool(_habit(places.sums, places.of[cell], stage, scope))
