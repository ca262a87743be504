"""Memory of the hot path's arrays, which the C library keeps for the next batch.

By default glibc's malloc gives back to the system what is free at the end of the heap, and takes every large array from
there: each of its pages is then cleared anew for each batch, which took a tenth of the intake's time.
"""

import ctypes
from typing import Final

TRIM_THRESHOLD: Final = -1
MMAP_THRESHOLD: Final = -3
"""Parameters of `mallopt` (glibc's malloc.h)."""
KEPT_BYTES: Final = 256 << 20
"""What may lie free at the end of the heap: a batch and all that is made of it are smaller."""
ARRAY_BYTES: Final = 32 << 20
"""The largest array that comes from the heap; glibc allows no more."""


def keep() -> None:
    """Keep freed memory from here on; call it before the first batch. Other C libraries are left as they are."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(MMAP_THRESHOLD, ARRAY_BYTES)
