"""The scanner looks for the fields and the words that an event has, no more and no fewer."""

from typing import Literal, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
import pytest

from models.events import Event
from models.scan import layout
from models.scan.batch import joined_records
from models.scan.layout import CODE_BITS, FIELDS, NEEDED
from models.scan.words import LIMITS, frame_of

_INFO = {field.encode_name: field for field in msgspec.structs.fields(Event)}
_HINTS = get_type_hints(Event, include_extras=True)


def _words(hint: object) -> set[object]:
    """Return the words of a closed list, or of one that is optional."""
    if get_origin(hint) is Literal:
        return {word for word in get_args(hint) if isinstance(word, str)}
    return {word for part in get_args(hint) for word in _words(part)} if get_origin(hint) is not None else set()


def test_the_fields_are_the_events():
    assert set(FIELDS) == set(_INFO)
    assert {field for slot, field in enumerate(FIELDS) if NEEDED >> slot & 1} == {
        name for name, field in _INFO.items() if field.required
    }


@pytest.mark.parametrize("name", [name.upper() for name in FIELDS if hasattr(layout, name.upper())])
def test_a_slot_has_its_fields_name(name):
    assert FIELDS[getattr(layout, name)] == name.lower()


def test_the_words_are_the_closed_lists():
    text, starts, ends = joined_records([])
    numbers = frame_of(text, starts, ends, np.zeros(0, np.int64)).words.numbers
    expected = [FIELDS.index(name) for name, hint in _HINTS.items() for _ in _words(hint)]
    assert sorted(numbers[numbers >= 0] >> CODE_BITS) == sorted(expected)


def test_the_bounds_of_texts_are_the_structs():
    call_id, plan = _HINTS["call_id"], _HINTS["plan"]
    assert call_id.__metadata__[0].max_length == LIMITS.call_id
    assert get_args(plan)[0].__metadata__[0].max_length == LIMITS.text
