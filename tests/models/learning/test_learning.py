"""What is planted in a week's history is proposed, each with its questions, and noise is not."""

import random

import pytest
from support.calls import MINUTE, SECOND, VOICEMAIL, charged, event, free, number, paid
from support.histories import (
    DAY,
    HOUR,
    MONDAY,
    at_the_end,
    bundle,
    gift,
    learned,
    regular,
    usual,
    without,
)

from models.tables import FreePrefix, ShortCode, Tables, TariffRow

BASE = usual() + usual("+44") + usual("+34", 300)
NO_TABLES = Tables()
TARIFF = Tables(tariff=(TariffRow("+216", "3.5", "MAD", "Tunisia"),))
FRANCE_333 = without(BASE, "+333", 4 * DAY, 4 * DAY + HOUR * 12)


def found(lines, tables=NO_TABLES):
    """Prefix, plan, switch and kinds of question of what is proposed."""
    return [
        (one.prefix, one.plan, one.switch, [question.kind for question in one.questions])
        for one in learned(lines, tables).free_prefixes
    ]


# --- free prefixes: planted in paid traffic

PLANTED = {
    "a country that was free all along is a gift": (gift("+216"), NO_TABLES, "+216", "", "", []),
    "for one plan, while the others pay": (
        gift("+216", plan="student") + usual("+216", 100),
        NO_TABLES,
        "+216",
        "student",
        "",
        [],
    ),
    "with the short code's digits": (
        gift("+216"),
        Tables(short_codes=(ShortCode("216", "recharge"),)),
        "+216",
        "",
        "",
        ["short_code"],
    ),
    "against the tariff": (gift("+216"), TARIFF, "+216", "", "", ["tariff"]),
    "a narrow row inside a paid country": (gift("+4475"), NO_TABLES, "+4475", "", "", ["inside_paid"]),
    "on one switch only": (
        gift("+351", switch="s1") + usual("+351", 200, switch="s2"),
        NO_TABLES,
        "+351",
        "",
        "s1",
        ["one_switch"],
    ),
    "paid before it turned free": (
        usual("+216")[:150] + gift("+216", 60, 2 * DAY, 5 * DAY),
        NO_TABLES,
        "+216",
        "",
        "",
        ["was_paid", "little_seen"],
    ),
    "free for some days, paid since": (
        gift("+216", 60, 0, 5 * DAY + HOUR * 6) + usual("+216")[460:],
        NO_TABLES,
        "+216",
        "",
        "",
        ["ended"],
    ),
    "by few payers": (
        [free(number("+216", n), 5 + n % 4, MONDAY + n * 6 * HOUR) for n in range(27)],
        NO_TABLES,
        "+216",
        "",
        "",
        ["little_seen"],
    ),
    "one number only": (
        [free("+21671123456", 5 + n % 40, MONDAY + n * 2 * HOUR) for n in range(80)] + usual("+216", 100),
        NO_TABLES,
        "+21671123456",
        "",
        "",
        ["inside_paid"],
    ),
    "priced at the end only, by CDRs": (
        [
            event("cdr", f"c{n}", MONDAY + n * 2 * HOUR, number("+216", n), n, duration_s=60, charge="0.00")
            for n in range(80)
        ],
        NO_TABLES,
        "+216",
        "",
        "",
        [],
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_prefix_is_proposed_with_its_questions(name):
    lines, tables, *expected = PLANTED[name]
    assert found(BASE + lines, tables) == [tuple(expected)]


def test_the_founding_incident_in_the_history_is_no_gift():
    lines = FRANCE_333 + gift("+333", 60, 4 * DAY, 12 * HOUR)
    (one,) = learned(lines, VOICEMAIL).free_prefixes
    assert (one.prefix, one.calls, one.payers, one.country) == ("+333", 60, 41, "France")
    assert one.paid_before > 20
    assert one.paid_after > 20
    kinds = ["short_code", "was_paid", "ended", "inside_paid", "little_seen"]
    assert [question.kind for question in one.questions] == kinds
    assert one.questions[0].text == "it is + and the short code 333 (voicemail)"


def test_first_and_last_seen_are_the_free_calls():
    (one,) = learned(BASE + gift("+216", 60, HOUR, 6 * DAY)).free_prefixes
    assert (one.first_ms, one.last_ms) == (MONDAY + HOUR, MONDAY + HOUR + 59 * (6 * DAY // 60))


def test_two_gifts_of_one_country_are_two_rows_and_stray_paid_calls_part_none():
    stray = [paid(number("+4475", 3), 77, MONDAY + 3 * DAY)]
    assert [one[0] for one in found(BASE + gift("+4475", 200) + gift("+4425", 200) + stray)] == ["+4425", "+4475"]


def test_a_longer_prefix_that_is_paid_parts_a_free_one_however_few_its_calls():
    free_ones = [line for line in gift("+4475", 600, plan="prepaid", switch="s1") if b'"+44758' not in line]
    dear = [paid(number("+44758", n), 77 + n, MONDAY + DAY + n * HOUR) for n in range(8)]
    assert [one[0] for one in found(BASE + free_ones + dear)] == [f"+4475{digit}" for digit in "012345679"]


def test_a_call_that_is_free_at_set_up_and_at_its_end_is_one_call():
    ends = [charged(number("+216", n), 20_000 + n % 41, MONDAY + n * 2 * HOUR, "0.00") for n in range(60)]
    begins = [free(number("+216", n), 20_000 + n % 41, MONDAY + n * 2 * HOUR) for n in range(60)]
    (one,) = learned(BASE + begins + ends).free_prefixes
    assert one.calls == 60


def test_freephone_needs_no_row():
    (one,) = learned(BASE + gift("+800")).free_prefixes
    assert (one.known, one.questions) == (True, ())


NOTHING = {
    "paid traffic": [],
    "one payer, however often": [free(number("+216", n), 5, MONDAY + n * HOUR) for n in range(150)],
    "two payers": [free(number("+216", n), 5 + n % 2, MONDAY + n * HOUR) for n in range(150)],
    "calls marked as tests": gift("+216", test=True),
    "calls that are not rated": gift("+216", rate=...),
    "calls of which rating says that it failed": gift("+216", rating_status="failed"),
    "forwarded legs": gift("+216", direction="forwarded"),
    "declared allowances": gift("+216", rating_status="allowance"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_evidence_is_not_proposed(name):
    assert found(BASE + NOTHING[name]) == []


def test_what_is_declared_already_is_not_proposed_again():
    tables = Tables(free_prefixes=(FreePrefix("+216", "partner"),))
    assert found(BASE + gift("+216"), tables) == []


@pytest.mark.parametrize("seed", range(3))
def test_free_calls_strewn_over_paid_traffic_are_no_prefix(seed):
    chance = random.Random(seed)
    noise = [
        free(number(chance.choice(["+33", "+44"]), chance.randrange(9_999)), chance.randrange(400), MONDAY + n * HOUR)
        for n in range(120)
    ]
    assert found(BASE + noise) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_bundles_customers_make_no_prefix_free(seed):
    chance = random.Random(seed)
    lines = []
    for n in range(1_500):
        made = free if chance.random() < 0.6 else paid
        to = number("+49", int(chance.paretovariate(0.5)) % 400)
        lines.append(made(to, chance.randrange(300), MONDAY + n * 6 * MINUTE, plan="max"))
    lines += usual("+49")
    assert found(BASE + lines) == []
    (told,) = learned(BASE + lines).bundles
    assert (told.plan, told.destination, told.declared) == ("max", "+49", "no")
    assert abs(told.share - 0.6) < 0.05


# --- bundles

BUNDLES = {
    "not declared": (bundle("max", "+49"), ("max", "+49", 200, 0, 133, 67, "no")),
    "declared": (bundle("max", "+49", rating_status="allowance"), ("max", "+49", 200, 133, 0, 67, "yes")),
    "partly": (
        bundle("max", "+49") + bundle("max", "+49", rating_status="allowance"),
        ("max", "+49", 400, 133, 133, 134, "partly"),
    ),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_is_told_with_its_share(name):
    lines, expected = BUNDLES[name]
    (one,) = learned(BASE + lines).bundles
    told = (one.plan, one.destination, one.calls, one.allowance, one.free, one.paid, one.declared)
    assert told == expected
    assert one.share == round((one.allowance + one.free) / one.calls, 4)


def test_what_a_free_prefix_explains_is_no_bundle():
    assert learned(BASE + gift("+4475", 300)).bundles == ()


# --- switches that price only at the end


@pytest.mark.parametrize(("rate", "zero", "unrated"), [("0", 60, 0), (..., 0, 60)])
def test_a_switch_that_charges_at_release_is_named_and_its_zeros_are_no_gift(rate, zero, unrated):
    told = learned(BASE + at_the_end("late", "+216", rate=rate))
    (one,) = told.end_priced
    assert (one.switch, one.set_ups_zero, one.set_ups_unrated, one.ends_paid, one.ends_free) == (
        "late",
        zero,
        unrated,
        60,
        0,
    )
    assert told.free_prefixes == ()


def test_a_switch_that_shows_a_price_at_set_up_is_none():
    mixed = at_the_end("late", "+216")
    mixed += [paid(number("+216", n), n, MONDAY + n * HOUR, switch="late") for n in range(10)]
    assert learned(BASE + mixed).end_priced == ()


# --- test accounts

ACCOUNTS = {
    "at regular intervals": (regular("probe"), [("probe", "regular", 40, 0, 900.0)]),
    "marked": (regular("probe", test=True), [("probe", "marked", 40, 40, 900.0)]),
    "marked at times": (
        regular("probe") + regular("probe", calls=45, test=True)[40:],
        [("probe", "partly_marked", 45, 5, 900.0)],
    ),
    "too many numbers": (regular("probe", numbers=9), []),
    "too few calls": (regular("probe", calls=12), []),
    "redialling": (regular("probe", every=5 * SECOND), []),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_accounts_that_test(name):
    lines, expected = ACCOUNTS[name]
    told = [(a.account, a.why, a.calls, a.marked, a.every_s) for a in learned(BASE + lines).test_accounts]
    assert told == expected


def test_a_friend_who_is_called_daily_at_odd_times_is_no_test():
    chance = random.Random(1)
    lines = [
        event("attempt", f"d{n}", MONDAY + n * 4 * HOUR + chance.randrange(4 * HOUR), "+212612345678", 9, rate="1.00")
        for n in range(40)
    ]
    assert learned(BASE + lines).test_accounts == ()


def test_without_an_account_the_caller_is_named():
    told = learned(BASE + regular("probe", account=...)).test_accounts
    assert [a.account for a in told] == ["+212600000009"]


# --- the same whatever the order


ALL = [
    *(BASE + gift("+216") + gift("+4475") + bundle("max", "+49")),
    *(
        at_the_end("late", "+351")
        + regular("probe")
        + FRANCE_333[:0]
        + gift("+420", plan="student")
        + usual("+420", 100)
    ),
]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_lines_does_not_matter_nor_how_they_are_cut(seed):
    shuffled = ALL.copy()
    random.Random(seed).shuffle(shuffled)
    assert learned(shuffled, batch=100 + 777 * seed) == learned(ALL)


def test_an_empty_history_teaches_nothing():
    told = learned([])
    assert (told.free_prefixes, told.bundles, told.end_priced, told.test_accounts) == ((), (), (), ())
    assert (told.events, told.first_ms, told.notes) == (0, None, ())


def test_refused_events_are_counted_in_a_note():
    assert learned([b"{}", b"[", *BASE[:3]]).notes != ()
