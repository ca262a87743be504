"""What paid calls under a leak make of it, in whatever order they come: a mend, a narrower leak, or nothing."""

import json

import pytest
from support import calls
from support.calls import MINUTE, NOON, SECOND, Tables, charged, event, free, number, paid, taught

NO_TABLES = Tables()
DAY = 24 * 60 * MINUTE


def story(lines, tables: Tables = NO_TABLES, test=None) -> list[tuple[str, str]]:
    return calls.keys(calls.given(test or taught(tables=tables), lines))


def openers(count: int = 3, switch: str = "s1") -> list[bytes]:
    return [free(number("+333", nth), nth, NOON + nth * SECOND, switch=switch) for nth in range(count)]


MEND = NOON + 5 * MINUTE
MENDING = [paid(number("+333", nth), 80 + nth, MEND + nth * SECOND) for nth in range(2)]


def released(payer: int, ts: int, duration_s: float = 600.0) -> bytes:
    """The free release, long after, of a call that was set up at `ts`."""
    called = number("+333", payer)
    end = ts + round(duration_s * 1000)
    return event("release", f"f{payer}-{called}-{ts}", end, called, payer, duration_s=duration_s, charge="0")


def test_free_calls_that_began_before_a_mend_prove_nothing_after_it():
    late = [released(20 + nth, MEND - 60 * SECOND + nth * SECOND) for nth in range(10)]
    assert story([*openers(), *MENDING, *late])[-1] == ("release", "prefix:+333")


def test_free_calls_that_began_before_the_first_paid_one_do_not_narrow_the_leak():
    late = [released(20 + nth, MEND - 60 * SECOND + nth * SECOND) for nth in range(10)]
    told = story([*openers(), MENDING[0], *late])
    assert {key for _, key in told} == {"prefix:+333"}
    assert "release" not in {action for action, _ in told}


def test_they_do_not_take_back_what_the_first_payer_showed():
    late = free(number("+333", 7), 70, MEND - 10 * SECOND)
    assert story([*openers(), MENDING[0], late, MENDING[1]])[-1] == ("release", "prefix:+333")


def test_a_leak_that_breaks_again_is_blocked_as_a_whole_not_by_what_the_first_one_left():
    again = [free(number("+333", nth), 40 + nth, MEND + 30 * MINUTE + nth * SECOND) for nth in range(3)]
    told = story([*openers(10), *MENDING, *again])
    assert told[-2:] == [("limit", "prefix:+333"), ("block", "prefix:+333")]
    assert ("release", "prefix:+333") in told


BETWEEN = paid(number("+333", 5), 80, NOON + 1_500, switch="s2")


def test_a_paid_call_that_comes_late_narrows_the_leak_to_where_the_free_ones_are():
    assert story([*openers(3), BETWEEN])[2:] == [("block", "prefix:+333@switch=s1"), ("release", "prefix:+333")]


def test_it_does_not_where_enough_free_calls_since_it_prove_the_whole():
    assert story([*openers(5), BETWEEN])[2:] == []


def test_in_whatever_order_it_comes_the_same_stands():
    early, late = story([*openers(2), BETWEEN, openers(3)[-1]]), story([*openers(3), BETWEEN])
    assert {key: action for action, key in early} == {key: action for action, key in late}


def test_one_payer_who_is_charged_in_its_middle_changes_nothing():
    glitch = [paid(number("+333", 1), 80, MEND), charged(number("+333", 1), 80, MEND)]
    later = [free(number("+333", nth % 3), 40 + nth, MEND + 2_000 + nth * SECOND) for nth in range(6)]
    lines = sorted([*openers(9), *glitch, *later], key=lambda line: json.loads(line)["ts"])
    assert {key for _, key in story(lines)} == {"prefix:+333"}


def test_two_payers_who_are_charged_narrow_it_where_the_free_calls_go_on():
    charged_there = [paid(number("+3331", nth), 80 + nth, MEND + nth, switch=f"s{1 + nth}") for nth in range(2)]
    later = [free(number("+3337", nth), 40 + nth, MEND + SECOND + nth * SECOND) for nth in range(3)]
    standing = {key: action for action, key in story([*openers(9), *charged_there, *later])}
    assert [key for key, action in standing.items() if action == "block"] == ["prefix:+3337"]


def test_calls_that_two_blocks_explain_prove_no_third_over_both():
    lines = []
    for nth in range(8):
        ts = NOON + nth * 10 * SECOND
        lines += [paid(number("+333", nth + 3), 90 + nth, ts, switch="s3")]
        lines += [free(number("+333", nth + n), 10 * nth + n, ts + SECOND + n, switch=f"s{1 + n}") for n in range(2)]
    more = [
        free(number("+333", n), 200 + n, NOON + MINUTE + MINUTE + n * SECOND, switch=f"s{1 + n % 2}") for n in range(8)
    ]
    test = taught(tables=NO_TABLES)
    list(test.feed("morning:", 1, [paid(number("+33", n), 300 + n, NOON - MINUTE, switch="s3") for n in range(2)]))
    told = story([*lines, *more], test=test)
    assert {key for action, key in told if action == "block"} == {"prefix:+333@switch=s1", "prefix:+333@switch=s2"}


def test_a_proof_that_a_late_paid_call_parts_is_withdrawn():
    lines = [*openers(3), paid(number("+333", 5), 80, NOON + 1_500)]
    assert story(lines)[-1] == ("release", "prefix:+333")


def test_however_lines_are_cut_a_late_paid_call_does_the_same():
    lines = [*openers(3), BETWEEN, paid(number("+333", 4), 81, NOON + 1_600, switch="s2"), *MENDING]
    whole = calls.spelled(calls.feed(taught(tables=NO_TABLES), lines))
    assert calls.spelled(calls.feed(taught(tables=NO_TABLES), lines, range(len(lines)))) == whole


@pytest.mark.parametrize("apart", [2 * SECOND, 90 * SECOND])
def test_late_reports_are_told_by_when_they_come_in(apart):
    """Call records of one moment that come one after the other bring a block that has ended back."""
    begun = [free(number("+333", 30 + nth), 30 + nth, NOON + 10 * SECOND + nth) for nth in range(2)]
    home = [event("attempt", f"q{m}", NOON + m * MINUTE, "+212612345678", 50_000, rate="1") for m in (1, 30)]
    told = story([*openers(), home[0], begun[0], home[1], begun[1]])
    assert told[-1] == ("block", "prefix:+333")
    assert [one[0] for one in told].count("block") == 2
