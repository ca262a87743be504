"""The rules that a simulated switch was given by its enforcer, line by line."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.leases import MINUTE_MS, PASS, Ruling
from models.matching import CallView, Index
from models.targets import Target


@dataclass(slots=True)
class _Held:
    """One rule in force; `left` counts what a limit admits a minute, -1 = a refusal."""

    command: str
    until: int
    left: int
    admitted: deque[int] = field(default_factory=deque)

    def refuses(self, now_ms: int) -> bool:
        while self.admitted and self.admitted[0] <= now_ms - MINUTE_MS:
            self.admitted.popleft()
        return len(self.admitted) >= self.left


class RuleTable:
    """Rules by key: a change replaces what its key held, `none` ends it, `until` ends it in any case."""

    def __init__(self) -> None:
        self._rules: Index[_Held] = Index()

    def apply(self, change: Mapping[str, Any]) -> None:
        """Take one `rule` line of the log enforcer: `key`, `effect`, `args`, `until` (ms), `command`.

        Raises:
            CommandError: the key is no target's.
        """
        key = change["key"]
        target = Target.from_key(key)
        match change["effect"]:
            case "refuse":
                self._rules.put(key, target, _Held(change["command"], change["until"], -1))
            case "limit":
                left = (change.get("args") or {}).get("calls_per_minute", 0)
                self._rules.put(key, target, _Held(change["command"], change["until"], left))
            case _:
                self._rules.remove(key, target)

    def judge(self, call: CallView, now_ms: int) -> Ruling:
        """What holds for a call: the strictest rule; one that passes counts in every limit."""
        held = [rule for rule in self._rules.matching(call) if rule.until > now_ms]
        for rule in held:
            if rule.refuses(now_ms):
                return Ruling("refuse", rule.command)
        for rule in held:
            rule.admitted.append(now_ms)
        return PASS
