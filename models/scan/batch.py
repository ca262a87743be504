"""Records in one text, the plain events that are found in it, and the odd pieces that are left."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.hashing import Bytes, Positions
from models.judging import RECORD_MAX
from models.scan.eight import PAD
from models.scan.events import scan
from models.scan.layout import Columns, Ints, cut, room
from models.scan.syntax import ARRAY
from models.scan.words import frame_of

SMALLEST: Final = 64
"""Bytes; every event that has what it needs is larger."""
SPARE: Final = 256
"""Odd events of arrays that a batch has room for; an array with more is left as a whole."""


class Records(NamedTuple):
    """Records, and where they came from.

    Attributes:
        values: their bytes; None is a record without a value.
        append_ms: when each was appended, as `models.records.decode` takes it.
        latest: int64[records], the latest time that each can report, ms.
        source: int32[records], position in the batch's list of sources.
        offset: int64[records], in the source.
    """

    values: Sequence[bytes | None]
    append_ms: Sequence[int] | None
    latest: Ints
    source: npt.NDArray[np.int32]
    offset: Ints


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
    text, starts, ends = joined_records(records.values)
    arrays = text[starts] == ARRAY  # one behind white space is not seen; where there is no room for it, it is odd
    columns = room(starts.size + int((ends - starts)[arrays].sum()) // SMALLEST)
    odd = np.empty((4, starts.size + SPARE), np.int64)
    rows, pieces = scan(frame_of(text, starts, ends, records.latest), columns, odd)
    return Batch(text, cut(columns, rows), odd[:, :pieces])


def joined_records(values: Sequence[bytes | None]) -> tuple[Bytes, Positions, Positions]:
    r"""Return the records in one text, and where each starts and ends.

    A record without a value, that is too large, or that is not UTF-8 is empty there.

    Example:
        >>> text, starts, ends = joined_records([b"ab", None, b"\xff", b"c"])
        >>> bytes(text[:7]), starts.tolist(), ends.tolist()
        (b'ab\n\n\nc\n', [0, 3, 4, 5], [2, 3, 4, 6])
    """
    texts = [value or b"" for value in values]
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    unread = np.flatnonzero(sizes > RECORD_MAX).tolist()
    whole, ends = _joined(texts, sizes, unread)
    if not _is_utf8(whole):
        foreign = np.flatnonzero(_has_foreign(np.frombuffer(whole, np.uint8), ends - sizes, ends)).tolist()
        whole, ends = _joined(texts, sizes, [record for record in foreign if not _is_utf8(texts[record])])
    return np.frombuffer(whole, np.uint8), ends - sizes, ends


def _joined(texts: list[bytes], sizes: Positions, unread: Sequence[int]) -> tuple[bytes, Positions]:
    """Return the records in one text, and where each ends; those that cannot be read are emptied."""
    for record in unread:
        texts[record] = b""
        sizes[record] = 0
    return b"\n".join([*texts, b"\0" * PAD]), np.cumsum(sizes + 1) - 1


@nb.njit(cache=True, nogil=True)
def _has_foreign(text: Bytes, starts: Positions, ends: Positions) -> npt.NDArray[np.bool_]:
    """Say which records have a byte that is not ASCII."""
    found = np.empty(starts.size, np.bool_)
    for record in range(starts.size):
        bits = np.uint8(0)
        for at in range(starts[record], ends[record]):
            bits |= text[at]
        found[record] = bits >= np.uint8(128)
    return found


def _is_utf8(text: bytes) -> bool:
    """Say whether a text is UTF-8; joined records are if each is, for no sequence goes on after a line break."""
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
