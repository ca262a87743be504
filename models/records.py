"""From record bytes to events, thousands at a time: what a record gives never depends on its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import msgspec
import numpy as np
import numpy.typing as npt

from models.events import Event, EventKind
from models.judging import DEPTH_MAX, EVENT_MAX, EVENTS_MAX, RECORD_MAX, judge, own_bytes
from models.rejects import Reason, Reject

__all__ = ["Decoded", "Event", "EventKind", "Reason", "Reject", "decode"]

YEAR_2000_MS: Final = 946_684_800_000
YEAR_9999_MS: Final = 253_402_300_799_999
"""The last millisecond that RFC 3339 can write."""
AHEAD_MS: Final = 300_000
"""How far `ts` may be ahead of the record's append time (contract section 2)."""
SLICE: Final = 512
"""Records that are cleared at once: few enough for the processor's cache."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)

Mask = npt.NDArray[np.bool_]
Fault = tuple[Reason, str]
Found = Event | Sequence[Event | Reject] | None
_read = msgspec.json.Decoder(Event | list[Event]).decode


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of a batch of records, and what was refused.

    Attributes:
        events: in the order of the records, and of each record's array.
        record: int32[events], position of the event's record in the batch.
        index: int32[events], position in the record's array; 0 for a single event.
        rejects: ordered by (record, index).
        values: the records' bytes, as given.
        latest: int64[records], the latest time that a record can report, ms: 5 minutes after it was appended.
    """

    events: list[Event]
    record: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    rejects: list[Reject]
    values: Sequence[bytes | None]
    latest: npt.NDArray[np.int64]

    def without(self, faults: dict[int, Fault]) -> "Decoded":
        """Return the batch with the events at these positions refused."""
        good = np.ones(len(self.events), np.bool_)
        good[list(faults)] = False
        refused = sorted(self.rejects + self.refused(faults), key=lambda reject: (reject.record, reject.index))
        return replace(
            self,
            events=[event for event, kept in zip(self.events, good.tolist(), strict=True) if kept],
            record=self.record[good],
            index=self.index[good],
            rejects=refused,
        )

    def refused(self, faults: dict[int, Fault]) -> list[Reject]:
        """Return a reject for each of these events, with its own bytes, ordered by (record, index)."""
        parts: dict[int, list[bytes]] = {}  # an array is split once, however many of its events are bad
        rejects = []
        for position, (reason, detail) in sorted(faults.items()):
            record, index = int(self.record[position]), int(self.index[position])
            if record not in parts:
                parts[record] = own_bytes(self.values[record] or b"")
            rejects.append(Reject(record, index, reason, detail, parts[record][index]))
        return rejects


def decode(values: Sequence[bytes | None], append_ms: Sequence[int] | None = None) -> Decoded:
    """Return the events of a batch of records, and the rejects.

    `called` and the amounts are judged later, where their columns are built (`models.rows.rows_of`).

    Args:
        values: the records' bytes; None is a record without a value.
        append_ms: when each was appended (LogAppendTime); a time of 0 or less is not known. None switches
            the check off that `ts` is at most 5 minutes ahead of it.

    Example:
        >>> decode([b"[]", b"{"]).rejects[0].reason
        <Reason.NOT_JSON: 'not_json'>
    """
    found = _read_all(values)
    for record in _doubtful(values, found):
        found[record] = judge(record, values[record])
    decoded = _flat(found, values, latest_times(len(values), append_ms))
    faults = _untimely(decoded) | _incomplete(decoded.events)
    return decoded.without(faults) if faults else decoded


def _read_all(values: Sequence[bytes | None]) -> list[Found]:
    """Return each record's event or events, None where it is not plainly good."""
    found: list[Found] = []
    for value in values:
        try:
            found.append(_read(value) if value is not None and len(value) <= RECORD_MAX else None)
        except (ValueError, RecursionError):  # ValueError: msgspec's errors, and int's limit of 4,300 digits
            found.append(None)
    return found


def _doubtful(values: Sequence[bytes | None], found: list[Found]) -> list[int]:
    """Return the records that need care: unread ones, and those where the decoder may have skipped a fault.

    msgspec looks neither at UTF-8 nor at depth in fields that we do not know. A slice of small records with few
    brackets beyond its own objects and arrays is cleared at once; else each is looked at by itself.
    """
    doubtful: list[int] = []
    for start in range(0, len(found), SLICE):
        these = found[start : start + SLICE]
        texts = values[start : start + SLICE]
        if _clear(texts, these):
            doubtful += [start + place for place, one in enumerate(these) if one is None]
        else:
            doubtful += [start + place for place, one in enumerate(these) if not _plain(texts[place], one)]
    return doubtful


def _clear(values: Sequence[bytes | None], found: list[Found]) -> bool:
    """Say whether all records that were read are surely good."""
    read = [value for value, one in zip(values, found, strict=True) if value is not None and one is not None]
    text = b"\n".join(read)  # never parsed; and no UTF-8 sequence goes on after a line break
    small = max(map(len, read), default=0) <= EVENT_MAX
    return small and _spare(text, found) <= DEPTH_MAX - 2 and _is_utf8(text)


def _spare(text: bytes, found: list[Found]) -> int:
    """Return how many brackets there are beside those of the events and their arrays.

    A record with `s` of them is at most `s` + 2 levels deep, and none has more than all have together.
    """
    arrays = [one for one in found if isinstance(one, list)] if list in set(map(type, found)) else []
    singles = len(found) - len(arrays) - found.count(None)
    return _brackets(text) - singles - sum(1 + len(array) for array in arrays)


def _brackets(text: bytes) -> int:
    """Return how many arrays and objects a text could open."""
    if len(text) <= EVENT_MAX:
        return text.count(b"{") + text.count(b"[")
    letters = np.frombuffer(text, np.uint8)  # four times faster on megabytes
    return int(np.count_nonzero(letters == ord("{")) + np.count_nonzero(letters == ord("[")))


def _plain(value: bytes | None, found: Found) -> bool:
    """Say whether a record that was read is surely good."""
    if value is None or found is None:
        return False
    if _spare(value, [found]) > DEPTH_MAX - 2 or not _is_utf8(value):
        return False
    return len(value) <= EVENT_MAX or _fits(own_bytes(value))


def _is_utf8(value: bytes) -> bool:
    try:
        return value.isascii() or bool(value.decode())
    except UnicodeDecodeError:
        return False


def _fits(parts: list[bytes]) -> bool:
    return len(parts) <= EVENTS_MAX and max(map(len, parts)) <= EVENT_MAX


def _flat(found: list[Found], values: Sequence[bytes | None], latest: npt.NDArray[np.int64]) -> Decoded:
    """Return the records' events and rejects in one row, each with where it stood."""
    if set(map(type, found)) == {Event}:
        one_each = np.arange(len(found), dtype=np.int32)
        return Decoded(cast(list[Event], found), one_each, np.zeros_like(one_each), [], values, latest)
    events: list[Event] = []
    rejects: list[Reject] = []
    record, index = [], []
    for number, one in enumerate(found):
        for position, event in enumerate((one,) if isinstance(one, Event) else one or ()):
            if isinstance(event, Reject):
                rejects.append(event)
            else:
                events.append(event)
                record.append(number)
                index.append(position)
    return Decoded(events, np.array(record, np.int32), np.array(index, np.int32), rejects, values, latest)


def latest_times(records: int, append_ms: Sequence[int] | npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
    """Return for every record the latest time (ms) that one of its events may show."""
    if append_ms is None:
        return np.full(records, YEAR_9999_MS)
    appended = np.array(append_ms, np.int64)
    return np.where(appended > 0, np.minimum(appended, YEAR_9999_MS - AHEAD_MS) + AHEAD_MS, YEAR_9999_MS)


def times_of(events: list[Event]) -> npt.NDArray[np.int64]:
    """Return every `ts` in ms; datetimes become milliseconds in the events, too."""
    try:
        return np.fromiter([event.ts for event in events], np.int64, len(events))
    except TypeError:
        for event in events:
            if isinstance(event.ts, datetime):
                event.ts = (event.ts - EPOCH) // MILLISECOND
        return times_of(events)


def _untimely(decoded: Decoded) -> dict[int, Fault]:
    ts = times_of(decoded.events)
    latest = decoded.latest[decoded.record]
    old = {
        int(position): (Reason.TS_TOO_OLD, f"`ts` {ts[position]} is before 2000; is it in milliseconds?")
        for position in np.flatnonzero(ts < YEAR_2000_MS)
    }
    ahead = {
        int(position): (
            Reason.TS_AHEAD,
            f"`ts` is {ts[position] - latest[position]} ms past the latest allowed",
        )
        for position in np.flatnonzero(ts > latest)
    }
    return old | ahead


def _incomplete(events: list[Event]) -> dict[int, Fault]:
    """Return the releases and CDRs that have no `duration_s`."""
    return {
        position: (Reason.MISSING_FIELD, f"`duration_s` is missing in a {event.event}")
        for position, event in enumerate(events)
        if event.duration_s is None and event.event in ("release", "cdr")
    }
