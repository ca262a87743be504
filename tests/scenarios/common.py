"""What most leaks have in common: the worlds that they happen in, and how they begin, go round and end."""

from decimal import Decimal
from typing import Any

from scenarios.scenario import Leak, Story
from scenarios.world import PLACES, Place, World

from models.tables import ShortCode, Tables, TariffRow

RARE = Place("+26120", 12, "6.00", 0.0018, "INTL-MG-1")
"""Madagascar: of 400 calls a day five a week."""
NO_TABLES = Tables()
TARIFF = Tables(tariff=tuple(TariffRow(p.prefix, Decimal(p.price), "MAD", "") for p in (*PLACES, RARE)))
NETWORK = World()
WITHOUT_TABLES = World(tables=NO_TABLES)


def codes(*numbers: str) -> Tables:
    """A table of short codes."""
    return Tables(short_codes=tuple(ShortCode(number, "service") for number in numbers))


def leaks(story: Story, value: str, an_hour: float = 120, **changes: Any) -> Leak:
    """A leak from minute 5 to minute 40: three openers, the word, and half an hour of customers after the mend."""
    leak = story.leak(value, 5, 40, **changes)
    story.word(leak, story.openers(leak), an_hour)
    story.customers(leak, 40, 70)
    return leak
