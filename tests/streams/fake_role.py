"""A role for the supervisor's tests: its first argument says what it does; the heartbeat is the real one."""

import os
import signal
import sys
import threading
from pathlib import Path

from streams.heartbeat import Heartbeat

BEAT_S = 0.05
stop = threading.Event()


def well(heartbeat: Heartbeat, moved: int = 0, lag: int = 0) -> None:
    while not stop.wait(BEAT_S):
        moved += 1
        heartbeat.beat(True, moved, lag)


def stuck(heartbeat: Heartbeat) -> None:
    while not stop.wait(BEAT_S):
        heartbeat.beat(True, 1, 5)


def silent(heartbeat: Heartbeat) -> None:
    heartbeat.beat(True, 1, 0)
    stop.wait()


def deaf(heartbeat: Heartbeat) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    heartbeat.beat(True, 1, 0)
    threading.Event().wait()


def dies(heartbeat: Heartbeat) -> None:
    heartbeat.last_words("ValueError: it broke (roles/fake.py:7)")
    sys.exit(1)


def misconfigured(heartbeat: Heartbeat) -> None:
    heartbeat.last_words("ringfence.toml: [policy] mode: no")
    sys.exit(2)


def once(heartbeat: Heartbeat) -> None:
    """Die the first time, be well the second."""
    mark = Path(sys.argv[2])
    if not mark.exists():
        mark.touch()
        signal.raise_signal(signal.SIGKILL)
    well(heartbeat)


def edited(heartbeat: Heartbeat) -> None:
    """Be well and die; find the configuration wrong; be well again."""
    marks = Path(sys.argv[2])
    lives = len(list(marks.iterdir()))
    (marks / str(lives)).touch()
    if lives == 0:
        heartbeat.beat(True, 1, 0)
        signal.raise_signal(signal.SIGKILL)
    elif lives == 1:
        misconfigured(heartbeat)
    well(heartbeat)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if len(sys.argv) > 3:
        Path(sys.argv[3]).write_text(str(os.getpid()))
    our_heartbeat = Heartbeat.from_env()
    our_heartbeat.end_with_supervisor()
    globals()[sys.argv[1]](our_heartbeat)
