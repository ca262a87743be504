"""An index over a table by its first columns: open addressing, for use in kernels.

The table keeps the keys; the index holds positions in it plus one, 0 where nothing is. Its size is a power of two and
twice the table's room at least, so that a search soon ends at an empty slot.
"""

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@nb.njit(cache=True, inline="always")
def slot_of(key: Ints, size: int) -> int:
    """Where the search for a key begins: a multiplicative hash of its parts (Knuth, TAOCP 3, 6.4)."""
    mixed = np.uint64(0)
    for k in range(key.size):
        mixed = (mixed ^ np.uint64(key[k])) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
    return np.int64(mixed & np.uint64(size - 1))  # type: ignore[return-value] # an int to Python


@nb.njit(cache=True, inline="always")
def seek(index: Ints, table: Ints, key: Ints) -> int:
    """The slot of the row that begins with `key`, or the empty one where it belongs; inlined, as a call costs more."""
    slot, k = slot_of(key, index.size), 0
    while index[slot]:
        at, k = index[slot] - 1, 0
        while k < key.size and table[at, k] == key[k]:
            k += 1
        if k == key.size:
            break
        slot = (slot + 1) & (index.size - 1)
    return slot


@nb.njit(cache=True)
def indexed(table: Ints, size: int, width: int) -> Ints:
    """An index over the first `size` rows of a table by their first `width` columns, with room for all of it."""
    room = 2
    while room < 2 * table.shape[0]:
        room *= 2
    index = np.zeros(room, np.int64)
    for i in range(size):
        index[seek(index, table, table[i, :width])] = i + 1
    return index
