"""How long after a kill a role has done all that waited for it then, durable and committed, watched from outside."""

import threading
import time
from collections import defaultdict
from contextlib import suppress

from streams.bench.offsets import Group
from streams.bench.passage import INPUTS
from streams.errors import DependencyError
from streams.settings import Settings

LOOK_EVERY_S = 0.2
READS = {**INPUTS, "decider": ("ringfence.decider", "ringfence.findings")}
"""Group and topic of each role."""


class _Hurt:
    """A role that was killed at a time, and where its input ended soon after."""

    def __init__(self, at_s: float, counts: bool) -> None:
        self.at_s = at_s
        self.counts = counts
        self.ends: dict[int, int] | None = None


class Recovery:
    """A thread that looks at the groups; `times_s` by role are the times after which they had recovered."""

    def __init__(self, settings: Settings) -> None:
        self.times_s: dict[str, list[float]] = defaultdict(list)
        self._groups = {role: Group(settings, *names) for role, names in READS.items()}
        self._hurt: dict[str, _Hurt] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="recovery", daemon=True)
        self._thread.start()

    def hurt(self, role: str, *, counts: bool = True) -> None:
        """A role was killed just now; killed again before it has recovered, only the last time counts.

        Args:
            role: the role.
            counts: whether the time is to be told; with a broker that is gone it says nothing of the role.
        """
        with self._lock:
            self._hurt[role] = _Hurt(time.monotonic(), counts)

    def clouded(self) -> None:
        """The broker goes: who is recovering now needs a time that does not count."""
        with self._lock:
            for role in self._groups:
                self._hurt[role] = _Hurt(time.monotonic(), False)

    def pending(self) -> list[str]:
        """Roles that have not recovered."""
        with self._lock:
            return sorted(self._hurt)

    def caught_up(self) -> bool:
        """Whether nothing waits for any role now, as far as Kafka answers; ticks, which never end, aside."""
        with suppress(DependencyError):
            found = [(role, group.committed(), group.ends()) for role, group in self._groups.items()]
            return all(done == ends for role, done, ends in found if role != "decider")
        return False

    def committed(self, role: str) -> dict[int, int]:
        """What a role's group has committed."""
        return self._groups[role].committed()

    def stop(self) -> None:
        """End the thread and give the connections back."""
        self._stop.set()
        self._thread.join()
        for group in self._groups.values():
            group.close()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            with self._lock:
                hurt = list(self._hurt.items())
            for role, one in hurt:
                with suppress(DependencyError):  # Kafka is gone: ask again
                    self._look(role, one)

    def _look(self, role: str, one: _Hurt) -> None:
        group = self._groups[role]
        if one.ends is None:
            one.ends = group.ends()
        done = group.committed()
        if any(done.get(partition, 0) < end for partition, end in one.ends.items()):
            return
        with self._lock:
            if self._hurt.get(role) is one:
                del self._hurt[role]
                if one.counts:
                    self.times_s[role].append(time.monotonic() - one.at_s)
