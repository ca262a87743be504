"""What the processes of a service use: processor time and memory, role by role."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

import psutil

from streams.roles import ROLES

SUPERVISOR = "supervisor"
GONE = (psutil.NoSuchProcess, psutil.ZombieProcess)


class Usage(NamedTuple):
    """Processor time (user and system, s) and resident memory (bytes) of one role's processes and their children."""

    cpu_s: float = 0.0
    rss: int = 0


def usage(*pids: int) -> dict[str, Usage]:
    """What a service uses, by role; `pids` are its supervisors'."""
    return {role: total(processes) for role, processes in _by_role(pids).items()}


def total(processes: Iterable[psutil.Process]) -> Usage:
    """What some processes use together; one that has ended counts nothing."""
    cpu_s, rss = 0.0, 0
    for process in processes:
        with suppress(*GONE), process.oneshot():
            times = process.cpu_times()
            cpu_s += times.user + times.system
            rss += process.memory_info().rss
    return Usage(cpu_s, rss)


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything below it, empty where it is gone."""
    with suppress(*GONE):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _by_role(pids: Iterable[int]) -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {}
    for role, process in chain.from_iterable(map(_roots, pids)):
        below = tree(process.pid) if role != SUPERVISOR else [process]
        found.setdefault(role, []).extend(below)
    return found


def _roots(pid: int) -> Iterator[tuple[str, psutil.Process]]:
    """The supervisor and its children, each with its role."""
    with suppress(*GONE):
        supervisor = psutil.Process(pid)
        yield SUPERVISOR, supervisor
        for child in supervisor.children():
            with suppress(*GONE):
                yield role_of(child.cmdline()), child


def role_of(command_line: list[str]) -> str:
    """The role that a child of the supervisor was started for.

    >>> role_of(["python", "-m", "streams", "run", "intake", "--child"])
    'intake'
    """
    return next((word for word in command_line if word in ROLES), SUPERVISOR)
