"""Days on which rating is down: every code is free at once, somewhere or everywhere, and nothing leaks."""

from collections.abc import Callable

from scenarios.honest_common import NETWORK
from scenarios.scenario import Scenario, Story, minute
from scenarios.world import PLACES, Call, Place, Style, World

FROM, UNTIL, END = 5, 30, 60
WIDE = World(places=(*PLACES, Place("+3906", 11, "2.50", 0.2), Place("+4930", 11, "2.00", 0.2)))


def everything_is_free(seed: int) -> Scenario:
    """Rating is down for 25 min at every switch."""
    return _outage(WIDE, seed)


def one_switch_is_free(seed: int) -> Scenario:
    """One switch has lost its rating, the others charge."""
    return _outage(WIDE, seed, lambda call: call.by.switch == "s2", a_minute=12)


def it_begins_with_one_country(seed: int) -> Scenario:
    """France turns free first and is blocked; four minutes later everything is free."""
    return _outage(WIDE, seed, lambda call: call.called.startswith("+33") or call.at_ms >= minute(FROM + 4))


def it_shows_in_charges_only(seed: int) -> Scenario:
    """Switches without prices at set-up: calls are free when they end."""
    styles = tuple((switch, Style.BARE) for switch in WIDE.switches)
    return _outage(WIDE._replace(styles=styles), seed)


def a_quiet_night(seed: int) -> Scenario:
    """Rating is down while hardly anybody calls: there are pauses of many minutes, and then a free call again."""
    return _outage(WIDE, seed, a_minute=2)


def _outage(
    world: World, seed: int, down: Callable[[Call], bool] = lambda call: call.abroad, a_minute: float = 8
) -> Scenario:
    """Ordinary traffic, in which the calls that are `down` cost nothing for a while."""
    story = Story(world, seed)
    story.background(END, abroad_a_minute=a_minute)
    story.calls = [
        call._replace(price="0") if call.abroad and minute(FROM) <= call.at_ms < minute(UNTIL) and down(call) else call
        for call in story.calls
    ]
    return story.told()


def ratings_that_fail(seed: int) -> Scenario:
    """A third of the calls finds rating down, and says so."""
    story = Story(NETWORK, seed)
    story.background(END, abroad_a_minute=20)
    story.calls = [
        call._replace(price="0", fields={"rating_status": "failed"}) if call.abroad and nth % 3 == 0 else call
        for nth, call in enumerate(story.calls)
    ]
    return story.told()


OUTAGES: dict[str, Callable[[int], Scenario]] = {
    made.__name__: made
    for made in (
        everything_is_free,
        one_switch_is_free,
        it_begins_with_one_country,
        it_shows_in_charges_only,
        a_quiet_night,
        ratings_that_fail,
    )
}
