"""The part of librdkafka's public C API that `streams.batch_consumer` calls, in confluent-kafka's own copy of it.

Reference: `rdkafka.h`, whose names these are. Structures and functions that stand there are kept within a major
version of the library; nothing of confluent-kafka's own is touched.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_ssize_t, c_void_p
from functools import cache
from typing import Any, Final

from confluent_kafka import cimpl

from streams.errors import DependencyError

CONSUMER: Final = 1
LOG_APPEND_TIME: Final = 2
INVALID_OFFSET: Final = -1001
ANY_PARTITION: Final = -1
ERROR_TEXT_BYTES: Final = 512


class Message(Structure):
    """`rd_kafka_message_t`: a record; or where `err` is not 0 an error, and the payload is what it says."""

    _fields_ = (
        ("err", c_int),
        ("rkt", c_void_p),
        ("partition", c_int32),
        ("payload", c_void_p),
        ("len", c_size_t),
        ("key", c_void_p),
        ("key_len", c_size_t),
        ("offset", c_int64),
        ("_private", c_void_p),
    )


class Place(Structure):
    """`rd_kafka_topic_partition_t`: a partition and an offset in it, and what went wrong there."""

    _fields_ = (
        ("topic", c_char_p),
        ("partition", c_int32),
        ("offset", c_int64),
        ("metadata", c_void_p),
        ("metadata_size", c_size_t),
        ("opaque", c_void_p),
        ("err", c_int),
        ("_private", c_void_p),
    )


class Places(Structure):
    """`rd_kafka_topic_partition_list_t`."""

    _fields_ = (("cnt", c_int), ("size", c_int), ("elems", POINTER(Place)))


Rebalanced = CFUNCTYPE(None, c_void_p, c_int, POINTER(Places), c_void_p)
Failed = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_void_p)
Logged = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_char_p)

_SIGNATURES: Final[dict[str, tuple[Any, ...]]] = {
    "assign": (c_int, c_void_p, POINTER(Places)),
    "assignment_lost": (c_int, c_void_p),
    "commit": (c_int, c_void_p, POINTER(Places), c_int),
    "committed": (c_int, c_void_p, POINTER(Places), c_int),
    "conf_destroy": (None, c_void_p),
    "conf_new": (c_void_p,),
    "conf_set": (c_int, c_void_p, c_char_p, c_char_p, c_char_p, c_size_t),
    "conf_set_error_cb": (None, c_void_p, Failed),
    "conf_set_log_cb": (None, c_void_p, Logged),
    "conf_set_rebalance_cb": (None, c_void_p, Rebalanced),
    "consume_batch_queue": (c_ssize_t, c_void_p, c_int, c_void_p, c_size_t),
    "consumer_close": (c_int, c_void_p),
    "destroy": (None, c_void_p),
    "err2str": (c_char_p, c_int),
    "fatal_error": (c_int, c_void_p, c_char_p, c_size_t),
    "get_watermark_offsets": (c_int, c_void_p, c_char_p, c_int32, POINTER(c_int64), POINTER(c_int64)),
    "last_error": (c_int,),
    "message_destroy": (None, c_void_p),
    "message_timestamp": (c_int64, c_void_p, POINTER(c_int)),
    "name": (c_char_p, c_void_p),
    "new": (c_void_p, c_int, c_void_p, c_char_p, c_size_t),
    "poll_set_consumer": (c_int, c_void_p),
    "query_watermark_offsets": (c_int, c_void_p, c_char_p, c_int32, POINTER(c_int64), POINTER(c_int64), c_int),
    "queue_destroy": (None, c_void_p),
    "queue_get_consumer": (c_void_p, c_void_p),
    "set_log_queue": (c_int, c_void_p, c_void_p),
    "subscribe": (c_int, c_void_p, POINTER(Places)),
    "topic_partition_list_add": (POINTER(Place), POINTER(Places), c_char_p, c_int32),
    "topic_partition_list_destroy": (None, POINTER(Places)),
    "topic_partition_list_new": (POINTER(Places), c_int),
    "version": (c_int,),
    "yield": (None, c_void_p),
}
"""Result and arguments of each function, without the prefix `rd_kafka_`."""


class Library:
    """The functions by their names, without the prefix; other threads of Python run while one of them waits.

    Args:
        path: of a library that is loaded, or of one that links to it.

    Raises:
        DependencyError: it is not there, or has not all of the functions.
    """

    def __init__(self, path: str) -> None:
        try:
            found = ctypes.CDLL(path)
            self._functions = {name: getattr(found, f"rd_kafka_{name}") for name in _SIGNATURES}
        except (OSError, AttributeError) as error:
            raise DependencyError(
                f"librdkafka cannot be called: {error} (install confluent-kafka from its wheel, or link it dynamically)"
            ) from None
        for name, (result, *arguments) in _SIGNATURES.items():
            self._functions[name].restype, self._functions[name].argtypes = result, arguments

    def __getattr__(self, name: str) -> Any:
        return self._functions[name]

    def address(self, name: str) -> int:
        """Where a function is, for kernels that call it."""
        return ctypes.cast(self._functions[name], c_void_p).value or 0


@cache
def library() -> Library:
    """The library that confluent-kafka uses: its symbols are found through the extension module that links to it.

    Raises:
        DependencyError: as of `Library`.
    """
    return Library(cimpl.__file__)
