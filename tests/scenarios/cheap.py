"""Leaks that are not free but absurdly cheap: 0.01 where the tariff says 3.50."""

from collections.abc import Callable
from typing import Any

from scenarios.honest_gifts import TARIFF, WITH_TARIFF
from scenarios.scenario import Scenario, Story
from scenarios.world import Style, World

CENT: dict[str, Any] = {"fields": {"rate": "0.01"}, "ends": {"charge": "0.0034"}}
CHARGED: dict[str, Any] = {"ends": {"charge": "0.0034"}}
BARE = tuple((switch, Style.BARE) for switch in World().switches)


def a_cent_a_minute(seed: int) -> Scenario:
    """After a week of 3.50."""
    return _cheap(WITH_TARIFF, seed, CENT)


def a_cent_a_minute_by_the_tariff_alone(seed: int) -> Scenario:
    """A network that is new to us."""
    return _cheap(World(tables=TARIFF, days=0), seed, CENT)


def a_third_of_a_cent_a_call(seed: int) -> Scenario:
    """No rate is told: what calls of a third of a minute cost stands in their releases."""
    return _cheap(World(tables=TARIFF, styles=BARE), seed, CHARGED)


def _cheap(world: World, seed: int, price: dict[str, Any]) -> Scenario:
    story = Story(world, seed)
    leak = story.leak("+333", 5, 40)
    story.word(leak, story.openers(leak, **price), 120, **price, duration_s=20.0)
    story.beside("+331", 0, 40)
    story.customers(leak, 40, 70)
    story.background(70, abroad_a_minute=4)
    return story.told()


CHEAP: dict[str, Callable[[int], Scenario]] = {
    made.__name__: made for made in (a_cent_a_minute, a_cent_a_minute_by_the_tariff_alone, a_third_of_a_cent_a_call)
}
