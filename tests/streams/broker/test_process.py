"""What a broker that died said last; processes that end gently, or not."""

import subprocess
import sys
import time
from typing import cast

import psutil
import pytest

from streams.broker.process import end, has_ended, last_words

LOG = [
    "2026-11-24T23:38:18,036 INFO  ControllerServer: Starting controller",
    "2026-11-24T23:38:18,040 ERROR KafkaRaftServer$: Exiting Kafka due to fatal exception",
    "org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:9092",
    "\tat org.apache.kafka.network.SocketServer.bind(SocketServer.java:1)",
    "Caused by: java.net.BindException: Address already in use",
    "\tat java.base/sun.nio.ch.Net.bind0(Native Method)",
]


@pytest.mark.parametrize(
    ("log", "console", "expected"),
    [
        (LOG, [], "java.net.BindException: Address already in use"),
        (LOG[:2], [], LOG[1]),
        (
            LOG[:1],
            ["Terminating due to java.lang.OutOfMemoryError"],
            "Terminating due to java.lang.OutOfMemoryError",
        ),
        (
            [],
            ["OpenJDK 64-Bit Server VM warning: x", "Error: Could not find main class", "\tat y"],
            "Error: Could not find main class",
        ),
        ([], ["WARNING: old method", "[0.03s][warning][aot] blob", "", "killed"], "killed"),
        (LOG[:1], [], LOG[0]),
        ([], [], "it said nothing"),
    ],
)
def test_the_last_words_are_the_line_that_says_most(log: list[str], console: list[str], expected: str) -> None:
    assert last_words(log, console) == expected


@pytest.mark.parametrize(
    ("code", "gently"),
    [
        ("print(flush=True); input()", True),
        ("import signal; signal.signal(15, signal.SIG_IGN); print(flush=True); input()", True),
        ("print(flush=True); input()", False),
    ],
    ids=["obeys", "ignores SIGTERM", "is killed"],
)
def test_a_process_is_ended_in_any_case(code: str, gently: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        began = time.monotonic()
        end(psutil.Process(child.pid), gently=gently, timeout_s=0.3)
        assert child.wait(5) < 0
        assert time.monotonic() - began < 5


def test_a_killed_process_has_not_ended_while_one_of_its_threads_lives() -> None:
    class Dying:
        """What Linux shows of a killed process whose first thread is gone."""

        threads = 3

        def is_running(self) -> bool:
            return True

        def status(self) -> str:
            return psutil.STATUS_ZOMBIE

        def num_threads(self) -> int:
            return self.threads

    process = Dying()
    assert not has_ended(cast("psutil.Process", process))
    process.threads = 1
    assert has_ended(cast("psutil.Process", process))


def test_a_broker_that_outlives_us_is_forgotten_without_a_warning() -> None:
    code = (
        "import sys\nfrom streams.broker import process\n"
        "child = process._Detached([sys.executable, '-c', 'import time; time.sleep(2)'])\n"
        "process._detached.append(child)\nprint(child.pid, flush=True)\n"
    )
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == ""


def test_ending_what_has_ended_is_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = psutil.Process(child.pid)
        child.kill()
    assert has_ended(process)
    end(process)
