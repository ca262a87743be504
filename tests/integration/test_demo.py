"""`ringfence demo` as a person runs it: it succeeds in a minute and stops all that it started, also when ended."""

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

DEMO = (sys.executable, "-m", "streams", "demo")
pytestmark = pytest.mark.kafka


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
    assert "honest calls refused 0" in shown
    assert "released after the mend yes" in shown
    assert "entered as +333" in done.stderr
    assert not of_the_demo(temporary)
    assert not list(temporary.glob("ringfence-*"))


def test_when_it_is_ended_it_takes_everything_along(temporary):
    process = subprocess.Popen([*DEMO], stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "events sent" in line:
                break
        assert of_the_demo(temporary)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 130
    deadline = time.monotonic() + 10
    while of_the_demo(temporary) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not of_the_demo(temporary)
    assert not list(temporary.glob("ringfence-*"))
