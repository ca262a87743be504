"""`python -m tests.faults.real`: breaks a real service on a real Kafka, and compares what is left with an oracle.

make faults                                          the whole, under half an hour
python -m tests.faults.real --quick                  two minutes of it
python -m tests.faults.real --seed 7                 the same schedule and traffic again
python -m tests.faults.real --quick --guard-off      must show differences
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from types import FrameType

from rich.console import Console

from streams.broker import Broker
from tests.faults.real import home, report
from tests.faults.real.disk import SmallDisk, enter_namespace
from tests.faults.real.feeder import Feeder
from tests.faults.real.left import Comparison, compared
from tests.faults.real.machines import GUARDED, UNGUARDED
from tests.faults.real.recovery import Recovery
from tests.faults.real.schedule import FULL, QUICK, Step, steps
from tests.faults.real.stage import Stage, StuckError
from tests.faults.real.traffic import Traffic
from tests.faults.real.truncation import truncated

SHOWN = 20
"""Differences that are told; all are counted."""
HEAP_MB, CLOSING_S = 1024, 60
out = Console(width=120, highlight=False)


def main() -> int:
    """Run; 0 where nothing differs."""
    asked = _arguments()
    no_disk = enter_namespace("tests.faults.real")
    signal.signal(signal.SIGTERM, _interrupt)
    os.nice(5)
    directory = Path(tempfile.mkdtemp(prefix="ringfence-faults-")).resolve()
    failed = True
    try:
        failed = _run(asked, directory, no_disk)
    finally:
        if failed:
            out.print(f"logs, and Kafka's data, are in {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="of schedule and traffic")
    parser.add_argument("--quick", action="store_true", help="two minutes: three kills of each role")
    parser.add_argument("--guard-off", action="store_true", help="owners ignore their stamps: it must fail")
    parser.add_argument("--rate", type=float, default=200.0, help="events a second")
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(asked: argparse.Namespace, directory: Path, no_disk: str) -> bool:
    program = UNGUARDED if asked.guard_off else GUARDED
    plan = steps(asked.seed, QUICK if asked.quick else FULL)
    out.print(f"seed {asked.seed}, {len(plan)} steps" + (", stamps ignored" if asked.guard_off else ""))
    if no_disk:
        out.print(f"no full disk: {no_disk}")
    with nullcontext() if no_disk else SmallDisk(directory / "disk") as disk:
        comparison = _play(asked, directory, disk, program, plan)
        if comparison.differences:
            shutil.copytree(directory / "disk" / "kafka", directory / "kafka")
    return bool(comparison.differences)


def _play(
    asked: argparse.Namespace, directory: Path, disk: SmallDisk | None, program: str, plan: list[Step]
) -> Comparison:
    """Start everything, do what the plan says, compare what is left, and tell."""
    with Broker(directory / "disk" / "kafka", ephemeral=True, heap_mb=HEAP_MB) as broker:
        settings = home.build(directory, broker.bootstrap_servers)
        traffic = Traffic(asked.seed, time.time_ns() // 1_000_000, asked.rate)
        feeder, recovery = Feeder(settings, traffic), Recovery(settings)
        stage = Stage(directory, broker, disk, feeder, program)
        differences: list[str] = []
        try:
            stage.open(recovery, asked.seed)
            feeder.start()
            _perform(stage, plan)
            stage.drain()
        except StuckError as stuck:
            differences.append(str(stuck))
            feeder.stop()
        finally:
            stage.close()
            recovery.stop()
        differences += stage.stuck
        out.print("comparing …")
        comparison = compared(settings)
        out.print(f"{len(comparison.differences)} differences; last, input that is truncated …")
        if not asked.guard_off:
            differences += truncated(settings, directory, program, asked.seed)
    comparison = comparison._replace(differences=differences + comparison.differences)
    _tell(stage, recovery, comparison)
    return comparison


def _perform(stage: Stage, plan: list[Step]) -> None:
    begun_s = time.monotonic()
    for number, step in enumerate(plan, 1):
        out.print(f"{time.monotonic() - begun_s:7.1f} s  {number:3} {step}")
        stage.do(step)


def _tell(stage: Stage, recovery: Recovery, comparison: Comparison) -> None:
    out.print(report.table(stage.kills, stage.counts, recovery.times_s, comparison))
    for note in stage.notes + comparison.notes:
        out.print(note, soft_wrap=True)
    for difference in comparison.differences[:SHOWN]:
        out.print(f"DIFFERENCE {difference}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
