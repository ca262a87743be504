"""Runs schedules: `python -m tests.faults FIRST [LAST]`; one alone is told step by step."""

import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.simulation import Simulation


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def main(first: int, last: int) -> int:
    """Run the seeds from `first` to `last`; gives the number of those that show differences."""
    failed, begun_s = 0, time.monotonic()
    counts: Counter[str] = Counter()
    reached: Counter[tuple[str, str, str]] = Counter()
    with TemporaryDirectory() as keys, Simulation(Path(keys)) as simulation:
        for seed in range(first, last + 1):
            run = simulation.run(seed)
            if first == last:
                _say("\n".join(run.steps))
            if run.outcome:
                counts.update(run.outcome.counts)
                reached.update(run.outcome.reached)
            if run.differences:
                failed += 1
                _say(f"seed {seed}: " + "\n  ".join(run.differences[:6]))
    _say(f"{last - first + 1} schedules, {failed} with differences, {time.monotonic() - begun_s:.1f} s")
    _say(", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for place, count in sorted(reached.items()):
        _say(f"{count:6} {' · '.join(place)}")
    return failed


if __name__ == "__main__":
    numbers = [int(text) for text in sys.argv[1:]]
    sys.exit(main(numbers[0], numbers[-1]) > 0)
