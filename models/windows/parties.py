"""Kernels that count distinct other parties: exactly while a table holds them, by a sketch beyond.

The table keeps every party with the tick in which it was last met, so that it is exact for every window at once. When
it is full of living parties it is cleared, and `lost` is set to the latest tick of which parties may then be
missing: windows that begin later stay exact. All others are estimated by the sketch, a HyperLogLog for every bucket
(Flajolet et al., 2007), whose union over a window's buckets depends neither on order nor on repetition; the estimator
is Ertl's (arXiv:1702.01284, algorithm 6), which needs no corrections measured beforehand. When what was lost is
a day old the sketch is freed.
"""

import numpy as np

from models.hashing import Keys, Word
from models.windows.arithmetic import larger, place_in, ratio
from models.windows.layout import (
    BLOCK,
    BUCKETS,
    FIRSTS,
    NONE,
    OPEN,
    PARTIES_MAX,
    RANK_MAX,
    REGISTERS,
    SKETCHES,
    TABLE,
    WIDTHS,
    Ints,
    Record,
    Small,
    State,
    Whole,
)
from models.windows.parts import part
from models.windows.slots import dead, hash_of, taken, tick_of, unsketched

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
    table[at] = larger(table[at], party)
    return bool(new)


@part
def _ordered(party: Word) -> Word:
    """Return what orders parties as a table does: first by the place where they would like to stand."""
    return ((hash_of(party) & _MASK) << np.uint64(36)) | hash_of(party)


@part
def _listed(party: Word, out: Keys, begin: Whole, end: Whole) -> None:
    """Put a party in its order among those from `begin` to `end`."""
    while end > begin and _ordered(out[end - 1]) > _ordered(party):
        out[end] = out[end - 1]
        end -= 1
    out[end] = party


@part
def listed(table: Keys, now: Whole, out: Keys, begin: Whole) -> Whole:
    """Put the living parties of a table in one order, whenever each came; return where they end.

    That of their places is nearly it; of those that would not fit at the end, and stand at the begin, it is not.
    """
    end = begin
    for i in range(2 * TABLE):
        at = i & (TABLE - 1)
        party = table[at]
        if party == 0 and i >= TABLE:
            break
        folded = np.int64(hash_of(party) & _MASK) > at
        if party != 0 and folded == (i >= TABLE) and not dead(tick_of(party), now):
            _listed(party, out, begin, end)
            end += 1
    return end


@part
def cleared(table: Keys) -> None:
    """Take everybody out of a table."""
    for at in range(TABLE):
        table[at] = 0


@part
def _without_dead(state: State, slot: Record, now: Whole) -> None:
    """Take out of a full table the parties that no window reaches."""
    table, living = state.met[slot.link], 0
    for party in table:
        living += party != 0 and not dead(tick_of(party), now)
    if living == slot.parties:
        return
    listed(table, now, state.parties, np.int64(0))
    cleared(table)
    for i in range(living):
        met(table, state.parties[i])
    slot.parties = living


@part
def unregistered(registers: Small, sketch: Whole, bucket: Whole) -> None:
    """Clear the registers of a bucket."""
    for register in range(REGISTERS):
        registers[sketch, bucket, register] = 0


@part
def _raised(  # noqa: PLR0913, PLR0917 - constants that the compiler folds
    registers: Small,
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
        registers[sketch, at, register] = larger(registers[sketch, at, register], rank)


@part
def _rank(party: Word) -> Whole:
    """Return where the first bit stands, from one, in the hash of a party beside what chooses its register."""
    rest, rank = hash_of(party) >> _REGISTER_BITS, 1
    while rest & _ONE == 0 and rank < RANK_MAX:
        rest >>= _ONE
        rank += 1
    return rank


@part
def sketched(registers: Small, sketch: Whole, party: Word, now: Whole) -> None:
    """Note a party in the bucket of every window that reaches its tick."""
    register = np.int64(hash_of(party) & np.uint64(REGISTERS - 1))
    rank, tick = _rank(party), tick_of(party)
    _raised(registers, sketch, register, rank, tick, now, FIRSTS[0], BUCKETS[0], WIDTHS[0])
    _raised(registers, sketch, register, rank, tick, now, FIRSTS[1], BUCKETS[1], WIDTHS[1])
    _raised(registers, sketch, register, rank, tick, now, FIRSTS[2], BUCKETS[2], WIDTHS[2])
    _raised(registers, sketch, register, rank, tick, now, FIRSTS[3], BUCKETS[3], WIDTHS[3])


@part
def sketchless(state: State) -> Whole:
    """Take a sketch of nothing out of its pool."""
    sketch = taken(state.spare["next"], state.marks, SKETCHES)
    for bucket in range(BLOCK + 1):
        unregistered(state.registers, sketch, bucket)
    return sketch


@part
def folded(registers: Small, sketch: Whole, bucket: Whole) -> None:
    """Add the registers of the tick that was under way to those of a bucket."""
    for register in range(REGISTERS):
        registers[sketch, bucket, register] = larger(
            registers[sketch, bucket, register], registers[sketch, OPEN, register]
        )


@part
def _overflowed(state: State, slot: Record, head: Whole, now: Whole) -> None:
    """Clear a full table; what it held is in the sketch."""
    table = state.met[slot.link]
    if slot.sketch == NONE:
        sketch = sketchless(state)
        slot.sketch = sketch
        for party in table:
            if party != 0:
                sketched(state.registers, sketch, party, now)
    slot.lost = head
    slot.parties = 0
    cleared(table)


@part
def noted(state: State, slot: Record, party: Word, head: Whole, now: Whole) -> None:
    """Note a party that a busy key met; `head` is the latest tick of its events before this one."""
    table = state.met[slot.link]
    if slot.sketch != NONE and dead(np.int64(slot.lost), now):
        unsketched(state, slot)
    at = _place(table, party)
    if table[at] != 0:
        table[at] = larger(table[at], party)
    else:
        if slot.parties == PARTIES_MAX:
            _without_dead(state, slot, now)
            if slot.parties == PARTIES_MAX:
                _overflowed(state, slot, head, now)
            at = _place(table, party)
        table[at] = party
        slot.parties += 1
    if slot.sketch == NONE:
        return
    if tick_of(party) == slot.head:
        register = np.int64(hash_of(party) & np.uint64(REGISTERS - 1))
        rank = larger(state.registers[slot.sketch, OPEN, register], _rank(party))
        state.registers[slot.sketch, OPEN, register] = rank
    else:
        sketched(state.registers, np.int64(slot.sketch), party, now)


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
    for rank in range(counts.size):
        counts[rank] = 0
    for rank in registers:
        counts[rank] += 1
    z = registers.size * _tau(1 - counts[RANK_MAX] / registers.size)
    for rank in range(RANK_MAX - 1, 0, -1):
        z = 0.5 * (z + counts[rank])
    z += registers.size * _sigma(counts[0] / registers.size)
    return float(_ALPHA * registers.size * registers.size / z)
