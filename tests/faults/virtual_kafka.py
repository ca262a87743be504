"""A Kafka in memory: partitions that only grow, consumer groups with generations, records on their way to it.

It promises what the real one does and no more: records of one producer arrive in order per partition, a prefix of
them when the producer dies; who was expelled from a group learns of it later, and may write until then.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message

Headers = list[tuple[str, bytes]]


class InFlight(NamedTuple):
    """A record that a producer has sent and nobody has acknowledged."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    delivered: Callable[[Any, Any], None] | None


Lane = tuple[str, int]
"""Topic and partition: what stands in one lane arrives in order."""


class Cluster:
    """Topics and groups; `clock_ms` is the brokers' time, with which records are stamped."""

    def __init__(self, partitions: dict[str, int], clock_ms: int) -> None:
        self.clock_ms = clock_ms
        self.logs: dict[Lane, list[Message]] = {(t, p): [] for t, count in partitions.items() for p in range(count)}
        self.low: dict[Lane, int] = {}
        self.partitions = partitions
        self.groups: dict[str, Group] = {}

    def lane_of(self, topic: str, partition: int | None, key: bytes | None) -> Lane:
        """Where a record goes; without a partition its key decides."""
        return topic, zlib.crc32(key or b"") % self.partitions[topic] if partition is None else partition

    def append(self, lane: Lane, record: InFlight, append_ms: int | None = None) -> None:
        """Let a record arrive."""
        log = self.logs[lane]
        at = self.clock_ms if append_ms is None else append_ms
        message = _message(lane, len(log), record, at)
        log.append(message)
        if record.delivered is not None:
            record.delivered(None, message)

    def read(self, lane: Lane) -> list[Message]:
        """All records that are there now."""
        return self.logs[lane][self.low.get(lane, 0) :]

    def values(self, topic: str) -> list[bytes]:
        """Every value of a topic that is none of a tombstone."""
        lanes = ((topic, partition) for partition in range(self.partitions[topic]))
        return [value for lane in lanes for message in self.read(lane) if (value := message.value()) is not None]


def _message(lane: Lane, offset: int, record: InFlight, append_ms: int) -> Message:
    made: Any = Message
    return made(  # type: ignore[no-any-return] # its stub knows no constructor
        topic=lane[0],
        partition=lane[1],
        offset=offset,
        key=record.key,
        value=record.value,
        headers=record.headers,
        timestamp=(TIMESTAMP_LOG_APPEND_TIME, append_ms),
    )


class Wire:
    """What one producer has on its way, lane by lane."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.lanes: dict[Lane, list[InFlight]] = {}

    def send(self, lane: Lane, record: InFlight) -> None:
        """Put a record behind the others of its lane."""
        self.lanes.setdefault(lane, []).append(record)

    def deliver(self, lane: Lane, count: int) -> None:
        """Let the first `count` records of a lane arrive."""
        waiting = self.lanes[lane]
        for record in waiting[:count]:
            self._cluster.append(lane, record)
        del waiting[:count]
        if not waiting:
            del self.lanes[lane]

    def deliver_all(self) -> None:
        """Let everything arrive."""
        for lane in list(self.lanes):
            self.deliver(lane, len(self.lanes[lane]))

    def orphaned(self) -> None:
        """The producer is dead: nobody waits for an answer."""
        for lane, records in self.lanes.items():
            self.lanes[lane] = [record._replace(delivered=None) for record in records]


@dataclass(eq=False)
class Member:
    """One member of a group, as the group knows it; `life` is the process behind it."""

    life: Any
    generation: int = -1
    assigned: set[int] = field(default_factory=set)
    must_revoke: bool = False
    to_assign: set[int] | None = None
    expelled: bool = False


class Group:
    """A consumer group with eager rebalances: everybody gives back all, then everybody gets some."""

    def __init__(self, partitions: int, spread: Callable[[list[Member], int], list[set[int]]]) -> None:
        self.members: list[Member] = []
        self.committed: dict[int, int] = {}
        self.generation = 0
        self.rebalances = 0
        self._partitions = partitions
        self._spread = spread

    def join(self, life: Any) -> Member:
        """A new member; the others have to give back what they have."""
        member = Member(life)
        self.members.append(member)
        self.rebalance()
        return member

    def leave(self, member: Member) -> None:
        """A member goes, or was not heard of for too long."""
        if member in self.members:
            self.members.remove(member)
            member.expelled = True
            self.rebalance()

    def rebalance(self) -> None:
        """Ask everybody to give back what they have."""
        self.rebalances += 1
        for member in self.members:
            member.to_assign = None
            member.must_revoke = bool(member.assigned)
        self._assign()

    def revoked(self, member: Member) -> None:
        """A member has given back what it had."""
        member.assigned, member.must_revoke = set(), False
        self._assign()

    def _assign(self) -> None:
        if not self.members or any(member.must_revoke for member in self.members):
            return
        self.generation += 1
        for member, share in zip(self.members, self._spread(self.members, self._partitions), strict=True):
            member.generation, member.assigned, member.to_assign = self.generation, share, share

    def commit(self, member: Member, ends: dict[int, int]) -> bool:
        """Commit offsets; False where the member is none of this generation any more."""
        if member.expelled or member.generation != self.generation:
            return False
        self.committed |= ends
        return True
