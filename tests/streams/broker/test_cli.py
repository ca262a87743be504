"""The verbs of `ringfence kafka` where there is no broker: exit statuses and lines."""

import json
import os
from pathlib import Path

import psutil
import pytest

from streams.__main__ import main
from streams.broker import state

Capture = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as done:
        main(["kafka", *arguments])
    return int(done.value.code or 0)


def test_status_of_nothing_is_no(tmp_path: Path, capsys: Capture) -> None:
    assert run("status", "--data", str(tmp_path)) == 1
    assert capsys.readouterr().err == (f"ringfence: Kafka is not running: it was not started (data: {tmp_path})\n")


def test_status_for_a_script_is_no_too(tmp_path: Path, capsys: Capture) -> None:
    assert run("status", "--json", "--data", str(tmp_path)) == 1
    assert json.loads(capsys.readouterr().out) == {"running": False, "data": str(tmp_path)}


def test_status_names_a_process_that_does_not_answer(tmp_path: Path, capsys: Capture) -> None:
    created = psutil.Process().create_time()
    state.write(tmp_path, state.Running(os.getpid(), created, 1, 2, "127.0.0.1:1"))
    assert run("status", "--data", str(tmp_path)) == 1
    assert f"process {os.getpid()} runs but does not answer at 127.0.0.1:1" in capsys.readouterr().err


def test_stopping_nothing_is_done(tmp_path: Path, capsys: Capture) -> None:
    assert run("stop", "--data", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"Kafka was not running (data: {tmp_path})\n"


@pytest.mark.parametrize("port", ["0", "65536", "kafka"])
def test_a_port_that_is_none_is_wrong_usage(tmp_path: Path, port: str) -> None:
    assert run("start", "--data", str(tmp_path), "--port", port) == 2


def test_a_kafka_home_without_kafka_is_wrong_usage(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    assert run("start", "--data", str(tmp_path)) == 2
    assert capsys.readouterr().err.startswith("ringfence: KAFKA_HOME: ")
