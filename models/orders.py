"""An operator's order: one signed record of `fraud.policy` (contract, section 1), its settings and bounds."""

import re
from typing import Annotated, Any

import msgspec

from models.commands import Whole
from models.targets import CommandError, Target

MAX_BYTES = 64 << 10
VERSION = 1
AHEAD_MS = 300_000
"""How far the operators' clocks may be apart; the contract allows events the same (section 2)."""
LADDER = ("off", "shadow", "limit", "enforce")

_BUDGET = re.compile(r"budget:[a-z_]{1,64}")
_APPROVE = re.compile(r"approve:[0-9a-f-]{1,64}")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class OrderError(ValueError):
    """Bytes that are no order of an operator's."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator set, who and why; times in ms since the epoch.

    `setting` is the record's key. `value` is a rung of the ladder for `mode`, true or false for `kill` and
    `allow:…` (false withdraws), a number for `budget:…`; the other settings carry what the decider needs.
    """

    v: int = VERSION
    setting: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    value: Any
    author: Name
    reason: Words
    at: Whole
    until: Whole | None = None

    def in_force(self, now_ms: int) -> bool:
        """Whether it was not withdrawn and has not ended."""
        return self.value is not False and (self.until is None or now_ms < self.until)

    def allowed(self) -> Target | None:
        """The target that an `allow:` order lets pass; None for every other setting."""
        kind, _, key = self.setting.partition(":")
        return Target.from_key(key) if kind == "allow" else None

    def fault(self) -> str:
        """Why this is no order; empty where it is one."""
        if self.v != VERSION:
            return f"unknown v {self.v}: this version knows {VERSION}"
        kind, _, rest = self.setting.partition(":")
        if kind in {"allow", "block", "release"}:
            return _target_fault(rest) or self._allow_fault(kind)
        if self.setting == "mode":
            return "" if self.value in LADDER else "mode is one of off, shadow, limit, enforce"
        if self.setting == "kill":
            return "" if isinstance(self.value, bool) else "kill is true or false"
        if _BUDGET.fullmatch(self.setting):
            good = isinstance(self.value, int | float) and not isinstance(self.value, bool) and self.value >= 0
            return "" if good else f"{self.setting} is a number, not below 0"
        return "" if _APPROVE.fullmatch(self.setting) else "unknown setting"

    def _allow_fault(self, kind: str) -> str:
        if kind != "allow":
            return ""
        if not isinstance(self.value, bool):
            return "an allow entry is true or false"
        return "an allow entry needs an end: until" if self.value and self.until is None else ""


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

    def offer(self, order: Order, now_ms: int) -> str:
        """Take an order, the next one of the topic; gives why not, empty where it was taken.

        Operators' clocks may be `AHEAD_MS` apart: of two orders within it, the later in the topic counts.
        """
        if order.at > now_ms + AHEAD_MS:
            return "at is more than 5 min ahead"
        known = self._newest.get(order.setting)
        if known and order.at < known.at - AHEAD_MS:
            return "older than the order in force"
        self._newest[order.setting] = order
        return ""

    def killed(self, now_ms: int) -> bool:
        """Whether the kill switch is on."""
        order = self._newest.get("kill")
        return order is not None and order.in_force(now_ms)

    def allowed(self, now_ms: int) -> dict[str, tuple[Target, int]]:
        """The allow entries in force: setting -> (target, end in ms)."""
        found = {}
        for setting, order in self._newest.items():
            target = order.allowed() if order.in_force(now_ms) else None
            if target is not None and order.until is not None:
                found[setting] = target, order.until
        return found
