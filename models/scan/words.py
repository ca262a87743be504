"""The fields of `models.events.Event`, the words of its closed lists and its bounds, as the scanner takes them."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np

from models.digits import TEXT_MAX
from models.events import DURATION_MAX_S, KINDS
from models.hashing import Bytes, Positions
from models.judging import DEPTH_MAX, EVENT_MAX, EVENTS_MAX
from models.numbers import TYPES
from models.prices import ABSENT, AMOUNT_MAX, RATING
from models.records import YEAR_2000_MS
from models.scan.layout import CODE_BITS, FIELDS, NO_FIELD, Frame, Ints, Limits
from models.scan.lexicon import Lexicon, lexicon
from models.scan.order import nothing_known, spelled

ELSEWHERE: Final = 1
"""The code of every direction but `originating`."""
ATTESTED: Final = 1
"""The code of attestation `A`."""

_CODES: Final[dict[str, Mapping[Any, int]]] = {
    "event": KINDS,
    "called_type": TYPES,
    "direction": {"originating": 0} | dict.fromkeys(("terminating", "transit", "forwarded", "roaming"), ELSEWHERE),
    "attestation": {"A": ATTESTED, "B": 0, "C": 0},
    "rating_status": RATING,
}
LIMITS: Final = Limits(
    call_id=128,
    called=TEXT_MAX,
    text=256,
    amount=AMOUNT_MAX,
    no_amount=ABSENT,
    seconds=DURATION_MAX_S,
    event=EVENT_MAX,
    events=EVENTS_MAX,
    depth=DEPTH_MAX,
    earliest=YEAR_2000_MS,
)


@cache
def _lexica() -> tuple[Lexicon, Lexicon]:
    """Return the numbers of the fields, and of the words."""
    keys = {field: slot for slot, field in enumerate(FIELDS)}
    words = {
        word: (keys[field] << CODE_BITS) + code
        for field, codes in _CODES.items()
        for word, code in codes.items()
        if word is not None
    }
    return lexicon(keys), lexicon(words)


_names = cache(spelled)


def frame_of(text: Bytes, starts: Positions, ends: Positions, latest: Ints) -> Frame:
    """Return what the scanner needs of joined records, and of the latest `ts` that is plain in each, ms."""
    slots = np.zeros((NO_FIELD, 2), np.int64)
    return Frame(text, starts, ends, latest, *_lexica(), LIMITS, slots, _names(FIELDS), nothing_known(NO_FIELD))
