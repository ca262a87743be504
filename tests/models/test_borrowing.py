"""What a kernel borrows has the same memory, and is as much its owner's as before."""

import sys
from typing import NamedTuple

import numba as nb
import numpy as np

from models.borrowing import borrowed, part


class _Pair(NamedTuple):
    first: np.ndarray
    nested: tuple[np.ndarray, int]


@part
def _add(pair: _Pair, i: int) -> None:
    pair.first[i] += pair.nested[0][i] * pair.nested[1]


@nb.njit
def _kernel(pair):
    pair = borrowed(pair)
    for i in range(pair.first.size):
        _add(pair, i)
    return pair.first.sum()


def test_a_borrowed_tuple_is_the_same_arrays_and_numbers():
    pair = _Pair(np.arange(3), (np.ones(3, np.int64), 10))
    assert _kernel(pair) == 33
    assert pair.first.tolist() == [10, 11, 12]


def test_nothing_is_counted_or_let_go():
    pair = _Pair(np.arange(3), (np.ones(3, np.int64), 1))
    before = sys.getrefcount(pair.first), sys.getrefcount(pair.nested[0])
    for _ in range(100):
        _kernel(pair)
    assert (sys.getrefcount(pair.first), sys.getrefcount(pair.nested[0])) == before
