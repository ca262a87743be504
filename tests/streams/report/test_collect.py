"""What is told of small stories whose numbers can be counted by hand."""

from decimal import Decimal

import numpy as np
import pytest
from support.stories import MINUTE, NOON, SECOND, calls, charged, event, founding, free, number, paid, told

from models.decision import Decision
from models.findings import Subject
from models.numbers import Network
from models.scan.rows import scan_rows
from streams.backtest import Decided
from streams.report import begun, collect
from streams.report.case import BEFORE, BLOCK, NOT_ITS, OPEN
from streams.report.scores import Scores
from streams.report.worth import worth_of


def rows(lines):
    many = np.arange(len(lines))
    found, _ = scan_rows(
        lines, None, Network(home_country_code="212"), calls.Tables(), np.zeros_like(many, np.int32), many
    )
    return found


def worth(story, case):
    return worth_of(case, story.ended, story.ended_ms)


def only(story):
    (case,) = story.cases.values()
    return case, worth(story, case)


@pytest.mark.parametrize("cuts", [(), (2,), (1, 2, 3, 4, 5, 6, 7, 8, 9)], ids=["one batch", "two", "line by line"])
def test_the_founding_incident_in_numbers(cuts):
    lines = founding()
    ends = [*cuts, len(lines)]
    case, found = only(told(*(lines[a:b] for a, b in zip([0, *cuts], ends, strict=True))))
    assert (case.verdict, case.why, case.target) == (
        "block",
        "free_where_paid_before",
        {"scope": "prefix", "value": "+333"},
    )
    assert (case.first_ms, case.to_block_ms) == (NOON, 1_000)
    assert (case.proof["free_calls"], case.proof["payers"]) == (2, 2)
    assert (found.before, found.through, found.stopped) == (2, 2, 2)
    assert (found.paid_stopped, found.other_stopped, found.attempts_stopped) == (2, 0, 4)
    # 25 s at 3.50 a minute are 1.4583 each
    assert (found.lost, found.saved, found.currency) == (Decimal("2.92"), Decimal("2.92"), "MAD")
    assert (found.mean_s, found.measured, found.source) == (25.0, 4, "own")
    assert (case.state, case.ending, dict(case.given)) == ("released", "mended", {"block": 1, "release": 1})


def test_calls_that_never_end_get_the_mean_of_all_or_an_assumed_length():
    case, found = only(told(founding()[:4]))
    assert (found.source, found.mean_s, found.lost) == ("assumed", 180.0, Decimal("21.00"))
    abroad = event("cdr", "x", NOON - 2 * MINUTE, "+34911111111", 9, duration_s=60, rate="3.50")
    case, found = only(told([abroad, *founding()[:4]]))
    assert (found.source, found.mean_s, found.lost) == ("file", 60.0, Decimal("7.00"))
    assert case.calls[BLOCK].sum() == 4  # two beginnings, both free


def test_what_is_paid_under_a_block_is_honest_impact_and_what_comes_after_its_release_is_not():
    later = [paid(number("+333", nth), 90, NOON + MINUTE + nth * SECOND) for nth in range(3)]
    after = [free(number("+333", nth), 1, NOON + 10 * MINUTE + nth) for nth in range(3)]
    case, found = only(told([*founding()[:4], *later, *founding()[8:], *after[:1]]))
    assert found.paid_stopped == 3 + 1  # the second payer's call ends it
    assert case.calls[OPEN].sum() == 0


def test_records_of_calls_that_come_late_count_before_the_block():
    cdrs = [
        event("cdr", f"d{n}", NOON + n * SECOND, number("+333", n), n, duration_s=30, charge="0") for n in range(12)
    ]
    story = told(cdrs)
    case, found = only(story)
    assert case.verdict == "block"
    # every call began before the newest record had been read, or after the block was given
    assert found.before + found.stopped == 12
    assert found.before >= case.proof["free_calls"]
    assert found.lost + found.saved == Decimal("21.00")  # 12 calls of half a minute at 3.50


def test_nothing_is_known_of_money_where_nothing_says_what_a_call_costs():
    case, found = only(told(founding(), tables=calls.VOICEMAIL, taught=False))
    assert case.evidence["expected_rate"] is None
    assert (found.lost, found.saved) == (None, None)


def test_a_cold_prefix_is_held_and_its_calls_go_on_being_counted():
    lines = [free(number("+333", nth), nth, NOON + nth * SECOND) for nth in range(20)]
    story = told(lines, tables=calls.Tables(), taught=False)
    case, found = only(story)
    assert (case.verdict, case.why, case.commanded_ms) == ("held", "no_history", None)
    assert found.through == 20
    assert found.stopped == 0
    assert story.rejected["zero_cost_route", "no_history"].findings >= 1


def test_a_wider_incident_counts_the_proof_of_a_narrower_one_only_once():
    same = [free(number("+3331", n), n, NOON + n * SECOND) for n in range(3)]
    outside = free(number("+3334", 1), 9, NOON + 5 * SECOND)
    story = told([*same, outside], tables=calls.Tables())
    found = [worth(story, case) for case in story.cases.values()]
    assert len(found) == 2
    assert sum(one.through + one.stopped for one in found) == 4


def test_the_timeline_has_every_call_once():
    lines = founding()
    story = told([*lines, *lines])
    assert story.calls.tolist() == [6, 4, 0]
    assert story.bins.counts.sum(axis=1).tolist() == [6, 4, 0]
    assert story.duplicates == len(lines)


def test_more_incidents_than_are_told_are_counted_and_the_graver_ones_are_told(monkeypatch):
    monkeypatch.setattr(collect, "CASES_MAX", 2)
    lines = []
    for place, code in enumerate(("+216", "+218", "+220", "+221")):
        lines += [free(number(code, nth, 11), nth, NOON + place * 10 * SECOND + nth) for nth in range(5)]
    lines += founding()[:4]
    lines.sort(key=lambda line: b"+333" in line)
    story = told(lines)
    assert len(story.cases) == 2
    assert {case.verdict for case in story.cases.values()} >= {"block"}
    assert sum(story.others.values()) == 3


def test_calls_that_came_back_refused_are_stopped_whatever_stands():
    later = NOON + 11 * MINUTE  # the block is half open
    refused = [free(number("+333", nth), 30 + nth, later + nth, refused_by="c-1") for nth in range(3)]
    honest = paid(number("+333", 8), 40, later + 9, refused_by="c-1")
    case, found = only(told([*founding()[:4], event("attempt", "q", later - 1, "333", 9), *refused, honest]))
    assert dict(case.given) == {"block": 1, "trickle": 1}
    assert (found.refused, found.stopped, found.paid_stopped) == (4, 2 + 3, 1)
    assert found.through == 2


def test_what_stood_when_a_call_began():
    case, _ = only(told(founding()))
    starts = [NOON - 1, NOON, NOON + SECOND, NOON + SECOND + 1, NOON + 10 * MINUTE]
    assert case.standing(np.array(starts)).tolist() == [NOT_ITS, BEFORE, BEFORE, BLOCK, NOT_ITS]


def test_a_proof_gathered_under_a_wider_block_counts_there():
    story = told(founding()[:4])
    wide = next(iter(story.cases.values()))
    for scope, value, within in (
        ("prefix", "+3331", wide.id),
        ("called", "+33387654321", wide.id),
        ("prefix", "+34", None),
    ):
        evidence = {"first_ts": NOON, "last_ts": NOON + 2 * SECOND, "free_calls": 3, "payers": 3}
        line = {"incident": value, "reason": "zero_cost_route", "target": Subject(scope, value), "verdict": "held"}
        line |= {"why": "x", "issued_at": NOON + 2 * SECOND, "evidence": evidence}
        story.decided(Decided(Decision([], [], [line], []), 9))
        case = story.cases[value]
        assert case.within == within
        assert case.counted == (0 if within else 3)
        assert worth(story, case).through == (0 if within else 3)


def test_set_ups_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(begun, "KEPT_MAX", 10)
    kept = begun.Begun()
    for batch in range(20):
        kept.add(rows([free("+33387654321", n, NOON + batch * SECOND + n) for n in range(4)]))
    assert kept.kept < 10 + 4
    old = rows([charged("+33387654321", 1, NOON + 1)])
    new = rows([charged("+33387654321", 1, NOON + 19 * SECOND + 1)])
    assert kept.starts(old).tolist() == old.start.tolist()  # forgotten: when it was answered
    assert kept.starts(new).tolist() == [NOON + 19 * SECOND + 1]


def test_scores_are_counted_by_verdict_and_bin():
    scores = Scores.none()
    for odds in (-3.0, 0.4, 7.9, 8.0, 240.0):
        scores.add("block", {"log10_odds": odds}, 0.99)
    for score in (0.0, 0.049, 0.05, 1.0):
        scores.add("shadow", {}, score)
    scores.add("held", {}, None)
    assert scores.odds == {("block", -1): 1, ("block", 0): 1, ("block", 7): 1, ("block", 8): 1, ("block", 15): 1}
    assert scores.forest == {("shadow", 0): 2, ("shadow", 1): 1, ("shadow", 19): 1}
