"""A field's name is known by its two words, and is taken for no other's."""

import numpy as np
import pytest

from models.scan.eight import PAD
from models.scan.layout import FIELDS
from models.scan.order import NAME_MAX, spelled, stands

_NAMES = spelled(FIELDS)


def standing(text: bytes) -> list[str]:
    padded = np.frombuffer(text + b"\n" + b"\0" * PAD, np.uint8)
    return [name for field, name in enumerate((*FIELDS, "none")) if stands(_NAMES, field, padded, 0)]


@pytest.mark.parametrize("name", FIELDS)
def test_a_name_stands_where_it_is_closed(name):
    assert len(name) <= NAME_MAX
    assert standing(name.encode() + b'":1') == [name]
    assert standing(name.encode() + b's":1') == []
    assert standing(name.encode()[:-1] + b'":1') == []


@pytest.mark.parametrize("text", [b"", b'"', b"\x01", b"\x01" * 16])
def test_no_name_is_none(text):
    assert standing(text) == []
