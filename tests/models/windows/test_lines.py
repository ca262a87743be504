"""Arrays that begin at a cache line, and go on doing so when they get longer."""

import numpy as np
import pytest

from models.windows.layout import Bucket, Chunk, Slot, Spare
from models.windows.lines import LINE, lengthened, lines


def test_a_slot_and_a_chunk_are_a_line_each():
    assert Slot.itemsize == Chunk.itemsize == LINE


@pytest.mark.parametrize("dtype", [Slot, Chunk, Bucket, Spare, np.dtype(np.uint8)], ids=str)
@pytest.mark.parametrize("many", [1, 64, 100_000])
def test_a_longer_array_holds_what_it_did_and_zeros(dtype, many):
    array = lines((many, 3), dtype)
    array.view(np.uint8)[:] = 7
    longer = lengthened(array, many + 5)
    assert longer.ctypes.data % LINE == 0
    assert longer.shape == (many + 5, 3)
    assert (longer[:many].view(np.uint8) == 7).all()
    assert not longer[many:].view(np.uint8).any()
