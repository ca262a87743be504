"""An operator's order: one signed record of `fraud.policy` (contract, section 1), its settings and bounds."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Self

import msgspec

from models.commands import Whole
from models.policy import LADDER, budget_fault
from models.targets import CommandError, Target

MAX_BYTES = 64 << 10
VERSION = 1
AHEAD_MS = 300_000
"""How far the operators' clocks may be apart; the contract allows events the same (section 2)."""
ACT_MS: Final = 24 * 3_600_000
"""How long an approval, or a block without an end, is good: no lease is longer either."""
ACTS = ("block", "approve")
"""Orders that end by themselves. A release does not: it must undo a block that a decider without memory reads again."""
NAME_MAX, WORDS_MAX = 256, 4096

_INCIDENT = re.compile(r"[0-9a-f-]{1,64}")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=WORDS_MAX)]


class OrderError(ValueError):
    """Bytes that are no order of an operator's."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator set, who and why; times in ms since the epoch.

    `setting` is the record's key. `value` is a rung of the ladder for `mode`; true or false for `kill`, `allow:…` and
    `block:…` (false withdraws); a number, or null for the configuration's, for `budget:…`; true for `release:…`; and
    `block`, `limit`, or true for what the evidence is worth, for `approve:…`.
    """

    v: int = VERSION
    setting: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    value: Any
    author: Name
    reason: Words
    at: Whole
    until: Whole | None = None

    @property
    def kind(self) -> str:
        """The setting's name without what it is about."""
        return self.setting.partition(":")[0]

    @property
    def subject(self) -> str:
        """What the setting is about: a budget's name, a target key, an incident's id; else empty."""
        return self.setting.partition(":")[2]

    @property
    def ends(self) -> int | None:
        """When it ends (ms): `until`, or 24 h after it was given where it asks for a command."""
        return self.at + ACT_MS if self.until is None and self.kind in ACTS else self.until

    def in_force(self, now_ms: int) -> bool:
        """Whether it was not withdrawn and has not ended."""
        withdrawn = self.value is False or self.value is None
        return not withdrawn and (self.ends is None or now_ms < self.ends)

    def allowed(self) -> Target | None:
        """The target that an `allow:` order lets pass; None for every other setting."""
        return Target.from_key(self.subject) if self.kind == "allow" else None

    def fault(self) -> str:
        """Why this is no order; empty where it is one."""
        if self.v != VERSION:
            return f"unknown v {self.v}: this version knows {VERSION}"
        named = self.setting != self.kind
        if self.kind not in _FAULTS or named == (self.kind in ("mode", "kill")):
            return "unknown setting"
        return _FAULTS[self.kind](self)


def _mode_fault(order: Order) -> str:
    return "" if order.value in LADDER else f"mode is one of {', '.join(LADDER)}"


def _kill_fault(order: Order) -> str:
    return "" if isinstance(order.value, bool) else "kill is true or false"


def _budget_fault(order: Order) -> str:
    return budget_fault(order.subject, 0 if order.value is None else order.value)


def _act_fault(order: Order) -> str:
    """Why an order on a target is none."""
    if fault := _target_fault(order.subject):
        return fault
    if order.kind == "release" and order.value is not True:
        return "release is true"
    if not isinstance(order.value, bool):
        return f"{order.kind} is true or false"
    endless = order.kind == "allow" and order.value and order.until is None
    return "an allow entry needs an end: until" if endless else ""


def _approve_fault(order: Order) -> str:
    if not _INCIDENT.fullmatch(order.subject):
        return "unknown setting"
    good = order.value is True or order.value in ("block", "limit")
    return "" if good else "an approval is true, block or limit"


_FAULTS: dict[str, Callable[[Order], str]] = {
    "mode": _mode_fault,
    "kill": _kill_fault,
    "budget": _budget_fault,
    "allow": _act_fault,
    "block": _act_fault,
    "release": _act_fault,
    "approve": _approve_fault,
}


def _target_fault(key: str) -> str:
    try:
        Target.from_key(key)
    except CommandError as error:
        return str(error)
    return ""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Order)


def encode(order: Order) -> bytes:
    """The record's value: the same order always gives the same bytes."""
    return _encoder.encode(order)


def decode(value: bytes) -> Order:
    """The order that a record's value holds.

    Raises:
        OrderError: it is too large, no JSON, of an unknown version or setting, or its value does not fit.
    """
    if len(value) > MAX_BYTES:
        raise OrderError(f"order of {len(value)} bytes: more than {MAX_BYTES}")
    try:
        order = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OrderError(f"not an order: {error}") from None
    if fault := order.fault():
        raise OrderError(fault)
    return order


def read(key: bytes, value: bytes) -> Order:
    """The order of a record, once its signature was verified.

    Raises:
        OrderError: its value is no order, or its key not the order's setting.
    """
    order = decode(value)
    if order.setting.encode() != key:
        raise OrderError("its key is not its setting")
    return order


class Orders:
    """The newest order of every setting, as its topic gives them; a record written again later changes nothing.

    >>> orders = Orders()
    >>> orders.offer(Order(setting="kill", value=True, author="noc", reason="outage", at=1000), 1000)
    ''
    >>> orders.killed(2000)
    True
    """

    def __init__(self) -> None:
        self._newest: dict[str, Order] = {}
        self._ends: dict[str, int | None] = {}

    def offer(self, order: Order, now_ms: int) -> str:
        """Take an order, the next one of the topic; gives why not, empty where it was taken.

        Operators' clocks may be `AHEAD_MS` apart: of two orders within it, the later in the topic counts.
        """
        if order.at > now_ms + AHEAD_MS:
            return "at is more than 5 min ahead"
        known = self._newest.get(order.setting)
        if known and order.at < known.at - AHEAD_MS:
            return "older than the order in force"
        before = self._ends.get(order.setting, 0)
        self._ends[order.setting] = None if before is None or order.ends is None else max(before, order.ends)
        self._newest[order.setting] = order
        return ""

    def knows(self, order: Order) -> bool:
        """Whether the newest order of its setting is this very one."""
        return self._newest.get(order.setting) == order

    def newest(self, setting: str) -> Order | None:
        """The newest order of a setting, in force or not."""
        return self._newest.get(setting)

    def forget(self, now_ms: int) -> None:
        """Drop the settings of which every order that was ever taken has ended: none can come back."""
        for setting, ends in list(self._ends.items()):
            if ends is not None and ends <= now_ms:
                del self._newest[setting], self._ends[setting]

    def in_force(self, now_ms: int) -> list[Order]:
        """The orders in force, by setting."""
        return [order for _, order in sorted(self._newest.items()) if order.in_force(now_ms)]

    def value(self, setting: str, now_ms: int) -> Any:
        """The value in force of a setting; None where there is none."""
        order = self._newest.get(setting)
        return order.value if order is not None and order.in_force(now_ms) else None

    def killed(self, now_ms: int) -> bool:
        """Whether the kill switch is on."""
        return self.value("kill", now_ms) is True

    def allowed(self, now_ms: int) -> dict[str, tuple[Target, int]]:
        """The allow entries in force: setting -> (target, end in ms)."""
        found = {}
        for setting, order in self._newest.items():
            target = order.allowed() if order.in_force(now_ms) else None
            if target is not None and order.until is not None:
                found[setting] = target, order.until
        return found

    def snapshot(self) -> list[Any]:
        """The orders as plain values."""
        return [(msgspec.to_builtins(order), self._ends[setting]) for setting, order in sorted(self._newest.items())]

    @classmethod
    def restore(cls, state: list[Any]) -> Self:
        """The orders that `snapshot` described."""
        orders = cls()
        for plain, ends in state:
            order = msgspec.convert(plain, Order)
            orders._newest[order.setting], orders._ends[order.setting] = order, ends
        return orders
