"""What the kernels of the windows are, and how they are cut into functions.

There are some seventy functions, inlined in a dozen kernels. What takes longest to compile is what numba makes beside
each: what lets Python and C call it, what keeps it, and what counts references to arrays. Kernels alone need the first,
and none the last: whoever calls one holds the arrays, and it makes none.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba as nb

Function = TypeVar("Function", bound=Callable[..., Any])
_njit: Any = nb.njit  # some of whose options have no type

kernel: Callable[[Function], Function] = _njit(
    cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True, _nrt=False
)
"""What Python calls, with the arrays to fill; references to arrays are not counted."""
part: Callable[[Function], Function] = _njit(
    forceinline=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False
)
"""A function of a kernel, inlined where it is called. Python must not call it: the process would end."""
