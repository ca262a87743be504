"""Kernels that make room: what has died goes first, then the keys whose latest event is the oldest.

Keys die on the hour, so the table is swept once in an hour of event time, a stripe of it after each batch; nothing
depends on when. When a slice is full of living keys, a sixteenth of what it may hold is evicted at once: keys whose
latest tick is the oldest, of one tick the smallest keys. Keys with 20 events in the last hour stay. Where fewer than a
sixteenth may go, these go, and new keys are turned away until the slice's tick is over. So it follows from the order
of a slice's own rows alone, however they are cut, which keys there are; a row costs more than a look-up only once in
a sixteenth of the keys, or once in a tick.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.windows.arithmetic import smaller
from models.windows.counting import closed, kept, pruned
from models.windows.layout import (
    BUSY,
    CLOSED,
    EVICTED,
    FLAG_BITS,
    FLAGS,
    KEYS,
    NOW,
    SLOT,
    TAIL,
    Ints,
    Record,
    State,
    Truth,
    Whole,
)
from models.windows.listing import slots_of
from models.windows.parts import kernel, part
from models.windows.slots import dead, forgotten, mixed, oldest, place_of, slice_of, tick_of

KEPT = 20
"""Events in the last hour that make a key stay; a `cdr` is up to three (contract section 2)."""
SHARE = 16
"""A sixteenth of the keys of a slice is evicted at a time."""

Truths = npt.NDArray[np.bool_]


@part
def _lately(state: State, slot: Record, now: Whole) -> Whole:
    """Return how many events of a key lie in its last hour (12 buckets of 5 min)."""
    events, since = np.int64(0), now // 30 - 11
    if slot.entries == BUSY:
        closed(state, slot)
        for bucket in range(since, np.int64(slot.head) // 30 + 1):
            found = state.buckets[slot.link, 11 + bucket % 12]
            events += np.int64(found.attempts) + np.int64(found.refused)
            events += np.int64(found.answered) + np.int64(found.ended)
        return events
    for i in range(kept(state, slot, now)):
        if tick_of(state.parties[i]) // 30 >= since:
            flags = np.int64(state.words[i]) & FLAGS
            while flags:
                flags &= flags - 1
                events += 1
    return events


@part
def _stays(state: State, slot: Record, now: Whole) -> Truth:
    """Say whether a slot holds a key that is not to be evicted."""
    if np.int64(slot.head) // 30 < now // 30 - 11 or np.int64(slot.entries) * FLAG_BITS < KEPT:
        return False
    return _lately(state, slot, now) >= KEPT


@kernel
def _staying(state: State, slots: Ints, now: Whole, stays: Truths) -> None:
    """Say of slots which hold keys that are not to be evicted."""
    for i in range(slots.size):
        stays[i] = _stays(state, state.slots[slots[i]], now)


@kernel
def dropped(state: State, slots: Ints) -> None:
    """Forget the keys of slots."""
    for at in slots:
        key = state.slots[at].key
        forgotten(state, place_of(state, key, mixed(key, state.seed)))


def _least(values: npt.NDArray[Any], many: int) -> Any:
    """Return the largest of the `many` least values."""
    return np.partition(values, many - 1)[many - 1]


def _going(state: State, slots: Ints, many: int, now: int) -> Ints:
    """Return the slots, among those of a slice, whose keys are to be evicted: `many`, or all that may go."""
    stays = np.empty(len(slots), np.bool_)
    _staying(state, slots, now, stays)
    slots = slots[~stays]
    if len(slots) <= many:
        return slots
    heads = state.slots["head"][slots]
    tick = _least(heads, many)
    before, beside = slots[heads < tick], slots[heads == tick]
    keys = state.slots["key"][beside]
    return np.concatenate([before, beside[keys <= _least(keys, many - len(before))]])


def thinned(state: State, which: int) -> None:
    """Make room in a full slice: of what has died; else, of the oldest keys."""
    ledger, now = state.ledger[which], int(state.ledger[which, NOW])
    slots = slots_of(state, which)
    living = state.slots["head"][slots] >= oldest(now)
    dropped(state, slots[~living])
    if ledger[KEYS] < state.limit:
        return
    many = max(1, state.limit // SHARE)
    going = _going(state, slots[living], many, now)
    dropped(state, going)
    ledger[EVICTED] += len(going)
    if len(going) < many:
        ledger[CLOSED] = now


@kernel
def _swept(state: State, begin: Whole, logs: Truth, out: Ints) -> Whole:
    """Give the slots of dead keys among as many as there is room for; return how many. Prune where `logs` says so."""
    found = 0
    for at in range(begin, smaller(begin + out.size, state.marks[SLOT])):
        slot = state.slots[at]
        if slot.key == 0:
            continue
        now = state.ledger[slice_of(mixed(slot.key, state.seed), state.dirty.size), NOW]
        if dead(np.int64(slot.head), now):
            out[found] = at
            found += 1
        elif logs and slot.entries != BUSY and slot.entries > TAIL:
            pruned(state, slot, now)
    return found


def swept(state: State, begin: int, many: int, logs: bool) -> None:
    """Free the slots of dead keys among so many from `begin` on, and of dead events where `logs` says so."""
    slots = np.empty(many, np.int64)
    found = _swept(state, begin, logs, slots)
    if found:
        dropped(state, slots[:found])
