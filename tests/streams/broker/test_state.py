"""A state file is believed only as long as its process is the broker that wrote it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from streams.broker import state
from streams.broker.state import Running, exclusive, forget, mark, read, why_stale, write


def running(pid: int, create_time: float) -> Running:
    return Running(pid, create_time, 9092, 9093, "127.0.0.1:9092")


def test_what_is_written_is_read_and_can_be_forgotten(tmp_path: Path) -> None:
    write(tmp_path, running(1, 2.5))
    assert read(tmp_path) == running(1, 2.5)
    forget(tmp_path)
    forget(tmp_path)
    assert read(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid":1}', b'{"pid":"x","create_time":1}', b"\xff"])
def test_a_file_that_cannot_be_read_is_no_state(tmp_path: Path, content: bytes) -> None:
    (tmp_path / state.STATE).write_bytes(content)
    assert read(tmp_path) is None


def test_a_live_process_of_the_same_creation_time_is_the_broker(tmp_path: Path) -> None:
    created = psutil.Process().create_time()
    assert why_stale(tmp_path, running(os.getpid(), created)) is None
    assert why_stale(tmp_path, running(os.getpid(), created + 1.5)) is None


def test_a_reused_process_id_is_another_program(tmp_path: Path) -> None:
    created = psutil.Process().create_time()
    reason = why_stale(tmp_path, running(os.getpid(), created - 3600))
    assert reason == f"process {os.getpid()} is another program by now"


def test_a_broker_that_names_its_data_is_known_although_the_clock_was_set(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", mark(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # Linux shows a program's arguments some moments after it was started
        assert why_stale(tmp_path, running(process.pid, 1.0)) is None
        assert why_stale(tmp_path / "other", running(process.pid, 1.0)) is not None
        process.kill()


def test_a_process_that_is_gone_or_only_a_zombie_is_stale(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        seen = psutil.Process(process.pid)
        was = running(process.pid, seen.create_time())
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
        assert why_stale(tmp_path, was) == f"process {process.pid} has ended"
    assert why_stale(tmp_path, was) == f"process {process.pid} has ended"


def test_only_one_at_a_time_is_let_in(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with exclusive(tmp_path):
            order.append("second")

    with exclusive(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        waiting.wait()
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]
