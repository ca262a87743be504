"""What a call says about the price of the number it called: free, paid, or nothing (contract section 2)."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.columns import absent
from models.events import EventKind
from models.tables import FreePrefix

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Price(IntEnum):
    """What an event says about the price of the called number."""

    NONE = 0
    """Nothing: an `answer`, a test, refused, not originating, not international, not what was dialled."""
    FREE = 1
    """Evidence that a call there costs nothing."""
    PAID = 2
    """Evidence that a call there costs something."""
    ALLOWANCE = 3
    """A bundle, promotion or free minute of this customer's paid for it."""
    FAILED = 4
    """Rating was down or skipped."""
    UNRATED = 5
    """No price was reported, or a negative one; never "free"."""
    DECLARED = 6
    """Free, at a prefix that the operator declared free for that plan and time."""
    UNDERPRICED = 7
    """Priced so far below the tariff that it is as good as free (`models.underpriced`)."""


AMOUNT_MAX: Final = 10**12
"""Amounts of this size are mistakes; below it they fit an int64 as millionths."""
ABSENT: Final = -(2**63)
"""An amount that was not given."""
NOT_FINITE: Final = ABSENT + 1
"""NaN, infinite, or `AMOUNT_MAX` or more: the event is refused."""
DIGITS_MIN: Final = 7
"""Fewer, the calling code among them, are no telephone number abroad."""

RATING: Final = {None: 0, "rated": 0, "allowance": int(Price.ALLOWANCE), "failed": int(Price.FAILED)}
"""`rating_status` as the price that it decides, 0 where it decides none."""
_CONTEXT: Final = Context(prec=40, traps=[])
_MILLION: Final = Decimal(1_000_000)

_NONE, _FREE, _PAID, _UNRATED = int(Price.NONE), int(Price.FREE), int(Price.PAID), int(Price.UNRATED)
_RELEASE = int(EventKind.RELEASE)


def micros(amount: Decimal | None) -> int:
    """Return an amount in millionths, exact to half of one; what is positive never becomes 0.

    A negative amount, which says "not rated", is -1 whatever its size.

    Example:
        >>> micros(Decimal("3.50")), micros(Decimal("1e-400")), micros(Decimal("-2")), micros(Decimal("-0.00"))
        (3500000, 1, -1, 0)
    """
    if amount is None:
        return ABSENT
    if not amount.is_finite() or amount.copy_abs() >= AMOUNT_MAX:
        return NOT_FINITE
    if amount <= 0:
        return -1 if amount < 0 else 0
    return max(1, int(_CONTEXT.multiply(amount, _MILLION).to_integral_value()))


_remembered = lru_cache(maxsize=1 << 16)(micros)


def amounts_of(amounts: list[Decimal | None]) -> Ints:
    """Return a column of amounts in millionths, int64[amounts]: `ABSENT`, `NOT_FINITE`, -1, or 0 and more."""
    if absent(amounts):
        return np.full(len(amounts), ABSENT)
    try:
        return np.fromiter(map(_remembered, amounts), np.int64, len(amounts))
    except TypeError:  # a signalling NaN has no hash
        return np.fromiter(map(micros, amounts), np.int64, len(amounts))


class Offers(NamedTuple):
    """What the events say about price, one column each.

    Attributes:
        event: uint8, `EventKind`.
        relevant: bool, the event is evidence at all.
        status: uint8, `rating_status` as in `RATING`.
        rate: int64, millionths a minute, as of `amounts_of`; so are `setup_fee` and `charge`.
        setup_fee: of being connected.
        charge: of the whole call.
        duration_s: float64, answered seconds; 0 where not given.
        free_s: float64, seconds at the start that cost nothing.
    """

    event: Small
    relevant: Mask
    status: Small
    rate: Ints
    setup_fee: Ints
    charge: Ints
    duration_s: npt.NDArray[np.float64]
    free_s: npt.NDArray[np.float64]


@nb.njit(cache=True)
def _by_rate(rate: int, setup_fee: int) -> int:
    """Return what the rate alone says; a negative amount or none is "not rated"."""
    if rate < 0:
        return _UNRATED
    if rate > 0 or setup_fee > 0:
        return _PAID
    return _FREE if setup_fee in (0, ABSENT) else _UNRATED


@nb.njit(cache=True)
def _by_charge(charge: int, metered: bool) -> int:
    """Return what the charge says, `_NONE` where it leaves the word to the rate."""
    if charge == ABSENT:
        return _NONE
    if charge != 0:
        return _PAID if charge > 0 else _UNRATED
    return _FREE if metered else _NONE


@nb.njit(cache=True)
def _prices(offers: Offers) -> Small:
    prices = np.zeros(offers.event.size, np.uint8)
    for i in range(prices.size):
        if not offers.relevant[i]:
            continue
        price = int(offers.status[i])
        if price == _NONE and offers.event[i] >= _RELEASE:
            price = _by_charge(offers.charge[i], offers.duration_s[i] > offers.free_s[i])
        prices[i] = price if price != _NONE else _by_rate(offers.rate[i], offers.setup_fee[i])
    return prices


def prices_of(offers: Offers) -> Small:
    """Return the `Price` of every event, uint8[events], before the operator's free list is looked at."""
    prices: Small = _prices(offers)
    return prices


class Calls(NamedTuple):
    """Calls that were found free, one column each.

    Attributes:
        called: uint64, E.164 digits as a number.
        length: uint8, how many digits.
        start: int64, when the call began, ms.
        end: int64, when it ended, as far as is known, ms.
        plan: uint32, code of the tariff plan.
    """

    called: npt.NDArray[np.uint64]
    length: Small
    start: Ints
    end: Ints
    plan: npt.NDArray[np.uint32]


def declared_free(calls: Calls, plans: Mapping[Any, int], free_prefixes: Iterable[FreePrefix]) -> Mask:
    """Say which calls the operator's list covers, bool[calls]; `plans` has the code of each plan's name.

    A call that was under way while the entry held is covered: nothing on the wire says when its price was chosen.
    """
    covered = np.zeros(len(calls.called), np.bool_)
    heads: dict[int, npt.NDArray[np.uint64]] = {}
    for entry in free_prefixes:
        size = len(entry.prefix) - 1
        if size not in heads:
            heads[size] = _heads(calls, size)
        under = heads[size] == np.uint64(entry.prefix[1:])
        if under.any():
            covered |= under & _in_force(calls, entry, plans)
    return covered


def _heads(calls: Calls, size: int) -> npt.NDArray[np.uint64]:
    """Return the first `size` digits of every called number, 0 where it has fewer."""
    rest = np.maximum(calls.length.astype(np.int64) - size, 0)
    heads = calls.called // np.uint64(10) ** rest.astype(np.uint64)
    return np.where(calls.length >= size, heads, np.uint64(0))


def _in_force(calls: Calls, entry: FreePrefix, plans: Mapping[Any, int]) -> Mask:
    holds = np.ones(len(calls.called), np.bool_)
    if entry.from_ms is not None:
        holds &= calls.end >= entry.from_ms
    if entry.until_ms is not None:
        holds &= calls.start < entry.until_ms
    if entry.plan:
        holds &= calls.plan == plans.get(entry.plan, -1)
    return holds


def warm() -> None:
    """Compile the kernel, or load it from the cache, before the first batch needs it."""
    small, ints, floats = np.zeros(1, np.uint8), np.zeros(1, np.int64), np.zeros(1)
    prices_of(Offers(small, small.view(np.bool_), small, ints, ints, ints, floats, floats))
