"""The cause in words: the entry, what it frees and costs, how to mend it, and one sentence for a person."""

import pytest

from models.diagnosis import diagnose, spaced, summarise
from models.findings import Evidence, Leak, Source, Subject

CODES = {"333": "voicemail"}
EVIDENCE = Evidence(3, 3, 3, 1, 2, 0, 0.0, 8.1, "3.50", "MAD")


def leak(value: str = "+333", entry: str | None = None, kind: str | None = None, **qualifiers: str) -> Leak:
    subject = Subject("prefix", value, **qualifiers)
    return Leak(Source("rows", 0, 0), subject, "block", "why", EVIDENCE, "33", 2, 5, entry=entry, entry_kind=kind)


def test_the_founding_incident():
    found = leak(entry="333", kind="plus_before_short_code")
    diagnosis = diagnose(found, CODES)
    assert diagnosis == {
        "kind": "plus_before_short_code",
        "entry": "333",
        "entry_name": "voicemail",
        "wrong": "+333",
        "frees": "+33 3: 49,359,000 numbers",
        "fix": "write 333 without the + in the numbering table; calls to +333 are then rated as before",
        "money_per_h": "378.00",
        "currency": "MAD",
        "risks": "378.00 MAD an hour: 36 free calls an hour of 3 min (assumed) at 3.50 MAD a minute",
    }
    expected = "Calls to +333 (France) are rated free: short code 333 (voicemail) was entered as +333."
    assert summarise(found, diagnosis) == expected


@pytest.mark.parametrize(
    ("found", "kind", "entry", "sentence"),
    [
        (leak("+33387", "33387", "free_row"), "free_row", "+33387", "the rate table's row +33387 has no price."),
        (leak("+33387"), "unknown_row", None, "they were paid before."),
        (
            leak("+333", "333", "plus_before_short_code", switch="s1"),
            "plus_before_short_code",
            "333",
            "on switch s1 are",
        ),
        (leak("+333", plan="student"), "unknown_row", None, "on plan student are rated free"),
    ],
)
def test_other_causes(found, kind, entry, sentence):
    diagnosis = diagnose(found, CODES)
    assert (diagnosis["kind"], diagnosis["entry"]) == (kind, entry)
    assert sentence in summarise(found, diagnosis)


def test_a_short_code_without_a_name_is_named_by_its_digits():
    found = leak(entry="333", kind="plus_before_short_code")
    diagnosis = diagnose(found, {"333": ""})
    assert summarise(found, diagnosis).endswith("short code 333 was entered as +333.")


@pytest.mark.parametrize(
    ("prefix", "expected"), [("+333", "+33 3"), ("+33", "+33"), ("+1212", "+1 212"), ("+999", "+ 999")]
)
def test_the_calling_code_stands_apart(prefix, expected):
    assert spaced(prefix) == expected
