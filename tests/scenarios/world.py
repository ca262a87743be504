"""A small network to play scenarios in: who pays, where they call, what it costs, how it is reported, the week before.

All chance comes from generators that are given. Times are ms since the epoch.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from models.tables import ShortCode, Tables

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
BEGIN_MS = 1_795_521_600_000
"""2026-11-24T12:00Z, a Tuesday: when a scenario's day begins."""
ANSWERED_SHARE = 0.8
CURRENCY = "MAD"
HOME_PRICE = "1.00"
NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


class Style(StrEnum):
    """Where a switch shows what a call costs."""

    SETUP = "set-up"
    """`rate` in the attempt, `charge` in the release."""
    RELEASE = "release"
    """Every attempt has `rate` 0; what a call cost stands in the release."""
    BARE = "bare"
    """No attempt has a rate; what a call cost stands in the release."""
    CDR = "cdr"
    """One record after the call with `charge` and no `rate`, and it comes late."""


class Payer(NamedTuple):
    """Who calls, who pays, and where he is connected."""

    caller: str
    account: str
    plan: str
    switch: str


class Place(NamedTuple):
    """Numbers abroad with one price a minute; `digits` of the whole number, calling code included."""

    prefix: str
    digits: int
    price: str
    weight: float = 1.0
    trunk: str = "INTL-1"


class Call(NamedTuple):
    """A call that somebody makes, before any table has priced it or any switch has judged it.

    Attributes:
        called: `+digits` abroad; local digits at home.
        price: a minute, as the operator means it; `0` = free on purpose.
        duration_s: 0 = nobody answers.
        dialled: as the subscriber dialled it; empty = as is usual for the number called.
        lag_ms: how long after its end a CDR arrives.
        late_ms: how much later than they happened its other events arrive.
        fields: what its events say otherwise; `...` leaves a field out.
        ends: what its release or CDR says otherwise, beside that.
    """

    at_ms: int
    by: Payer
    called: str
    price: str
    trunk: str = ""
    duration_s: float = 30.0
    style: Style = Style.SETUP
    dialled: str = ""
    lag_ms: int = 0
    late_ms: int = 0
    fields: Mapping[str, Any] = NO_FIELDS
    ends: Mapping[str, Any] = NO_FIELDS

    @property
    def abroad(self) -> bool:
        """Whether it was dialled as international."""
        return self.called.startswith("+")


class Habit(NamedTuple):
    """Calls under a prefix that are priced otherwise for some, and always were: a bundle, a gift.

    Attributes:
        prefix: of the called numbers.
        plan: of the payers; empty = any.
        switch: where they are connected; empty = anywhere.
        every: of these payers every how manieth has it.
        price: a minute.
        fields: what the events of such calls say otherwise, as (field, value).
    """

    prefix: str
    plan: str = ""
    switch: str = ""
    every: int = 1
    price: str = "0"
    fields: tuple[tuple[str, Any], ...] = ()

    def of(self, by: Payer, called: str) -> bool:
        """Whether a call is one of these."""
        mine = self.plan in ("", by.plan) and self.switch in ("", by.switch)
        return mine and called.startswith(self.prefix) and int(by.account.removeprefix("acc-")) % self.every == 0


FRANCE = (
    Place("+331", 11, "3.50", 0.25, "INTL-FR-1"),
    Place("+336", 11, "3.50", 0.25, "INTL-FR-2"),
    Place("+333", 11, "3.50", 0.10, "INTL-FR-1"),
)
PLACES = (
    *FRANCE,
    Place("+349", 11, "3.00", 0.15, "INTL-ES-1"),
    Place("+346", 11, "3.00", 0.15, "INTL-ES-1"),
    Place("+4420", 12, "4.00", 0.10, "INTL-UK-1"),
)
VOICEMAIL = Tables(short_codes=(ShortCode("333", "voicemail"), ShortCode("177", "police")))


class World(NamedTuple):
    """A network and its week before.

    Attributes:
        home: its calling code; `home_prefixes` where that alone is too wide.
        places: where its subscribers call abroad.
        tables: what the operator told us.
        payers: how many subscribers; every switch and plan has its share of every thousand.
        styles: (switch, style) of the switches that do not show their prices at set-up.
        habits: what is free, or otherwise priced, for some and always was.
        days: of history; 0 = the network is new to us.
        abroad_a_day: calls abroad.
        home_an_hour: calls at home in the hour before the scenario; a tenth of that in every other.
        lag_ms: least and most that a CDR is late.
    """

    home: str = "212"
    home_prefixes: tuple[str, ...] = ()
    places: tuple[Place, ...] = PLACES
    tables: Tables = VOICEMAIL
    payers: int = 3_000
    switches: tuple[str, ...] = ("s1", "s2", "s3")
    plans: tuple[str, ...] = ("prepaid", "postpaid", "student")
    styles: tuple[tuple[str, Style], ...] = ()
    habits: tuple[Habit, ...] = ()
    days: int = 7
    abroad_a_day: int = 400
    home_an_hour: int = 600
    lag_ms: tuple[int, int] = (20 * MINUTE_MS, 90 * MINUTE_MS)

    def payer(self, number: int) -> Payer:
        """A subscriber by his number; neighbours have different plans, groups of plans different switches."""
        plan = self.plans[number % len(self.plans)]
        switch = self.switches[number // len(self.plans) % len(self.switches)]
        return Payer(f"+2126{number:08d}", f"acc-{number}", plan, switch)

    def somebody(self, rng: np.random.Generator, *, switch: str = "", plan: str = "") -> Payer:
        """Any subscriber, of a switch or plan where one is given."""
        found = self.payer(int(rng.integers(self.payers)))
        return found._replace(switch=switch or found.switch, plan=plan or found.plan)

    def place(self, number: str) -> Place:
        """The place that a number or prefix belongs to: that with the most leading digits in common."""
        return max(self.places, key=lambda place: _shared(place.prefix, number))

    def style(self, switch: str) -> Style:
        """Where a switch shows its prices."""
        return dict(self.styles).get(switch, Style.SETUP)

    def call(self, rng: np.random.Generator, at_ms: int, by: Payer, called: str, **changes: Any) -> Call:
        """A call abroad, at the price and by the trunk of its place, in the style of the caller's switch."""
        place, style = self.place(called), self.style(by.switch)
        lag_ms = int(rng.integers(*self.lag_ms)) if style is Style.CDR else 0
        made = Call(at_ms, by, called, place.price, place.trunk, talk(rng), style, lag_ms=lag_ms)
        habit = next((habit for habit in self.habits if habit.of(by, called)), None)
        if habit is not None:
            made = made._replace(price=habit.price, fields=dict(habit.fields))
        return made._replace(**changes)

    def abroad(self, rng: np.random.Generator, at_ms: int, places: tuple[Place, ...] = (), **changes: Any) -> Call:
        """Somebody's ordinary call to one of the places, by their weights; of all places where none is given."""
        among = places or self.places
        weights = np.array([place.weight for place in among])
        place = among[int(rng.choice(len(among), p=weights / weights.sum()))]
        return self.call(rng, at_ms, self.somebody(rng), number(rng, place.prefix, place.digits), **changes)

    def at_home(self, rng: np.random.Generator, at_ms: int) -> Call:
        """Somebody's call to a number at home: one record, which comes when it ends."""
        called = f"05{int(rng.integers(10**8)):08d}"
        return Call(at_ms, self.somebody(rng), called, HOME_PRICE, "", 20.0, Style.CDR)

    def week(self, rng: np.random.Generator) -> Iterator[Call]:
        """The calls of the days before, not in order."""
        begin_ms = BEGIN_MS - self.days * DAY_MS
        for at_ms in times(rng, begin_ms, BEGIN_MS, self.days * self.abroad_a_day):
            yield self.abroad(rng, at_ms)
        for at_ms in times(rng, begin_ms, BEGIN_MS, self.days * 24 * self.home_an_hour // 100):
            yield self.at_home(rng, at_ms)
        if self.days:
            for at_ms in times(rng, BEGIN_MS - HOUR_MS, BEGIN_MS, self.home_an_hour):
                yield self.at_home(rng, at_ms)


def talk(rng: np.random.Generator) -> float:
    """How long a call is answered, seconds; 0 = nobody answers."""
    return round(float(rng.uniform(5.0, 60.0)), 1) if rng.random() < ANSWERED_SHARE else 0.0


def number(rng: np.random.Generator, prefix: str, digits: int, after: int | None = None) -> str:
    """Any number of `digits` under a prefix; `after` is the digit that follows the prefix."""
    head = prefix if after is None else f"{prefix}{after % 10}"
    rest = digits + 1 - len(head)
    return f"{head}{int(rng.integers(10**rest)):0{rest}d}" if rest else head


def times(rng: np.random.Generator, begin_ms: int, end_ms: int, count: int) -> list[int]:
    """Moments of chance in [begin, end), in order."""
    moments: list[int] = np.sort(rng.integers(begin_ms, end_ms, count)).tolist()
    return moments


def _shared(one: str, other: str) -> int:
    """How many leading characters two texts share."""
    return sum(one[: size + 1] == other[: size + 1] for size in range(min(len(one), len(other))))
