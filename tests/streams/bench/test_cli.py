"""`ringfence bench`: what it says beforehand and on the way, and what it leaves in files."""

import json

import pytest
import typer
from typer.testing import CliRunner

from streams.bench import suite
from streams.bench.figures import Figure
from streams.bench.plan import Plan
from streams.bench.report import Document
from streams.cli.bench import command
from streams.errors import DependencyError


class Measured:
    """In the place of the measurements: two, of which the second may fail."""

    def __init__(self) -> None:
        self.plan = Plan()
        self.fails = False

    def __call__(self, plan, machine, watcher):
        self.plan = plan
        figures = []
        for number in (1, 2):
            watcher.begins("stages", number, 2, 90.0)
            watcher.tell("sending the load", 0.5)
            if number == 2 and self.fails:
                raise DependencyError("the service makes no progress")
            figures.append(Figure("restart", f"a planned stop takes ({number})", "s", (1.5,)))
            yield Document(machine, plan, list(figures))


@pytest.fixture
def measured(monkeypatch):
    made = Measured()
    monkeypatch.setattr(suite, "measure", made)
    return made


def bench(*arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_it_says_beforehand_how_long_it_takes_and_then_what_it_is_at(measured):
    told = bench("stages", "--runs", 2)
    assert told.exit_code == 0, told.output
    assert told.stderr.splitlines() == [
        "measurements: 2, about 1 min on two cores",
        "1/2, 2 min left: stages",
        "2/2, 2 min left: stages",
    ]
    assert "a planned stop takes (2)" in told.stdout
    assert measured.plan == Plan(("stages",), 2)


def test_events_are_those_of_the_load_and_of_the_soak(measured):
    bench("soak", "--events", 50_000)
    assert (measured.plan.events, measured.plan.soak_events) == (50_000, 50_000)


@pytest.mark.parametrize(("output", "file"), [("out", "out/bench.json"), ("deep/mine.json", "deep/mine.json")])
def test_figures_and_pictures_stand_beside_each_other(measured, tmp_path, output, file):
    assert bench("stages", "--output", tmp_path / output).exit_code == 0
    written = tmp_path / file
    assert len(json.loads(written.read_bytes())["figures"]) == 2
    assert [path.name for path in written.parent.glob("*.svg")] == [f"{written.stem}-restart.svg"]


def test_what_was_measured_before_a_failure_is_kept(measured, tmp_path):
    measured.fails = True
    assert bench("stages", "--output", tmp_path / "out").exit_code != 0
    assert len(json.loads((tmp_path / "out" / "bench.json").read_bytes())["figures"]) == 1


def test_a_script_reads_json(measured):
    assert [one["minimum"] for one in json.loads(bench("stages", "--json").stdout)["figures"]] == [1.5, 1.5]
