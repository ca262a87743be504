"""The operators' orders in force, verified, and what they leave the rules to do (contract, sections 1 and 3)."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from msgspec.structs import replace

from models.findings import PolicyNote
from models.orders import Order, OrderError, Orders, read
from models.policy import BUDGETS, Policy, lowest
from models.table_lookup import Protected
from models.targets import QUALIFIERS, Scope, Target

Verify = Callable[[bytes, bytes, Sequence[tuple[str, bytes]]], object]
"""Sees that a trusted operator signed key and value, by the headers; raises ValueError where not."""

_NUMBERS = frozenset({Scope.PREFIX, Scope.CALLED, Scope.CALLER})


def nobody(_key: bytes, _value: bytes, _headers: Sequence[tuple[str, bytes]]) -> None:
    """Trust no operator.

    Raises:
        ValueError: always.
    """
    raise ValueError("no operator is trusted here")


def inside(target: Target, outer: Target) -> bool:
    """Whether every call under `target` is under `outer` too.

    >>> inside(Target(Scope.CALLED, "+33387654321"), Target(Scope.PREFIX, "+333"))
    True
    """
    if any(getattr(outer, name) not in {None, getattr(target, name)} for name in QUALIFIERS):
        return False
    if outer.scope is Scope.PREFIX and target.scope in (Scope.PREFIX, Scope.CALLED):
        return target.value.startswith(outer.value)
    return (target.scope, target.value) == (outer.scope, outer.value)


def outer(target: Target) -> Iterator[Target]:
    """Every target that has all calls under `target`: itself first, then wider ones.

    >>> [found.key() for found in outer(Target(Scope.PREFIX, "+333", switch="s1"))]
    ['prefix:+333@switch=s1', 'prefix:+333', 'prefix:+33@switch=s1', 'prefix:+33', 'prefix:+3@switch=s1', 'prefix:+3']
    """
    named = [name for name in QUALIFIERS if getattr(target, name) is not None]
    fewer = [dict.fromkeys(some) for size in range(len(named) + 1) for some in combinations(named, size)]
    bases = [target]
    if target.scope in (Scope.PREFIX, Scope.CALLED) and target.value.startswith("+"):
        longest = len(target.value) - (target.scope is Scope.PREFIX)
        bases += [replace(target, scope=Scope.PREFIX, value=target.value[:size]) for size in range(longest, 1, -1)]
    return (replace(base, **without) for base in bases for without in fewer)


def forbidden(target: Target, protected: Protected) -> str:
    """Why no command may ever have this target; empty where it may.

    A prefix with protected numbers under it may be blocked: enforcers let those pass.
    """
    if target.fault():
        return "bad_target"
    return "protected" if target.scope in _NUMBERS and protected.covers(target.value) else ""


class Operator:
    """What operators have set.

    A kill switch means no new command: what is in force is let pass by the enforcers (contract, section 3, rule 7),
    and runs its course, so that it may still half-open, be released and end. An allow entry keeps commands from
    targets inside it; of a wider command the enforcers let its calls pass.

    Args:
        policy: of the configuration; an operator lowers its mode and sets its budgets.
        protected: what no command touches.
        verify: who is trusted.
    """

    def __init__(self, policy: Policy, protected: Protected, verify: Verify) -> None:
        self._policy = policy
        self._protected = protected
        self._verify = verify
        self._orders = Orders()

    def read(self, note: PolicyNote, now_ms: int) -> Order:
        """Take an operator's record.

        Raises:
            OrderError: nobody vouches for it, it is no order, or it does not count any more; nothing changes.
        """
        try:
            key, value, headers = note.signed()
            self._verify(key, value, headers)
            order = read(key, value)
        except ValueError as error:
            raise OrderError(str(error)) from None
        if order.ends is not None and order.ends <= now_ms:
            raise OrderError("expired")
        fault = "written again" if self._orders.knows(order) else self._orders.offer(order, now_ms)
        if fault:
            raise OrderError(fault)
        return order

    def policy(self, now_ms: int) -> Policy:
        """The policy in force: the lower of both modes, and the operator's budgets."""
        mode = self._orders.value("mode", now_ms) or self._policy.mode
        found = {name: self._orders.value(f"budget:{name}", now_ms) for name in BUDGETS}
        budgets: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
        return replace(self._policy, mode=lowest(mode, self._policy.mode), **budgets)

    def forbids(self, target: Target) -> str:
        """Why no command may ever have this target; empty where it may."""
        return forbidden(target, self._protected)

    def holds(self, target: Target, now_ms: int) -> str:
        """Why no command may be given for this target now; empty where it may."""
        if self._orders.killed(now_ms):
            return "kill"
        allowed = self._orders.allowed(now_ms).values()
        return "allowed" if any(inside(target, entry) for entry, _ in allowed) else ""

    def forget(self, now_ms: int) -> None:
        """Drop orders that can no longer count."""
        self._orders.forget(now_ms)

    def snapshot(self) -> list[Any]:
        """The orders as plain values."""
        return self._orders.snapshot()

    def load(self, state: list[Any]) -> None:
        """Put back what `snapshot` described."""
        self._orders = Orders.restore(state)
