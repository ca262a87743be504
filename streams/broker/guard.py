"""The guard of an ephemeral broker: a process that ends the broker when its owner is gone, however it went.

It is told on its standard input, a pipe that only the owner holds: first whom to guard, later that all is
over. A pipe that ends without that word means that the owner died, by kill -9 if need be. It is run as a
script of its own, so that nothing of ours has to be found by import.
"""

import json
import shutil
import sys
import time
from typing import Any, TextIO

import psutil


def order(pid: int, create_time: float, remove: str | None) -> str:
    """The first line for a guard: the process, when it was created (s), and a directory to remove with it."""
    return json.dumps({"pid": pid, "create_time": create_time, "remove": remove}) + "\n"


def watch(orders: TextIO) -> None:
    """Wait until the owner says that all is over, or is gone; in the latter case clean up."""
    first = orders.readline()
    if first and not orders.readline():
        clean_up(json.loads(first))


def clean_up(orders: dict[str, Any]) -> None:
    """End the process, if it is still the one that was meant, and remove its directory."""
    try:
        process = psutil.Process(orders["pid"])
        if abs(process.create_time() - orders["create_time"]) <= 2.0:
            process.kill()
            wait(process)
    except psutil.Error:
        pass  # it is gone already
    if orders["remove"]:
        shutil.rmtree(orders["remove"], ignore_errors=True)


def wait(process: psutil.Process, timeout_s: float = 10.0) -> None:
    """Wait until a process has ended, reaped or not: its parent is gone."""
    deadline = time.monotonic() + timeout_s
    while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)


if __name__ == "__main__":
    watch(sys.stdin)
