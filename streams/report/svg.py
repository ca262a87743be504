"""The report's charts, as SVG that takes its colours from the page: a timeline, and stacked counts by score."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from streams.report.bins import Bins
from streams.report.case import STANDING, Case, Ints
from streams.report.markup import Markup, joined, tag, void

WIDTH: Final = 960
LEFT, RIGHT = 64, 8
"""Room for the numbers of an axis, and what is left free on the other side."""
PLOT: Final = WIDTH - LEFT - RIGHT
PANEL, GAP, LANE = 110, 34, 20
TOP: Final = 28
LANES_MAX: Final = 14
"""Incidents whose commands are drawn; the page's table has them all."""
LABELS: Final = 7
_STEPS_S: Final = (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800)


class Series(NamedTuple):
    """One panel of the timeline: what it is called, its colour's name, and a count for each bin."""

    title: str
    colour: str
    counts: Ints


def timeline(bins: Bins, panels: Sequence[Series], cases: Sequence[tuple[str, Case]], text: str) -> Markup:
    """Panels of counts over one time axis, and under them when commands stood.

    Args:
        bins: the time axis.
        panels: from above.
        cases: incidents with their labels; those with commands are drawn.
        text: the chart in words, for who cannot see it.
    """
    lanes = [(label, case) for label, case in cases if case.spans][:LANES_MAX]
    parts = [_panel(series, TOP + place * (PANEL + GAP)) for place, series in enumerate(panels)]
    begin = TOP + len(panels) * (PANEL + GAP) - 8
    parts += [_lane(label, case, bins, begin + place * LANE) for place, (label, case) in enumerate(lanes)]
    bottom = begin + len(lanes) * LANE + (6 if lanes else -12)
    axis = _time_axis(bins, bottom)
    return _chart(bottom + 22, "Calls and commands over time", text, axis, *parts)


def _chart(height: int, title: str, text: str, *parts: Markup) -> Markup:
    words = tag("title", title), tag("desc", text)
    return tag("svg", *words, *parts, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=f"{title}. {text}")


def _panel(series: Series, top: int) -> Markup:
    highest = top_of(int(series.counts.max(initial=0)))
    title = _label(LEFT, top - 6, series.title, class_="ink")
    lines = [_rule(highest * part // 2, top + PANEL - PANEL * part // 2) for part in (0, 1, 2)]
    width = PLOT / max(1, series.counts.size)
    columns = [
        f"M{LEFT + place * width:.1f} {top + PANEL}v-{count * PANEL / highest:.1f}h{width:.2f}V{top + PANEL}z"
        for place, count in enumerate(series.counts.tolist())
        if count
    ]
    return joined(title, *lines, void("path", d="".join(columns), class_=f"f-{series.colour}"))


def top_of(most: int) -> int:
    """The end of an axis that reaches `most`: an even number that reads well.

    >>> top_of(0), top_of(3), top_of(130), top_of(2_100)
    (2, 4, 200, 4000)
    """
    size = 1
    while True:
        for step in (2, 4, 10):
            if step * size >= most:
                return step * size
        size *= 10


def _rule(value: int, y: int) -> Markup:
    line = void("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid")
    return joined(line, _label(LEFT - 8, y + 4, f"{value:,}", text_anchor="end"))


def _label(x: float, y: float, text: str, **attributes: object) -> Markup:
    return tag("text", text, x=f"{x:g}", y=f"{y:g}", **attributes)


def _x(ms: int, bins: Bins) -> float:
    span = max(1, bins.end_ms - bins.begin_ms)
    return LEFT + PLOT * min(1.0, max(0.0, (ms - bins.begin_ms) / span))


def _lane(label: str, case: Case, bins: Bins, top: int) -> Markup:
    """One incident's commands, each as long as it stood."""
    name = _label(LEFT - 8, top + 12, label, text_anchor="end", class_="ink")
    boxes = []
    for span in case.spans:
        begin, end = _x(span.begin_ms, bins), _x(span.end_ms, bins)
        if span.begin_ms < bins.end_ms and span.end_ms > bins.begin_ms:
            width = f"{max(2.0, end - begin):.1f}"
            kind = STANDING[span.kind]
            boxes.append(void("rect", x=f"{begin:.1f}", y=top, width=width, height=LANE - 6, class_=f"f-{kind}"))
    return joined(name, *boxes)


def _time_axis(bins: Bins, y: int) -> Markup:
    begin_s, end_s = bins.begin_ms // 1000, bins.end_ms // 1000
    last = -(-(end_s - begin_s) // LABELS)
    step = next((step for step in _STEPS_S if step >= last), last)
    marks = range(-(-begin_s // step) * step, end_s + 1, step)
    parts = []
    for mark in marks:
        x, text = _x(mark * 1000, bins), _moment(datetime.fromtimestamp(mark, UTC), step)
        parts.append(void("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=TOP, y2=y, class_="grid"))
        anchor = "start" if x < LEFT + 30 else "end" if x > WIDTH - RIGHT - 30 else "middle"
        parts.append(_label(round(x, 1), y + 15, text, text_anchor=anchor))
    return joined(*parts)


def _moment(moment: datetime, step: int) -> str:
    """The day at midnight, else the time."""
    if moment.hour == moment.minute == moment.second == 0:
        return f"{moment:%d %b}"
    return f"{moment:%H:%M:%S}" if step < 60 else f"{moment:%H:%M}"


def stacked(
    counts: Counter[tuple[str, int]],
    verdicts: Sequence[str],
    places: Sequence[tuple[int, str]],
    marks: Sequence[tuple[float, str]],
    title: str,
    text: str,
) -> Markup:
    """Counts by score as columns, those of each verdict one on the other.

    Args:
        counts: by verdict and bin.
        verdicts: from below.
        places: every bin and its label (empty: none).
        marks: lines at places along the axis (in bins from the left) and what they say.
        title: of the chart.
        text: the chart in words.
    """
    sums = np.array([sum(counts[verdict, place] for verdict in verdicts) for place, _ in places])
    highest, width, base = top_of(int(sums.max(initial=0))), PLOT / len(places), TOP + PANEL
    parts = [_rule(highest * part // 2, base - PANEL * part // 2) for part in (0, 1, 2)]
    for at, (place, label) in enumerate(places):
        parts.append(_column(counts, verdicts, place, LEFT + at * width, width, highest))
        if label:
            parts.append(_label(round(LEFT + (at + 0.5) * width, 1), base + 16, label, text_anchor="middle"))
    for along, words in marks:
        x = f"{LEFT + along * width:.1f}"
        parts.append(void("line", x1=x, x2=x, y1=TOP - 4, y2=base, class_="mark"))
        parts.append(_label(float(x) + 4, TOP + 6, words, class_="ink"))
    return _chart(base + 24, title, text, *parts)


def _column(
    counts: Counter[tuple[str, int]], verdicts: Sequence[str], place: int, left: float, width: float, highest: int
) -> Markup:
    y, boxes = float(TOP + PANEL), []
    for verdict in verdicts:
        if tall := counts[verdict, place] * PANEL / highest:
            y -= tall
            size = {"width": f"{width - 4:.1f}", "height": f"{tall:.1f}"}
            boxes.append(void("rect", x=f"{left + 2:.1f}", y=f"{y:.1f}", **size, class_=f"f-{verdict}"))
    return joined(*boxes)
