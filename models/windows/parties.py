"""Kernels that count distinct other parties: exactly while a table holds them, by a sketch beyond.

The table keeps every party with the tick in which it was last met, so that it is exact for every window at once. When
it is full of living parties it is cleared, and `lost` is set to the latest tick of which parties may then be
missing: windows that begin later stay exact. All others are estimated by the sketch, a HyperLogLog for every bucket
(Flajolet et al., 2007), whose union over a window's buckets depends neither on order nor on repetition; the estimator
is Ertl's (arXiv:1702.01284, algorithm 6), which needs no corrections measured beforehand. When what was lost is
a day old the sketch is freed.
"""

import numpy as np

from models.borrowing import part
from models.hashing import Keys, Word
from models.windows.layout import (
    NONE,
    PARTIES_MAX,
    RANK_MAX,
    REGISTERS,
    SKETCHES,
    TABLE,
    Ints,
    Small,
    State,
    Whole,
)
from models.windows.slots import dead, hash_of, place_in, ratio, taken, tick_of, unsketched

_MASK = np.uint64(TABLE - 1)
_REGISTER_BITS = np.uint64(7)
_ALPHA = 0.5 / np.log(2)
_ONE = np.uint64(1)


@part
def _place(table: Keys, party: Word) -> Word:
    """Return where a party stands in a table, or the empty place where it would."""
    at = hash_of(party) & _MASK
    while table[at] != 0 and hash_of(table[at]) != hash_of(party):
        at = (at + _ONE) & _MASK
    return at


@part
def met(table: Keys, party: Word) -> bool:
    """Note a party in a table that has room; False where it was there (and now has the later tick of the two)."""
    at = _place(table, party)
    new = table[at] == 0
    table[at] = max(table[at], party)
    return bool(new)


@part
def _without_dead(state: State, block: Whole, now: Whole) -> None:
    """Take out of a table the parties that no window reaches."""
    table, old, living = state.met[block], state.parties, 0
    for party in table:
        living += party != 0 and not dead(tick_of(party), now)
    if living == state.busy[block].parties:
        return
    old[:] = table
    table[:] = 0
    for party in old:
        if party != 0 and not dead(tick_of(party), now):
            met(table, party)
    state.busy[block].parties = living


@part
def _raised(  # noqa: PLR0913, PLR0917 - constants that the compiler folds
    state: State,
    sketch: Whole,
    register: Whole,
    rank: Whole,
    tick: Whole,
    now: Whole,
    first: Whole,
    count: Whole,
    width: Whole,
) -> None:
    """Raise a register in the bucket of one window that a tick falls in, if the window still reaches it."""
    if ratio(tick, width) > ratio(now, width) - count:
        at = first + place_in(ratio(tick, width), count)
        state.registers[sketch, at, register] = max(state.registers[sketch, at, register], rank)


@part
def sketched(state: State, sketch: Whole, party: Word, now: Whole) -> None:
    """Note a party in the bucket of every window that reaches its tick."""
    register = np.int64(hash_of(party) & np.uint64(REGISTERS - 1))
    rest = hash_of(party) >> _REGISTER_BITS
    rank = 1
    while rest & _ONE == 0 and rank < RANK_MAX:
        rest >>= _ONE
        rank += 1
    tick = tick_of(party)
    _raised(state, sketch, register, rank, tick, now, 0, 6, 1)
    _raised(state, sketch, register, rank, tick, now, 6, 5, 6)
    _raised(state, sketch, register, rank, tick, now, 11, 12, 30)
    _raised(state, sketch, register, rank, tick, now, 23, 24, 360)


@part
def _overflowed(state: State, block: Whole, head: Whole, now: Whole) -> None:
    """Clear a full table; what it held is in the sketch."""
    busy, table = state.busy[block], state.met[block]
    if busy.sketch == NONE:
        busy.sketch = taken(state.spare, state.marks, SKETCHES)
        state.registers[busy.sketch] = 0
        for party in table:
            if party != 0:
                sketched(state, np.int64(busy.sketch), party, now)
    busy.lost = head
    busy.parties = 0
    table[:] = 0


@part
def noted(state: State, block: Whole, party: Word, head: Whole, now: Whole) -> None:
    """Note a party that a busy key met; `head` is the latest tick of its events before this one."""
    busy, table = state.busy[block], state.met[block]
    if busy.sketch != NONE and dead(np.int64(busy.lost), now):
        unsketched(state, block)
    at = _place(table, party)
    if table[at] != 0:
        table[at] = max(table[at], party)
    else:
        if busy.parties == PARTIES_MAX:
            _without_dead(state, block, now)
            if busy.parties == PARTIES_MAX:
                _overflowed(state, block, head, now)
            at = _place(table, party)
        table[at] = party
        busy.parties += 1
    if busy.sketch != NONE:
        sketched(state, np.int64(busy.sketch), party, now)


@part
def _sigma(x: float) -> float:
    if x == 1:
        return np.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


@part
def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = np.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


@part
def estimated(registers: Small, counts: Ints) -> float:
    """Return the estimate of a sketch's registers; `counts` is int64[32] scratch."""
    counts[:] = 0
    for rank in registers:
        counts[rank] += 1
    z = registers.size * _tau(1 - counts[RANK_MAX] / registers.size)
    for rank in range(RANK_MAX - 1, 0, -1):
        z = 0.5 * (z + counts[rank])
    z += registers.size * _sigma(counts[0] / registers.size)
    return float(_ALPHA * registers.size * registers.size / z)
