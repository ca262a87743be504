"""The doctor's lines as they are printed, and what its exit status says."""

import json

import pytest

from streams.checks import Level, Line, ok
from streams.cli import doctor
from streams.errors import DependencyError, NegativeAnswer


@pytest.fixture
def checks(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def make(*checks):
        monkeypatch.setattr(doctor, "CHECKS", {f"check{number}": check for number, check in enumerate(checks)})

    return make


def test_every_line_says_what_to_do(checks, capsys):
    checks(lambda _: iter([Line(Level.WARN, "jars", "not there", "fetch them")]), lambda _: iter([ok("keys", "two")]))
    doctor.command()
    assert capsys.readouterr().out.splitlines() == [
        "ok   settings  no ringfence.toml: defaults and environment",
        "warn jars      not there -> fetch them",
        "ok   keys      two",
    ]


def test_a_check_that_cannot_go_on_is_a_fail_and_the_next_one_is_made(checks, capsys):
    def kafka(_):
        raise DependencyError("Kafka is out of reach (start it)")

    checks(kafka, lambda _: iter([ok("keys", "two")]))
    with pytest.raises(NegativeAnswer, match="1 of 3 checks failed"):
        doctor.command()
    assert [line[:14].split() for line in capsys.readouterr().out.splitlines()] == [
        ["ok", "settings"],
        ["fail", "check0"],
        ["ok", "keys"],
    ]


def test_a_script_is_given_all_lines(checks, capsys):
    checks(lambda _: iter([ok("keys", "two")]))
    doctor.command(json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["checks"][1] == {"level": "ok", "subject": "keys", "says": "two", "todo": ""}


def test_settings_that_are_wrong_end_it_there(checks, tmp_path, capsys):
    (tmp_path / "ringfence.toml").write_text("[policy]\nlease = 3\n")
    checks(lambda _: iter([ok("keys", "two")]))
    with pytest.raises(NegativeAnswer, match="1 of 1 checks failed"):
        doctor.command()
    assert "unknown setting; did you mean lease_s?" in capsys.readouterr().out
