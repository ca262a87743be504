"""A time that is read from text is what the typed decoder reads."""

import numpy as np
import pytest
from hypothesis import given

from models.records import decode
from models.scan.clock import moment
from models.scan.eight import PAD
from tests.examples import event
from tests.models.scan.producers import moments


def _ms(text: str) -> int:
    return moment(np.frombuffer(text.encode() + b"\n" + b"\0" * PAD, np.uint8), 0, len(text))


@given(moments())
def test_a_time_is_the_typed_decoders(text):
    decoded = decode([event(ts=text)])
    ms = _ms(text)
    assert ms == -1 or not decoded.events or ms == decoded.events[0].ts
    assert ms < 946_684_800_000 or decoded.events


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-11-24T21:06:00Z", 1795554360000),
        ("2026-11-24T21:06:00.281Z", 1795554360281),
        ("2026-11-24T22:06:00.2819+01:00", 1795554360281),
        ("2026-11-24T15:36:00.000999-05:30", 1795554360000),
        ("2000-01-01T00:00:00Z", 946684800000),
        ("2000-02-29T00:00:00Z", 951782400000),
        ("2024-12-31T23:59:59.999999Z", 1735689599999),
        ("9999-12-31T23:59:59.999Z", 253402300799999),
    ],
)
def test_plain_times(text, ms):
    assert _ms(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026-11-24",
            "2026-11-24T21:06:00",
            "2026-11-24 21:06:00Z",
            "2026-11-24t21:06:00Z",
            "2026-11-24T21:06:00z",
        ),
        *("2026-11-31T21:06:00Z", "2025-02-29T21:06:00Z", "2100-02-29T21:06:00Z", "2026-13-01T21:06:00Z"),
        *("2026-00-01T21:06:00Z", "2026-01-00T21:06:00Z", "2026-11-24T24:00:00Z", "2026-11-24T23:60:00Z"),
        *("2026-11-24T23:59:60Z", "2026-11-24T21:06:00.Z", "2026-11-24T21:06:00.1234567Z", "2026-11-24T21:06:00+24:00"),
        *("2026-11-24T21:06:00+01:60", "2026-11-24T21:06:00+0100", "2026-11-24T21:06:00Z ", "1969-11-24T21:06:00Z"),
        *("2O26-11-24T21:06:00Z", "2026-11-24T21:06:/0Z", "2026.11.24T21:06:00Z", "2026-11-24T21.06:00Z"),
    ],
)
def test_other_times_are_left_to_the_typed_decoder(text):
    assert _ms(text) == -1
