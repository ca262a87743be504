"""What a benchmark found, as a table for a person, as Markdown for a page and as JSON for a script."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from streams.bench.figures import Curve, Figure
from streams.bench.plan import Plan

SPREAD = ("minimum", "median", "maximum")
WHOLE = 100
"""From here on a figure is shown without decimals."""

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


class Document(msgspec.Struct, frozen=True):
    """Everything that a benchmark found."""

    machine: dict[str, Any]
    plan: Plan
    figures: list[Figure]
    curves: list[Curve] = []

    def figure(self, part: str, name: str) -> Figure | None:
        """One figure, None where it was not measured."""
        return next((one for one in self.figures if (one.part, one.name) == (part, name)), None)


def table(figures: Sequence[Figure]) -> Table:
    """Columns and rows; a part is named once, and what was run once has one value."""
    once = all(len(figure.values) == 1 for figure in figures)
    told: list[tuple[str, ...]] = []
    part = ""
    for figure in figures:
        name = "" if figure.part == part else figure.part
        part = figure.part
        values = [spelled(value) for value in figure.spread]
        shown = values[:1] if once else [str(len(figure.values)), *values]
        told.append((name, figure.name, figure.unit, *shown))
    return ("part", "figure", "unit", *(("value",) if once else ("runs", *SPREAD))), told


def spelled(value: float) -> str:
    """A figure with as many digits as it deserves.

    >>> spelled(254_031.7), spelled(3.14159), spelled(float("nan"))
    ('254,032', '3.14', '-')
    """
    if value != value:  # noqa: PLR0124 - the one value that is not itself
        return "-"
    return f"{value:,.0f}" if abs(value) >= WHOLE or value == int(value) else f"{value:.2f}"


def as_json(document: Document) -> dict[str, Any]:
    """Everything, as a script reads it: each figure with its spread beside its values."""
    told: dict[str, Any] = msgspec.to_builtins(document)
    for figure, found in zip(told["figures"], document.figures, strict=True):
        figure |= dict(zip(SPREAD, found.spread, strict=True))
    return told


def read(data: bytes) -> Document:
    """The document that was written as JSON; a figure that is no number was written as null.

    Raises:
        msgspec.DecodeError: it is none.
    """
    told = msgspec.json.decode(data)
    for figure in told.get("figures", ()):
        figure["values"] = [float("nan") if value is None else value for value in figure["values"]]
    return msgspec.convert(told, Document)


def markdown(document: Document, pictures: Iterable[tuple[str, str]] = ()) -> str:
    """Machine, pictures (title, place) and figures."""
    columns, rows = table(document.figures)
    parts = [_markdown_table(("machine", ""), [(name, str(value)) for name, value in document.machine.items()])]
    parts += [f"![{title}]({place})" for title, place in pictures]
    return "\n\n".join([*parts, _markdown_table(columns, rows)]) + "\n"


def _markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    left = sum(column in {"part", "figure", "unit", "machine", ""} for column in columns)
    rule = ["---"] * left + ["---:"] * (len(columns) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))
