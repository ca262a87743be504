"""Look-alikes that say nothing about a price: legs, transit, tests, unrated calls, and crowds that are one payer."""

from scenarios.honest_common import END, FREE, NETWORK, crowd, locally
from scenarios.scenario import Scenario, Story, minute
from scenarios.world import DAY_MS, MINUTE_MS, PLACES, SECOND_MS, Place, Style, World, number

from models.tables import FreePrefix, Tables

RELEASE = (("s1", Style.RELEASE), ("s2", Style.RELEASE))


def short_and_emergency_codes(seed: int) -> Scenario:
    """333, 177, 112 and 19 are free as they are dialled, whatever country their digits begin."""
    story = Story(NETWORK, seed)
    for code in ("333", "177", "112", "19"):
        locally(story, code, fields={"called_type": "short"})
    return _told(story)


def a_short_code_that_is_answered_abroad(seed: int) -> Scenario:
    """333 is dialled, translated to a platform in +33 3, and free: what was dialled is not what was called."""
    story = Story(NETWORK, seed)
    crowd(story, "+333", 100, 18, fields={"dialled": "333"}, **FREE)
    return _told(story)


def home_numbers_written_as_international(seed: int) -> Scenario:
    """Free calls on the net, called as +212 6…"""
    story = Story(NETWORK, seed)
    for nth in range(60):
        locally(story, number(story.rng, "+2126", 13), 1, begin=5 + nth / 3, fields={"called_type": "international"})
    return _told(story)


def unrated_calls(seed: int) -> Scenario:
    """Rating tells no price, neither in the attempt nor in the release."""
    story = Story(NETWORK, seed)
    crowd(story, "+331", 60, 25, fields={"rate": ..., "charge": ...}, ends={"charge": ...})
    return _told(story)


def negative_rates(seed: int) -> Scenario:
    """-1 stands for "not rated"."""
    story = Story(NETWORK, seed)
    crowd(story, "+331", 60, 25, fields={"rate": "-1"}, ends={"charge": "-1"})
    return _told(story)


def failed_ratings(seed: int) -> Scenario:
    """One call in thirty finds rating down, and is let through for nothing."""
    story = Story(NETWORK, seed)
    crowd(story, "+331", 90, 20)
    crowd(story, "+331", 3, 600, fields={"rating_status": "failed"}, **FREE)
    return _told(story)


def the_first_free_seconds(seed: int) -> Scenario:
    """The first minute of a call is free, and these are shorter."""
    story = Story(NETWORK, seed)
    crowd(story, "+346", 100, 18, fields={"free_s": 60}, ends={"charge": "0"})
    return _told(story)


def prices_at_release_after_a_week_of_them(seed: int) -> Scenario:
    """Two switches rate every set-up 0 and charge at the end, and did all week."""
    story = Story(World(styles=RELEASE), seed)
    crowd(story, "+333", 60, 4)
    return _told(story)


def prices_at_release_from_the_first_call_on(seed: int) -> Scenario:
    """The same where nothing is known yet: the first charges come half a minute after the first set-ups."""
    story = Story(World(styles=RELEASE, days=0), seed)
    crowd(story, "+331", 6, 0.5, begin=0.05)
    for nth, place in enumerate(PLACES):
        crowd(story, place.prefix, 20, 12, begin=0.1 + nth / 30)
    return _told(story)


def roaming_legs(seed: int) -> Scenario:
    """The network itself dials the numbers of its subscribers abroad: many callers, no price."""
    story = Story(NETWORK, seed)
    crowd(story, "+336", 100, 18, fields={"direction": "roaming"}, **FREE)
    return _told(story)


def forwarded_legs(seed: int) -> Scenario:
    """Many call a subscriber at home who has his calls forwarded to France: he pays, the callers do not."""
    story = Story(NETWORK, seed)
    crowd(story, "+336", 100, 18, fields={"direction": "forwarded"}, **FREE)
    return _told(story)


def calls_in_transit(seed: int) -> Scenario:
    """Another carrier's calls pass through; what they cost is settled between carriers."""
    story = Story(NETWORK, seed)
    passing = {"direction": "transit", "account": ..., "trunk_in": "PEER-7"}
    crowd(story, "+331", 100, 18, fields=passing, **FREE)
    return _told(story)


def test_calls(seed: int) -> Scenario:
    """The operator tries its routes."""
    story = Story(NETWORK, seed)
    crowd(story, "+333", 100, 18, fields={"test": True}, **FREE)
    return _told(story)


def withheld_callers_of_one_trunk(seed: int) -> Scenario:
    """Two hundred calls without caller or account came in by one trunk: that is one payer."""
    story = Story(NETWORK, seed)
    hidden = {"caller": "anonymous", "account": ..., "trunk_in": "PEER-7"}
    crowd(story, "+333", 200, 9, fields=hidden, **FREE)
    return _told(story)


def spoofed_callers_of_one_trunk(seed: int) -> Scenario:
    """Callers that the trunk does not vouch for are one payer, however many there are."""
    story = Story(NETWORK, seed)
    crowd(story, "+333", 200, 9, fields={"account": ..., "trunk_in": "GW-3", "attestation": "C"}, **FREE)
    return _told(story)


def spoofed_callers_of_one_account(seed: int) -> Scenario:
    """Two hundred callers of one account: a spoofer must not be able to frame a region."""
    story = Story(NETWORK, seed)
    one = story.somebody_new()
    for nth in range(200):
        by = one._replace(caller=f"+2127{int(story.rng.integers(10**8)):08d}")
        story.call(minute(5) + nth * 9 * SECOND_MS, number(story.rng, "+333", 11), by, price="0")
    return _told(story)


def one_caller_who_redials(seed: int) -> Scenario:
    """An employee whose calls are free calls +33 3 a hundred times."""
    story = Story(NETWORK, seed)
    crowd(story, "+333", 100, 18, by=story.somebody_new(), **FREE)
    return _told(story)


def copies_of_one_free_call(seed: int) -> Scenario:
    """A probe that sends one free call sixty times, each time under another name."""
    story = Story(NETWORK, seed)
    crowd(story, "+333", 60, 5, fields={"call_id": "copied"}, **FREE)
    return _told(story)


def an_old_file_sent_again(seed: int) -> Scenario:
    """Free calls of two days ago arrive now: too late to say what a call costs."""
    story = Story(NETWORK, seed)
    for nth in range(60):
        at_ms = minute(5) + nth * 20 * SECOND_MS
        old = {"ts": at_ms - 2 * DAY_MS}
        story.call(at_ms, number(story.rng, "+333", 11), fields=old, price="0")
    return _told(story)


def records_of_a_declared_promotion_that_come_late(seed: int) -> Scenario:
    """+346 was free for an hour, as the list says; the records come up to 90 min later, when it is paid again."""
    entry = FreePrefix("+346", "hour", minute(-60), minute(0))
    world = World(tables=Tables(free_prefixes=(entry,)), styles=(("s3", Style.CDR),))
    story = Story(world, seed)
    crowd(story, "+346", 100, 30, begin=-55, switch="s3", **FREE)
    crowd(story, "+346", 60, 20, begin=5)
    return _told(story)


def clocks_apart(seed: int) -> Scenario:
    """One switch's clock is 4 min ahead, another's behind; students call France for nothing, as the list says."""
    world = World(tables=Tables(free_prefixes=(FreePrefix("+336", "bundle", plan="student"),)))
    story = Story(world, seed)
    crowd(story, "+336", 60, 20, plan="student", **FREE)
    skews = {"s1": 4 * MINUTE_MS, "s2": -4 * MINUTE_MS}
    told = _told(story)
    calls = [
        call._replace(fields={**call.fields, "ts": call.at_ms + skews[call.by.switch]})
        if call.by.switch in skews and not call.duration_s
        else call
        for call in told.calls
    ]
    return told._replace(calls=calls)


def many_customers_of_one_number(seed: int) -> Scenario:
    """A hundred customers call one paid number in France while a few of other plans call it as a bundle's."""
    story = Story(World(places=(*PLACES, Place("+33145", 11, "3.50"))), seed)
    crowd(story, "+33145", 100, 18)
    crowd(story, "+33145", 20, 90, fields={"rating_status": "allowance"}, **FREE)
    return _told(story)


def _told(story: Story) -> Scenario:
    story.background(END)
    return story.told()


CALLS = (
    short_and_emergency_codes,
    a_short_code_that_is_answered_abroad,
    home_numbers_written_as_international,
    unrated_calls,
    negative_rates,
    failed_ratings,
    the_first_free_seconds,
    prices_at_release_after_a_week_of_them,
    prices_at_release_from_the_first_call_on,
    roaming_legs,
    forwarded_legs,
    calls_in_transit,
    test_calls,
    withheld_callers_of_one_trunk,
    spoofed_callers_of_one_trunk,
    spoofed_callers_of_one_account,
    one_caller_who_redials,
    copies_of_one_free_call,
    an_old_file_sent_again,
    records_of_a_declared_promotion_that_come_late,
    clocks_apart,
    many_customers_of_one_number,
)
