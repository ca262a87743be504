"""`ringfence demo` as a person runs it: it succeeds in a minute and stops all that it started, also when ended."""

import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

from tests.integration.kept_demo import until

DEMO = (sys.executable, "-m", "streams", "demo")
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A directory that the demo and all that it starts put their temporary files in."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def of_the_demo(temporary):
    """Processes whose command line names the demo's directory."""
    found = []
    for process in psutil.process_iter():
        try:
            line, status = process.cmdline(), process.status()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if status != psutil.STATUS_ZOMBIE and any(str(temporary) in argument for argument in line):
            found.append(process)
    return found


def test_the_incident_begins_and_ends_and_nothing_is_left(temporary):
    done = subprocess.run([*DEMO, "--seed", "3"], capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = " ".join(done.stdout.split())
    through = re.search(r"free calls that got through (\d+) \((\d+) payers\)", shown)
    assert through
    assert int(through[2]) < 4
    waiting = re.search(r"between the mend and the release (\d+) honest calls refused, these apart 0", shown)
    assert waiting
    assert int(waiting[1]) > 0
    assert "released after the mend yes" in shown
    assert "entered as +333" in done.stderr
    assert "signalling.dlq, byte for byte: not_json, bad_field" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout
    assert not of_the_demo(temporary)
    assert not list(temporary.glob("ringfence-*"))


def ctrl_c(process):
    """As a terminal does it: every process of the foreground group is told."""
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.parametrize(
    ("moment", "interrupt"),
    [("the service starts", ctrl_c), ("events sent", subprocess.Popen.terminate), ("free call 1", ctrl_c)],
)
def test_when_it_is_interrupted_it_takes_everything_along(temporary, moment, interrupt):
    process = subprocess.Popen([*DEMO], stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stderr is not None
        assert any(moment in line for line in process.stderr)
        assert of_the_demo(temporary)
        interrupt(process)
        process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 130
    until(lambda: not of_the_demo(temporary))
    assert not list(temporary.glob("ringfence-*"))
