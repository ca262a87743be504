"""How kernels are cut into functions at no cost: inlined, and without counting references to arrays.

numba counts a reference wherever an array goes in or out of a function, atomically: some 5 ns each time, ten times the
work of a small function. What is borrowed once, at the top of a kernel, is not counted below it.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb
from numba.core import types
from numba.extending import intrinsic

Lent = TypeVar("Lent")

part = nb.njit(cache=True, forceinline=True, error_model="numpy")
"""A function of a kernel, inlined where it is called. numba's cache sees no change of it in another file's kernels."""


def _lend(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return an array without what counts its references, a tuple with such arrays, and anything else as it is."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = array.meminfo.type(None)
        array.parent = array.parent.type(None)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for place, element in enumerate(kind.types):  # type: ignore[attr-defined]  # every tuple of numba's has it
            lent = _lend(context, builder, element, builder.extract_value(value, place))
            value = builder.insert_value(value, lent, place)
    return value


def _borrowed(_typing: Any, kind: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return _lend(context, builder, kind, values[0])

    return kind(kind), generate


borrowed: Callable[[Lent], Lent] = cast(Any, intrinsic(_borrowed))
"""In a kernel: an array, or a tuple of arrays and numbers, that keeps nothing alive; whoever called the kernel does."""
