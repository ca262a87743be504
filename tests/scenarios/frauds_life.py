"""Leaks with a history of their own: mended and broken again, long, slow, one under another."""

from scenarios.common import NETWORK, WITHOUT_TABLES, leaks
from scenarios.scenario import Scenario, Story, minute


def broken_again(seed: int) -> Scenario:
    """Mended, and an hour later the old table is loaded again."""
    story = Story(NETWORK, seed)
    for begin, mend in ((5, 20), (95, 110)):
        leak = story.leak("+333", begin, mend, entry="333")
        story.word(leak, story.openers(leak), 120)
        story.customers(leak, mend, mend + 25, every_s=60)
    story.beside("+331", 0, 110, every_s=40)
    story.background(135)
    return story.told()


def broken_again_at_once(seed: int) -> Scenario:
    """Mended, and a quarter of an hour later wrong again, with no table to tell."""
    story = Story(WITHOUT_TABLES, seed)
    for begin, mend in ((5, 15), (32, 42)):
        leak = story.leak("+333", begin, mend)
        story.word(leak, story.openers(leak), 60)
        story.customers(leak, mend, mend + 17, every_s=80)
    story.beside("+331", 0, 42, every_s=20)
    story.background(60, home_a_minute=15)
    return story.told()


def nobody_mends_it(seed: int) -> Scenario:
    """Two hours and a half without a mend: the block is armed again and again."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 155, entry="333")
    story.word(leak, story.openers(leak), 90)
    story.beside("+331", 0, 155, every_s=30)
    story.customers(leak, 155, 185)
    story.background(185, abroad_a_minute=1)
    return story.told()


def a_slow_leak(seed: int) -> Scenario:
    """A call every ten minutes: the block's lease ends between them, and every free call brings it back."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 240, entry="333")
    last_ms = story.openers(leak, apart_ms=9 * 60_000)
    story.word(leak, last_ms, 6)
    story.beside("+331", 0, 240, every_s=60)
    story.customers(leak, 240, 270)
    story.background(270, abroad_a_minute=1)
    return story.told()


def a_leak_under_a_leak(seed: int) -> Scenario:
    """+33387 leaks and is blocked; then all of +333 does: the wider block takes its place."""
    story = Story(WITHOUT_TABLES, seed)
    inner = story.leak("+33387", 5, 60)
    story.word(inner, story.openers(inner), 40)
    story.beside("+3331", 0, 24.9, every_s=120)
    outer = story.leak("+333", 25, 60)
    story.word(outer, story.openers(outer), 120)
    story.beside("+331", 0, 60, every_s=20)
    story.customers(outer, 60, 90)
    story.customers(inner, 60, 90)
    story.background(90, home_a_minute=15)
    return story.told()


def the_word_gets_round(seed: int) -> Scenario:
    """Ever more callers: one in two minutes at first, one in four seconds at last."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 40, entry="333")
    at_ms = story.openers(leak, apart_ms=30_000)
    for an_hour in (30, 60, 120, 240, 480, 900):
        later_ms = at_ms + 5 * 60_000
        story.word(leak, at_ms, an_hour, min(later_ms, leak.mend_ms))
        at_ms = later_ms
    story.beside("+336", 0, 40)
    story.customers(leak, 40, 70)
    story.background(70)
    return story.told()


def one_call_charged_all_the_same(seed: int) -> Scenario:
    """In the middle of the leak one caller is charged by an old copy of the table: he is one payer, it is no mend."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 40, entry="333")
    story.word(leak, story.openers(leak), 240)
    late = story.call(minute(12.5), story.under(leak), duration_s=20.0)
    story.calls[-1] = late._replace(fields={"rate": "3.50"}, ends={"charge": "1.1667"})
    story.beside("+331", 0, 40)
    story.customers(leak, 40, 70)
    story.background(70)
    return story.told()


def two_switches_of_three(seed: int) -> Scenario:
    """The wrong table was loaded on two switches, the third charges: a command for each of the two."""
    story = Story(WITHOUT_TABLES, seed)
    for switch in ("s1", "s2"):
        leaks(story, "+333", switch=switch)
    story.beside("+333", 0, 70, every_s=4, switch="s3")
    story.background(70, home_a_minute=12)
    return story.told()


LEAKS = (
    broken_again,
    broken_again_at_once,
    nobody_mends_it,
    a_slow_leak,
    a_leak_under_a_leak,
    the_word_gets_round,
    one_call_charged_all_the_same,
    two_switches_of_three,
)
