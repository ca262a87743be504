"""Every short code there may be, typed with a `+` one at a time: the right prefix, the right cause, 100 % of them.

A slip gives `+` and the code a price of nothing. What has to come of it is decided by three networks: one where few
calls go there, one where so many do that a block touches more than the impact budget (then a person is asked, with
the same cause and prefix), and one that starts cold, without any history or tariff.

A row makes no leak where every number under it is free for every caller anyway: +800, the international freephone
service (ITU-T E.169.1), and +3640 and +3680, Hungary's freephone ranges, as far as their real numbers go. It changes
no price, and nothing is said of it. Of every other code that touches a freephone range the other numbers prove.
"""

import pytest
from support.typed_codes import (
    LARGE,
    NUMBERING,
    SMALL,
    Outcome,
    assigned_codes,
    french_short_codes,
    lengths,
    network_of,
    only_freephone,
    outcome,
    three_digit_codes,
)

from models.plan import calling_code, country_name

pytestmark = [
    pytest.mark.skipif(not NUMBERING.is_dir(), reason="../shared/data/numbering is absent"),
    pytest.mark.timeout(900),  # kernels may have to be compiled first, on a machine that others use
]

HOME = "212"
SLIP = "plus_before_short_code"
SILENT = {("800", 11), ("3640", 10), ("3680", 10)}
"""Codes and lengths of numbers that open nothing: all of them are freephone."""
NETWORKS = {"few calls": SMALL, "many calls": LARGE, "no history": 0}
BLOCKED_BY = {"few calls": 5, "no history": 3}
"""Lines by which the block stands: the third free call's; where there is history, a paid call beside follows each."""


def cases(codes: list[str], network: str) -> list[tuple[str, int]]:
    """Codes with the length of their country's longest numbers, and in the first network with the shortest, too."""
    chosen = slice(None) if network == "few calls" else slice(-1, None)
    both = ((code, digits) for code in codes for digits in sorted(set(lengths(calling_code(code))))[chosen])
    return [(code, digits) for code, digits in both if digits > len(code) + 1]


def faults(code: str, told: Outcome, network: str) -> list[str]:
    """What is wrong with an outcome; empty where the right prefix is blocked, or held, and the cause is named."""
    if told == Outcome([], "", "", "", {}):
        return ["silent"]
    key, found = f"prefix:+{code}", told.diagnosis
    checks = {"target": told.target == key, "code": (found.get("kind"), found.get("entry")) == (SLIP, code)}
    checks["words"] = (found.get("wrong"), found.get("entry_name")) == (f"+{code}", f"service {code}")
    if network == "many calls":
        checks["held"] = (told.verdict, told.why, told.commands) == ("held", "impact_per_command", [])
    else:
        commands = [(action, target) for _, action, target in told.commands]
        checks["blocked"] = commands == [("block", key)] and told.commands[0][0] <= BLOCKED_BY[network]
    return [name for name, good in checks.items() if not good]


def test_the_codes_are_those_that_were_counted_beforehand():
    codes, assigned = three_digit_codes(), assigned_codes()
    assert (len(assigned), len(codes)) == (215, 809)
    assert [code for code in codes if calling_code(code) == HOME] == [HOME]
    french = french_short_codes()
    begins = [("36", 51), ("32", 50), ("1", 45), ("39", 45), ("30", 34), ("34", 24), ("31", 19)]
    assert [(country, sum(code.startswith(country) for code in french)) for country, _ in begins] == begins
    assert len(french) == len(set(french)) == sum(count for _, count in begins)
    assert all(country_name(code) for code in [*codes, *french])


def judged(codes: list[str], home: str, network: str, together: bool) -> dict[tuple[str, int], list[str]]:
    """What is wrong with the slip of each code; `together`: the network has all of them, else each has one."""
    wrong, all_of_them = {}, network_of(*codes)
    for code, digits in cases(codes, network):
        tables = all_of_them if together else network_of(code)
        wrong[code, digits] = faults(code, outcome(code, tables, home, digits, NETWORKS[network]), network)
    assert {code for code, _ in wrong} == set(codes)
    return {case: found for case, found in wrong.items() if found}


def silent(codes: list[str], network: str) -> dict[tuple[str, int], list[str]]:
    """Those of the codes that open nothing."""
    assert all(only_freephone(*case) for case in SILENT)
    return {case: ["silent"] for case in cases(codes, network) if case in SILENT}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("first", "123456789")
def test_every_three_digit_code(first, network):
    codes = [code for code in three_digit_codes() if code[0] == first and code != HOME]
    assert judged(codes, HOME, network, together=False) == silent(codes, network)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_short_code_of_the_french_plan_on_a_french_network_that_has_them_all(network):
    codes = french_short_codes()
    assert judged(codes, "33", network, together=True) == silent(codes, network)


@pytest.mark.parametrize("digits", [8, 11, 15])
@pytest.mark.parametrize("answered", NETWORKS.values())
def test_the_freephone_code_opens_nothing_whatever_the_numbers(digits, answered):
    assert outcome("800", network_of("800"), HOME, digits, answered) == Outcome([], "", "", "", {})
