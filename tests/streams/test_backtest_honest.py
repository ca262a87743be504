"""What never gets a command, end to end in one process: calls that are free for a reason, and look-alikes of a leak."""

import json

import pytest
from support import calls
from support.calls import NOON, SECOND, VOICEMAIL, charged, free, number, paid, taught

from models.tables import FreePrefix, Tables, TariffRow
from streams.backtest import Backtest

NO_TABLES = Tables()
FRANCE = Tables(tariff=(TariffRow("+33", "3.5", "MAD", "France"),))


def spread(count=20, prefix="+333", **changes):
    return [free(number(prefix, n), n, NOON + n * SECOND, **changes) for n in range(count)]


LOOK_ALIKES = {
    "calls to the short code itself": [free("333", n, NOON + n * SECOND, called_type="short") for n in range(20)],
    "paid calls to +331": [paid(number("+331", n), n, NOON + n * SECOND) for n in range(20)],
    "calls paid by a bundle": spread(rating_status="allowance"),
    "calls whose rating failed": spread(rating_status="failed"),
    "calls that were not rated": spread(rate=...),
    "calls with a negative rate": spread(rate="-1"),
    "calls with a price to set up": spread(setup_fee="1"),
    "roaming legs": spread(direction="roaming"),
    "forwarded legs": spread(direction="forwarded"),
    "test calls": spread(test=True),
    "attempts that we refused": spread(refused_by="6f1c"),
    "calls that were dialled elsewhere": spread(dialled="0034612345678"),
    "one payer who redials": [free(number("+333", n), 1, NOON + n * SECOND) for n in range(50)],
    "spoofed callers of one account": [free(number("+333", n), n, NOON + n * 100, account="acc-1") for n in range(200)],
    "spoofed callers of one incoming trunk": [
        free(number("+333", n), n, NOON + n * 100, account=..., trunk_in="GW", attestation="C") for n in range(200)
    ],
    "freephone": [free(number("+800", n, 11), n, NOON + n * SECOND) for n in range(20)],
    "one payer among withheld callers": [*spread(5, account=..., caller="anonymous"), free("+33387654321", 9, NOON)],
    "withheld callers": spread(account=..., caller="anonymous"),
    "numbers at home": [free(number("+2126", n, 12), n, NOON + n * SECOND) for n in range(20)],
}


@pytest.mark.parametrize("lines", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_honest_look_alikes_get_no_command(lines):
    assert calls.given(taught(), lines) == []


def test_a_prefix_that_is_declared_free_gets_no_command():
    tables = Tables(VOICEMAIL.short_codes, (FreePrefix("+333", "gift"),))
    assert calls.given(taught(tables=tables), spread()) == []


def test_a_prefix_where_a_tenth_of_the_calls_was_free_gets_no_command():
    test = Backtest(calls.settings(), NO_TABLES)
    week = []
    for nth in range(1_400):
        ts = NOON - 7 * 86_400_000 + nth * 430 * SECOND
        make = free if nth * 7 % 10 == 0 else paid
        week.append(make(number("+33", nth // 10 + nth), nth, ts))
    list(test.feed("week:", 1, week, teach=True))
    assert calls.given(test, spread(prefix="+333")) == []


def test_free_set_ups_of_a_switch_that_charges_at_release_get_no_command():
    test = Backtest(calls.settings(), VOICEMAIL)
    habit = []
    for nth in range(400):
        called, ts = number("+33", nth), calls.MORNING + nth * 4 * SECOND
        habit += [free(called, 10_000 + nth, ts), charged(called, 10_000 + nth, ts)]
    list(test.feed("morning:", 1, habit, teach=True))
    ordinary = [free(number("+333", n), n, NOON + n * SECOND) for n in range(20)]
    ends = [charged(number("+333", n), n, NOON + n * SECOND) for n in range(20)]
    assert calls.given(test, [*ordinary, *ends]) == []


def priced_at_release(gap: int, **changes) -> list[bytes]:
    """Set-ups to several places in France without a price, and their charges half a minute later."""
    places = ("+3331", "+3331", "+336", "+331", "+3332")
    calls_made = [(number(places[n % 5], n), n, NOON + n * gap) for n in range(100)]
    lines = [*(free(*one, **changes) for one in calls_made), *(charged(*one, **changes) for one in calls_made)]
    return sorted(lines, key=lambda line: json.loads(line)["ts"])


@pytest.mark.parametrize("tables", [VOICEMAIL, FRANCE, NO_TABLES], ids=["short code", "tariff", "no table"])
@pytest.mark.parametrize("gap", [100, 9 * SECOND])
def test_a_switch_that_prices_at_release_gets_no_command_from_its_first_call_on(tables, gap):
    assert calls.given(Backtest(calls.settings(), tables), priced_at_release(gap)) == []


@pytest.mark.parametrize("tables", [VOICEMAIL, FRANCE, NO_TABLES], ids=["short code", "tariff", "no table"])
@pytest.mark.parametrize("gap", [100, 9 * SECOND])
def test_a_new_switch_that_prices_at_release_gets_no_command_where_others_price_at_set_up(tables, gap):
    assert calls.given(taught(tables=tables), priced_at_release(gap, switch="s9")) == []
