"""Records scanned for plain events: what number each field is, or where it stands in the text.

Whatever is not plain (an escape, an exponent, a field twice, a wrong type, a fault of any sort) is odd: it is left to
the typed decoder, and what is found here is what that would find.
"""

import numba as nb
import numpy as np

from models.borrowing import borrowed, part
from models.hashing import Bytes
from models.scan.clock import moment
from models.scan.eight import POWERS, byte
from models.scan.layout import (
    CALL_ID,
    CALLED,
    CDR,
    CODE_BITS,
    DURATION_S,
    END,
    EVENT,
    INDEX,
    NEEDED,
    NO_FIELD,
    NOT_GIVEN,
    RATE,
    RECORD,
    RELEASE,
    START,
    TEST,
    TS,
    WHOLE,
    Columns,
    Frame,
    Ints,
    Limits,
    V,
)
from models.scan.lexicon import UNKNOWN, look_up
from models.scan.order import stands
from models.scan.syntax import (
    ARRAY,
    ARRAY_END,
    COMMA,
    NESTING_MAX,
    NO,
    OBJECT,
    OBJECT_END,
    PLUS,
    QUOTE,
    after_literal,
    after_name,
    after_space,
    closing,
    decimal,
    skipped,
)


@part
def _fits(text: Bytes, start: int, end: int, field: int, limits: Limits) -> bool:
    """Say whether a text can be the field's value; visual separators in `called` are not plain."""
    if field != CALLED:
        size = end - start
        return 0 < size <= limits.call_id if field == CALL_ID else size <= limits.text
    start += byte(text, start) == PLUS
    for i in range(start, end):
        if not (48 <= byte(text, i) <= 57 or byte(text, i) in (35, 42)):  # 0 to 9, #, *
            return False
    return 0 < end - start <= limits.called


@part
def _string(frame: Frame, i: int, field: int) -> tuple[int, bool]:
    """Fill a slot from the string that has its first character at `i`; return the position after it, and if it fits."""
    slots = frame.slots
    end, plain = closing(frame.text, i)
    if not plain:
        return end, False
    if field < EVENT:
        slots[field, 0] = i
        slots[field, 1] = end
        return end + 1, _fits(frame.text, i, end, field, frame.limits)
    if field < TEST:
        word = look_up(frame.words, frame.text, i, end)
        slots[field, 0] = word & ((1 << CODE_BITS) - 1)
        return end + 1, word >> CODE_BITS == field
    if RATE <= field < DURATION_S:
        stop, fits = _number(frame, i, field)
        return end + 1, fits and stop == end
    slots[TS, 0] = moment(frame.text, i, end)
    slots[TS, 1] = 0
    return end + 1, field == TS


@part
def _number(frame: Frame, i: int, field: int) -> tuple[int, bool]:
    """Fill a slot from the number at `i`; return the position after it, and whether it can be the field's value."""
    value, decimals, end = decimal(frame.text, i)
    if field < RATE or decimals < 0:
        return end, False
    frame.slots[field, 0] = value
    frame.slots[field, 1] = decimals
    if field < DURATION_S:
        whole = np.int64(np.uint64(abs(value)) // POWERS[decimals])
        return end, bool(whole < frame.limits.amount)
    if field < TS:
        return end, 0 <= value < 1 << 53 and _quotient(value, decimals) <= frame.limits.seconds
    return end, decimals == 0 and (field != V or value == 1)


@part
def _quotient(value: int, decimals: int) -> float:
    """Return the float nearest to a decimal: below 2^53 and up to 22 decimals, both sides of the division are exact."""
    return np.float64(value) / np.float64(POWERS[decimals])


@part
def _literal(frame: Frame, i: int, field: int) -> tuple[int, bool]:
    """Fill a slot from `true` or `false`, or leave it for `null`; return the position after it, and whether it fits."""
    end = after_literal(frame.text, i)
    first = byte(frame.text, i)
    if first == 110:  # n
        return end, end >= 0 and (NEEDED >> field) & 1 == 0
    frame.slots[field, 0] = first == 116  # t
    return end, end >= 0 and field == TEST


@part
def _value(frame: Frame, i: int, field: int) -> tuple[int, bool]:
    """Fill a slot from the value at `i`; return the position after it, and whether it can be the field's value."""
    first = byte(frame.text, i)
    if first == QUOTE:
        return _string(frame, i + 1, field)
    if first < 97:  # a
        return _number(frame, i, field)
    return _literal(frame, i, field)


@part
def _named(frame: Frame, start: int, first: int, before: int) -> tuple[int, int, bool]:
    """Return the field of the name that has its first character at `start`, where the name ends, and whether plainly.

    `first` and `before` are the event's first field and the one before this, `NO_FIELD` for none.
    """
    field = frame.next[np.uint64(first), np.uint64(before)]
    if stands(frame.names, field, frame.text, start):
        return field, start + frame.names.sizes[np.uint64(field)], True
    end, plain = closing(frame.text, start)
    field = look_up(frame.keys, frame.text, start, end) if plain else UNKNOWN
    if field != UNKNOWN:
        frame.next[np.uint64(first), np.uint64(before)] = field
    return field, end, plain


@part
def _members(frame: Frame, i: int, end: int, levels: int) -> int:
    """Fill the slots from the object that opens at `i`; return the position after it.

    Unknown members are skipped, where they have at most `levels` levels.
    """
    text = frame.text
    seen = 0
    first = before = NO_FIELD
    i = after_space(text, i + 1, end)
    while byte(text, i) == QUOTE:
        field, i, plain = _named(frame, i + 1, first, before)
        if not plain:
            break
        i, follows = after_name(text, i, end)
        if not follows:
            break
        if field == UNKNOWN:
            i = skipped(text, i, end, levels)
            fits = i >= 0
        else:
            i, fits = _value(frame, i, field)
            fits &= (seen >> field) & 1 == 0
            seen |= 1 << field
            first, before = field if first == NO_FIELD else first, field
        if not fits:
            break
        i = after_space(text, i, end)
        if byte(text, i) != COMMA:
            return i + 1 if byte(text, i) == OBJECT_END and seen & NEEDED == NEEDED else NO
        i = after_space(text, i + 1, end)
    return NO


@part
def _event(frame: Frame, i: int, end: int, latest: int, level: int) -> int:
    """Fill the slots from the plain event at `i`, inside `level` arrays; return the position after it."""
    if frame.text[i] != OBJECT:
        return NO
    slots, limits = frame.slots, frame.limits
    for field in range(RATE):
        slots[field, 0] = slots[field, 1] = 0
    for field in range(RATE, V + 1):
        slots[field, 1] = NOT_GIVEN
    stop = _members(frame, i, end, limits.depth - 1 - level)
    if stop - i > limits.event or not limits.earliest <= slots[TS, 0] <= latest:
        return NO
    needs_duration = slots[EVENT, 0] in (RELEASE, CDR)
    return NO if needs_duration and slots[DURATION_S, 1] == NOT_GIVEN else stop


@part
def _millionths(value: int, decimals: int) -> int:
    """Return an amount as `models.prices.micros` does: half to even, and never 0 for what is positive."""
    if value <= 0:
        return -1 if value < 0 else 0
    if decimals <= 6:
        return int(value * np.int64(POWERS[6 - decimals]))
    unit = np.int64(POWERS[decimals - 6])
    whole, rest = value // unit, value % unit
    up = 2 * rest > unit or (2 * rest == unit and whole % 2 == 1)
    return max(1, int(whole + up))


@part
def _keep(frame: Frame, columns: Columns, row: int) -> None:
    """Make a row of the event in the slots."""
    slots = frame.slots
    for field in range(EVENT):
        columns.starts[field, row] = slots[field, 0]
        columns.ends[field, row] = slots[field, 1]
    for field in range(EVENT, RATE):
        columns.codes[field - EVENT, row] = slots[field, 0]
    for field in range(RATE, TS):
        value, decimals = slots[field, 0], slots[field, 1]
        given = decimals != NOT_GIVEN
        if field < DURATION_S:
            columns.amounts[field - RATE, row] = _millionths(value, decimals) if given else frame.limits.no_amount
        else:
            columns.seconds[field - DURATION_S, row] = _quotient(value, decimals) if given else 0.0
    columns.ts[row] = slots[TS, 0]


@part
def _leave(odd: Ints, piece: int, record: int, index: int, start: int, end: int) -> None:
    """Leave a piece to the typed decoder."""
    odd[RECORD, piece] = record
    odd[INDEX, piece] = index
    odd[START, piece] = start
    odd[END, piece] = end


@part
def _record(frame: Frame, record: int, columns: Columns, odd: Ints, rows: int, pieces: int) -> tuple[int, int]:
    """Make rows of a record; return how many rows and odd pieces there are then, or -1 where it is odd as a whole."""
    text, end = frame.text, frame.ends[record]
    most = odd.shape[1] - frame.ends.size + record  # a piece is left for this record, and for each to come
    i = after_space(text, frame.starts[record], end)
    level = int(text[i] == ARRAY)
    i = after_space(text, i + level, end)
    if level == 1 and text[i] == ARRAY_END:
        return (rows, pieces) if after_space(text, i + 1, end) == end else (NO, NO)
    for index in range(frame.limits.events):
        stop = _event(frame, i, end, frame.latest[record], level)
        if rows == columns.ts.size:
            break
        if stop >= 0:
            _keep(frame, columns, rows)
            columns.places[RECORD, rows] = record
            columns.places[INDEX, rows] = index if level == 1 else WHOLE
            rows += 1
        elif level == 1 and pieces < most:
            stop = skipped(text, i, end, NESTING_MAX)
            _leave(odd, pieces, record, index, i, stop)
            pieces += 1
        else:
            break
        i = after_space(text, stop, end) if stop >= 0 else end
        if level == 0 or text[i] == ARRAY_END:
            return (rows, pieces) if after_space(text, i + level, end) == end else (NO, NO)
        if text[i] != COMMA:
            break
        i = after_space(text, i + 1, end)
    return NO, NO


@nb.njit(cache=True, nogil=True)
def scan(frame: Frame, columns: Columns, odd: Ints) -> tuple[int, int]:
    """Scan every record; return how many rows and how many odd pieces there are.

    Args:
        frame: the records, and what to look for.
        columns: room for plain events; a record for which there is none is odd.
        odd: int64[4, pieces], room for record, index in its array or `WHOLE`, start and end of what is odd: at least a
            piece for each record, and one for each event that is odd by itself; an array with more is odd as a whole.
    """
    frame, columns, odd = borrowed(frame), borrowed(columns), borrowed(odd)
    rows = pieces = 0
    for record in range(frame.ends.size):
        made, found = _record(frame, record, columns, odd, rows, pieces)
        if made < 0:
            _leave(odd, pieces, record, WHOLE, frame.starts[record], frame.ends[record])
            made, found = rows, pieces + 1
        rows, pieces = made, found
    return rows, pieces
