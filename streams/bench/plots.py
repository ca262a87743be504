"""A benchmark's pictures, as SVG: the same document gives the same bytes."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from streams.bench import latency, restart, scale, soak, stages, throughput
from streams.bench.figures import Figure
from streams.bench.report import Document, spelled
from streams.roles import ROLES

BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"),
    "#8A8A8A",
)
"""Colours that people who see no red or no green tell apart (Okabe and Ito, 2008)."""
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
STYLE: Any = {
    "svg.hashsalt": "ringfence",
    "svg.fonttype": "path",
    "font.size": 9.0,
    "figure.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "figure.constrained_layout.use": True,
}
WIDTH, BAR = 7.2, 0.62
"""Inches; part of its place that a bar fills."""


class Plot(NamedTuple):
    """A picture: its title, and how it is drawn into an empty one; a document without its figures has none."""

    title: str
    draw: Callable[[Document, Picture], bool]


def draw(document: Document, directory: Path, stem: str) -> list[tuple[str, str]]:
    """Write the pictures that the document has figures for; gives the title and file name of each."""
    drawn = []
    with mpl.rc_context(STYLE):
        for name, plot in PLOTS.items():
            picture = Picture(layout="constrained")
            if plot.draw(document, picture):
                picture.suptitle(plot.title, x=0.01, ha="left", weight="bold")
                file = f"{stem}-{name}.svg"
                picture.savefig(directory / file, format="svg", metadata={"Date": None, "Creator": None})
                drawn.append((plot.title, file))
    return drawn


def _bars(axes: Axes, named: Sequence[tuple[str, Figure]], unit: str, colours: Iterable[str]) -> None:
    """Horizontal bars of medians from above, whiskers from minimum to maximum, the value beside."""
    for place, ((_, figure), colour) in enumerate(zip(named, colours, strict=True)):
        least, median, most = figure.spread
        axes.barh(place, median, BAR, color=colour)
        if len(figure.values) > 1:
            axes.errorbar(median, place, xerr=[[median - least], [most - median]], color="black", capsize=3, lw=1)
        axes.annotate(f"  {spelled(median)}", (most, place), va="center", annotation_clip=False)
    axes.set_yticks(range(len(named)), [name for name, _ in named])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(unit)
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(lambda value, _: spelled(value))


def _stack(axes: Axes, place: int, parts: Sequence[tuple[str, float]]) -> None:
    """One horizontal bar of parts one after the other, each with its value where there is room."""
    begin, whole = 0.0, sum(value for _, value in parts)
    for (name, value), colour in zip(parts, COLOURS, strict=False):
        axes.barh(place, value, BAR, left=begin, color=colour, label=name if place == 0 else None)
        if value > 0.06 * whole:
            axes.annotate(spelled(value), (begin + value / 2, place), ha="center", va="center", color="white")
        begin += value
    axes.annotate(f"  {spelled(whole)}", (begin, place), va="center", weight="bold", annotation_clip=False)


def _throughput(document: Document, picture: Picture) -> bool:
    named = [
        (f"{what}{suffix}", figure, colour)
        for part, suffix in (("throughput", ""), (f"throughput, arrays of {throughput.ARRAY}", ", arrays"))
        for name, what, colour in (
            (throughput.LIMIT, "the limit: consume and decode", GREY),
            (throughput.TOGETHER, "Ringfence, all roles", BLUE),
            (throughput.PEER, "Kafka Streams, a smaller job", ORANGE),
        )
        if (figure := document.figure(part, name))
    ]
    if not named:
        return False
    picture.set_size_inches(WIDTH, 0.9 + 0.38 * len(named))
    axes = picture.subplots()
    _bars(axes, [(name, figure) for name, figure, _ in named], "events per core-second", [one[2] for one in named])
    return True


def _latency(document: Document, picture: Picture) -> bool:
    rates = [per_s for per_s in document.plan.rates if document.figure(latency.part_of(per_s), "p50")]
    if not rates:
        return False
    picture.set_size_inches(WIDTH, 3.4)
    axes = picture.subplots()
    for number, (name, colour) in enumerate({"p50": BLUE, "p99": ORANGE, "worst": RED}.items()):
        for place, per_s in enumerate(rates):
            figure = document.figure(latency.part_of(per_s), name)
            if figure is not None:
                _point(axes, place + (number - 1) * 0.16, figure, colour, name if place == 0 else None)
    axes.set_xticks(range(len(rates)), [f"{per_s:,}" for per_s in rates])
    axes.set_xlim(-0.6, len(rates) - 0.4)
    axes.set_yscale("log")
    axes.margins(y=0.15)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:,g}" if f"{value:e}"[0] in "25" else "")
    axes.set_xlabel("events a second in the background")
    axes.set_ylabel("ms")
    axes.grid(visible=False, axis="x")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return True


def _point(axes: Axes, x: float, figure: Figure, colour: str, label: str | None) -> None:
    least, median, most = figure.spread
    axes.plot([x], [median], "o", color=colour, label=label)
    axes.plot([x, x], [least, most], color=colour, lw=1.5)
    axes.annotate(spelled(round(median)), (x, median), xytext=(6, 0), textcoords="offset points", va="center")


def _scale(document: Document, picture: Picture) -> bool:
    parts = [scale.part_of(workers) for workers in scale.WORKERS]
    clocks = [figure for part in parts if (figure := document.figure(part, "by the clock"))]
    if len(clocks) < len(parts):
        return False
    picture.set_size_inches(WIDTH, 3.4)
    cost, clock = picture.subplots(2, 1)
    names = [f"{workers} worker{'s' * (workers > 1)}" for workers in scale.WORKERS]
    for place, part in enumerate(parts):
        costs = [(role, figure.spread[1]) for role in ROLES if (figure := document.figure(part, role))]
        _stack(cost, place, costs)
    cost.set_yticks(range(len(names)), names)
    cost.invert_yaxis()
    cost.grid(visible=False, axis="y")
    cost.margins(x=0.12)
    cost.set_xlabel("processor time per event, µs")
    cost.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _bars(clock, list(zip(names, clocks, strict=True)), "events a second by the clock", (BLUE, BLUE))
    return True


def _restart(document: Document, picture: Picture) -> bool:
    named = [(one.name, one) for one in document.figures if one.part == restart.PART and one.unit == "s"]
    if not named:
        return False
    picture.set_size_inches(WIDTH, 0.9 + 0.34 * len(named))
    axes = picture.subplots()
    _bars(axes, named, "seconds", [BLUE] * len(named))
    return True


def _stages(document: Document, picture: Picture) -> bool:
    found = [(name, figure) for name in stages.STAGES if (figure := document.figure(stages.PART, name))]
    limit = document.figure(stages.PART, stages.LIMIT)
    if not found or limit is None:
        return False
    picture.set_size_inches(WIDTH, 2.2)
    axes = picture.subplots()
    _stack(axes, 0, [(name, figure.spread[1]) for name, figure in found])
    axes.barh(1, limit.spread[1], BAR, color=GREY)
    axes.annotate(f"  {spelled(limit.spread[1])}", (limit.spread[1], 1), va="center", weight="bold")
    axes.set_yticks((0, 1), ("Ringfence", "plain decode"))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    axes.set_xlabel("ns per event")
    picture.legend(frameon=False, loc="outside lower center", ncols=3)
    return True


def _soak(document: Document, picture: Picture) -> bool:
    curves = [curve for curve in document.curves if curve.part == soak.PART]
    if not curves:
        return False
    picture.set_size_inches(WIDTH, 4.6)
    memory, lag = picture.subplots(2, 1, sharex=True)
    _lines(memory, [curve for curve in curves if curve.unit == "MB"])
    memory.set_ylabel("MB")
    _lines(lag, [curve for curve in curves if curve.name == "events that wait"])
    lag.set_ylabel("events that wait")
    lag.set_xlabel("minutes since the beginning")
    return True


def _lines(axes: Axes, curves: Sequence[Any]) -> None:
    for curve, colour in zip(curves, COLOURS, strict=False):
        axes.plot([at_s / 60 for at_s in curve.at_s], curve.values, color=colour, label=curve.name)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.yaxis.set_major_formatter(lambda value, _: spelled(value))
    if len(curves) > 1:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


PLOTS = {
    "throughput": Plot("Events per second of one core, all processes together", _throughput),
    "latency": Plot("From the proving event to the command", _latency),
    "scale": Plot("One and two workers of intake and detector", _scale),
    "restart": Plot("Until a service with many callers serves again", _restart),
    "stages": Plot("Processor time of an event, stage by stage", _stages),
    "soak": Plot("Resident memory, and events that wait, over two days of event time", _soak),
}
"""Every picture, by what its file's name ends with."""
