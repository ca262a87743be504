"""What `status` says: one row per thing, and the exit status of the worst of them."""

import json

import pytest

from streams.checks import Level, Line
from streams.cli import status
from streams.errors import DependencyError, NegativeAnswer, UsageError

READY = {"name": "intake", "ready": True, "lag": 1200, "restarts": 2, "remark": ""}
INCIDENT = {
    "incident": "i-1",
    "state": "blocked",
    "target": {"scope": "prefix", "value": "+333", "plan": "student"},
    "reason": "zero_cost_route",
    "why": "proof",
    "opened_at": 1,
}


@pytest.fixture
def world(monkeypatch, tmp_path):
    """A world in which all is well, each part of which a test may replace."""
    monkeypatch.chdir(tmp_path)

    def make(answer=None, kafka=None, tables=None, incidents=()):
        monkeypatch.setattr(status, "ask", lambda _: answer)
        monkeypatch.setattr(status, "kafka", kafka or (lambda _: iter([Line(Level.OK, "kafka", "here")])))
        monkeypatch.setattr(status, "tables", tables or (lambda _: iter([Line(Level.OK, "tables", "short_codes 1")])))
        monkeypatch.setattr(status, "open_incidents", lambda _: list(incidents))

    return make


def test_all_is_well(world, capsys):
    world({"processes": [READY]}, incidents=[INCIDENT])
    status.command()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["intake", "ready", "lag", "1,200,", "started", "anew", "2", "times"]
    assert lines[2][:2] == ["kafka", "ok"]
    assert " ".join(lines[4]) == "incident blocked prefix +333 plan student: zero_cost_route, proof (i-1)"


def test_a_script_is_given_the_same(world, capsys):
    world({"processes": [READY]}, incidents=[INCIDENT])
    status.command(json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["service"] == {"processes": [READY]}
    assert document["checks"][0] == {"what": "kafka", "state": "ok", "details": "here"}
    assert document["incidents"] == [INCIDENT]


@pytest.mark.parametrize(
    "answer",
    [None, {"processes": [READY | {"ready": False}]}, {"processes": [READY | {"remark": "short.csv:3: code: no"}]}],
    ids=["silent", "not ready", "a broken table"],
)
def test_a_service_that_is_not_well_is_status_1(world, answer, capsys):
    world(answer)
    with pytest.raises(NegativeAnswer, match="not as it should be: 1 of 3 lines"):
        status.command()
    assert capsys.readouterr().out


def test_a_broken_file_is_a_row(world, capsys):
    def tables(_):
        raise UsageError("short.csv:3: code: no")

    world({"processes": [READY]}, tables=tables)
    with pytest.raises(NegativeAnswer):
        status.command()
    assert "short.csv:3: code: no" in capsys.readouterr().out


def test_a_kafka_out_of_reach_is_status_3_and_the_rest_is_shown(world, capsys):
    def kafka(_):
        raise DependencyError("Kafka at x is out of reach")

    world({"processes": [READY]}, kafka=kafka)
    with pytest.raises(DependencyError, match="Kafka at x is out of reach"):
        status.command()
    assert "intake" in capsys.readouterr().out
