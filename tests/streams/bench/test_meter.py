"""The meter: which process belongs to which role, and what a process and its children use."""

import subprocess
import sys

import pytest

from streams.bench.meter import SUPERVISOR, role_of, total, tree, usage
from streams.bench.shape import processor, shape

WORK = "import os\nwhile sum(os.times()[:2]) < 0.1: pass\n"
"""Until ten ticks of the kernel's clock are counted: a start may fall between two of them."""
CHILD = f"{WORK}print('up', flush=True)\ninput()"
PARENT = (
    f"{WORK}import subprocess, sys\n"
    f"command = [sys.executable, '-c', {CHILD!r}, 'run', 'detector', '--child']\n"
    "child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)\n"
    "input()\n"
    "child.communicate('end')\n"
)


@pytest.fixture
def parent():
    command = [sys.executable, "-c", PARENT]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    process.communicate("\n")


def test_children_are_counted_by_the_role_they_were_started_for(parent):
    used = usage(parent.pid)
    assert set(used) == {SUPERVISOR, "detector"}
    assert all(one.cpu_s > 0 and one.rss > 1_000_000 for one in used.values())
    assert len(tree(parent.pid)) == 2
    assert used[SUPERVISOR].rss < total(tree(parent.pid)).rss


def test_what_is_gone_counts_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert tree(process.pid) == []
    assert usage(process.pid) == {}
    assert total([]) == (0.0, 0)


@pytest.mark.parametrize(
    ("line", "role"),
    [
        (["python", "-m", "streams", "run", "decider", "--child"], "decider"),
        (["python", "-c", "from multiprocessing.resource_tracker import main"], SUPERVISOR),
        ([], SUPERVISOR),
    ],
)
def test_the_role_is_read_from_the_command_line(line, role):
    assert role_of(line) == role


def test_the_machine_has_a_shape():
    assert processor("") == ""
    told = shape()
    assert told["cores"] >= 1
    assert told["processor"]
