"""Records in one text, the plain events that are found in it, and the odd pieces that are left."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Bytes, Positions
from models.judging import RECORD_MAX
from models.records import latest_times
from models.scan.eight import PAD
from models.scan.events import scan
from models.scan.layout import Columns, Ints, cut, room
from models.scan.syntax import ARRAY
from models.scan.words import frame_of

SMALLEST: Final = 64
"""Bytes; every event that has what it needs is larger."""
SPARE: Final = 256
"""Odd events of arrays that a batch has room for; an array with more is left as a whole."""
LINE_BREAK: Final = 10
ASCII_MAX: Final = 127
FEW: Final = 64
"""Records that are not ASCII which are looked at one by one; of more, all records are at once first."""


class Joined(NamedTuple):
    """Records in one text.

    Attributes:
        text: the records, each followed by a line break, and `eight.PAD` bytes more.
        starts: int64[records], where each starts in the text.
        ends: int64[records], where its line break is.
    """

    text: Bytes
    starts: Positions
    ends: Positions


class Records(NamedTuple):
    """Records, and where they came from.

    Attributes:
        joined: those that can be read, as `readable` leaves them.
        value: gives the bytes of the record with a number; None is a record without a value.
        append_ms: int64[records], when each was appended, as `models.records.decode` takes it.
        latest: int64[records], the latest time that each can report, ms.
        source: int32[records], position in the batch's list of sources.
        offset: int64[records], in the source.
    """

    joined: Joined
    value: Callable[[int], bytes | None]
    append_ms: Ints | None
    latest: Ints
    source: npt.NDArray[np.int32]
    offset: Ints


def records_of(
    joined: Joined,
    value: Callable[[int], bytes | None],
    append_ms: Ints | None,
    source: npt.NDArray[np.int32],
    offset: Ints,
) -> Records:
    """Return records with the latest time that each can report."""
    return Records(joined, value, append_ms, latest_times(source.size, append_ms), source, offset)


class Batch(NamedTuple):
    """What is in some records.

    Attributes:
        text: the records, each followed by a line break, and `eight.PAD` bytes more.
        columns: the plain events, ordered by (record, index).
        odd: int64[4, pieces], ordered as well: the record, the index in its array or `WHOLE`, the start and the end of
            what is left to the typed decoder.
    """

    text: Bytes
    columns: Columns
    odd: Ints


def batch_of(records: Records) -> Batch:
    """Return what is in the records."""
    text, starts, ends = records.joined
    arrays = text[starts] == ARRAY  # one behind white space is not seen; where there is no room for it, it is odd
    columns = room(starts.size + int((ends - starts)[arrays].sum()) // SMALLEST)
    odd = np.empty((4, starts.size + SPARE), np.int64)
    rows, pieces = scan(frame_of(text, starts, ends, records.latest), columns, odd)
    return Batch(text, cut(columns, rows), odd[:, :pieces])


def joined_records(values: Sequence[bytes | None]) -> Joined:
    r"""Return the records that can be read in one text.

    Example:
        >>> text, starts, ends = joined_records([b"ab", None, b"\xff", b"c"])
        >>> bytes(text[:8]), starts.tolist(), ends.tolist()
        (b'ab\n\n\n\nc\n', [0, 3, 4, 6], [2, 3, 4, 7])
    """
    texts = [value or b"" for value in values]
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(sizes + 1) - 1
    text = bytearray(b"\n").join([*texts, bytes(PAD)])
    return readable(Joined(np.frombuffer(text, np.uint8), ends - sizes, ends))


def readable(joined: Joined) -> Joined:
    """Return the same text, from here on not to be written: records too large or not UTF-8 are emptied in place."""
    text, starts, ends = joined
    unread = ends - starts > RECORD_MAX
    foreign = np.flatnonzero((np.maximum.reduceat(text, starts) > ASCII_MAX) & ~unread)
    if foreign.size <= FEW or not _is_utf8(text):
        for record in foreign.tolist():
            unread[record] = not _is_utf8(text[starts[record] : ends[record]])
    ends[unread] = starts[unread]
    text[starts[unread]] = LINE_BREAK
    text.flags.writeable = False
    return joined


def _is_utf8(text: Bytes) -> bool:
    """Say whether a text is UTF-8; joined records are if each is, for no sequence goes on after a line break."""
    try:
        str(text.data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True
