"""All honest look-alikes of the suite by their names."""

from collections.abc import Callable

from scenarios import honest_calls, honest_gifts
from scenarios.scenario import Scenario

HONEST: dict[str, Callable[[int], Scenario]] = {
    made.__name__: made for made in (*honest_gifts.GIFTS, *honest_calls.CALLS)
}
