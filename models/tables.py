"""The operator's four tables (contract, section 4): short codes, free prefixes, tariff, protected numbers.

Text in, frozen values or a `TableError` out. A number with `+` is international; one without is dialled as it
stands. That one character is what this project is about: it is never guessed where it decides what is free.
"""

import itertools
import math
import re
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec

from models.csv_table import Row, TableError, read_rows
from models.plan import calling_code

__all__ = [
    "FreePrefix",
    "ProtectedNumber",
    "ShortCode",
    "TableError",
    "Tables",
    "TariffRow",
    "parse_free_prefixes",
    "parse_protected",
    "parse_short_codes",
    "parse_tariff",
]

Value = TypeVar("Value")

_SHORT = re.compile(r"[0-9*#]{1,32}")
_DIGITS = re.compile(r"[0-9]{1,15}")  # E.164: at most 15 digits, the calling code included
_RATE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class ShortCode(msgspec.Struct, frozen=True):
    """A short code of the network's own: a suspect when a prefix turns free, and never blocked itself."""

    code: str
    """Digits, `*` and `#`, 1 to 32 of them."""
    name: str = ""


class FreePrefix(msgspec.Struct, frozen=True):
    """An international prefix that is free on purpose."""

    prefix: str
    """`+` and 1 to 15 digits."""
    reason: str = ""
    from_ms: int | None = None
    """First moment of it, milliseconds since the epoch; None = always was."""
    until_ms: int | None = None
    """First moment after it, milliseconds since the epoch; None = no end."""
    plan: str = ""
    """The one tariff plan that it is free for; empty = all."""


class TariffRow(msgspec.Struct, frozen=True):
    """What a call under a prefix should cost."""

    prefix: str
    """`+` and 1 to 15 digits."""
    rate: Decimal
    """Per minute, in `currency`; >= 0."""
    currency: str = ""
    """ISO 4217, or empty."""
    name: str = ""


class ProtectedNumber(msgspec.Struct, frozen=True):
    """A number, or every number under a prefix, that no command ever touches."""

    number: str
    """`+` and 1 to 15 digits, or a short or national number as it is dialled (digits, `*`, `#`)."""
    reason: str = ""


class Tables(msgspec.Struct, frozen=True):
    """All four tables; one that the operator does not keep is empty."""

    short_codes: tuple[ShortCode, ...] = ()
    free_prefixes: tuple[FreePrefix, ...] = ()
    tariff: tuple[TariffRow, ...] = ()
    protected: tuple[ProtectedNumber, ...] = ()


def parse_short_codes(text: str | bytes, file: str) -> tuple[ShortCode, ...]:
    r"""Return the rows of a `code,name` table.

    Raises:
        TableError: the first fault; a code is given twice.

    Example:
        >>> parse_short_codes("code,name\n333,voicemail", "short_codes.csv")
        (ShortCode(code='333', name='voicemail'),)
    """
    rows = read_rows(text, file, ("code", "name"), needed="code")
    return _unique(rows, "code", _short_code, lambda value: value.code)


def _short_code(row: Row) -> ShortCode:
    return ShortCode(_short(row, "code"), row.fields["name"])


def parse_free_prefixes(text: str | bytes, file: str) -> tuple[FreePrefix, ...]:
    r"""Return the rows of a `prefix,reason,from,until,plan` table.

    The `+` must be written: `333` may be meant as the short code, and `+333` free on purpose hides a leak.

    Raises:
        TableError: the first fault; two rows of one prefix and plan whose times overlap.

    Example:
        >>> parse_free_prefixes("prefix,reason\n+800,freephone", "free.csv")[0].prefix
        '+800'
    """
    rows = read_rows(text, file, ("prefix", "reason", "from", "until", "plan"), needed="prefix")
    given = [(row, _free_prefix(row)) for row in rows]
    _check_apart(given)
    return tuple(value for _, value in given)


def _free_prefix(row: Row) -> FreePrefix:
    text = row.needed("prefix")
    if not text.startswith("+"):
        raise row.error("prefix", f"{_shown(text)} has no '+'; write it where an international prefix is meant")
    start, end = _instant(row, "from"), _instant(row, "until")
    if start is not None and end is not None and start >= end:
        raise row.error("until", f"{row.fields['until']!r} is not after {row.fields['from']!r}")
    return FreePrefix(_prefix(row, "prefix"), row.fields["reason"], start, end, row.fields["plan"])


def _check_apart(given: list[tuple[Row, FreePrefix]]) -> None:
    """Refuse rows of one prefix and plan that are in force at the same time."""
    ordered = sorted(given, key=lambda pair: (pair[1].prefix, pair[1].plan, _begins(pair[1])))
    for (row, value), (later, other) in itertools.pairwise(ordered):
        same = (value.prefix, value.plan) == (other.prefix, other.plan)
        if same and (value.until_ms is None or _begins(other) < value.until_ms):
            first, second = sorted((row, later), key=lambda either: either.line)
            raise second.error("prefix", f"is on line {first.line} too, for the same plan and time")


def _begins(value: FreePrefix) -> float:
    return -math.inf if value.from_ms is None else value.from_ms


def parse_tariff(text: str | bytes, file: str) -> tuple[TariffRow, ...]:
    r"""Return the rows of a `prefix,rate,currency,name` table; the `+` may be left out, as rate sheets do.

    Raises:
        TableError: the first fault; a prefix is given twice.

    Example:
        >>> parse_tariff("prefix,rate,currency\n33,3.50,MAD", "tariff.csv")[0].rate
        Decimal('3.50')
    """
    rows = read_rows(text, file, ("prefix", "rate", "currency", "name"), needed="prefix")
    return _unique(rows, "prefix", _tariff_row, lambda value: value.prefix)


def _tariff_row(row: Row) -> TariffRow:
    currency = row.fields["currency"]
    if currency and not _CURRENCY.fullmatch(currency):
        raise row.error("currency", f"{_shown(currency)} is not three capital letters (ISO 4217)")
    return TariffRow(_prefix(row, "prefix"), _rate(row), currency, row.fields["name"])


def parse_protected(text: str | bytes, file: str) -> tuple[ProtectedNumber, ...]:
    r"""Return the rows of a `number,reason` table.

    Raises:
        TableError: the first fault; a number is given twice.

    Example:
        >>> parse_protected("number,reason\n+33140000000,embassy\n177,police", "protected.csv")[1].number
        '177'
    """
    rows = read_rows(text, file, ("number", "reason"), needed="number")
    return _unique(rows, "number", _protected, lambda value: value.number)


def _protected(row: Row) -> ProtectedNumber:
    international = row.needed("number").startswith("+")
    return ProtectedNumber((_prefix if international else _short)(row, "number"), row.fields["reason"])


def _unique(
    rows: Iterable[Row], field: str, parse: Callable[[Row], Value], key: Callable[[Value], Hashable]
) -> tuple[Value, ...]:
    """The parsed rows, no two with the same key."""
    seen: dict[Hashable, int] = {}
    values: list[Value] = []
    for row in rows:
        value = parse(row)
        first = seen.setdefault(key(value), row.line)
        if first != row.line:
            raise row.error(field, f"is on line {first} too")
        values.append(value)
    return tuple(values)


def _short(row: Row, field: str) -> str:
    text = row.needed(field)
    if not _SHORT.fullmatch(text):
        raise row.error(field, f"{_shown(text)} is not 1 to 32 digits, '*' or '#'")
    return text


def _prefix(row: Row, field: str) -> str:
    """An international prefix as `+digits`; spaces in it and a missing `+` are mended."""
    text = row.needed(field)
    digits = text.removeprefix("+").replace(" ", "")
    if not _DIGITS.fullmatch(digits):
        raise row.error(field, f"{_shown(text)} is not '+' and 1 to 15 digits")
    if not calling_code(digits):
        hint = f"; write '+{digits[2:]}'?" if calling_code(digits[2:]) and digits.startswith("00") else ""
        raise row.error(field, f"{_shown(text)} does not begin with an assigned calling code{hint}")
    return "+" + digits


def _rate(row: Row) -> Decimal:
    text = row.needed("rate")
    if not _RATE.fullmatch(text):
        raise row.error("rate", f"{_shown(text)} is not a decimal >= 0 such as 3.50")
    return Decimal(text)


def _instant(row: Row, field: str) -> int | None:
    """Milliseconds since the epoch of an RFC 3339 field with an offset; None where it is empty."""
    text = row.fields[field]
    if not text:
        return None
    try:
        moment = msgspec.convert(text, _Instant)
    except msgspec.ValidationError:
        example = "2026-11-24T08:00:00+01:00"
        raise row.error(field, f"{_shown(text)} is not RFC 3339 with an offset, such as {example}") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _shown(text: str) -> str:
    """The text as an error quotes it: not whole where it is long."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
