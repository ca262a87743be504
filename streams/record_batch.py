"""Records that stand in a client's memory, as columns: read together without an object each, or one by one as bytes."""

import ctypes
from typing import Any

import numpy.typing as npt

from models.scan.batch import Joined, readable
from streams import foreign
from streams.foreign import APPENDED_MS, ERROR, KEY, OFFSET, PARTITION, VALUE, VALUE_BYTES, Ints


class RecordBatch:
    """Records that were read together; they are there as long as the memory that they stand in.

    Args:
        fields: int64[`foreign.FIELDS`, records], as `foreign.read` gives them.

    Attributes:
        errors: int64[records], librdkafka's code; what is not 0 is no record, its value is what went wrong in words.
        partition: int64[records], of their topic.
        offset: int64[records], in their partition.
        appended_ms: int64[records], when each was appended, ms; 0 where the log does not say.
        sizes: int64[records], bytes of the values.
    """

    def __init__(self, fields: Ints) -> None:
        self._fields = fields
        self.errors: Ints = fields[ERROR]
        self.partition: Ints = fields[PARTITION]
        self.offset: Ints = fields[OFFSET]
        self.appended_ms: Ints = fields[APPENDED_MS]
        self.sizes: Ints = fields[VALUE_BYTES]

    def __len__(self) -> int:
        """How many records."""
        return int(self.offset.size)

    def value(self, record: int) -> bytes | None:
        """One record's value."""
        return self._bytes(VALUE, record)

    def key(self, record: int) -> bytes | None:
        """One record's key."""
        return self._bytes(KEY, record)

    def _bytes(self, field: int, record: int) -> bytes | None:
        address, size = int(self._fields[field, record]), int(self._fields[field + 1, record])
        return ctypes.string_at(address, size) if address else None

    def joined(self) -> Joined:
        """The values in one text of their own, as `models.scan.batch.joined_records` gives them."""
        return readable(Joined(*foreign.joined(self._fields[VALUE], self.sizes)))

    def part(self, which: "slice | npt.NDArray[Any]") -> "RecordBatch":
        """Some of the records, in the same memory."""
        return RecordBatch(self._fields[:, which])
