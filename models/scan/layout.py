"""What the scanner looks for in an event, and the columns that it fills.

numba's cache does not see a change here: touch `events.py` with it.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.hashing import Bytes, Positions
from models.scan.lexicon import Lexicon
from models.scan.order import Spelled

Ints = npt.NDArray[np.int64]

FIELDS: Final = (
    *("call_id", "caller", "called", "dialled", "account", "trunk_in", "refused_by"),
    *("switch", "trunk", "plan", "currency", "rate_key"),
    *("event", "called_type", "direction", "attestation", "rating_status", "test"),
    *("rate", "setup_fee", "charge"),
    *("duration_s", "free_s"),
    *("ts", "cause", "v"),
)
"""Every field in the order of its slot: texts, words, amounts, seconds, whole numbers."""
CALL_ID, CALLER, CALLED, DIALLED, ACCOUNT, TRUNK_IN, REFUSED_BY, SWITCH, TRUNK = range(9)
EVENT, CALLED_TYPE, DIRECTION, ATTESTATION, RATING_STATUS, TEST = range(12, 18)
RATE, SETUP_FEE, CHARGE, DURATION_S, FREE_S, TS, CAUSE, V = range(18, 26)
NO_FIELD: Final = len(FIELDS)
NEEDED: Final = 1 << CALL_ID | 1 << CALLER | 1 << CALLED | 1 << EVENT | 1 << TS
"""The fields that every event has, a bit each."""

CODE_BITS: Final = 4
"""A word's number in the lexicon is its field, and in the lowest bits its code."""
RELEASE, CDR = 2, 3
"""Codes of `event` that need a duration."""
NOT_GIVEN: Final = -1
"""The decimals of a number that is not there."""
WHOLE: Final = -1
"""The index of an event that is a record by itself, and of a record that is odd as a whole."""
RECORD, INDEX, START, END = range(4)


class Limits(NamedTuple):
    """What an event may not exceed to be plain.

    Attributes:
        call_id: bytes.
        called: characters, a `+` left out.
        text: bytes of any other text.
        amount: the whole part of one is below.
        no_amount: what stands for one that is not given.
        seconds: at most.
        event: bytes.
        events: in an array.
        depth: levels of arrays and objects, from the record's outside.
        earliest: `ts`, ms.
    """

    call_id: int
    called: int
    text: int
    amount: int
    no_amount: int
    seconds: int
    event: int
    events: int
    depth: int
    earliest: int


class Frame(NamedTuple):
    """What is scanned, and for what.

    Attributes:
        text: the records, each followed by a line break, and `eight.PAD` bytes more.
        starts: int64[records], where each starts in the text.
        ends: int64[records], where its line break is.
        latest: int64[records], the latest `ts` that is plain, ms.
        keys: the slot of every field.
        words: the number of every word of a closed list.
        limits: of an event.
        slots: int64[fields, 2], scratch for one event. Of a text its start and end, both 0 where absent; of a word its
            code, 0 where absent; of a number its digits, and how many are decimals, `NOT_GIVEN` where absent.
        names: the fields' names, in the order of their slots.
        next: scratch, which field came next (`order.nothing_known`).
    """

    text: Bytes
    starts: Positions
    ends: Positions
    latest: Ints
    keys: Lexicon
    words: Lexicon
    limits: Limits
    slots: Ints
    names: Spelled
    next: Ints


class Columns(NamedTuple):
    """Plain events, a column each.

    Attributes:
        starts: int64[texts, events], in the text.
        ends: int64[texts, events]; where the text starts if it is empty or absent.
        codes: uint8[words, events], 0 where absent.
        amounts: int64[amounts, events], millionths, as of `models.prices.amounts_of`.
        seconds: float64[seconds, events], 0 where absent.
        ts: int64[events], ms.
        places: int64[2, events], record, and index in the record's array or `WHOLE`.
    """

    starts: Positions
    ends: Positions
    codes: npt.NDArray[np.uint8]
    amounts: Ints
    seconds: npt.NDArray[np.float64]
    ts: Ints
    places: Ints


def room(events: int) -> Columns:
    """Return columns with room for some events; one piece of memory, which the allocator can keep for the next."""
    texts, amounts, seconds = EVENT, DURATION_S - RATE, TS - DURATION_S
    sizes = np.cumsum([texts, texts, amounts, 2, 1, seconds])
    starts, ends, sums, places, ts, times, codes = np.split(np.empty((sizes[-1] + 1, events), np.int64), sizes)
    words = codes.view(np.uint8).reshape(8, events)[: RATE - EVENT]
    return Columns(starts, ends, words, sums, times.view(np.float64), ts[0], places)


def cut(columns: Columns, events: int) -> Columns:
    """Return the first events of columns."""
    parts: list[Any] = [column[..., :events] for column in columns]
    return Columns(*parts)
