"""One calling code: what ends a leak, what it says about calls answered before it, and how often it is told."""

import msgspec
import numpy as np
import pytest
from support import calls
from support.calls import MINUTE, NOON, SECOND, VOICEMAIL, charged, event, free, number, paid

from models.detector import Detector
from models.findings import Leak, Mended, Withdrawn
from models.history import DAY_MS, DAYS
from models.numbers import Network
from models.odds import Limits
from models.records import decode
from models.rows import rows_of
from models.rules import knowledge_of
from models.share import Share
from models.standing import Standing

NETWORK = Network(home_country_code="212")


class Played:
    """A detector that has seen a morning; `told` are the findings about a leak so far."""

    def __init__(self) -> None:
        self.detector = Detector(knowledge_of(VOICEMAIL, Limits()), 600_000, 86_400_000)
        self.line = 0
        self.told = []
        self.play(calls.morning())
        assert self.told == []

    def play(self, lines):
        source = np.full(len(lines), self.detector.source("events/0/"), np.int32)
        offsets = np.arange(self.line, self.line + len(lines))
        made, _ = rows_of(decode(lines), NETWORK, VOICEMAIL, source, offsets)
        self.line += len(lines)
        found, _ = self.detector.apply(Share.of(made), "rows", 0, None)
        new = [finding for finding in found if isinstance(finding, Leak | Mended | Withdrawn)]
        self.told += new
        return new

    @property
    def leaks(self):
        return [(leak.grade, leak.digits) for leak in self.detector.routes[33].leaks]


@pytest.fixture
def leaking() -> Played:
    test = Played()
    found = test.play([free(number("+333", nth), nth, NOON + nth * 100) for nth in range(4)])
    assert [leak.grade for leak in found if isinstance(leak, Leak)].count("block") == 1
    return test


def test_a_block_is_told_once_a_second(leaking):
    same = [free(number("+333", nth), 10 + nth, NOON + 500 + nth) for nth in range(20)]
    later = [free(number("+333", nth), 40 + nth, NOON + 2 * SECOND + nth) for nth in range(20)]
    assert leaking.play(same) == []
    told = leaking.play(later)
    assert len(told) == 1
    assert told[0].evidence.payers == 25
    assert told[0].evidence.first_ts == NOON


@pytest.mark.parametrize(
    ("payers", "places", "ended"),
    [((80, 81), "s1 s1", True), ((80, 80), "s1 s1", False), ((80, 81), "s1 s2", False), ((80,), "s1", False)],
)
def test_two_payers_at_one_switch_end_it(leaking, payers, places, ended):
    lines = [
        paid(number("+333", nth), payer, NOON + MINUTE + nth, switch=switch)
        for nth, (payer, switch) in enumerate(zip(payers, places.split(), strict=True))
    ]
    assert [type(f) for f in leaking.play(lines)] == [Mended] * ended
    assert bool(leaking.leaks) != ended


def test_a_free_call_between_two_payers_keeps_it(leaking):
    first, second = (paid(number("+333", nth), 80 + nth, NOON + nth * MINUTE) for nth in (1, 3))
    between = free(number("+333", 5), 90, NOON + 2 * MINUTE)
    assert not any(isinstance(f, Mended) for f in leaking.play([first, between, second]))


def test_calls_that_began_before_the_newest_free_one_end_nothing(leaking):
    early = [paid(number("+333", nth), 80 + nth, NOON - SECOND - nth) for nth in range(3)]
    assert leaking.play(early) == []


def test_charges_for_its_calls_withdraw_it_and_are_no_mend(leaking):
    ends = [charged(number("+333", nth), nth, NOON + nth * 100) for nth in range(4)]
    assert [type(f) for f in leaking.play(ends)] == [Withdrawn]
    assert leaking.leaks == []


@pytest.mark.parametrize("whole", [True, False])
def test_a_mend_before_a_charge_is_a_mend_however_they_are_cut(leaking, whole):
    mend = [paid(number("+333", nth), 80 + nth, NOON + MINUTE + nth) for nth in range(2)]
    ends = [charged(number("+333", nth), nth, NOON + nth * 100) for nth in range(4)]
    told = leaking.play([*mend, *ends]) if whole else leaking.play(mend) + leaking.play(ends)
    assert [type(f) for f in told] == [Mended]


def test_a_charge_is_judged_by_what_was_known_then_however_rows_are_cut():
    eve = (NOON // DAY_MS + DAYS) * DAY_MS - MINUTE
    leak = [free(number("+333", nth), nth, eve + nth) for nth in range(4)]
    ends = [charged(number("+333", nth), nth, eve + nth, duration_s=5) for nth in range(2)]
    next_day = paid("+33612345678", 90, eve + 2 * MINUTE)
    told = []
    for cuts in ([4, 7], [4, 5, 6, 7]):
        test, lines, begin = Played(), [*leak, *ends, next_day], 0
        for end in cuts:
            test.play(lines[begin:end])
            begin = end
        told.append([(type(f), f.source.position) for f in test.told])
    assert told[0] == told[1]
    assert told[0][-1] == (Withdrawn, len(calls.morning()) + 5)


def test_a_switch_that_keeps_charging_at_release_becomes_a_habit():
    test = Played()
    grades = []
    for day in range(12):
        at = NOON + day * 10 * MINUTE
        found = test.play([free(number("+333", nth), 20 * day + nth, at + nth) for nth in range(4)])
        grades.append({leak.grade for leak in found if isinstance(leak, Leak)} & {"block", "limit"})
        test.play([charged(number("+333", nth), 20 * day + nth, at + nth) for nth in range(4)])
    assert grades[0]
    assert not any(grades[6:])


def test_calls_answered_in_the_hour_before_are_told_and_later_ones_are_not():
    test = Played()
    before = [event("answer", f"b{nth}", NOON - 2 * MINUTE, number("+333", nth), nth) for nth in range(5)]
    opening = [free(number("+333", nth), nth, NOON + nth) for nth in range(2)]
    after = [event("answer", f"c{nth}", NOON - MINUTE, number("+333", nth), nth) for nth in range(7)]
    blocks = [leak for leak in test.play([*before, *opening, *after]) if leak.grade == "block"]
    assert [leak.answered for leak in blocks] == [5]


def test_charges_for_half_of_a_proof_make_the_other_half_doubtful(leaking):
    ends = [charged(number("+333", nth), nth, NOON + nth * 100) for nth in range(2)]
    assert leaking.play(ends[:1]) == []
    assert [type(f) for f in leaking.play(ends[1:])] == [Withdrawn]


def test_a_charge_leaves_a_leak_that_many_others_prove(leaking):
    leaking.play([free(number("+333", nth), 10 + nth, NOON + 500 + nth) for nth in range(20)])
    assert leaking.play([charged(number("+333", 0), 0, NOON)]) == []
    assert leaking.leaks == [("block", "333")]


def test_a_rejected_candidate_is_told_once():
    test = Played()
    told = test.play([free(number("+333", nth % 2), nth % 2, NOON + nth, rate_key="") for nth in range(2)])
    again = test.play([free(number("+3331", nth), 1, NOON + 10 + nth) for nth in range(5)])
    assert len([leak for leak in [*told, *again] if leak.grade == "rejected"]) <= 1


def test_a_leak_survives_a_page_with_all_that_is_known_of_it(leaking):
    doubts = [paid(number("+333", 7), 80, NOON + MINUTE), charged(number("+333", 0), 0, NOON)]
    leaking.play(doubts)
    (leak,) = leaking.detector.routes[33].leaks
    assert leak.doubts
    assert leak.paid
    assert Standing.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(leak.snapshot()))) == leak
