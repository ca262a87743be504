"""The parts of the benchmark and what is run for each, as often as wanted, on one Kafka."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from streams.bench import kafka_streams, latency, memory, restart, scale, soak, stages, throughput
from streams.bench.arena import Arena, arena
from streams.bench.figures import Found, merged, newest
from streams.bench.load import Recipe
from streams.bench.plan import LIMIT_PER_S, PAUSES_S, PEER_S, SOAKED_PER_S, STAGES_S, START_S, Plan, load_s, passage_s
from streams.bench.report import Document
from streams.errors import UsageError
from streams.tables import load_tables

STAGED_EVENTS = 400_000
"""Events that go through the stages one by one: enough for kernels, caches and price histories to settle."""


class Step(NamedTuple):
    """One measurement: its name, roughly how long it takes (s, on two cores), and how it is done."""

    name: str
    lasts_s: float
    run: Callable[[Arena], Sequence[Found]]


class Watcher(Protocol):
    """Who is told how a benchmark gets on."""

    def begins(self, name: str, number: int, count: int, left_s: float) -> None:
        """Measurement `number` of `count` begins; roughly how long it and all that follow take."""

    def tell(self, what: str, part: float) -> None:
        """What goes on in it, and which part of that is done (0 to 1)."""


def _throughput(plan: Plan) -> Iterable[Step]:
    for array in (1, throughput.ARRAY):
        peer = plan.peer and array == 1 and kafka_streams.available()
        lasts_s = load_s(plan.events) + passage_s(plan.events) + plan.events / LIMIT_PER_S + PEER_S * peer
        recipe = Recipe(plan.events, plan.seed, array=array)
        yield Step(throughput.part_of(recipe), lasts_s, partial(throughput.run, recipe=recipe, peer=peer))


def _latency(plan: Plan) -> Iterable[Step]:
    for per_s in plan.rates:
        lasts_s = load_s(per_s * plan.seconds) + START_S + plan.seconds
        run = partial(latency.run, per_s=per_s, seconds=plan.seconds, seed=plan.seed)
        yield Step(latency.part_of(per_s), lasts_s, run)


def _scale(plan: Plan) -> Iterable[Step]:
    lasts_s = load_s(plan.events) + 2 * passage_s(plan.events)
    yield Step(scale.PART, lasts_s, partial(scale.run, recipe=Recipe(plan.events, plan.seed)))


def _memory(plan: Plan) -> Iterable[Step]:
    lasts_s = load_s(plan.events) + passage_s(plan.events)
    yield Step(memory.PART, lasts_s, partial(memory.run, events=plan.events, seed=plan.seed))


def _restart(plan: Plan) -> Iterable[Step]:
    lasts_s = load_s(plan.events) + passage_s(plan.events) + 3 * START_S + PAUSES_S
    yield Step(restart.PART, lasts_s, partial(restart.run, events=plan.events, seed=plan.seed))


def _stages(plan: Plan) -> Iterable[Step]:
    def through(arena: Arena) -> Sequence[Found]:
        load = arena.load(Recipe(min(plan.events, STAGED_EVENTS), plan.seed))
        return stages.run(load, arena.settings, load_tables(arena.settings))

    yield Step(stages.PART, STAGES_S, through)


def _soak(plan: Plan) -> Iterable[Step]:
    lasts_s = START_S + soak.DAYS * plan.soak_events / SOAKED_PER_S
    yield Step(soak.PART, lasts_s, partial(soak.run, events=plan.soak_events, seed=plan.seed))


PARTS: dict[str, Callable[[Plan], Iterable[Step]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "scale": _scale,
    "memory": _memory,
    "restart": _restart,
    "stages": _stages,
    "soak": _soak,
}
"""Every part and its measurements; `restart` weighs the memory on its way."""
ON_REQUEST = {"soak"}
"""Parts that run only where they are named."""


def chosen(names: Sequence[str]) -> list[str]:
    """The parts to run, in their order; without names all but those on request, `memory` as part of `restart`.

    Raises:
        UsageError: a name that no part has.
    """
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise UsageError(f"no part is named {unknown[0]}: the parts are {', '.join(PARTS)}")
    wanted = set(names or PARTS.keys() - ON_REQUEST)
    return [name for name in PARTS if name in wanted and not (name == "memory" and "restart" in wanted)]


def steps_of(plan: Plan) -> list[Step]:
    """All measurements of a plan, each as often as it asks.

    Raises:
        UsageError: a part that there is not.
    """
    return [step for name in chosen(plan.parts) for step in PARTS[name](plan) for _ in range(plan.runs)]


def measure(plan: Plan, machine: dict[str, object], watcher: Watcher) -> Iterator[Document]:
    """Run a plan; after each measurement gives all that is known by then, the ratios among it.

    Raises:
        UsageError: a part that there is not.
        DependencyError: Kafka, the service or a peer does not start, ends, or makes no progress.
    """
    steps = steps_of(plan)
    found: list[Sequence[Found]] = []
    with arena(plan.partitions, watcher.tell) as place:
        for number, step in enumerate(steps):
            left_s = sum(other.lasts_s for other in steps[number:])
            watcher.begins(step.name, number + 1, len(steps), left_s)
            found.append(step.run(place))
            figures = merged(found)
            yield Document(machine, plan, figures + throughput.claims(figures), newest(found))
