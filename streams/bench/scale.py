"""Scale: the same load on one and on two workers of intake and detector; cost per event and the clock."""

from functools import partial

from streams.bench import passage
from streams.bench.arena import Arena
from streams.bench.figures import Figure
from streams.bench.load import Recipe
from streams.bench.throughput import service_figures

PART = "scale"
WORKERS = (1, 2)


def part_of(workers: int) -> str:
    """How the figures of a run are called."""
    return f"{PART}, {workers} worker{'s' * (workers > 1)}"


def run(arena: Arena, recipe: Recipe) -> list[Figure]:
    """One run with one worker and one with two.

    Raises:
        DependencyError: the service ended, or makes no progress.
    """
    one, two = (_passage(arena, recipe, workers) for workers in WORKERS)
    return [
        *service_figures(part_of(1), one),
        *service_figures(part_of(2), two),
        Figure(PART, "cost per event, two workers to one", "times", (one.events_per_core_s / two.events_per_core_s,)),
        Figure(PART, "events/s, two workers to one", "times", (two.wall_per_s / one.wall_per_s,)),
    ]


def _passage(arena: Arena, recipe: Recipe, workers: int) -> passage.Passage:
    load = arena.stage(recipe)
    instances = tuple(f"{role}={workers}" for role in passage.INPUTS)
    return passage.run(
        arena.settings,
        arena.home,
        len(load),
        recipe.events,
        instances,
        partial(arena.tell, part_of(workers)),
    )
