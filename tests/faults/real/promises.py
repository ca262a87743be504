"""What the contract promises of the commands of a log, whoever wrote them: ids, leases, their order; in words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from models import commands
from models.commands import Command
from tests.faults.oracle.leaks import RANK


def once(found: Iterable[Command]) -> list[Command]:
    """The first record of every command: a decider that was stopped, and goes on, may write one again."""
    first: dict[str, Command] = {}
    for command in found:
        first.setdefault(command.id, command)
    return list(first.values())


def broken(found: Sequence[Command]) -> Iterator[str]:
    """Every promise that commands break; each is given once, in the order of their log."""
    if [command.seq for command in found] != sorted(command.seq for command in found):
        yield "commands do not stand in the order of the findings that decided them"
    by_incident: dict[str, list[Command]] = defaultdict(list)
    for command in found:
        by_incident[command.incident].append(command)
        if command.id != commands.command_id(command.incident, command.mode, command.action, command.lease):
            yield f"command {command.id} has an id that is not of what it says"
    for incident, these in by_incident.items():
        leases = [command.lease for command in these]
        if leases[0] != 1 or any(after - before not in (0, 1) for before, after in pairwise(leases)):
            yield f"incident {incident} has leases {leases}"


def proved(found: Iterable[Command]) -> Iterator[Command]:
    """The commands that a proof asked for: not the trickle of a half-open block, not a lease given again."""
    rank: dict[str, int] = defaultdict(int)
    for command in found:
        worth = RANK.get(str(command.action), len(RANK))
        if worth > rank[command.incident]:
            rank[command.incident] = worth
            yield command
