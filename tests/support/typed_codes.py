"""A network whose numbering table gets one short code typed with a `+`: who called there before, and who calls now."""

import csv
import functools
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata
from support.calls import MINUTE, MORNING, NOON, SECOND, event, free, paid

from models.diagnosis import diagnose
from models.plan import calling_code, is_freephone
from models.prices import DIGITS_MIN
from models.tables import ShortCode, Tables
from streams.backtest import Backtest, Decided
from streams.settings import Network, Settings

NUMBERING = Path(__file__).parents[3] / "shared" / "data" / "numbering"
E164_DIGITS = 15
BEFORE = 330
"""Paid calls to the country before the slip: a little more than make a price known."""
HOME_CALLS = 300
OPENERS = 5
FREEPHONE_MAX = 200
"""Freephone numbers among those that are tried before none of another kind is looked for."""
SMALL, LARGE = 4, 45
"""Answered calls under the prefix beside `HOME_CALLS` in the hour before: below and above 5 % of all."""


class Outcome(NamedTuple):
    """What came of a slip: commands as (lines read, action, key), the last verdict and reason, and the diagnosis."""

    commands: list[tuple[int, str, str]]
    verdict: str
    why: str
    target: str
    diagnosis: dict[str, object]


def assigned_codes() -> frozenset[str]:
    """The calling codes of the shared list."""
    with (NUMBERING / "lpn_calling_codes.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["calling_code"] for row in csv.DictReader(file))


def three_digit_codes() -> list[str]:
    """Codes from 100 to 999 that begin with an assigned calling code."""
    codes, assigned = map(str, range(100, 1000)), assigned_codes()
    return [code for code in codes if any(code[:size] in assigned for size in (1, 2, 3))]


def french_short_codes() -> list[str]:
    """The short codes that the French regulator has assigned: whole numbers of fewer than ten digits."""
    with (NUMBERING / "ARCEP_MAJNUM.csv").open(encoding="latin-1", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return [row["Tranche_Debut"] for row in rows if len(row["Tranche_Debut"]) < 10]


@functools.cache
def lengths(country: str) -> tuple[int, int]:
    """Digits of the shortest and the longest international number of a calling code, by libphonenumber.

    Germany, Austria and Iran have numbers of six; fewer than `DIGITS_MIN` are evidence of nothing.
    """
    plans = (
        PhoneMetadata.metadata_for_region_or_calling_code(int(country), region)
        for region in COUNTRY_CODE_TO_REGION_CODE[int(country)]
    )
    national = {size for plan in plans if plan for size in plan.general_desc.possible_length}
    whole = [min(E164_DIGITS, max(DIGITS_MIN, len(country) + size)) for size in national]
    return min(whole), max(whole)


def numbers(prefix: str, digits: int, count: int) -> list[str]:
    """Different numbers under a prefix; neighbours differ in the digit after it.

    Freephone numbers are left out where there are others.
    """
    rest = digits - len(prefix) - 1
    tried = [f"+{prefix}{nth % 10}{nth * 7919 % 10**rest:0{rest}d}" for nth in range(count + FREEPHONE_MAX)]
    charged = list(islice((number for number in tried if not is_freephone(number)), count))
    return charged or tried[:count]


def only_freephone(code: str, digits: int) -> bool:
    """Whether all numbers of that length under a code are free for every caller by the plan."""
    return all(map(is_freephone, numbers(code, digits, OPENERS)))


@functools.cache
def _at_home(home: str) -> tuple[bytes, ...]:
    """Answered calls at home in the hour before, which a command's impact is compared with."""
    calls = ((f"h{n}", NOON - 45 * MINUTE + n * 8 * SECOND, f"+{home}5{n:08d}", 20_000 + n) for n in range(HOME_CALLS))
    return tuple(event("cdr", *call, duration_s=20, rate="1.00") for call in calls)


@functools.cache
def _abroad(country: str, digits: int) -> tuple[bytes, ...]:
    """Calls to all parts of a country in the morning, all paid."""
    called = enumerate(numbers(country, digits, BEFORE))
    return tuple(paid(number, 10_000 + n, MORNING + n * SECOND) for n, number in called)


def _answered(code: str, digits: int, count: int) -> Iterator[bytes]:
    """Answered calls under the prefix in the hour before the slip, paid."""
    for nth, number in enumerate(numbers(code, digits, count)):
        ts = NOON - 46 * MINUTE + nth * SECOND
        yield event("cdr", f"a{nth}", ts, number, 30_000 + nth, duration_s=60, charge="3.50")


def slip(code: str, digits: int, answered: int) -> list[bytes]:
    """Calls after the slip: free under the prefix, paid beside it; a line each in turn, the free one first."""
    country = calling_code(code)
    beside = (n for n in numbers(country, digits, BEFORE) if not n[1:].startswith(code))
    lines = []
    for nth, number in enumerate(numbers(code, digits, OPENERS)):
        lines.append(free(number, nth, NOON + nth * SECOND))
        if (other := next(beside, None)) is not None:
            lines.append(paid(other, 500 + nth, NOON + nth * SECOND + 500))
    return lines if answered else [line for line in lines if b'"3.50"' not in line]


def outcome(code: str, tables: Tables, home: str, digits: int, answered: int) -> Outcome:
    """Let a network with `answered` calls an hour under `code` make the slip; with 0 it has no history at all."""
    test = Backtest(Settings(network=Network(home_country_code=home)), tables)
    if answered:
        history = [*_abroad(calling_code(code), digits), *_answered(code, digits, answered), *_at_home(home)]
        list(test.feed("morning:", 1, history, teach=True))
    return _told(list(test.feed("day:", 1, slip(code, digits, answered))), tables)


def _told(decided: list[Decided], tables: Tables) -> Outcome:
    """The commands of all moments, and what stands of the newest incident."""
    commands = [
        (one.after, str(order.command.action), order.command.target.key())
        for one in decided
        for order in one.decision.orders
    ]
    incidents = [incident for one in decided for incident in one.decision.incidents]
    if not incidents or incidents[-1].proof is None:
        return Outcome(commands, "", "", "", {})
    newest = incidents[-1]
    diagnosis = diagnose(incidents[-1].proof, {row.code: row.name for row in tables.short_codes})
    return Outcome(commands, newest.verdict, newest.why, newest.key, diagnosis)


def network_of(*codes: str) -> Tables:
    """The short codes of a network, among them a voicemail and a police."""
    own = dict.fromkeys([*codes, "333", "19"])
    return Tables(short_codes=tuple(ShortCode(code, f"service {code}") for code in own))
