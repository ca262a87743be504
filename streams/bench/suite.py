"""The parts of the benchmark and what is run for each, as often as wanted, on one Kafka."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from streams.bench import latency, scale, stages, state, throughput
from streams.bench.arena import Arena, Tell, arena
from streams.bench.figures import Figure, merged
from streams.bench.load import Recipe
from streams.errors import UsageError
from streams.tables import load_tables

Step = Callable[[Arena], list[Figure]]
STAGED_EVENTS = 400_000
"""Events that go through the stages one by one: enough for kernels, caches and price histories to settle."""


class Plan(msgspec.Struct, frozen=True):
    """What to run.

    Attributes:
        parts: names in `PARTS`; none = all.
        runs: of each measurement.
        events: in a load that is read as fast as the service can.
        rates: background events a second, for latency.
        seconds: of each latency run.
        seed: of all chance.
        partitions: of events and rows.
        peer: whether Kafka Streams is measured where it can be.
    """

    parts: tuple[str, ...] = ()
    runs: int = 1
    events: int = 3_000_000
    rates: tuple[int, ...] = (1_000, 20_000, 100_000)
    seconds: float = 30.0
    seed: int = 7
    partitions: int = 4
    peer: bool = True


def _throughput(plan: Plan) -> Iterable[Step]:
    for array in (1, throughput.ARRAY):
        yield partial(throughput.run, recipe=Recipe(plan.events, plan.seed, array=array), peer=plan.peer)


def _latency(plan: Plan) -> Iterable[Step]:
    for per_s in plan.rates:
        yield partial(latency.run, per_s=per_s, seconds=plan.seconds, seed=plan.seed)


def _scale(plan: Plan) -> Iterable[Step]:
    yield partial(scale.run, recipe=Recipe(plan.events, plan.seed))


def _memory(plan: Plan) -> Iterable[Step]:
    yield partial(state.run, events=plan.events, seed=plan.seed)


def _restart(plan: Plan) -> Iterable[Step]:
    yield partial(state.run, events=plan.events, seed=plan.seed, restart=True)


def _stages(plan: Plan) -> Iterable[Step]:
    def through(arena: Arena) -> list[Figure]:
        load = arena.load(Recipe(min(plan.events, STAGED_EVENTS), plan.seed))
        return stages.run(load, arena.settings, load_tables(arena.settings))

    yield through


PARTS: dict[str, Callable[[Plan], Iterable[Step]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "scale": _scale,
    "memory": _memory,
    "restart": _restart,
    "stages": _stages,
}
"""Every part and its measurements; `restart` weighs the memory on its way."""


def chosen(names: Sequence[str]) -> list[str]:
    """The parts to run, in their order; without names all of them, `memory` as part of `restart`.

    Raises:
        UsageError: a name that no part has.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise UsageError(f"no part is named {unknown[0]}: the parts are {', '.join(PARTS)}")
    wanted = set(names or PARTS)
    return [name for name in PARTS if name in wanted and not (name == "memory" and "restart" in wanted)]


def measure(plan: Plan, tell: Tell) -> list[Figure]:
    """Run a plan; gives the figures of all runs and the ratios between them.

    Raises:
        UsageError: a part that there is not.
        DependencyError: Kafka, the service or a peer does not start, ends, or makes no progress.
    """
    names = chosen(plan.parts)
    with arena(plan.partitions, tell) as place:
        steps = [step for name in names for step in PARTS[name](plan)]
        figures = merged(step(place) for step in steps for _ in range(plan.runs))
    return figures + throughput.claims(figures)
