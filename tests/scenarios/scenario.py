"""A scenario: calls in the order of their times, and the truth that only it knows: what leaked, where, and how long."""

from typing import Any, Literal, NamedTuple

import numpy as np
from scenarios.world import BEGIN_MS, MINUTE_MS, SECOND_MS, Call, Payer, World, number, talk, times

from models.targets import Scope, Target

APART_MS = 5 * SECOND_MS
"""Between two openers."""
BUSY_MS, QUIET_MS = 4 * MINUTE_MS, MINUTE_MS
"""How long after a leak's begin its neighbours are busy, and how far apart their calls are then."""
NEVER_MS = 1 << 62


class Leak(NamedTuple):
    """The truth about one wrong row, from when it was entered until it was mended.

    Attributes:
        value: `+digits`, the exact prefix; the whole number where `single`.
        switch: the one that has the wrong row; empty = all. So are `trunk` and `plan`.
        verdict: what must become of it: `block`, or `held` where nothing is known of the price.
        before_payer: it must stand before the event that shows the call of the payer of this rank free.
        row: what `rate_key` names; empty = rating does not tell.
        entry: the short code or row that the diagnosis must name; empty = none.
    """

    value: str
    begin_ms: int
    mend_ms: int = NEVER_MS
    switch: str = ""
    trunk: str = ""
    plan: str = ""
    single: bool = False
    verdict: Literal["block", "held"] = "block"
    before_payer: int = 4
    row: str = ""
    entry: str = ""

    @property
    def key(self) -> str:
        """Key of the command that fits it exactly."""
        places = (self.switch or None, self.trunk or None, self.plan or None)
        return Target(Scope.CALLED if self.single else Scope.PREFIX, self.value, *places).key()

    def over(self, call: Call) -> bool:
        """Whether the row prices a call, at whatever time."""
        under = call.called == self.value if self.single else call.called.startswith(self.value)
        places = ((self.switch, call.by.switch), (self.trunk, call.trunk), (self.plan, call.by.plan))
        return under and call.abroad and all(mine in ("", its) for mine, its in places)

    def frees(self, call: Call) -> bool:
        """Whether a call is free because of it."""
        return self.over(call) and self.begin_ms <= call.at_ms < self.mend_ms


class Scenario(NamedTuple):
    """What happens in a world on one day.

    `redials` is the chance that who was refused tries once more.
    """

    world: World
    seed: int
    calls: list[Call]
    leaks: tuple[Leak, ...] = ()
    redials: float = 0.5

    def leak_of(self, call: Call) -> Leak | None:
        """The wrong row that a call is free by."""
        return next((leak for leak in self.leaks if leak.frees(call)), None)


class Story:
    """Builds a scenario: what happens is added bit by bit, in any order; minutes count from `BEGIN_MS`."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.seed = seed
        self.rng = np.random.default_rng([seed, 1])
        self.calls: list[Call] = []
        self.leaks: list[Leak] = []
        self._fresh = 0

    def somebody_new(self, *, switch: str = "", plan: str = "") -> Payer:
        """A subscriber who has no part in the story yet; the next one is at the next switch."""
        world = self.world
        self._fresh += 1
        number = self._fresh * (len(world.plans) + 1)
        found = world.payer(world.payers + number)
        return found._replace(switch=switch or found.switch, plan=plan or found.plan)

    def leak(self, value: str, begin: float, mend: float | None = None, **changes: Any) -> Leak:
        """Enter a wrong row at a minute, and mend it at another."""
        mend_ms = NEVER_MS if mend is None else minute(mend)
        made = Leak(value, minute(begin), mend_ms, **changes)
        self.leaks.append(made)
        return made

    def call(self, at_ms: int, called: str, by: Payer | None = None, **changes: Any) -> Call:
        """One call abroad; by somebody new where nobody is named."""
        made = self.world.call(self.rng, at_ms, by or self.somebody_new(), called, **changes)
        self.calls.append(made)
        return made

    def under(self, leak: Leak, after: int | None = None) -> str:
        """A number under a leak."""
        return number(self.rng, leak.value, self.world.place(leak.value).digits, None if leak.single else after)

    def caller_of(self, leak: Leak) -> Payer:
        """Somebody new whose calls are under a leak."""
        return self.somebody_new(switch=leak.switch, plan=leak.plan)

    def openers(self, leak: Leak, count: int = 3, apart_ms: int = APART_MS, redials: int = 0, **changes: Any) -> int:
        """The first calls under a leak, by as many payers, who differ in the digit after it; gives when the last is.

        Each redials `redials` times, to the number that he called.
        """
        digits = self.rng.permutation(10).tolist()
        at_ms = leak.begin_ms + SECOND_MS
        more = self._through(leak) | {"duration_s": 20.0} | changes
        for nth in range(count):
            by, called = self.caller_of(leak), self.under(leak, digits[nth])
            for again in range(redials + 1):
                self.call(at_ms + again * apart_ms // (redials + 1), called, by, **more)
            at_ms += apart_ms
        return at_ms - apart_ms

    def word(self, leak: Leak, from_ms: int, an_hour: float, end_ms: int = 0, **changes: Any) -> None:
        """The word gets round: calls under a leak by ever new payers, `an_hour` of them, till it is mended."""
        end_ms = end_ms or leak.mend_ms
        more = self._through(leak) | changes
        at_ms = float(from_ms)
        while (at_ms := at_ms + float(self.rng.exponential(3_600_000 / an_hour))) < end_ms:
            answered = talk(self.rng) or 4.0
            self.call(int(at_ms), self.under(leak), self.caller_of(leak), **({"duration_s": answered} | more))

    def customers(self, leak: Leak, begin: float, end: float, every_s: float = 45.0, **changes: Any) -> None:
        """The usual customers under a mended leak, at one switch and plan, from one minute to another."""
        world = self.world
        switch, plan = leak.switch or world.switches[0], leak.plan or world.plans[0]
        more = self._through(leak) | {"duration_s": 20.0} | changes
        for at_ms in range(minute(begin), minute(end), round(every_s * 1000)):
            self.call(at_ms, self.under(leak), self.somebody_new(switch=switch, plan=plan), **more)

    def beside(self, prefix: str, begin: float, end: float, every_s: float = 10.0, **changes: Any) -> None:
        """Paid calls under a prefix from one minute to another: where a leak ends is seen by them.

        From a few minutes after the first leak's begin on they are rarer. `changes` may name the `switch` and `plan` of
        the callers.
        """
        by = {name: changes.pop(name) for name in ("switch", "plan") if name in changes}
        digits, at_ms = self.world.place(prefix).digits, minute(begin)
        busy_ms = min((leak.begin_ms for leak in self.leaks), default=minute(end)) + BUSY_MS
        while at_ms < minute(end):
            self.call(at_ms, number(self.rng, prefix, digits), self.somebody_new(**by), **changes)
            at_ms += round(every_s * 1000) if at_ms < busy_ms else max(round(every_s * 1000), QUIET_MS)

    def background(self, end: float, abroad_a_minute: float = 1.0, home_a_minute: float = 4.0) -> None:
        """What goes on all day: calls at home, and paid calls abroad that no leak of the story touches."""
        world, end_ms = self.world, minute(end)
        heads = tuple(leak.value for leak in self.leaks)
        free_of = tuple(p for p in world.places if not any(_related(p.prefix, head) for head in heads))
        for at_ms in times(self.rng, BEGIN_MS, end_ms, round(end * abroad_a_minute) if free_of else 0):
            self.calls.append(world.abroad(self.rng, at_ms, free_of))
        for at_ms in times(self.rng, BEGIN_MS, end_ms, round(end * home_a_minute)):
            self.calls.append(world.at_home(self.rng, at_ms))

    def told(self, **changes: Any) -> Scenario:
        """The scenario."""
        calls = sorted(self.calls, key=lambda call: call.at_ms)
        return Scenario(self.world, self.seed, calls, tuple(self.leaks), **changes)

    @staticmethod
    def _through(leak: Leak) -> dict[str, Any]:
        return {"trunk": leak.trunk} if leak.trunk else {}


def minute(minutes: float) -> int:
    """The time of a minute of the scenario's day."""
    return BEGIN_MS + round(minutes * MINUTE_MS)


def _related(prefix: str, other: str) -> bool:
    return prefix.startswith(other) or other.startswith(prefix)
