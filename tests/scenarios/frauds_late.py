"""Leaks whose reports come late, out of order, or spell numbers in many ways."""

from itertools import cycle

from scenarios.common import NETWORK, NO_TABLES, WITHOUT_TABLES, codes, leaks
from scenarios.scenario import Scenario, Story, minute
from scenarios.world import MINUTE_MS, Place, Style, World

CDR = tuple((switch, Style.CDR) for switch in ("s1", "s2", "s3"))
BAHAMAS = World(
    home="1",
    home_prefixes=("+1242",),
    places=(
        Place("+1212", 11, "2.50", 0.3, "INTL-US-1"),
        Place("+1305", 11, "2.50", 0.3, "INTL-US-1"),
        Place("+336", 11, "3.50", 0.4, "INTL-FR-1"),
    ),
    tables=codes("1212"),
)


def records_that_come_late(seed: int) -> Scenario:
    """Prices come only with the call records, 20 to 90 minutes late, `charge` 0 and no `rate`."""
    story = Story(World(tables=NO_TABLES, styles=CDR), seed)
    leak = story.leak("+333", 5, 150)
    story.word(leak, story.openers(leak), 120)
    story.beside("+331", 0, 150, every_s=30)
    story.customers(leak, 150, 270, every_s=40)
    story.background(290, abroad_a_minute=1)
    return story.told()


def one_switch_whose_records_come_late(seed: int) -> Scenario:
    """Two switches report at once, the third by call records; the leak is everywhere."""
    story = Story(World(styles=CDR[2:]), seed)
    leaks(story, "+333", entry="333")
    story.beside("+331", 0, 40)
    story.background(180, abroad_a_minute=1)
    return story.told()


def numbers_in_every_spelling(seed: int) -> Scenario:
    """00…, +… and digits of type `international`, as one switch or the other writes them."""
    story = Story(NETWORK, seed)
    leaks(story, "+333", entry="333")
    story.beside("+331", 0, 40)
    story.background(70)
    spelled = cycle(
        ({}, {"called": "00{}", "called_type": ...}, {"called": "+{}"}, {"called": "{}"}, {"dialled": "+{}"})
    )
    for nth, (call, how) in enumerate(zip(story.calls, spelled, strict=False)):
        if call.abroad:
            fields = {name: value.format(call.called[1:]) if value is not ... else ... for name, value in how.items()}
            story.calls[nth] = call._replace(fields=fields)
    return story.told()


def dialled_as_a_national_number(seed: int) -> Scenario:
    """In a zone that shares its calling code New York is dialled 1 212…, or 00 1 212…, or +1 212…."""
    story = Story(BAHAMAS, seed)
    leaks(story, "+1212", entry="1212")
    story.beside("+1305", 0, 70, every_s=15)
    story.background(70)
    forms = cycle(("00{}", "+{}", "{}"))
    for nth, (call, form) in enumerate(zip(story.calls, forms, strict=False)):
        if call.called.startswith("+1"):
            dialled = form.format(call.called[1:])
            local = {"called_type": "national"} if form == "{}" else {}
            story.calls[nth] = call._replace(fields={"dialled": dialled, **local})
    return story.told()


def a_busy_destination(seed: int) -> Scenario:
    """Everybody is on the phone to +333 when it turns free: charges for earlier calls arrive among the free ones."""
    story = Story(NETWORK, seed)
    leaks(story, "+333", entry="333")
    story.beside("+333", 3, 4.99, every_s=6, duration_s=150.0)
    story.background(70)
    return story.told()


def a_busy_destination_out_of_order(seed: int) -> Scenario:
    """The same, and one switch reports half a minute later than the others."""
    story = Story(WITHOUT_TABLES, seed)
    leaks(story, "+333")
    story.beside("+333", 3, 4.99, every_s=6)
    story.beside("+331", 0, 40)
    story.background(70)
    story.calls = [call._replace(late_ms=30_000) if call.by.switch == "s3" else call for call in story.calls]
    return story.told()


def long_calls_that_end_after_the_mend(seed: int) -> Scenario:
    """Calls that began free are released free, one after the other, long after others have paid again."""
    story = Story(NETWORK, seed)
    leak = story.leak("+333", 5, 30, entry="333")
    last_ms = story.openers(leak)
    story.word(leak, last_ms, 240)
    for at_ms in range(minute(29), minute(30), 4_000):
        story.call(at_ms, story.under(leak), duration_s=1_500.0)
    story.beside("+331", 0, 40)
    story.customers(leak, 30, 70)
    story.background(70)
    return story.told()


def late_records_after_the_mend(seed: int) -> Scenario:
    """One switch's call records of free calls go on to arrive for an hour after the mend; the others are on line."""
    story = Story(World(styles=CDR[2:], lag_ms=(30 * MINUTE_MS, 75 * MINUTE_MS)), seed)
    leak = story.leak("+333", 5, 40, entry="333")
    last_ms = story.openers(leak)
    for at_ms in range(last_ms + 1, last_ms + 30_000, 1_500):
        story.call(at_ms, story.under(leak), story.somebody_new(switch="s3"), duration_s=15.0)
    story.word(leak, last_ms + 30_000, 120)
    story.beside("+331", 0, 40)
    story.customers(leak, 40, 130)
    story.background(130, abroad_a_minute=1)
    return story.told()


LEAKS = (
    records_that_come_late,
    one_switch_whose_records_come_late,
    numbers_in_every_spelling,
    dialled_as_a_national_number,
    a_busy_destination,
    a_busy_destination_out_of_order,
    long_calls_that_end_after_the_mend,
    late_records_after_the_mend,
)
