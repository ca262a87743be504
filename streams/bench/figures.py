"""What a benchmark found: figures with one value per run, their minimum, median and maximum, and curves."""

import statistics
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np


class Figure(msgspec.Struct, frozen=True):
    """One figure: which part of the benchmark it is from, what it says, in which unit, and its value in every run."""

    part: str
    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def spread(self) -> tuple[float, float, float]:
        """Minimum, median, maximum."""
        return min(self.values), statistics.median(self.values), max(self.values)


class Curve(msgspec.Struct, frozen=True):
    """One figure of a run against the time since its beginning, s."""

    part: str
    name: str
    unit: str
    at_s: tuple[float, ...]
    values: tuple[float, ...]


Found = Figure | Curve


def ratio(part: str, name: str, ours: Figure, other: Figure) -> Figure:
    """How many times `other` our figure is, run by run where both have as many, else by the medians.

    >>> a, b = Figure("p", "a", "x", (4.0, 6.0)), Figure("p", "b", "x", (2.0, 2.0))
    >>> ratio("p", "a / b", a, b).values
    (2.0, 3.0)
    """
    if len(ours.values) == len(other.values):
        values = tuple(a / b for a, b in zip(ours.values, other.values, strict=True))
    else:
        values = (ours.spread[1] / other.spread[1],)
    return Figure(part, name, "times", values)


def merged(runs: Iterable[Sequence[Found]]) -> list[Figure]:
    """The figures of several runs as one list: values of the same part and name side by side."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for run in runs:
        for figure in run:
            if isinstance(figure, Figure):
                found.setdefault((figure.part, figure.name, figure.unit), []).extend(figure.values)
    return [Figure(*names, tuple(values)) for names, values in found.items()]


def newest(runs: Iterable[Sequence[Found]]) -> list[Curve]:
    """The curves of several runs, each from the last run that has it."""
    found = {(one.part, one.name): one for run in runs for one in run if isinstance(one, Curve)}
    return list(found.values())


def quantiles(values: Sequence[float]) -> tuple[float, float, float]:
    """p50, p99 and the worst.

    >>> quantiles([float(n) for n in range(101)])
    (50.0, 99.0, 100.0)
    """
    p50, p99, worst = np.quantile(np.asarray(values, np.float64), (0.5, 0.99, 1.0)).tolist()
    return p50, p99, worst
