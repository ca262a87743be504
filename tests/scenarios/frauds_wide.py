"""Leaks of whole prefixes, whole calling codes and long codes."""

from scenarios.common import NETWORK, NO_TABLES, WITHOUT_TABLES, codes, leaks
from scenarios.scenario import Scenario, Story
from scenarios.world import PLACES, Place, World

TUNIS = Place("+216", 11, "2.00", 0.05, "INTL-TN-1")
AMERICA = (
    Place("+1212", 11, "2.50", 0.2, "INTL-US-1"),
    Place("+1305", 11, "2.50", 0.2, "INTL-US-1"),
    Place("+1416", 11, "2.50", 0.2, "INTL-US-1"),
)
ZONE_7 = (
    Place("+7495", 11, "2.80", 0.2, "INTL-RU-1"),
    Place("+7812", 11, "2.80", 0.2, "INTL-RU-1"),
    Place("+7701", 11, "2.90", 0.1, "INTL-KZ-1"),
    Place("+7727", 11, "2.90", 0.1, "INTL-KZ-1"),
)


def the_founding_incident(seed: int) -> Scenario:
    """Short code 333 as +333; the word gets round; +33 1 stays paid."""
    story = Story(NETWORK, seed)
    leaks(story, "+333", 240, entry="333")
    story.beside("+331", 0, 40)
    story.background(70)
    return story.told()


def a_whole_prefix_that_no_table_explains(seed: int) -> Scenario:
    """The same without short codes: a week of paid calls alone speaks."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+333")
    story.beside("+331", 0, 40)
    story.background(70)
    return story.told()


def first_callers_who_redial(seed: int) -> Scenario:
    """However often the first ones redial, they are three payers."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 40, entry="333")
    story.word(leak, story.openers(leak, redials=30, apart_ms=60_000), 120)
    story.beside("+336", 0, 40)
    story.customers(leak, 40, 70)
    story.background(70)
    return story.told()


def a_calling_code_from_its_short_code(seed: int) -> Scenario:
    """Short code 216 as +216: all of Tunisia, by exact proof and within the impact budget."""
    story = Story(World(places=(*PLACES, TUNIS), tables=codes("216")), seed)
    leaks(story, "+216", entry="216")
    story.background(70)
    return story.told()


def a_calling_code_without_exact_proof(seed: int) -> Scenario:
    """All of Tunisia, and no table says why: a person is told."""
    story = Story(World(places=(*PLACES, TUNIS._replace(weight=0.5)), tables=NO_TABLES), seed)
    leaks(story, "+216", verdict="held")
    story.background(70)
    return story.told()


def a_calling_code_over_the_impact_budget(seed: int) -> Scenario:
    """Short code 216, but a fifth of all answered calls go to Tunisia: a person is told."""
    world = World(places=(*PLACES, TUNIS._replace(weight=20.0)), tables=codes("216"), abroad_a_day=6_000, days=1)
    story = Story(world._replace(home_an_hour=100), seed)
    leaks(story, "+216", verdict="held")
    story.background(70)
    return story.told()


def a_long_code_in_north_america(seed: int) -> Scenario:
    """Short code 1212 as +1212: New York, while Miami and Toronto stay paid."""
    story = Story(World(places=(*PLACES, *AMERICA), tables=codes("1212")), seed)
    leaks(story, "+1212", entry="1212")
    story.beside("+1305", 0, 70, every_s=20)
    story.background(70)
    return story.told()


def one_area_of_a_shared_calling_code(seed: int) -> Scenario:
    """+1416 in Canada, no table: the calling code is shared, its neighbours in the United States stay paid."""
    story = Story(World(places=(*PLACES, *AMERICA), tables=NO_TABLES), seed)
    leaks(story, "+1416")
    story.beside("+1212", 0, 70, every_s=20)
    story.background(70)
    return story.told()


def kazakhstan_in_the_zone_of_russia(seed: int) -> Scenario:
    """Short code 77 as +77: Kazakhstan's mobiles and cities, while Russia under the same +7 stays paid."""
    story = Story(World(places=(*PLACES, *ZONE_7), tables=codes("77")), seed)
    leaks(story, "+77", entry="77")
    story.beside("+7495", 0, 70, every_s=20)
    story.background(70)
    return story.told()


def two_countries_at_once(seed: int) -> Scenario:
    """Two rows of one bad upload: +333 and +346."""
    story = Story(WITHOUT_TABLES, seed)
    for value in ("+333", "+346"):
        leaks(story, value)
    for place in ("+331", "+349"):
        story.beside(place, 0, 40)
    story.background(70)
    return story.told()


def two_rows_of_one_country(seed: int) -> Scenario:
    """+331 and +336 at once, while +333 between them stays paid: two blocks, not all of France."""
    story = Story(WITHOUT_TABLES, seed)
    for value in ("+331", "+336"):
        leaks(story, value)
    story.beside("+333", 0, 70, every_s=4)
    story.background(70)
    return story.told()


LEAKS = (
    the_founding_incident,
    a_whole_prefix_that_no_table_explains,
    first_callers_who_redial,
    a_calling_code_from_its_short_code,
    a_calling_code_without_exact_proof,
    a_calling_code_over_the_impact_budget,
    a_long_code_in_north_america,
    one_area_of_a_shared_calling_code,
    kazakhstan_in_the_zone_of_russia,
    two_countries_at_once,
    two_rows_of_one_country,
)
