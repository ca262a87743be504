"""What the decider is told beside a finding, and what it answers: a stamp, and a decision."""

from typing import Any, NamedTuple

from models.commands import Command
from models.incidents import Incident
from models.outage_incident import Outage

CONTROL, SHADOW = "fraud.control", "fraud.shadow"


class Stamp(NamedTuple):
    """The record at hand: its append time (ms), its offset, and the epoch of its topic."""

    at_ms: int
    seq: int
    epoch: int


class Order(NamedTuple):
    """A command for a topic."""

    topic: str
    command: Command


class Heard(NamedTuple):
    """What became of an operator's record, at its offset of `fraud.policy`; `fault` is empty where it was done.

    Setting and author are empty where nobody vouches for them.
    """

    position: int
    setting: str
    author: str
    fault: str


class Decision(NamedTuple):
    """What one record led to: commands in order, changed incidents, lines for a backtest's findings, orders heard."""

    orders: list[Order]
    incidents: list[Incident | Outage]
    verdicts: list[dict[str, Any]]
    heard: list[Heard]

    @classmethod
    def nothing(cls) -> "Decision":
        """The decision to be filled; empty, it changes nothing."""
        return cls([], [], [], [])
