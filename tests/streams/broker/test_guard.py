"""The guard kills when its pipe ends without a word, and only the process that was meant."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streams.broker.guard import order, watch


@pytest.fixture
def victim() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)
        process.kill()


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("created", "last_word", "survives"),
    [(0.0, "", False), (0.0, "done\n", True), (-3600.0, "", True)],
    ids=["the owner is gone", "all is over", "the process id was given to another program"],
)
def test_the_guard_kills_only_for_an_owner_that_is_gone(
    victim: psutil.Process, tmp_path: Path, created: float, last_word: str, survives: bool
) -> None:
    orders = order(victim.pid, victim.create_time() + created, None)
    watch(io.StringIO(orders + last_word))
    assert is_alive(victim) == survives


def test_the_directory_goes_with_the_process(victim: psutil.Process, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "log").mkdir(parents=True)
    watch(io.StringIO(order(victim.pid, victim.create_time(), str(data))))
    assert not data.exists()
    assert tmp_path.exists()


def test_a_guard_that_was_never_told_anything_does_nothing() -> None:
    watch(io.StringIO(""))
