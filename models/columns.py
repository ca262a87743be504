"""Columns out of events: one comprehension per field, and a number for every name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def absent(values: Sequence[Any]) -> bool:
    """Say whether no value is given at all, as of most fields in most batches."""
    return not values or (values[0] is None and values.count(None) == len(values))


class Names(dict[str | None, int]):
    """Numbers names in order of appearance; 0 is absent.

    Example:
        >>> names = Names()
        >>> names.codes(["a", None, "b", "a", ""]).tolist(), names.texts()
        ([1, 0, 2, 1, 0], ('', 'a', 'b'))
    """

    def __init__(self) -> None:
        super().__init__({None: 0, "": 0})

    def __missing__(self, name: str | None) -> int:
        self[name] = code = len(self) - 1
        return code

    def codes(self, names: Sequence[str | None]) -> npt.NDArray[np.uint32]:
        """Return the code of every name, uint32[names]."""
        if absent(names):
            return np.zeros(len(names), np.uint32)
        return np.fromiter(map(self.__getitem__, names), np.uint32, len(names))

    def texts(self) -> tuple[str, ...]:
        """Return the names in the order of their codes, the empty one first."""
        return tuple(name for name in self if name is not None)


def coded(words: Iterable[Any], codes: Mapping[Any, int], count: int) -> npt.NDArray[np.uint8]:
    """Return the number of every word of a closed list, uint8[count]."""
    return np.fromiter(map(codes.__getitem__, words), np.uint8, count)


def flagged(values: Sequence[Any]) -> npt.NDArray[np.bool_]:
    """Say where a value is given and neither empty, zero nor false, bool[values]."""
    if absent(values):
        return np.zeros(len(values), np.bool_)
    return np.fromiter(map(bool, values), np.bool_, len(values))


def seconds(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    """Return seconds, float64[values]; 0 where not given."""
    if absent(values):
        return np.zeros(len(values))
    return np.fromiter([value or 0.0 for value in values], np.float64, len(values))


@nb.njit(cache=True)
def _running_high(source: npt.NDArray[np.int32], when: Ints) -> Ints:
    highs = np.full(source.max() + 1 if source.size else 0, np.iinfo(np.int64).min)
    high = np.empty_like(when)
    for i in range(source.size):
        highs[source[i]] = max(highs[source[i]], when[i])
        high[i] = highs[source[i]]
    return high


def running_high(source: npt.NDArray[np.int32], when: Ints) -> Ints:
    """Return the highest `when` that each row's source (>= 0) has shown by then, the row's own included."""
    high: Ints = _running_high(source, when)
    return high


def warm() -> None:
    """Compile the kernel, or load it from the cache, before the first batch needs it."""
    running_high(np.zeros(1, np.int32), np.zeros(1, np.int64))
