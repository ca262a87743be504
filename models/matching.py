"""Which targets a call falls under, found by look-ups and not by a scan."""

from collections import Counter
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from models.targets import QUALIFIERS, Scope, Target

T = TypeVar("T")


class CallView(NamedTuple):
    """A call as an enforcer sees it at set-up; empty = not known.

    `called` and `caller` are `+digits` where dialled as international, else the local digits.
    """

    called: str
    caller: str = ""
    account: str = ""
    trunk_in: str = ""
    switch: str = ""
    trunk: str = ""
    plan: str = ""


class Index(Generic[T]):
    """Items by target; a call finds its own with one look-up per length of prefix that is in use.

    >>> index = Index[str]()
    >>> index.put("prefix:+333", Target(Scope.PREFIX, "+333"), "refuse")
    >>> list(index.matching(CallView("+33387654321"))), list(index.matching(CallView("333")))
    (['refuse'], [])
    """

    def __init__(self) -> None:
        self._buckets: dict[tuple[Scope, str], dict[str, tuple[Target, T]]] = {}
        self._lengths: Counter[int] = Counter()

    def put(self, key: str, target: Target, item: T) -> None:
        """Add an item, or replace the one with this key."""
        bucket = self._buckets.setdefault((target.scope, target.value), {})
        if key not in bucket and target.scope is Scope.PREFIX:
            self._lengths[len(target.value)] += 1
        bucket[key] = target, item

    def remove(self, key: str, target: Target) -> None:
        """Take an item away; it may be gone already."""
        bucket = self._buckets.get((target.scope, target.value), {})
        if bucket.pop(key, None) is None:
            return
        if not bucket:
            del self._buckets[target.scope, target.value]
        if target.scope is Scope.PREFIX:
            self._lengths[len(target.value)] -= 1
            if not self._lengths[len(target.value)]:
                del self._lengths[len(target.value)]

    def matching(self, call: CallView) -> Iterator[T]:
        """The items whose target the call falls under."""
        for place in self._places(call):
            for target, item in self._buckets.get(place, {}).values():
                if all(getattr(target, name) in {None, getattr(call, name)} for name in QUALIFIERS):
                    yield item

    def _places(self, call: CallView) -> Iterator[tuple[Scope, str]]:
        if call.called.startswith("+"):  # else it was not dialled as international, and no prefix touches it
            for length in self._lengths:
                if length <= len(call.called):
                    yield Scope.PREFIX, call.called[:length]
        yield Scope.CALLED, call.called
        yield Scope.CALLER, call.caller
        yield Scope.ACCOUNT, call.account
        yield Scope.TRUNK, call.trunk_in
