"""Ask for memory before it is needed.

A row of a key that has not been seen for a while costs a miss for the index, the slot, and what it leads to, one after
the other. Over some rows at once these overlap, and cost a tenth.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped] # llvmlite ships no types
from numba.core import cgutils, types
from numba.extending import intrinsic

from models.hashing import Keys, Word
from models.windows.arithmetic import place_in, ratio, smaller
from models.windows.layout import (
    AHEAD,
    BITS,
    BLOCK,
    BUSY,
    CHUNK,
    LOG_MAX,
    NONE,
    REGISTERS,
    TABLE,
    TICK_MS,
    Ints,
    Record,
    Records,
    State,
    Whole,
)
from models.windows.parts import part
from models.windows.slots import hash_of, mixed, party_of, slot_in, start_of

_WRITE, _KEEP, _DATA = 1, 3, 1
"""Arguments of llvm.prefetch: to be written, in all caches, data."""


def _prefetch(_typing: Any, array: Any, _at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, values[0])
        pointer = builder.gep(view.data, [values[1]])
        address = builder.bitcast(pointer, cgutils.voidptr_t)
        flag = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [cgutils.voidptr_t], ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag])
        )
        builder.call(function, [address, flag(_WRITE), flag(_KEEP), flag(_DATA)])
        return context.get_dummy_value()

    return types.none(array, types.intp), generate


prefetch = cast(Callable[[npt.NDArray[Any], Whole], None], intrinsic(_prefetch))
"""Ask for element number `at` of an array of any shape that is contiguous; for use in kernels."""


@part
def _slot(state: State, hashed: Word) -> Whole:
    """Return the slot of the first key in the index that has this hash, -1 for none."""
    mask = np.uint64(state.places.size - 1)
    at = start_of(hashed, state.marks[BITS])
    while state.places[at] != 0:
        if (state.places[at] ^ hashed) >> np.uint64(32) == 0:
            return slot_in(state.places[at])
        at = (at + np.uint64(1)) & mask
    return -1


@part
def _fetch_bucket(state: State, block: Whole, sketch: Whole, register: Whole, at: Whole) -> None:
    prefetch(state.buckets, block * BLOCK + at)
    prefetch(state.buckets, block * BLOCK + at + 1)
    if sketch != NONE:
        prefetch(state.registers, (np.int64(sketch) * BLOCK + at) * REGISTERS + register)


@part
def _fetch_block(state: State, slot: Record, other: Word, tick: Whole) -> None:
    """Ask for the elements of a block that an event changes."""
    block, register = np.int64(slot.link), np.int64(hash_of(party_of(other, tick, state.seed)) & np.uint64(TABLE - 1))
    sketch = state.busy[block].sketch
    prefetch(state.met, block * TABLE + register)
    _fetch_bucket(state, block, sketch, register, place_in(tick, 6))
    _fetch_bucket(state, block, sketch, register, 6 + place_in(ratio(tick, 6), 5))
    _fetch_bucket(state, block, sketch, register, 11 + place_in(ratio(tick, 30), 12))
    _fetch_bucket(state, block, sketch, register, 23 + place_in(ratio(tick, 360), 24))


@part
def fetch(state: State, keys: Keys, others: Keys, ts: Ints, begin: Whole) -> None:
    """Ask for what the rows from `begin` on need, `AHEAD` at most; they need not be there."""
    many = smaller(AHEAD, keys.size - begin)
    for i in range(many):
        state.parties[i] = mixed(keys[begin + i], state.seed)
        prefetch(state.places, np.int64(start_of(state.parties[i], state.marks[BITS])))
    for i in range(many):
        slot = _slot(state, state.parties[i])
        state.parties[i] = np.uint64(slot + 1)
        if slot >= 0:
            prefetch(state.slots, slot)
            prefetch(state.slots, slot + 1)
    for i in range(many):
        if state.parties[i] != 0:
            slot = state.slots[np.int64(state.parties[i]) - 1]
            if slot.entries == BUSY:
                prefetch(state.busy, np.int64(slot.link))
            elif slot.entries % CHUNK != 0:
                prefetch(state.chunks, np.int64(slot.link))
                prefetch(state.chunks, np.int64(slot.link) + 1)
    for i in range(many):
        if state.parties[i] != 0:
            slot = state.slots[np.int64(state.parties[i]) - 1]
            if slot.entries == BUSY:
                _fetch_block(state, slot, others[begin + i], ratio(ts[begin + i], TICK_MS))


@part
def fetch_held(state: State, slots: Records, begin: Whole) -> None:
    """Ask for all that copies of slots from `begin` on lead to, of `AHEAD` at most."""
    many = smaller(AHEAD, slots.size - begin)
    for i in range(many):
        state.parties[i] = slots[begin + i].link
        if slots[begin + i].entries == BUSY:
            block = np.int64(slots[begin + i].link)
            prefetch(state.busy, block)
            for at in range(0, BLOCK + 1, 2):
                prefetch(state.buckets, block * BLOCK + at)
            for at in range(0, TABLE + 1, 8):
                prefetch(state.met, block * TABLE + at)
    for before in range(0, LOG_MAX, CHUNK):
        longer = 0
        for i in range(many):
            if before < slots[begin + i].entries != BUSY:
                chunk = np.int64(state.parties[i])
                if before > 0:
                    chunk = np.int64(state.chunks[chunk].before)
                    state.parties[i] = chunk
                prefetch(state.chunks, chunk)
                prefetch(state.chunks, chunk + 1)
                longer += 1
        if longer == 0:
            break
