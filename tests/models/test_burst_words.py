"""A burst in words: every kind names what was counted, in which window, and what was normal; no whole number."""

from itertools import product

import pytest
from msgspec.structs import replace

from models.burst_words import diagnose, summarise
from models.findings import Subject
from tests.support.findings_log import ACCOUNT, CALLER, SEEN, VICTIM, burst

PREFIX, TRUNK = Subject("prefix", "+333"), Subject("trunk", "IC-7")
KINDS = ("rate_burst", "victim_flood", "wangiri", "range_sweep", "unusual")


@pytest.mark.parametrize(
    ("subject", "rule", "sentence"),
    [
        (CALLER, "rate_burst", "Caller +2126…67 tried 412 calls in 5 min; 3 are usual at this hour."),
        (ACCOUNT, "rate_burst", "Account acc-17 tried 412 calls in 5 min; 3 are usual at this hour."),
        (
            VICTIM,
            "victim_flood",
            "Number +3331…78 was called 412 times in 5 min by 17 callers; 3 are usual at this hour.",
        ),
        (PREFIX, "rate_burst", "412 calls to +333 (France) were tried in 5 min; 3 are usual at this hour."),
        (TRUNK, "victim_flood", "412 calls came in by trunk IC-7 in 5 min by 17 callers; 3 are usual at this hour."),
        (
            CALLER,
            "wangiri",
            "Caller +2126…67 tried 412 calls in 5 min to 17 numbers, 103 of them answered; 3 are usual at this hour.",
        ),
        (
            CALLER,
            "range_sweep",
            "Caller +2126…67 tried 412 calls in 5 min, one number after the other; 3 are usual at this hour.",
        ),
        (
            replace(CALLER, switch="fes-1"),
            "rate_burst",
            "Caller +2126…67 tried 412 calls in 5 min on switch fes-1; 3 are usual at this hour.",
        ),
    ],
)
def test_the_sentence(subject, rule, sentence):
    assert summarise(burst(subject, rule=rule)) == sentence


@pytest.mark.parametrize(
    ("normal", "words"),
    [
        (None, "nothing is known of its usual load"),
        (0.0, "none is usual at this hour"),
        (0.04, "none is usual at this hour"),
        (0.3, "0.3 are usual at this hour"),
        (1.0, "1 is usual at this hour"),
        (12.6, "13 are usual at this hour"),
        (1234.0, "1,234 are usual at this hour"),
    ],
)
def test_what_is_usual(normal, words):
    found = burst()
    windows = tuple(replace(window, normal=normal) for window in found.evidence.windows)
    sentence = summarise(replace(found, evidence=replace(found.evidence, windows=windows)))
    assert sentence == f"Caller +2126…67 tried 412 calls in 5 min; {words}."


def test_an_estimate_says_so():
    found = burst(VICTIM, rule="victim_flood")
    windows = tuple(replace(window, exact=False) for window in found.evidence.windows)
    assert "by about 17 callers" in summarise(replace(found, evidence=replace(found.evidence, windows=windows)))


@pytest.mark.parametrize(("subject", "rule"), list(product((CALLER, VICTIM, ACCOUNT, PREFIX, TRUNK), KINDS)))
def test_every_kind_on_every_subject_has_words_and_no_whole_number(subject, rule):
    found = burst(subject, rule=rule, **SEEN)
    sentence, diagnosis = summarise(found), diagnose(found)
    assert "412" in sentence
    assert sentence.endswith("The isolation forest finds it unusual, most by attempts_5min.")
    assert subject.scope not in ("caller", "called") or subject.value not in sentence
    assert (diagnosis["kind"], diagnosis["window"], diagnosis["attempts"]) == (rule, "5 min", 412)
    assert diagnosis["forest_reasons"] == {"attempts_5min": 0.6, "others_1h": 0.2}
    assert diagnosis["likely"]
    assert diagnosis["fix"]
