"""What look-alikes have in common: ordinary traffic around them, and a crowd that calls one place."""

from typing import Any

from scenarios.scenario import Story, minute
from scenarios.world import PLACES, SECOND_MS, Call, Payer, Place, World, number

END = 45
"""Minutes that an honest day lasts."""
NETWORK = World()
FREE: dict[str, Any] = {"price": "0"}


def with_places(*more: Place, **changes: Any) -> World:
    """The usual network, which has some more places to call."""
    return World(places=(*PLACES, *more), **changes)


def crowd(story: Story, prefix: str, count: int = 40, every_s: float = 20.0, begin: float = 5, **changes: Any) -> None:
    """As many different subscribers call numbers under a prefix one after the other.

    `changes` may name the `switch` and `plan` of all, or one payer: `by`.
    """
    places = {name: changes.pop(name) for name in ("switch", "plan") if name in changes}
    one: Payer | None = changes.pop("by", None)
    digits = story.world.place(prefix).digits
    for nth in range(count):
        at_ms = minute(begin) + round(nth * every_s * SECOND_MS)
        by = one or story.somebody_new(**places)
        story.call(at_ms, number(story.rng, prefix, digits), by, **{"duration_s": 20.0, **changes})


def locally(
    story: Story, called: str, count: int = 40, every_s: float = 20.0, begin: float = 5, **changes: Any
) -> None:
    """As many different subscribers call one number that is dialled as it stands, for nothing."""
    for nth in range(count):
        at_ms = minute(begin) + round(nth * every_s * SECOND_MS)
        story.calls.append(Call(at_ms, story.somebody_new(), called, "0", duration_s=20.0)._replace(**changes))
