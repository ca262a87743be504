"""Leaks where little is known of the price: a tariff only, a short code only, a row only, nothing; and rare routes."""

from scenarios.common import NETWORK, NO_TABLES, RARE, TARIFF, leaks
from scenarios.scenario import Scenario, Story
from scenarios.world import FRANCE, HOUR_MS, PLACES, VOICEMAIL, Style, World


def a_tariff_only(seed: int) -> Scenario:
    """A network that is new to us; its tariff says what France costs, its switches show prices at set-up."""
    story = Story(World(tables=TARIFF, days=0), seed)
    leaks(story, "+333")
    story.beside("+331", 0, 40)
    story.background(70, abroad_a_minute=4)
    return story.told()


def a_short_code_only(seed: int) -> Scenario:
    """A network that is new to us, nobody has paid for anything yet, and the prefix is `+` and a short code."""
    story = Story(World(places=FRANCE, tables=VOICEMAIL, days=0), seed)
    leaks(story, "+333", entry="333")
    story.background(70, abroad_a_minute=0)
    return story.told()


def nothing_known(seed: int) -> Scenario:
    """No history, no tariff, no short code: held and shown."""
    story = Story(World(places=FRANCE, tables=NO_TABLES, days=0), seed)
    leaks(story, "+333", verdict="held")
    story.background(70, abroad_a_minute=0)
    return story.told()


def the_row_is_named(seed: int) -> Scenario:
    """Rating names the row that matched: exact at the first call, blocked before the third payer's."""
    story = Story(World(tables=NO_TABLES), seed)
    leaks(story, "+333", row="+333", before_payer=3, entry="+333")
    story.beside("+331", 0, 40)
    story.background(70)
    return story.told()


def the_row_is_named_and_nothing_else_known(seed: int) -> Scenario:
    """A network that is new to us; rating names the row."""
    story = Story(World(places=FRANCE, tables=NO_TABLES, days=0), seed)
    leaks(story, "+333", row="+333", before_payer=3, entry="+333")
    story.background(70, abroad_a_minute=0)
    return story.told()


def five_calls_a_week(seed: int) -> Scenario:
    """A route that nearly nobody calls: days lie between its free calls; a tariff row says what it costs."""
    story = Story(World(places=(*PLACES, RARE), tables=TARIFF), seed)
    leak = story.leak("+26120", 5, 6 * 24 * 60)
    story.openers(leak, 5, apart_ms=30 * HOUR_MS)
    story.customers(leak, 6 * 24 * 60 + 60, 6 * 24 * 60 + 90, every_s=300)
    story.background(6 * 24 * 60 + 100, abroad_a_minute=0.05, home_a_minute=0.1)
    return story.told()


def prices_at_release_only(seed: int) -> Scenario:
    """No switch shows a price before the release: what is free there proves."""
    world = World(tables=NO_TABLES, styles=tuple((switch, Style.BARE) for switch in ("s1", "s2", "s3")))
    story = Story(world, seed)
    leaks(story, "+333")
    story.beside("+331", 0, 40)
    story.background(70)
    return story.told()


def set_ups_that_always_show_zero(seed: int) -> Scenario:
    """Every set-up has always been rated 0 and charged at release; now releases of +333 cost nothing either."""
    world = World(tables=NO_TABLES, styles=tuple((switch, Style.RELEASE) for switch in ("s1", "s2", "s3")))
    story = Story(world, seed)
    leaks(story, "+333")
    story.beside("+331", 0, 40)
    story.background(70)
    return story.told()


def after_a_long_silence(seed: int) -> Scenario:
    """Ten hours without a call, and the first ones are free."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 600, 635, entry="333")
    story.word(leak, story.openers(leak, apart_ms=20_000), 120)
    story.beside("+331", 601, 635, every_s=15)
    story.customers(leak, 635, 665)
    return story.told()


LEAKS = (
    a_tariff_only,
    a_short_code_only,
    nothing_known,
    the_row_is_named,
    the_row_is_named_and_nothing_else_known,
    five_calls_a_week,
    prices_at_release_only,
    set_ups_that_always_show_zero,
    after_a_long_silence,
)
