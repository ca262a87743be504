"""A simulated network: subscribers, switches, what calls cost, and the calls of an ordinary day."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import numpy as np

FREE = Decimal(0)
LOCAL_PRICE = Decimal("1.00")
SWITCHES = ("casa-msc-1", "rabat-msc-1", "fes-msc-1")
LATE_SWITCH = "oujda-msc-1"
"""This one has always rated set-ups as free and charged at release."""
PLANS = ("prepaid", "postpaid", "student")
ANSWERED_SHARE = 0.6
SHORT_CODES = {"333": "voicemail", "177": "police"}
DECLARED_FREE = "+351800"
"""Free on purpose: the operator's table says so."""


class Kind(StrEnum):
    """Why a call costs what it costs."""

    HOME = "home"
    VOICEMAIL = "voicemail"
    """Calls to short codes, free as they should be."""
    PAID = "paid"
    ALLOWANCE = "allowance"
    CHARGED_LATE = "charged late"
    DECLARED = "declared free"
    ROAMING = "roaming"
    """Dialled is a number at home, called is where its owner roams; the caller pays for the number at home."""
    FORWARDED = "forwarded"
    REDIAL = "redial"
    """One caller whose own calls are free, again and again: one payer, never a proof."""


class Destination(NamedTuple):
    """Numbers abroad with one price (a minute) and their share of the calls abroad; `free` digits follow."""

    prefix: str
    digits: int
    price: Decimal
    share: float
    trunk: str


DESTINATIONS = (
    Destination("+331", 8, Decimal("3.50"), 0.20, "INTL-FR-1"),
    Destination("+336", 8, Decimal("3.50"), 0.24, "INTL-FR-1"),
    Destination("+333", 8, Decimal("3.50"), 0.06, "INTL-FR-1"),
    Destination("+349", 8, Decimal("3.00"), 0.15, "INTL-ES-1"),
    Destination("+346", 8, Decimal("3.00"), 0.15, "INTL-ES-1"),
    Destination("+4420", 8, Decimal("4.00"), 0.10, "INTL-UK-1"),
    Destination("+4930", 7, Decimal("4.00"), 0.10, "INTL-DE-1"),
)
LEAKING = DESTINATIONS[2]
SPAIN = DESTINATIONS[3]
LONDON = DESTINATIONS[5]
PORTUGAL_FREEPHONE = Destination(DECLARED_FREE, 6, FREE, 0.0, "INTL-ES-1")

MIX = {
    Kind.HOME: 0.62,
    Kind.VOICEMAIL: 0.10,
    Kind.PAID: 0.25,
    Kind.ALLOWANCE: 0.010,
    Kind.CHARGED_LATE: 0.006,
    Kind.DECLARED: 0.005,
    Kind.ROAMING: 0.003,
    Kind.FORWARDED: 0.003,
    Kind.REDIAL: 0.003,
}
"""Share of each kind among all calls; the look-alikes are few, as in life."""


class PlannedCall(NamedTuple):
    """A call that somebody will make, before any switch has judged it.

    `time_ms` since the epoch; `price` a minute, as the table should have it; `duration_s` 0 = nobody answers.
    """

    time_ms: int
    call_id: str
    caller: str
    account: str
    plan: str
    switch: str
    trunk: str
    called: str
    called_type: str
    dialled: str
    price: Decimal
    duration_s: float
    kind: Kind


class Subscriber(NamedTuple):
    """Who calls, who pays, and where he is connected."""

    caller: str
    account: str
    plan: str
    switch: str


class Network:
    """A network's subscribers and the calls that they plan; all chance comes from `rng`.

    Args:
        rng: the only source of chance.
        subscribers: how many there are.
        longest_s: the longest call, seconds.

    `longest_s` and `destinations` (where ordinary paid calls go) may be changed as the day goes on.
    """

    def __init__(self, rng: np.random.Generator, subscribers: int = 10_000, longest_s: float = 90.0) -> None:
        self.rng = rng
        self.longest_s = longest_s
        self.destinations: tuple[Destination, ...] = DESTINATIONS
        plans, switches = rng.integers(len(PLANS), size=subscribers), rng.integers(len(SWITCHES), size=subscribers)
        self.subscribers = [
            Subscriber(f"+2126{number:08d}", f"acc-{number:05d}", PLANS[plan], SWITCHES[switch])
            for number, (plan, switch) in enumerate(zip(plans.tolist(), switches.tolist(), strict=True))
        ]
        self._calls = 0
        self._nonce = int(rng.integers(1 << 32))

    def somebody(self) -> Subscriber:
        """Any subscriber."""
        return self.subscribers[int(self.rng.integers(len(self.subscribers)))]

    def number(self, destination: Destination) -> str:
        """Any number of a destination, `+digits`."""
        return f"{destination.prefix}{int(self.rng.integers(10**destination.digits)):0{destination.digits}d}"

    def abroad(
        self, time_ms: int, by: Subscriber, destination: Destination, called: str = "", kind: Kind = Kind.PAID
    ) -> PlannedCall:
        """A call abroad, dialled with 00; answered or not by chance."""
        number = called or self.number(destination)
        return self._call(time_ms, by, number, "international", "00" + number[1:], destination, kind)

    def ordinary(self, time_ms: int) -> PlannedCall:
        """A call as on any day."""
        kind = list(MIX)[int(self.rng.choice(len(MIX), p=_shares(list(MIX.values()))))]
        by = self.somebody()
        match kind:
            case Kind.HOME:
                number = f"05{int(self.rng.integers(10**8)):08d}"
                home = Destination("", 0, LOCAL_PRICE, 0.0, "")
                return self._call(time_ms, by, number, "national", number, home, kind)
            case Kind.VOICEMAIL:
                code = "333" if self.rng.random() < 0.95 else "177"
                return self._call(time_ms, by, code, "short", code, Destination("", 0, FREE, 0.0, ""), kind)
            case Kind.PAID:
                return self.abroad(time_ms, by, self._destination())
            case _:
                return self._look_alike(time_ms, by, kind)

    def day(self, begin_ms: int, calls_per_s: float) -> Iterator[PlannedCall]:
        """Ordinary calls from `begin_ms` on, as they come by chance, without end."""
        at_ms = float(begin_ms)
        while True:
            at_ms += float(self.rng.exponential(1000.0 / calls_per_s))
            yield self.ordinary(int(at_ms))

    def _destination(self) -> Destination:
        shares = _shares([destination.share for destination in self.destinations])
        return self.destinations[int(self.rng.choice(len(shares), p=shares))]

    def _look_alike(self, time_ms: int, by: Subscriber, kind: Kind) -> PlannedCall:
        """A call that looks free and is no leak."""
        match kind:
            case Kind.CHARGED_LATE:
                call = self.abroad(time_ms, by._replace(switch=LATE_SWITCH), SPAIN, kind=kind)
                return call._replace(duration_s=call.duration_s or 5.0)
            case Kind.DECLARED:
                return self.abroad(time_ms, by, PORTUGAL_FREEPHONE, kind=kind)
            case Kind.REDIAL:
                return self.abroad(time_ms, self.subscribers[0], LONDON, f"{LONDON.prefix}79460000", kind)
            case Kind.FORWARDED | Kind.ROAMING:
                call = self.abroad(time_ms, by, LEAKING, kind=kind)
                return call._replace(dialled=f"06{int(self.rng.integers(10**8)):08d}")
            case _:
                return self.abroad(time_ms, by, self._destination(), kind=kind)

    def _call(
        self,
        time_ms: int,
        by: Subscriber,
        called: str,
        called_type: str,
        dialled: str,
        destination: Destination,
        kind: Kind,
    ) -> PlannedCall:
        self._calls += 1
        answered = self.rng.random() < ANSWERED_SHARE
        duration_s = round(float(self.rng.uniform(2.0, self.longest_s)), 1) if answered else 0.0
        call_id = f"{self._nonce:08x}{self._calls:08x}@{by.switch}"
        price, trunk = destination.price, destination.trunk
        return PlannedCall(time_ms, call_id, *by, trunk, called, called_type, dialled, price, duration_s, kind)


def _shares(weights: list[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]
