"""Look-alikes that are free or cheap on purpose: freephone, promotions, bundles, allowances, trials, price cuts."""

from decimal import Decimal

from scenarios.honest_common import END, FREE, NETWORK, crowd, with_places
from scenarios.scenario import Scenario, Story, minute
from scenarios.world import PLACES, Habit, Place, World

from models.tables import FreePrefix, ShortCode, Tables, TariffRow

VOICEMAIL = (ShortCode("333", "voicemail"),)
TARIFF = Tables(VOICEMAIL, tariff=tuple(TariffRow(place.prefix, Decimal(place.price), "MAD") for place in PLACES))
WITH_TARIFF = World(tables=TARIFF)
FREEPHONE = with_places(
    Place("+800", 12, "0"), Place("+33805", 11, "0"), Place("+34900", 11, "0"), Place("+44808", 13, "0")
)


def freephone_of_the_world(seed: int) -> Scenario:
    """+800 is free for whoever calls it, everywhere."""
    story = Story(FREEPHONE, seed)
    crowd(story, "+800")
    return _told(story)


def freephone_abroad(seed: int) -> Scenario:
    """National freephone ranges of France, Spain and Britain."""
    story = Story(FREEPHONE, seed)
    for nth, prefix in enumerate(("+33805", "+34900", "+44808")):
        crowd(story, prefix, begin=5 + nth, every_s=30)
    return _told(story)


def a_declared_promotion(seed: int) -> Scenario:
    """+336 is free for half an hour as the operator's list says; calls that began in it end after it."""
    entry = FreePrefix("+336", "spring", minute(5), minute(35))
    story = Story(World(tables=Tables(VOICEMAIL, (entry,))), seed)
    crowd(story, "+336", 100, 18, **FREE)
    crowd(story, "+336", 25, 20, begin=35)
    return _told(story)


def a_declared_promotion_of_one_plan(seed: int) -> Scenario:
    """Students call +346 for nothing, and the list says so."""
    story = Story(World(tables=Tables(VOICEMAIL, (FreePrefix("+346", plan="student"),))), seed)
    crowd(story, "+346", 100, 18, plan="student", **FREE)
    return _told(story)


def a_declared_free_trial_hour(seed: int) -> Scenario:
    """All of Spain is free for an hour that is in the list; the day before it was paid."""
    entry = FreePrefix("+34", "trial", minute(0), minute(60))
    story = Story(World(tables=Tables(VOICEMAIL, (entry,))), seed)
    crowd(story, "+346", 100, 20, **FREE)
    crowd(story, "+349", 100, 20, **FREE)
    return _told(story)


def allowances(seed: int) -> Scenario:
    """Free minutes of the customers' own pay for a wave of calls: `rating_status` says so."""
    story = Story(NETWORK, seed)
    crowd(story, "+331", 100, 18, fields={"rating_status": "allowance"}, **FREE)
    return _told(story)


def a_bundle_that_rating_declares(seed: int) -> Scenario:
    """Students have France in their bundle and always had; their calls carry `rating_status: allowance`."""
    bundle = Habit("+33", plan="student", fields=(("rating_status", "allowance"),))
    story = Story(World(habits=(bundle,)), seed)
    crowd(story, "+336", 100, 18, plan="student")
    return _told(story)


def a_bundle_that_nothing_declares(seed: int) -> Scenario:
    """The same bundle, and nothing on the wire or in the tables says that it is one."""
    story = Story(World(habits=(Habit("+33", plan="student"),)), seed)
    crowd(story, "+336", 100, 18, plan="student")
    return _told(story)


def bundles_of_some_customers(seed: int) -> Scenario:
    """Every third customer of whatever plan calls France for nothing, and did all week."""
    story = Story(World(habits=(Habit("+33", every=3),)), seed)
    crowd(story, "+331", 100, 18)
    return _told(story)


def a_plan_with_a_free_country_from_its_first_day(seed: int) -> Scenario:
    """A new plan calls Spain for nothing since it is sold: nobody of it has ever paid there."""
    story = Story(NETWORK, seed)
    crowd(story, "+346", 60, 25, plan="family", **FREE)
    crowd(story, "+346", 60, 25, begin=5.1)
    return _told(story)


def a_new_plan_that_pays_elsewhere(seed: int) -> Scenario:
    """The same, and its customers pay for France as everybody does."""
    story = Story(NETWORK, seed)
    crowd(story, "+331", 60, 20, begin=2, plan="family")
    crowd(story, "+346", 60, 25, begin=8, plan="family", **FREE)
    crowd(story, "+346", 60, 25, begin=5.1)
    return _told(story)


def a_new_country(seed: int) -> Scenario:
    """Iceland is opened to everybody for nothing; nobody has ever paid there, and no table says what it costs."""
    story = Story(with_places(Place("+3546", 10, "0", weight=0.0)), seed)
    crowd(story, "+3546", 60, 25)
    return _told(story)


def a_price_cut_to_half(seed: int) -> Scenario:
    """France costs half of what the tariff still says."""
    return _cut(seed, "1.75")


def a_price_cut_to_a_tenth(seed: int) -> Scenario:
    """A promotion at a tenth of the price is a promotion."""
    return _cut(seed, "0.35")


def another_currency(seed: int) -> Scenario:
    """From one minute to the next prices are told in a currency of small numbers; the tariff is in the old one."""
    story = Story(WITH_TARIFF, seed)
    crowd(story, "+331", 100, 18, fields={"currency": "KWD"}, price="0.03")
    crowd(story, "+346", 100, 18, fields={"currency": "KWD"}, price="0.03")
    return _told(story)


def a_call_of_an_open_bundle_that_ends_in_money(seed: int) -> Scenario:
    """The last free minute ends inside the call, and the rest costs a cent: the rate says what a minute costs."""
    story = Story(WITH_TARIFF, seed)
    crowd(story, "+336", 60, 20, fields={"rate": "3.50"}, ends={"charge": "0.01"}, duration_s=59.0)
    return _told(story)


def a_cold_start(seed: int) -> Scenario:
    """A network that is new to us, and students call France for nothing: nothing is known, so nothing is blocked."""
    story = Story(World(days=0, habits=(Habit("+33", plan="student"),)), seed)
    crowd(story, "+336", 60, 20, plan="student")
    crowd(story, "+331", 60, 20, plan="student")
    return _told(story)


def _cut(seed: int, price: str) -> Scenario:
    story = Story(WITH_TARIFF, seed)
    for nth, prefix in enumerate(("+331", "+336", "+333")):
        crowd(story, prefix, 70, 25, begin=5 + nth / 10, price=price)
    return _told(story)


def _told(story: Story) -> Scenario:
    story.background(END)
    return story.told()


GIFTS = (
    freephone_of_the_world,
    freephone_abroad,
    a_declared_promotion,
    a_declared_promotion_of_one_plan,
    a_declared_free_trial_hour,
    allowances,
    a_bundle_that_rating_declares,
    a_bundle_that_nothing_declares,
    bundles_of_some_customers,
    a_plan_with_a_free_country_from_its_first_day,
    a_new_plan_that_pays_elsewhere,
    a_new_country,
    a_price_cut_to_half,
    a_price_cut_to_a_tenth,
    another_currency,
    a_call_of_an_open_bundle_that_ends_in_money,
    a_cold_start,
)
