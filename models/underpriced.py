"""Prices that are absurd beside the tariff: rated 0.01 where a call costs 3.50, which is a slip and not a price.

Judged where prices are, at the intake, in bulk: one search in a sorted table for all priced calls of a batch.
"""

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.columns import Names
from models.events import EventKind
from models.evidence import E164_DIGITS
from models.money import MILLION
from models.prices import ABSENT, Offers, Price
from models.tables import TariffRow

Ints = npt.NDArray[np.int64]

ABSURD_SHARE = 0.02
"""Below this share of the tariff's price a price is none.

A slip of the decimal point is a hundredth or less; a discount of 98 % is no tariff plan that anybody sells.
"""
DEAR = np.iinfo(np.int64).max
"""Instead of a price per minute: nothing can be said of it, but that it is one."""
_POWERS = 10 ** np.arange(E164_DIGITS + 1)
_RELEASE = int(EventKind.RELEASE)


class Floors(NamedTuple):
    """The tariff as parts of the numbering space, in order; a number has 15 digits, zeros added.

    Attributes:
        begins: int64[parts], the first number of each part; the first part begins at 0.
        least: int64[parts], millionths per minute: what costs less is absurd; 0 = no row, or one that is free.
        currency: int64[parts], position in `currencies`.
        currencies: of the tariff, ISO 4217 or empty.
    """

    begins: Ints
    least: Ints
    currency: Ints
    currencies: tuple[str, ...]


NO_FLOORS = Floors(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64), ("",))


def floors_of(tariff: tuple[TariffRow, ...], share: float = ABSURD_SHARE) -> Floors:
    """The floors that a tariff sets; the longest prefix of a number wins. Without a tariff there are none.

    >>> from decimal import Decimal
    >>> floors_of((TariffRow("+33", Decimal("3.50"), "MAD"),)).least.tolist()
    [0, 70000, 0]
    """
    if not tariff:
        return NO_FLOORS
    currencies, exact = tuple(dict.fromkeys(row.currency for row in tariff)), Decimal(repr(share)) * MILLION
    parts = {0: (0, 0)}
    open_rows: list[tuple[int, tuple[int, int]]] = []
    for row in sorted(tariff, key=lambda row: row.prefix):
        begin, end = _span(row.prefix)
        _close(open_rows, begin, parts)
        value = int(Decimal(row.rate) * exact), currencies.index(row.currency)
        parts[begin] = value
        open_rows.append((end, value))
    _close(open_rows, DEAR, parts)
    begins = np.array(sorted(parts), np.int64)
    values = np.array([parts[begin] for begin in begins.tolist()], np.int64)
    return Floors(begins, values[:, 0].copy(), values[:, 1].copy(), currencies)


def _span(prefix: str) -> tuple[int, int]:
    digits = prefix.removeprefix("+")
    scale = 10 ** (E164_DIGITS - len(digits))
    return int(digits) * scale, (int(digits) + 1) * scale


def _close(open_rows: list[tuple[int, tuple[int, int]]], before: int, parts: dict[int, tuple[int, int]]) -> None:
    """End the rows that end at or before a number: what is around them goes on."""
    while open_rows and open_rows[-1][0] <= before:
        end, _ = open_rows.pop()
        parts[end] = open_rows[-1][1] if open_rows else (0, 0)


def underprice(columns: dict[str, npt.NDArray[Any]], offers: Offers, names: Names, floors: Floors) -> None:
    """Turn paid into underpriced where the price is absurd; `rate` then says the price per minute.

    Only a price in the currency of the tariff's row is compared; where both name none, that is the same.
    """
    if not floors.least.any():
        return
    paid = np.flatnonzero(columns["price"] == Price.PAID)
    called, digits = columns["called"][paid].astype(np.int64), columns["digits"][paid].astype(np.int64)
    part = np.searchsorted(floors.begins, called * _POWERS[E164_DIGITS - digits], side="right") - 1
    codes = np.array([names.get(name, -1) for name in floors.currencies], np.int64)
    same = codes[floors.currency[part]] == columns["currency"][paid]
    given: Any = (column[paid] for column in offers)
    price = per_minute(Offers(*given))
    absurd = same & (price < floors.least[part])
    columns["price"][paid[absurd]] = Price.UNDERPRICED
    columns["rate"][paid[absurd]] = price[absurd]


def per_minute(offers: Offers) -> Ints:
    """What paid calls cost per minute, in millionths: the dearest of what their rate and their charge say.

    A fee counts as if it were a minute's. Of a charge only what was talked beyond the free seconds counts; a charge for
    nothing of that is `DEAR`.
    """
    rated = np.where(offers.rate >= 0, offers.rate + np.maximum(offers.setup_fee, 0), ABSENT)
    billed_s = offers.duration_s - offers.free_s
    charged = (offers.event >= _RELEASE) & (offers.charge > 0)
    minutes = np.maximum(billed_s, 1e-3) / 60
    by_charge = np.clip(offers.charge / minutes, 0.0, DEAR / 2).astype(np.int64)
    by_charge = np.where(charged & (billed_s > 0), by_charge, np.where(charged, DEAR, ABSENT))
    dearest: Ints = np.maximum(rated, by_charge)
    return np.where(dearest == ABSENT, DEAR, dearest)
