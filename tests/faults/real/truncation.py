"""Input that is gone before it was read: the role that needs it stops, says so, and reads nothing behind the gap."""

import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import TopicPartition

from streams.bench.offsets import Group
from streams.kafka import REACH_S, admin
from streams.settings import Settings
from tests.faults.real.feeder import Feeder
from tests.faults.real.machines import Machine
from tests.faults.real.recovery import READS
from tests.faults.real.traffic import Traffic

PATIENCE_S, AGAIN = 90.0, 2
"""How long it may take to say so, and how often it must: its supervisor starts it anew."""
RECORDS, BURSTS = 40, 4


def truncated(settings: Settings, home: Path, program: str, seed: int) -> list[str]:
    """Delete rows that no detector has read, then events that no intake has; gives what is not as it must be."""
    feeder, intake = (
        Feeder(settings, Traffic(seed, time.time_ns() // 1_000_000, 1)),
        Machine(home, "intake", 98, program),
    )
    group = Group(settings, *READS["intake"])
    intake.start()
    try:
        for _ in range(BURSTS):  # a block or more for every owner of each
            _send(feeder)
            if not _until(lambda: group.committed() == group.ends()):
                return ["truncated input: the intake does not take the last events"]
    finally:
        intake.leave()
        group.close()
    _send(feeder)
    found = _gap(settings, Machine(home, "detector", 99, program), "never came")
    return found + _gap(settings, Machine(home, "intake", 99, program), "were deleted before they were read")


def _send(feeder: Feeder) -> None:
    """Some events more, which wait in two of the partitions."""
    for number in range(RECORDS):
        feeder.send(number % 2, feeder.traffic.ordinary(time.time_ns() // 1_000_000))
    feeder.flush()


def _gap(settings: Settings, machine: Machine, words: str) -> list[str]:
    """Delete what waits for a role but for the last record of each partition, start it, and see it stop."""
    role, client = machine.role, admin(settings)
    group = Group(settings, *READS[role])
    done, ends = group.committed(), group.ends()
    gone = {partition: end - 1 for partition, end in ends.items() if end - 1 > done[partition]}
    if not gone:
        return [f"truncated input: nothing waits for the {role}"]
    places = [TopicPartition(READS[role][1], partition, offset) for partition, offset in gone.items()]
    for future in client.delete_records(places, request_timeout=REACH_S).values():
        future.result()
    machine.start()
    try:
        said = _until(lambda: sum(words in reason for reason in machine.reasons()) >= AGAIN)
        after, reasons = group.committed(), machine.reasons()
    finally:
        machine.leave()
        group.close()
    found = [] if said else [f"truncated input: the {role} does not say so: {reasons}"]
    passed = {partition: after[partition] for partition in gone if after[partition] > done[partition]}
    return found + ([f"truncated input: the {role} passed over it: {done} became {passed}"] if passed else [])


def _until(condition: Callable[[], object]) -> bool:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.2)
    return True
