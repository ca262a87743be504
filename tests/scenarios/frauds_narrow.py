"""Leaks that only a row, a number, a switch, a trunk or a plan has."""

from scenarios.common import NETWORK, TARIFF, WITHOUT_TABLES, leaks
from scenarios.scenario import Scenario, Story
from scenarios.world import Habit, Style, World


def a_narrow_row_beside_a_paid_neighbour(seed: int) -> Scenario:
    """+33387 is free while +33386 stays paid: that row, not its parent and not thirty numbers one by one."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+33387")
    story.beside("+33386", 0, 70, every_s=4)
    story.background(70)
    return story.told()


def a_row_deeper_than_prices_are_told_apart(seed: int) -> Scenario:
    """+3338765 is free while +3338764 and +3338 stay paid."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+3338765")
    story.beside("+3338764", 0, 70, every_s=5)
    story.beside("+3335", 0, 70, every_s=30)
    story.background(70)
    return story.told()


def one_number(seed: int) -> Scenario:
    """A single number was entered without a price."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+33387654321", single=True)
    story.beside("+3338765", 0, 70, every_s=20)
    story.background(70)
    return story.told()


def one_switch_only(seed: int) -> Scenario:
    """One switch has the wrong row, the others charge."""
    story = Story(NETWORK, seed)
    leaks(story, "+333", switch="s2", entry="333")
    for switch in ("s1", "s3"):
        story.beside("+333", 0, 70, every_s=8, switch=switch)
    story.background(70)
    return story.told()


def one_trunk_only(seed: int) -> Scenario:
    """Calls that leave by one trunk are free, by the other they are charged."""
    story = Story(NETWORK, seed)
    leaks(story, "+333", trunk="INTL-FR-2", entry="333")
    story.beside("+333", 0, 70, every_s=4, trunk="INTL-FR-1")
    story.background(70)
    return story.told()


def one_plan_only(seed: int) -> Scenario:
    """The students' rate table has the wrong row."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+333", plan="student")
    for plan in ("prepaid", "postpaid"):
        story.beside("+333", 0, 70, every_s=8, plan=plan)
    story.background(70)
    return story.told()


def a_prefix_where_bundles_are_normal(seed: int) -> Scenario:
    """Students have always called +346 within a bundle; now it is free for the two plans that used to pay."""
    world = WITHOUT_TABLES._replace(habits=(Habit("+346", plan="student"),), abroad_a_day=800)
    story = Story(world, seed)
    for plan in ("prepaid", "postpaid"):
        leaks(story, "+346", plan=plan)
    story.beside("+346", 0, 70, every_s=8, plan="student")
    story.beside("+349", 0, 70, every_s=20)
    story.background(70)
    return story.told()


def beside_a_switch_that_charges_at_release(seed: int) -> Scenario:
    """One switch leaks; another has always shown 0 at set-up and charged at release, and does so now."""
    story = Story(World(styles=(("s3", Style.RELEASE),)), seed)
    leaks(story, "+333", switch="s1", entry="333")
    for switch in ("s2", "s3"):
        story.beside("+333", 0, 70, every_s=8, switch=switch)
    story.background(70)
    return story.told()


def bounded_by_a_paid_call_that_comes_last(seed: int) -> Scenario:
    """Other switches' paid calls began before the last opener and are reported after it: the block narrows at once."""
    story = Story(World(tables=TARIFF, abroad_a_day=100), seed)
    leak = story.leak("+333", 5, 40, switch="s1")
    last_ms = story.openers(leak)
    for switch in ("s2", "s3"):
        at_ms = last_ms - 3_000
        story.call(at_ms, "+33387654321", story.somebody_new(switch=switch), late_ms=last_ms - at_ms + 1_500)
        story.beside("+333", 5.5, 70, every_s=8, switch=switch)
    story.word(leak, last_ms + 5_000, 120)
    story.customers(leak, 40, 70)
    story.background(70)
    return story.told()


LEAKS = (
    a_narrow_row_beside_a_paid_neighbour,
    a_row_deeper_than_prices_are_told_apart,
    one_number,
    one_switch_only,
    one_trunk_only,
    one_plan_only,
    a_prefix_where_bundles_are_normal,
    beside_a_switch_that_charges_at_release,
    bounded_by_a_paid_call_that_comes_last,
)
