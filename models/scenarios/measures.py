"""What a closed loop measures: loss, honest refusals, trickle, re-arming, flapping, and how long both ends took.

Fed with the commands as they are given and with every call as the switch treated it; times in ms of event time.
"""

from collections import Counter
from statistics import median_low
from typing import Any, NamedTuple

from models.commands import Action, Command
from models.matching import CallView, Index

MENDED_PAYERS = 2
"""Paid calls of this many payers at one switch and plan show a mend (design, section 5)."""


class Seen(NamedTuple):
    """A call as the switch treated it.

    Attributes:
        view: what rules see of it.
        payer: who pays for it.
        refused: it was turned away.
        free: it costs nothing, or would have.
        mended: its row was free and costs again.
    """

    view: CallView
    payer: str
    refused: bool
    free: bool
    mended: bool = False


class Measures:
    """Everything that is counted; `begun_ms` of the leak and `mended_ms` are known of a scenario only."""

    def __init__(self, begun_ms: int | None = None, mended_ms: int | None = None) -> None:
        self.begun_ms, self.mended_ms = begun_ms, mended_ms
        self.free_before_proof = 0
        self.free_after_proof = 0
        self.trickle = 0
        self.trickle_free = 0
        self.limited = 0
        self.rearmed = 0
        self.cycles: Counter[str] = Counter()
        self.blocked_ms: int | None = None
        self.released_ms: int | None = None
        self.paid_again_ms: int | None = None
        self.to_block_ms: list[int] = []
        self._newest: dict[str, Command] = {}
        self._released: set[str] = set()
        self._half_open: Index[Command] = Index()
        self._limits: Index[Command] = Index()
        self._paid: dict[tuple[str, str], set[str]] = {}

    def command(self, command: Command) -> None:
        """Learn of a command to enforcers, in the order in which they are given."""
        key, before = command.target.key(), self._newest.get(command.target.key())
        self._newest[key] = command
        for index in (self._half_open, self._limits):
            index.remove(key, command.target)
        match command.action:
            case Action.BLOCK:
                self._block(command, key)
            case Action.RELEASE:
                self._released.add(key)
                if self.mended_ms is not None and command.issued_at >= self.mended_ms:
                    self.released_ms = command.issued_at
            case Action.LIMIT:
                half = before is not None and before.action is Action.BLOCK and before.lease == command.lease
                (self._half_open if half else self._limits).put(key, command.target, command)

    def _block(self, command: Command, key: str) -> None:
        if command.lease > 1:
            self.rearmed += 1
        else:
            first = command.evidence.get("first_ts")
            self.to_block_ms += [command.issued_at - first] if isinstance(first, int) else []
        if key in self._released:
            self._released.discard(key)
            self.cycles[key] += 1
        if self.blocked_ms is None:
            self.blocked_ms = command.issued_at

    def call(self, seen: Seen, at_ms: int) -> None:
        """Count a call that began at `at_ms`."""
        if seen.refused:
            return
        if seen.free and (self.blocked_ms is None or at_ms <= self.blocked_ms):
            self.free_before_proof += 1
        elif seen.free:
            self.free_after_proof += 1
        if _under(self._half_open, seen.view, at_ms):
            self.trickle += 1
            self.trickle_free += seen.free
        elif _under(self._limits, seen.view, at_ms):
            self.limited += 1
        if seen.mended and not seen.free and self.paid_again_ms is None:
            payers = self._paid.setdefault((seen.view.switch, seen.view.plan), set())
            payers.add(seen.payer)
            if len(payers) >= MENDED_PAYERS:
                self.paid_again_ms = at_ms

    def told(self) -> dict[str, Any]:
        """The measures by name; times in seconds, None where nothing of the kind has happened."""
        first = None if self.begun_ms is None else _seconds(self.begun_ms, self.blocked_ms)
        proved = round(median_low(self.to_block_ms) / 1000, 3) if self.to_block_ms else None
        return {
            "free_calls_before_the_proof": self.free_before_proof,
            "free_calls_after_the_proof": self.free_after_proof,
            "trickle_calls": self.trickle,
            "trickle_free_calls": self.trickle_free,
            "calls_under_a_limit": self.limited,
            "rearmed": self.rearmed,
            "flapping_cycles": sum(self.cycles.values()),
            "flapping_keys": len(self.cycles),
            "seconds_to_block": proved if first is None else first,
            "seconds_from_mend_to_release": _seconds(self.mended_ms, self.released_ms),
            "seconds_from_second_payer_to_release": _seconds(self.paid_again_ms, self.released_ms),
        }


def _under(index: Index[Command], view: CallView, at_ms: int) -> bool:
    return any(command.issued_at < at_ms < command.expires_at for command in index.matching(view))


def _seconds(from_ms: int | None, until_ms: int | None) -> float | None:
    return None if from_ms is None or until_ms is None else round((until_ms - from_ms) / 1000, 3)
