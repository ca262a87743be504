"""What the numbering plans of the world say about a prefix: whose it is, and how many numbers it opens.

Digits are international ones (E.164), with or without the `+`. The plans are libphonenumber's metadata, and
for +33 the regulator's list of assigned blocks. All of it is package data, read once at the first question.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata

from models.french_plan import numbers_assigned
from models.number_count import Residual, after, count, residual_of, strings
from models.package_data import package_rows

_GEOGRAPHIC = ("fixed_line", "mobile")
_FREEPHONE = ("toll_free",)
_KINDS = (
    *_GEOGRAPHIC,
    *_FREEPHONE,
    *("premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail"),
)
_MINOR_SHARE = 0.03
"""A region with a smaller share of a prefix's numbers is not named: Guernsey in +44, Svalbard in +47."""

_EMERGENCY_EVERYWHERE = frozenset({"112", "911"})
"""3GPP TS 22.101 clause 10.1.1: a handset treats both as emergency numbers wherever it is."""
_SOCIAL_VALUE = frozenset(f"116{last:03}" for last in range(1000))
"""Commission Decision 2007/116/EC: numbers that begin with 116 are for services of social value."""


class _Zone(NamedTuple):
    """The plan of one calling code, as residuals of national numbers."""

    every: Residual
    freephone: Residual
    geographic: Residual
    regions: tuple[tuple[str, Residual], ...]
    """Region and its geographic numbers, the main region first."""
    known: dict[Residual, int]
    """Counts worked out so far."""


@cache
def calling_codes() -> frozenset[str]:
    """Return the assigned country calling codes, without `+` (ITU-T E.164; 215 in libphonenumber 9)."""
    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def calling_code(digits: str) -> str:
    """Return the calling code that the digits begin with, empty where none is assigned.

    Example:
        >>> calling_code("333"), calling_code("+212661"), calling_code("999")
        ('33', '212', '')
    """
    digits = _bare(digits)
    return next((digits[:size] for size in (1, 2, 3) if digits[:size] in calling_codes()), "")


def region_of_home(code: str) -> str:
    """Return the main region of a calling code (ISO 3166-1; `001` = no country's), empty where unassigned.

    Example:
        >>> region_of_home("212"), region_of_home("1"), region_of_home("999")
        ('MA', 'US', '')
    """
    return _regions(code)[0] if code in calling_codes() else ""


@cache
def national_prefix(code: str) -> str:
    """Return the digits dialled before a national number, `0` for most, empty where there are none.

    Example:
        >>> national_prefix("33"), national_prefix("7"), national_prefix("45")
        ('0', '8', '')
    """
    return (_metadata(code, region_of_home(code)).national_prefix or "") if code in calling_codes() else ""


@lru_cache(maxsize=8192)
def country_name(digits: str) -> str:
    """Return the English name of the country or service that the digits lead to, empty where there is none.

    Under a shared calling code the regions with numbers under the prefix decide; the answer may name two.

    Example:
        >>> country_name("333"), country_name("+1416"), country_name("7"), country_name("800")
        ('France', 'Canada', 'Russia and Kazakhstan', 'International freephone')
    """
    code = calling_code(digits)
    if not code:
        return ""
    regions = _regions(code)
    if len(regions) == 1:
        return _names()[code if regions[0] == "001" else regions[0]]
    return _joined([_names()[region] for region in _regions_under(code, _bare(digits)[len(code) :])])


def _joined(names: list[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and others"


def _regions_under(code: str, national: str) -> list[str]:
    """Regions that hold the numbers under a national prefix, or under the longest part of it that has any."""
    zone = _zone(code)
    for size in range(len(national), -1, -1):
        if named := _holders(zone, national[:size]):
            return named
        if count(after(zone.every, national[:size]), zone.known):
            break  # only numbers that all its regions share, like freephone
    return _holders(zone, "")


def _holders(zone: _Zone, national: str) -> list[str]:
    """Regions with a fair share of the geographic numbers; all but the main one, of those that it lacks."""
    under = [(region, after(numbers, national)) for region, numbers in zone.regions]
    least = _MINOR_SHARE * count(after(zone.geographic, national), zone.known)
    (main, of_main), others = under[0], under[1:]
    held = count(of_main, zone.known)
    named = [main] if held > least else []
    return named + [region for region, more in others if count(of_main | more, zone.known) - held > least]


@lru_cache(maxsize=8192)
def numbers_under(prefix: str) -> int:
    """Return how many telephone numbers begin with the prefix: what a leak there opens.

    For +33 the numbers that the regulator has assigned; elsewhere those that the country's number patterns
    admit, of every kind: an upper bound, high where numbers vary in length (+49, +43). A prefix shorter than
    any calling code opens all the codes that begin with it.

    Example:
        >>> numbers_under("333"), numbers_under("+33387654321"), numbers_under("999")
        (49359000, 1, 0)
    """
    digits, code = _bare(prefix), calling_code(prefix)
    if not code:
        longer = [code for code in calling_codes() if digits and code.startswith(digits)]
        return sum(map(numbers_under, longer))
    national = digits[len(code) :]
    if code == "33":
        return numbers_assigned(national)
    zone = _zone(code)
    return count(after(zone.every, national), zone.known)


@lru_cache(maxsize=65536)
def is_freephone(digits: str) -> bool:
    """Return whether a call there is free for every caller by the plan: a number, or all numbers of a prefix.

    Where a whole calling code is freephone (+800) every call is free, to whatever digits behind it.

    Example:
        >>> is_freephone("80012345678"), is_freephone("+18005550123"), is_freephone("33387654321")
        (True, True, False)
        >>> is_freephone("800"), is_freephone("8000"), is_freephone("1800")
        (True, True, True)
    """
    code = calling_code(digits)
    if not code:
        return False
    zone, national = _zone(code), _bare(digits)[len(code) :]
    free = count(after(zone.freephone, national), zone.known)
    if free:
        return free == count(after(zone.every, national), zone.known)
    return bool(national) and is_freephone(code)


def is_emergency(number: str, region: str) -> bool:
    """Return whether a number, as dialled inside the region (ISO 3166-1), is an emergency number there.

    Example:
        >>> is_emergency("15", "MA"), is_emergency("112", "MA"), is_emergency("333", "MA")
        (True, True, False)
    """
    return number in _emergency_numbers(region)


@cache
def protected_short_numbers(region: str) -> frozenset[str]:
    """Return the short numbers that nothing may ever block in the region: emergency, 112, 911 and 116xxx.

    Example:
        >>> sorted(n for n in protected_short_numbers("FR") if not n.startswith("116"))
        ['112', '15', '17', '18', '911']
    """
    return _emergency_numbers(region) | _SOCIAL_VALUE


@cache
def _emergency_numbers(region: str) -> frozenset[str]:
    metadata = PhoneMetadata.short_metadata_for_region(region)
    patterns = _patterns([metadata], ("emergency",)) if metadata else set()
    return _EMERGENCY_EVERYWHERE.union(strings(residual_of(patterns)))


@cache
def _zone(code: str) -> _Zone:
    metadata = {region: _metadata(code, region) for region in _regions(code)}
    return _Zone(
        every=residual_of(_patterns(metadata.values(), _KINDS)),
        geographic=residual_of(_patterns(metadata.values(), _GEOGRAPHIC)),
        freephone=residual_of(_patterns(metadata.values(), _FREEPHONE)),
        regions=tuple((r, residual_of(_patterns([plan], _GEOGRAPHIC))) for r, plan in metadata.items()),
        known={},
    )


def _regions(code: str) -> tuple[str, ...]:
    return COUNTRY_CODE_TO_REGION_CODE[int(code)]


def _metadata(code: str, region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    if metadata is None:
        raise LookupError(f"phonenumbers: no metadata for +{code} ({region}); reinstall the package")
    return metadata


def _patterns(plans: Iterable[PhoneMetadata], kinds: tuple[str, ...]) -> set[str]:
    """The patterns of some kinds of number; kinds that a region does not have are left out."""
    kinds_of = (getattr(plan, kind) for plan in plans for kind in kinds)
    return {kind.national_number_pattern for kind in kinds_of if kind and kind.national_number_pattern}


@cache
def _names() -> dict[str, str]:
    return {row["region"]: row["name"] for row in package_rows("regions.csv")}


def _bare(digits: str) -> str:
    """Digits without the `+`; empty where the text is no international number or prefix."""
    digits = digits.removeprefix("+")
    return digits if digits.isascii() and digits.isdecimal() else ""
