"""What happens to the service, step by step: all of it follows from a seed, and can be done again."""

from random import Random
from typing import NamedTuple

ROLES = ("intake", "detector", "decider")
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
SETTLE_EVERY = 5
"""Steps after which everybody may recover: how long it takes is measured best undisturbed."""


class Size(NamedTuple):
    """How often each thing happens; counts by role but for the last four.

    Attributes:
        kills: kill -9 of the process; another follows the moment it is up again, in one of four.
        crashes: kill -9 of process and supervisor at once.
        freezes: SIGSTOP beyond the session, then SIGCONT, with nobody beside it.
        stale: the same, with another member that takes over meanwhile.
        joins: a second member joins, and one of the two leaves.
        takeovers: two members; kill -9 of the one at work.
        power_cuts: kill -9 of everything but the broker.
        stops: of the broker, planned.
        broker_kills: kill -9 of it.
        full: disks.
    """

    kills: int
    crashes: int
    freezes: int
    stale: int
    joins: int
    takeovers: int
    power_cuts: int
    stops: int
    broker_kills: int
    full: int

    @property
    def killed(self) -> int:
        """How often each role is killed, at least."""
        return self.kills + self.crashes + self.takeovers + self.power_cuts


FULL = Size(
    kills=20, crashes=5, freezes=1, stale=2, joins=3, takeovers=2, power_cuts=2, stops=3, broker_kills=4, full=1
)
QUICK = Size(
    kills=2, crashes=1, freezes=0, stale=1, joins=0, takeovers=0, power_cuts=0, stops=0, broker_kills=1, full=0
)


class Step(NamedTuple):
    """A pause (s), then something happens to a role, or to all."""

    pause_s: float
    act: str
    role: str = ""

    def __str__(self) -> str:
        return f"{self.pause_s:3.1f} s, then {self.act}{' of the ' if self.role else ''}{self.role}"


def steps(seed: int, size: Size) -> list[Step]:
    """The schedule of a seed.

    >>> steps(1, QUICK) == steps(1, QUICK)
    True
    """
    random = Random(seed)
    by_role = {
        "kill": size.kills - size.kills // 4,
        "kill at its start": size.kills // 4,
        "crash": size.crashes,
        "freeze": size.freezes,
        "freeze with a successor": size.stale,
        "join and leave": size.joins,
        "takeover": size.takeovers,
    }
    once = {
        "power cut": size.power_cuts,
        "broker restart": size.stops,
        "broker kill": size.broker_kills,
        "full disk": size.full,
    }
    acts = [(act, role) for act, times in by_role.items() for role in ROLES for _ in range(times)]
    acts += [(act, "") for act, times in once.items() for _ in range(times)]
    random.shuffle(acts)
    acts.insert(len(acts) // 2, ("good partition again", ""))
    acts.insert(len(acts) // 4, ("poisoned partition", ""))
    found = []
    for number, (act, role) in enumerate(acts, 1):
        found.append(Step(random.choice(PAUSES_S), act, role))
        if number % SETTLE_EVERY == 0:
            found.append(Step(0.0, "recovery"))
    return [*found, Step(0.0, "recovery")]
