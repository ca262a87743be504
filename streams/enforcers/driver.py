"""What the worker tells a driver, and all that a driver has to do about it."""

from typing import Literal, Protocol

import msgspec

from models.commands import Args, Target
from models.leases import Rule

Cause = Literal["loaded", "command", "expired", "kill", "allow", "retry"]


class DriverError(Exception):
    """The switch did not take a change; the worker acknowledges 500 and tries again."""


class Loaded(msgspec.Struct, frozen=True, tag="loaded", tag_field="event"):
    """The table is read to its end: whatever else of ours the switch holds than `keys` is stale.

    The rules themselves follow, one change each. `at` in ms since the epoch.
    """

    enforcer: str
    keys: tuple[str, ...]
    at: int


class RuleChange(msgspec.Struct, frozen=True, tag="rule", tag_field="event"):
    """What now holds on a key, whatever held before; of the rules that a call falls under the strictest applies.

    `pass` is an allow entry and goes before all others; `none`: nothing holds any more. `until` and `at` in ms
    since the epoch; `command` is the id to report as `refused_by`.
    """

    key: str
    target: Target
    effect: Literal["pass", "refuse", "limit", "none"]
    args: Args | None
    until: int
    command: str
    cause: Cause
    status: int
    at: int

    @classmethod
    def of(cls, rule: Rule, cause: Cause, at_ms: int, *, ends: bool) -> "RuleChange":
        """The change that puts a rule in force, or ends it."""
        effect: Literal["pass", "refuse", "limit", "none"] = "none" if ends else rule.effect
        args = None if ends else rule.args
        return cls(rule.key, rule.target, effect, args, rule.until, rule.command, cause, 200, at_ms)


Change = Loaded | RuleChange


class Driver(Protocol):
    """A switch, behind one method."""

    def apply(self, change: Change) -> None:
        """Make the switch do it before returning; doing it twice is doing it once.

        Raises:
            DriverError: the switch did not take it.
        """
