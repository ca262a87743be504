"""The table of leases in an enforcer: which commands hold, when they end, and what they say of a call.

The pure part of the contract's seven rules (section 3); bytes, signatures and answers are the worker's.
`now_ms` is the enforcer's clock in ms since the epoch, an argument everywhere.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from models.commands import Action, Args, Command, Mode, Scope, Target
from models.matching import CallView, Index
from models.table_lookup import Protected
from models.tables import Tables
from models.targets import QUALIFIERS

MAX_LEASE_MS = 24 * 3_600_000
"""Contract, section 3, rule 1: no command holds longer."""
MEMORY_MS = 24 * 3_600_000
"""How long a key's newest rank is kept after its end: by then whatever it superseded has ended too."""
MINUTE_MS = 60_000

OK, BAD, FORGED, NOTHING, SUPERSEDED, FAILED, UNSUPPORTED = 200, 400, 401, 404, 409, 500, 501
"""OpenC2 Language Specification 1.0, section 3.3.2.2, as the contract uses its codes."""

SUPPORTS = frozenset({*QUALIFIERS, "calls_per_minute"})
"""Members of `target` and `args` that this table honours; calls at once are not counted here."""


class Outcome(NamedTuple):
    """What became of a command: a status for its acknowledgement, and the reason where it is not 200."""

    status: int
    error: str = ""


_NUMBERS = frozenset({Scope.PREFIX, Scope.CALLED, Scope.CALLER})
_PAST = Outcome(BAD, "expires_at is past")


class Ruling(NamedTuple):
    """What an enforcer does with a call, and the id of the command that refuses it (`refused_by`)."""

    effect: Literal["pass", "refuse"]
    command: str | None = None


PASS = Ruling("pass")


class Rule(msgspec.Struct, frozen=True):
    """One line of the table in force, as a switch is given it.

    `pass` is an operator's allow entry and goes before every other rule. `until` in ms since the epoch;
    `command` is the id of the command, empty for an allow entry.
    """

    key: str
    target: Target
    effect: Literal["pass", "refuse", "limit"]
    until: int
    command: str = ""
    args: Args | None = None


@dataclass(slots=True)
class _Entry:
    """The newest command of a key; it is remembered after its lease, so that nothing older comes back."""

    command: Command
    held: bool
    outcome: Outcome
    admitted: deque[int] = field(default_factory=deque)

    def rule(self, key: str) -> Rule:
        command = self.command
        effect: Literal["refuse", "limit"] = "refuse" if command.action is Action.BLOCK else "limit"
        return Rule(key, command.target, effect, command.expires_at, command.id, command.args)

    def full(self, now_ms: int) -> bool:
        """Whether the last 60 s have admitted all that the limit leaves."""
        while self.admitted and self.admitted[0] <= now_ms - MINUTE_MS:
            self.admitted.popleft()
        rate = self.command.args.calls_per_minute if self.command.args else 0
        return rate is not None and len(self.admitted) >= rate


class LeaseTable:
    """Commands by key, newest (epoch, seq) first come or last; each holds until its own `expires_at`.

    Args:
        supports: members of `target` and `args` that the enforcer can honour; any other is answered 501.
        scopes: scopes that it can honour.
        protected: the numbers that no command touches; by default 112, 911 and 116xxx.
    """

    def __init__(
        self,
        supports: frozenset[str] = SUPPORTS,
        scopes: frozenset[Scope] = frozenset(Scope),
        protected: Protected | None = None,
    ) -> None:
        self._supports = supports
        self._scopes = scopes
        self._protected = protected or Protected(Tables(), "")
        self._entries: dict[str, _Entry] = {}
        self._leases: Index[_Entry] = Index()
        self._allowed: dict[str, Rule] = {}
        self._passes: Index[Rule] = Index()
        self._killed = False

    def offer(self, key: str, command: Command, now_ms: int, appended_ms: int | None = None) -> Outcome:
        """Take a command, or say why not; after 400 and 501 the table is as it was.

        Args:
            key: the record's key.
            command: what its value holds.
            now_ms: the time.
            appended_ms: when the record was written, where that is known. A command that has ended since then
                holds nothing (400), but what it superseded does not come back: a table that was loaded late
                equals one that was there.
        """
        then_ms = now_ms if appended_ms is None else min(appended_ms, now_ms)
        if fault := self._fault(key, command, then_ms):
            return Outcome(BAD, fault)
        if member := self._unsupported(command):
            return Outcome(UNSUPPORTED, f"unsupported {member}")
        known = self._entries.get(key)
        if known and command.rank < known.command.rank:
            epoch, seq, _ = known.command.rank
            return Outcome(SUPERSEDED, f"superseded by epoch {epoch}, seq {seq}")
        if known is None or command.rank > known.command.rank:
            known = self._put(key, command, known, now_ms)
        return _PAST if command.expires_at <= now_ms else known.outcome

    def _put(self, key: str, command: Command, known: _Entry | None, now_ms: int) -> _Entry:
        lease = known is not None and known.held and known.command.expires_at > now_ms
        missing = command.action is Action.RELEASE and not lease
        entry = _Entry(
            command,
            held=command.action is not Action.RELEASE and command.expires_at > now_ms,
            outcome=Outcome(NOTHING, "nothing to release") if missing else Outcome(OK),
        )
        if known is not None:
            entry.admitted = known.admitted  # a renewed limit does not begin its minute anew
        self._entries[key] = entry
        if entry.held:
            self._leases.put(key, command.target, entry)
        else:
            self._leases.remove(key, command.target)
        return entry

    def _fault(self, key: str, command: Command, then_ms: int) -> str:
        if fault := command.fault():
            return fault
        if key != command.target.key():
            return "the record's key is not the key of its target"
        if command.mode is not Mode.ENFORCE:
            return f"mode {command.mode} is not for enforcers"
        if command.expires_at <= then_ms:
            return _PAST.error
        if command.expires_at > then_ms + MAX_LEASE_MS:
            return "expires_at is more than 24 h ahead"
        harmless = command.action is Action.RELEASE or command.target.scope not in _NUMBERS
        return "" if harmless or not self._protected.covers(command.target.value) else "target is a protected number"

    def _unsupported(self, command: Command) -> str:
        """The first member that this enforcer cannot honour; empty if there is none."""
        if command.target.scope not in self._scopes:
            return f"target.scope {command.target.scope}"
        for part in ("target", "args"):
            struct = getattr(command, part)
            for name in () if struct is None else struct.__struct_fields__:
                known = name in {"scope", "value"} or name in self._supports
                if not known and getattr(struct, name) is not None:
                    return f"{part}.{name}"
        return ""

    def allow(self, entries: Mapping[str, tuple[Target, int]]) -> None:
        """Put the operator's allow entries in the place of those before: setting -> (target, end in ms)."""
        allowed = {setting: Rule(setting, target, "pass", until) for setting, (target, until) in entries.items()}
        if allowed == self._allowed:
            return
        self._allowed = allowed
        self._passes = Index()
        for setting, rule in self._allowed.items():
            self._passes.put(setting, rule.target, rule)

    def kill(self, on: bool) -> None:
        """Throw the operator's kill switch: while it is on, every call passes; the leases run on."""
        self._killed = on

    @property
    def killed(self) -> bool:
        """Whether the kill switch is on."""
        return self._killed

    def judge(self, call: CallView, now_ms: int) -> Ruling:
        """What to do with a call: of all the leases it falls under the strictest.

        A call that passes is counted in every limit that it passed, a refused one in none.
        """
        if self._killed or self._protected.covers(call.called):
            return PASS
        if any(rule.until > now_ms for rule in self._passes.matching(call)):
            return PASS
        entries = [entry for entry in self._leases.matching(call) if entry.command.expires_at > now_ms]
        limits = [entry for entry in entries if entry.command.action is Action.LIMIT]
        strictest = [entry for entry in entries if entry.command.action is Action.BLOCK] or [
            entry for entry in limits if entry.full(now_ms)
        ]
        if strictest:
            return Ruling("refuse", max(entry.command.rank for entry in strictest)[-1])
        for entry in limits:
            entry.admitted.append(now_ms)
        return PASS

    def expire(self, now_ms: int) -> list[str]:
        """End what has ended, and forget what no longer matters; gives the keys whose leases ended."""
        ended = []
        for key, entry in list(self._entries.items()):
            if entry.held and entry.command.expires_at <= now_ms:
                entry.held = False
                self._leases.remove(key, entry.command.target)
                ended.append(key)
            if entry.command.expires_at + MEMORY_MS <= now_ms:
                del self._entries[key]
        return ended

    def newest(self, key: str) -> Command | None:
        """The newest command known of a key, in force or not."""
        entry = self._entries.get(key)
        return None if entry is None else entry.command

    def rule(self, key: str, now_ms: int) -> Rule | None:
        """The rule in force on a command's key."""
        entry = self._entries.get(key)
        if self._killed or entry is None or not entry.held or entry.command.expires_at <= now_ms:
            return None
        return entry.rule(key)

    def rules(self, now_ms: int) -> list[Rule]:
        """All rules in force, in the order of their keys; none under the kill switch."""
        leases: Iterable[Rule | None] = (self.rule(key, now_ms) for key in sorted(self._entries))
        passes = sorted(self._allowed.items()) if not self._killed else []
        return [rule for _, rule in passes if rule.until > now_ms] + [rule for rule in leases if rule]

    def digest(self, now_ms: int) -> str:
        """A hash of the rules in force: equal in two enforcers that hold the same table."""
        encoded = msgspec.json.encode(self.rules(now_ms), order="deterministic")
        return "sha256:" + hashlib.sha256(encoded).hexdigest()
