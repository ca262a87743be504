"""Arithmetic of whole numbers in kernels: an instruction or two each, and no function that numba compiles for it."""

from collections.abc import Callable
from typing import Any, cast

from numba.core import types
from numba.extending import intrinsic

from models.windows.layout import Whole

Build = Callable[[Any, Any, Any, bool], Any]
"""Of a builder of LLVM's, two values, and whether they have a sign, a third."""
_WORDS: Any = types.unsigned_domain


def _of_two(build: Build) -> Any:
    """Return an operation on two of one unsigned type, which gives that, or on any two as int64, which gives int64."""

    def typed(_typing: Any, one: Any, other: Any) -> Any:
        kind: Any = one if one == other and one in _WORDS else types.int64

        def generate(_context: Any, llvm: Any, _signature: Any, values: Any) -> Any:
            return build(llvm, values[0], values[1], kind.signed)

        return kind(kind, kind), generate

    return cast(Any, intrinsic)(typed)


def _chosen(comparison: str) -> Any:
    def build(llvm: Any, one: Any, other: Any, signed: bool) -> Any:
        compare = llvm.icmp_signed if signed else llvm.icmp_unsigned
        return llvm.select(compare(comparison, one, other), one, other)

    return _of_two(build)


larger: Callable[[Any, Any], Any] = _chosen(">")
"""The larger of two; numba's `max` is a function for every pair of types."""
smaller: Callable[[Any, Any], Any] = _chosen("<")
"""The smaller of two."""
ratio: Callable[[Whole, Whole], Whole] = _of_two(lambda llvm, tick, width, _: llvm.udiv(tick, width))
"""`tick // width` of two that are not negative: by constants a third of the instructions of numba's."""
place_in: Callable[[Whole, Whole], Whole] = _of_two(lambda llvm, bucket, count, _: llvm.urem(bucket, count))
"""`bucket % count`, likewise: where in its window's ring a bucket stands."""
