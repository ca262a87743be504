"""What a benchmark found, as a table for a person and as JSON for a script."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.bench.figures import Figure

COLUMNS = ("part", "figure", "unit", "runs", "minimum", "median", "maximum")
WHOLE = 100
"""From here on a figure is shown without decimals."""


def rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """A table's rows; a part is named once."""
    told: list[tuple[str, ...]] = []
    part = ""
    for figure in figures:
        name = "" if figure.part == part else figure.part
        part = figure.part
        told.append((name, figure.name, figure.unit, str(len(figure.values)), *map(spelled, figure.spread)))
    return told


def spelled(value: float) -> str:
    """A figure with as many digits as it deserves.

    >>> spelled(254_031.7), spelled(3.14159), spelled(float("nan"))
    ('254,032', '3.14', '-')
    """
    if value != value:  # noqa: PLR0124 - the one value that is not itself
        return "-"
    return f"{value:,.0f}" if abs(value) >= WHOLE or value == int(value) else f"{value:.2f}"


def document(shape: dict[str, Any], plan: Any, figures: Sequence[Figure]) -> dict[str, Any]:
    """Everything, as a script reads it."""
    found = []
    for figure in figures:
        least, median, most = figure.spread
        found.append(msgspec.to_builtins(figure) | {"minimum": least, "median": median, "maximum": most})
    return {"machine": shape, "plan": msgspec.to_builtins(plan), "figures": found}
