"""No form of leak in a history is accepted by taking the proposed file as it is; most are asked about."""

import pytest
from support.calls import event, number
from support.histories import DAY, HOUR, MONDAY, WEEK, gift, learned, usual, without

from models.learning.sheets import FREE_PREFIXES, sheets
from models.tables import ShortCode, Tables, parse_free_prefixes

PAID = usual("+33", 900) + usual("+216", 300) + usual("+1", 300) + usual("+7", 300) + usual("+44", 300)
CODES = Tables(short_codes=(ShortCode("333", "voicemail"), ShortCode("216", "recharge"), ShortCode("1212", "help")))


def leak(prefix, begin, length, calls=60, **where):
    """The paid week with a part of it free: whoever calls there in that time and place pays nothing."""
    return without(PAID, prefix, begin, begin + length, **where) + gift(prefix, calls, begin, length, **where)


def by_cdr(prefix, begin, length, calls=60):
    """The same where prices come with the CDR alone."""
    step = length // calls
    cdrs = [
        event("cdr", f"c{n}", MONDAY + begin + n * step, number(prefix, n), n, duration_s=60, charge="0.00")
        for n in range(calls)
    ]
    return without(PAID, prefix, begin, begin + length) + cdrs


OLDER_THAN_HISTORY = "a calling code with a short code's digits, all the week"
LEAKS = {
    "the whole +333, for the last hours": (leak("+333", WEEK - 6 * HOUR, 6 * HOUR), ["+333"]),
    "the whole +333, for an hour, mended": (leak("+333", 3 * DAY, HOUR), ["+333"]),
    "the whole +333, all the week": (leak("+333", 0, WEEK), ["+333"]),
    OLDER_THAN_HISTORY: (leak("+216", 0, WEEK), ["+216"]),
    "a calling code, since the middle of the week": (leak("+216", 3 * DAY, 4 * DAY), ["+216"]),
    "an area of North America": (leak("+1212", 0, WEEK), ["+1212"]),
    "in the +7 zone": (leak("+7495", 2 * DAY, 5 * DAY), ["+7495"]),
    "a narrow row": (leak("+33387", 0, WEEK), ["+33387"]),
    "on one switch": (leak("+336", DAY, 6 * DAY, switch="s1"), ["+336"]),
    "for one plan": (leak("+33", DAY, 6 * DAY, plan="prepaid"), ["+33"]),
    "two at once": (leak("+333", DAY, DAY) + gift("+4475", 60, DAY, DAY), ["+333", "+4475"]),
    "by CDRs": (by_cdr("+333", DAY, DAY), ["+333"]),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_asked_about_and_never_accepted_as_it_is(name):
    lines, prefixes = LEAKS[name]
    told = learned(lines, CODES)
    where = ("s1" if name == "on one switch" else "", "prepaid" if name == "for one plan" else "")
    assert [(one.prefix, one.switch, one.plan) for one in told.free_prefixes] == [(one, *where) for one in prefixes]
    assert all(one.questions for one in told.free_prefixes)
    assert parse_free_prefixes(sheets(told)[FREE_PREFIXES], FREE_PREFIXES) == ()


@pytest.mark.parametrize("name", [name for name in LEAKS if name != OLDER_THAN_HISTORY])
def test_without_the_operators_short_codes_it_is_still_not_accepted(name):
    lines, _ = LEAKS[name]
    assert parse_free_prefixes(sheets(learned(lines))[FREE_PREFIXES], FREE_PREFIXES) == ()


def test_a_whole_country_that_nobody_ever_paid_for_is_a_gift_as_far_as_its_history_tells():
    lines, _ = LEAKS[OLDER_THAN_HISTORY]
    assert [one.questions for one in learned(lines).free_prefixes] == [()]
