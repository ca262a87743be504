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

from models.hashing import Word
from models.windows.arithmetic import place_in, ratio, smaller
from models.windows.layout import (
    AHEAD,
    ATTEMPT,
    BITS,
    BLOCK,
    BUCKETS,
    BUSY,
    CHUNK,
    FIRSTS,
    LOG_MAX,
    NONE,
    OPEN,
    REGISTERS,
    TABLE,
    TAIL,
    WIDTHS,
    Ints,
    Record,
    State,
    Whole,
)
from models.windows.parts import part
from models.windows.slots import chained, hash_of, slot_in, start_of, tick_of

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
def _fetch_bucket(state: State, slot: Record, at: Whole) -> None:
    """Ask for a bucket of a busy key, and its registers."""
    prefetch(state.buckets, np.int64(slot.link) * BLOCK + at)
    if slot.sketch != NONE:
        registers = (np.int64(slot.sketch) * (BLOCK + 1) + at) * REGISTERS
        prefetch(state.registers, registers)
        prefetch(state.registers, registers + REGISTERS // 2)


@part
def _fetch_buckets(state: State, slot: Record, tick: Whole) -> None:
    """Ask for the buckets of a busy key, one of every window, that a tick falls in."""
    _fetch_bucket(state, slot, FIRSTS[0] + place_in(tick, BUCKETS[0]))
    _fetch_bucket(state, slot, FIRSTS[1] + place_in(ratio(tick, WIDTHS[1]), BUCKETS[1]))
    _fetch_bucket(state, slot, FIRSTS[2] + place_in(ratio(tick, WIDTHS[2]), BUCKETS[2]))
    _fetch_bucket(state, slot, FIRSTS[3] + place_in(ratio(tick, WIDTHS[3]), BUCKETS[3]))


@part
def _fetch_held(state: State, slot: Record, row: Record) -> None:
    """Ask for what an event changes behind its slot."""
    if slot.entries != BUSY:
        if slot.entries > 0 and place_in(np.int64(slot.entries), TAIL) == 0:
            prefetch(state.chunks, np.int64(slot.link))
        return
    if tick_of(row.party) != slot.head:
        _fetch_buckets(state, slot, smaller(tick_of(row.party), np.int64(slot.head)))
    if row.word & ATTEMPT:
        hashed = np.int64(hash_of(row.party))
        prefetch(state.met, np.int64(slot.link) * TABLE + (hashed & (TABLE - 1)))
        if slot.sketch != NONE:
            register = hashed & (REGISTERS - 1)
            prefetch(state.registers, (np.int64(slot.sketch) * (BLOCK + 1) + OPEN) * REGISTERS + register)


@part
def fetch(state: State, many: Whole) -> None:
    """Ask for what so many rows in `ahead` need; their keys need not be there."""
    for i in range(many):
        prefetch(state.places, np.int64(start_of(state.ahead[i].hashed, state.marks[BITS])))
    for i in range(many):
        state.ahead[i].at = _slot(state, state.ahead[i].hashed)
        if state.ahead[i].at >= 0:
            prefetch(state.slots, state.ahead[i].at)
    for i in range(many):
        if state.ahead[i].at >= 0:
            _fetch_held(state, state.slots[state.ahead[i].at], state.ahead[i])


@part
def fetch_all(state: State, slots: Ints, begin: Whole) -> None:
    """Ask for all that slots from `begin` on lead to, of `AHEAD` at most; they are near themselves."""
    many = smaller(AHEAD, slots.size - begin)
    for i in range(many):
        slot = state.slots[slots[begin + i]]
        state.parties[i] = slot.link
        if slot.entries == BUSY:
            block = np.int64(slot.link)
            for at in range(0, BLOCK, 2):
                prefetch(state.buckets, block * BLOCK + at)
            for at in range(0, TABLE, 8):
                prefetch(state.met, block * TABLE + at)
    for before in range(0, LOG_MAX, CHUNK):
        longer = 0
        for i in range(many):
            slot = state.slots[slots[begin + i]]
            if slot.entries != BUSY and before < chained(slot):
                chunk = np.int64(state.parties[i])
                if before > 0:
                    chunk = np.int64(state.chunks[chunk].before)
                    state.parties[i] = chunk
                prefetch(state.chunks, chunk)
                longer += 1
        if longer == 0:
            break
