"""Pictures: drawn of what was measured, of one run and of several, and the same bytes every time."""

from xml.etree import ElementTree

import pytest

from streams.bench import latency, scale, soak, stages, throughput
from streams.bench.figures import Curve, Figure
from streams.bench.page import BEGIN, END, fill
from streams.bench.plan import Plan
from streams.bench.plots import PLOTS, draw
from streams.bench.report import Document
from streams.errors import UsageError


def document(runs: int) -> Document:
    """Every figure that is drawn."""

    def of(part: str, unit: str, *names: str) -> list[Figure]:
        return [Figure(part, name, unit, tuple(float(20 + run) for run in range(runs))) for name in names]

    figures = [
        *of("throughput", throughput.RATE, throughput.TOGETHER, throughput.LIMIT, throughput.PEER),
        *(figure for per_s in Plan().rates for figure in of(latency.part_of(per_s), "ms", "p50", "p99", "worst")),
        *of("restart", "s", "a planned stop takes"),
        *of(stages.PART, "ns/event", stages.LIMIT, *stages.STAGES),
    ]
    for workers in scale.WORKERS:
        part = scale.part_of(workers)
        figures += [*of(part, "µs/event", "intake", "detector"), *of(part, "events/s", "by the clock")]
    at_s = (0.0, 60.0)
    curves = [Curve(soak.PART, "detector, resident", "MB", at_s, (1.0, 2.0))]
    curves += [Curve(soak.PART, "events that wait", "events", at_s, (0.0, 5.0))]
    return Document({"cores": 2}, Plan(), figures, curves)


@pytest.mark.parametrize("runs", [1, 3])
def test_every_picture_is_drawn_and_is_the_same_every_time(tmp_path, runs):
    drawn = draw(document(runs), tmp_path, "bench")
    assert drawn == [(plot.title, f"bench-{name}.svg") for name, plot in PLOTS.items()]
    for _, file in drawn:
        ElementTree.parse(tmp_path / file)  # noqa: S314 - our own
    again = tmp_path / "again"
    again.mkdir()
    draw(document(runs), again, "bench")
    assert all((tmp_path / file).read_bytes() == (again / file).read_bytes() for _, file in drawn)


def test_what_was_not_measured_is_not_drawn(tmp_path):
    figures = [figure for figure in document(1).figures if figure.part == stages.PART]
    drawn = draw(Document({}, Plan(), figures), tmp_path, "b")
    assert [file for _, file in drawn] == ["b-stages.svg"]
    assert not draw(Document({}, Plan(), []), tmp_path, "c")


def test_figures_replace_what_stood_between_the_marks_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    fill(document(1), page)
    first = page.read_text()
    fill(document(1), page)
    assert page.read_text() == first
    assert first.startswith(f"# Title\n\n{BEGIN}\n\n| machine |")
    assert first.endswith(f"\n{END}\n\nafter\n")
    assert "old" not in first
    assert "![Until a service with many callers serves again](page-restart.svg)" in first
    page.write_text("no place")
    with pytest.raises(UsageError, match="no place for figures"):
        fill(document(1), page)
