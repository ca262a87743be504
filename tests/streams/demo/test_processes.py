"""The demo's processes: one that ends is named with its last words, and stopping is final."""

import os
import signal

import pytest

from streams.demo.processes import Enforcer, Process, _address, running, wait_until_ready
from streams.errors import DependencyError


def test_a_process_that_ended_is_named_with_its_last_words(tmp_path):
    process = Process(["kafka", "status", "--data", str(tmp_path / "none")], tmp_path / "log")
    process.process.wait(30)
    with pytest.raises(DependencyError, match=r"ringfence kafka ended with status 1: \S"):
        process.check()


def test_a_service_with_a_bad_configuration_is_never_ready(tmp_path):
    (tmp_path / "bad.toml").write_text("[network]\nhome_contry_code = '212'\n")
    process = Process(["run", "--config", str(tmp_path / "bad.toml")], tmp_path / "log")
    with pytest.raises(DependencyError, match=r"status 2: ringfence: .*home_country_code"):
        wait_until_ready(process)
    process.stop()


@pytest.mark.parametrize(
    ("log", "address"),
    [
        ("", ""),
        ('{"event":"serving","http":"http://127.0.0.1:1"}\n', "http://127.0.0.1:1"),
        ('a line of a library\n["x"]\n{"event":"serving","http":"http://127.0.0.1:2"}\n', "http://127.0.0.1:2"),
    ],
)
def test_the_address_is_the_one_that_the_log_names(tmp_path, log, address):
    (tmp_path / "log").write_text(log)
    assert _address(tmp_path / "log") == address


class Started:
    def __init__(self):
        self.stops = 0

    def stop(self):
        self.stops += 1


@pytest.mark.parametrize(("keep", "stops"), [(False, 1), (True, 0)])
def test_what_runs_is_stopped_at_the_end_unless_it_is_kept(keep, stops):
    with running(Started, keep=keep) as started:
        pass
    assert started.stops == stops


@pytest.mark.parametrize("keep", [False, True])
def test_what_runs_is_stopped_where_something_fails(keep):
    with pytest.raises(KeyboardInterrupt), running(Started, keep=keep) as started:
        raise KeyboardInterrupt
    assert started.stops == 1


def test_an_interrupt_that_comes_while_something_starts_finds_it_started():
    known = []

    def start():
        signal.raise_signal(signal.SIGINT)
        known.append(Started())
        return known[0]

    with pytest.raises(KeyboardInterrupt), running(start):
        pytest.fail("it was interrupted")
    assert known[0].stops == 1


def stub(monkeypatch, tmp_path, script):
    """An enforcer whose process is a few lines of shell."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    return Enforcer(tmp_path / "ringfence.toml", tmp_path / "enforcer.log")


def test_a_killed_enforcer_is_started_anew_and_its_lines_go_on_until_it_is_stopped(monkeypatch, tmp_path):
    enforcer = stub(monkeypatch, tmp_path, "echo $$; exec sleep 60")
    lines = enforcer.lines()
    first = int(next(lines))
    os.kill(first, signal.SIGKILL)
    assert int(next(lines)) != first
    enforcer.stop()
    assert list(lines) == []


def test_an_enforcer_that_ends_by_itself_ends_its_lines_with_its_last_words(monkeypatch, tmp_path):
    enforcer = stub(monkeypatch, tmp_path, "echo no such topic >&2; exit 2")
    assert list(enforcer.lines()) == []
    assert enforcer.end() == "ringfence enforce ended with status 2: no such topic"
