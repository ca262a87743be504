"""How the simulated switch obeys its enforcer: lines of the log driver, kept in a table of leases."""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from models.commands import Action, Command
from models.leases import LeaseTable
from streams.enforcers.driver import Change, Loaded, RuleChange

ACTIONS = {"refuse": Action.BLOCK, "limit": Action.LIMIT, "none": Action.RELEASE}


class Effect(NamedTuple):
    """What holds on a key from now on: `refuse`, `limit`, `pass`, or `none`."""

    key: str
    effect: str


class Obedience:
    """Puts in force what an enforcer says; a line replaces what its key held.

    The enforcer has judged signatures and ranks: here the order of the lines is the only rank.
    """

    def __init__(self, table: LeaseTable) -> None:
        self._table = table
        self._lines = count()
        self._passes: dict[str, RuleChange] = {}

    def hear(self, change: Change, now_ms: int) -> Iterator[Effect]:
        """Obey a line, and say what it changed; an enforcer that was started anew names what still holds."""
        if isinstance(change, Loaded):
            for rule in self._table.rules(now_ms):
                if rule.key not in change.keys:
                    stale = RuleChange.of(rule, "loaded", now_ms, ends=True)
                    yield self._put(stale, now_ms)
        else:
            yield self._put(change, now_ms)

    def _put(self, change: RuleChange, now_ms: int) -> Effect:
        if change.effect == "pass":
            self._passes[change.key] = change
        elif self._passes.pop(change.key, None) is None:
            self._table.offer(change.key, self._command(change), now_ms)
        self._table.allow({key: (entry.target, entry.until) for key, entry in self._passes.items()})
        return Effect(change.key, change.effect)

    def _command(self, change: RuleChange) -> Command:
        """The line as a command: one that has ended meanwhile is refused by the table, which ends it anyway."""
        return Command(
            id=change.command,
            incident=change.command,
            action=ACTIONS[change.effect],
            target=change.target,
            reason="enforcer",
            issued_at=change.at,
            expires_at=change.until,
            lease=1,
            epoch=0,
            seq=next(self._lines),
            args=change.args,
        )
