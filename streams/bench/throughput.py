"""Throughput: events per core-second of all our processes, against the limit and a peer on the same records."""

from collections.abc import Iterator
from functools import partial

from streams.bench import kafka_streams, limit, passage
from streams.bench.arena import Arena
from streams.bench.figures import Figure, ratio
from streams.bench.load import Recipe
from streams.bench.rates import per_core_second

ARRAY = 50
"""Events per record where producers send arrays."""
TOGETHER, LIMIT, PEER = "all roles together", "limit: consume and decode", "Kafka Streams, the peers' job"
RATE = "events/core-s"


def part_of(recipe: Recipe) -> str:
    """How a recipe's figures are called."""
    return "throughput" if recipe.array == 1 else f"throughput, arrays of {recipe.array}"


def run(arena: Arena, recipe: Recipe, *, peer: bool) -> list[Figure]:
    """One run on one recipe; with `peer` Kafka Streams runs on the same records.

    Raises:
        DependencyError: the service or a peer ended, or makes no progress.
    """
    part = part_of(recipe)
    load = arena.stage(recipe)
    found = passage.run(
        arena.settings,
        arena.home,
        len(load),
        recipe.events,
        tell=partial(arena.tell, part),
    )
    figures = [*service_figures(part, found), _limit(part, arena, len(load), recipe)]
    if peer:
        arena.tell("Kafka Streams", 0.0)
        us = kafka_streams.measure(arena.settings, arena.home, len(load))
        figures.append(Figure(part, PEER, RATE, (per_core_second(us),)))
    return figures


def service_figures(part: str, found: passage.Passage) -> Iterator[Figure]:
    """What a passage says, as figures."""
    for role, cost in found.roles.items():
        yield Figure(part, role, "µs/event", (cost.us_per_event,))
    for role, rss in found.rss.items():
        yield Figure(part, f"{role}, resident", "MB", (rss / 1e6,))
    yield Figure(part, TOGETHER, RATE, (found.events_per_core_s,))
    yield Figure(part, "by the clock", "events/s", (found.wall_per_s,))


def _limit(part: str, arena: Arena, records: int, recipe: Recipe) -> Figure:
    arena.tell("the limit", 0.0)
    kafka = arena.settings.kafka
    us = limit.measure(kafka.bootstrap_servers, records, kafka.event_partitions)
    return Figure(part, LIMIT, RATE, (per_core_second(us) * recipe.events / records,))


def claims(figures: list[Figure]) -> list[Figure]:
    """The ratios that we claim, of figures that are merged over all runs."""
    by = {(figure.part, figure.name): figure for figure in figures}
    found = []
    for (part, name), figure in by.items():
        for other, of in ((LIMIT, "of the limit"), (PEER, "times Kafka Streams")):
            if name == TOGETHER and (part, other) in by:
                found.append(ratio(part, of, figure, by[part, other]))
    return found
