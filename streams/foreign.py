"""Kernels on memory that is not numpy's: librdkafka's messages, read in place and given back.

Addresses are numbers, and so are those of C functions: a kernel that gets them as arguments can be cached.
"""

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # numba's compiler has no types
from numba.core import cgutils, types
from numba.extending import intrinsic

from models.scan.batch import LINE_BREAK
from models.scan.eight import PAD

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

ERROR, PARTITION, OFFSET, APPENDED_MS, VALUE, VALUE_BYTES, KEY, KEY_BYTES = range(8)
"""What is read of a message, a row each; values and keys are addresses, 0 where there is none, then their sizes."""
FIELDS: Final = 8

_WORD, _HALF, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8)


class Layout(NamedTuple):
    """Where the parts of a message are, bytes from its beginning, and which sort of time says when it was appended."""

    error: int
    partition: int
    offset: int
    value: int
    value_bytes: int
    key: int
    key_bytes: int
    append_time: int


def _loading(kind: ir.IntType) -> Any:
    """Return what reads an integer at an address."""

    def load(_typing: Any, address: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
            found = builder.load(builder.inttoptr(values[0], kind.as_pointer()))
            return found if kind == _WORD else builder.sext(found, _WORD)

        return types.int64(address), generate

    return intrinsic(load)


def _calling(result: ir.Type, words: int) -> Any:
    """Return what calls the C function at an address with so many words."""
    kind = ir.FunctionType(result, [_WORD] * words)

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        called = builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return called if result == _WORD else ir.Constant(_WORD, 0)

    return generate


def _tell(_typing: Any, function: Any, argument: Any) -> Any:
    """Call `void function(argument)`."""
    return types.int64(function, argument), _calling(ir.VoidType(), 1)


def _ask(_typing: Any, function: Any, first: Any, second: Any) -> Any:
    """Call `int64_t function(first, second)`."""
    return types.int64(function, first, second), _calling(_WORD, 2)


def _copy(_typing: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy bytes from address to address."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        to, start = (builder.inttoptr(value, _BYTE.as_pointer()) for value in values[:2])
        cgutils.raw_memcpy(builder, to, start, values[2], 1)  # type: ignore[no-untyped-call]  # numba's
        return ir.Constant(_WORD, 0)

    return types.int64(target, source, size), generate


# to a kernel they are functions of its arguments, without `_typing`
_word_at: Any = _loading(_WORD)
_half_at: Any = _loading(_HALF)
_told: Any = intrinsic(_tell)
_asked: Any = intrinsic(_ask)
_copied: Any = intrinsic(_copy)


@nb.njit(cache=True, nogil=True)
def read(messages: Ints, layout: Layout, timestamp: int) -> Ints:
    """Return int64[FIELDS, messages], what messages at some addresses are; the time is 0 where it is another's.

    `timestamp` is the address of `rd_kafka_message_timestamp`.
    """
    fields = np.empty((FIELDS, messages.size), np.int64)
    sort = np.zeros(1, np.int32)
    for i in range(messages.size):
        message = messages[i]
        fields[ERROR, i] = _half_at(message + layout.error)
        fields[PARTITION, i] = _half_at(message + layout.partition)
        fields[OFFSET, i] = _word_at(message + layout.offset)
        when = _asked(timestamp, message, sort.ctypes.data)
        fields[APPENDED_MS, i] = when if sort[0] == layout.append_time else 0
        fields[VALUE, i] = _word_at(message + layout.value)
        fields[VALUE_BYTES, i] = _word_at(message + layout.value_bytes)
        fields[KEY, i] = _word_at(message + layout.key)
        fields[KEY_BYTES, i] = _word_at(message + layout.key_bytes)
    return fields


@nb.njit(cache=True, nogil=True)
def give_back(messages: Ints, destroy: int) -> None:
    """Call the function at `destroy` with every message's address."""
    for message in messages:
        _told(destroy, message)


@nb.njit(cache=True, nogil=True)
def joined(addresses: Ints, sizes: Ints) -> tuple[Bytes, Ints, Ints]:
    """Return texts at some addresses in one, each followed by a line break, and where each starts and ends there."""
    text = np.empty(sizes.sum() + sizes.size + PAD, np.uint8)
    text[text.size - PAD :] = 0
    starts, ends = np.empty_like(sizes), np.empty_like(sizes)
    at = 0
    for i in range(sizes.size):
        _copied(text.ctypes.data + at, addresses[i], sizes[i])
        starts[i] = at
        ends[i] = at + sizes[i]
        text[ends[i]] = LINE_BREAK
        at = ends[i] + 1
    return text, starts, ends
