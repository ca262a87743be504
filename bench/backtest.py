"""Ten million events through `ringfence backtest`: time, memory, and the cost of an event beside the live stages'.

Usage: python bench/backtest.py [EVENTS]
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from models.tables import FreePrefix, Tables
from streams.bench import stages
from streams.bench.load import Load, Recipe, slices
from streams.bench.traffic import FREEPHONE
from streams.settings import Settings

EVENTS = 10_000_000
BESIDE = 600_000
"""Events that go through the live stages."""
HOME = {"home_country_code": "212"}
TABLES = Tables(free_prefixes=(FreePrefix(f"+{FREEPHONE.prefix}", "freephone", None, None, ""),))


def write(path: Path, recipe: Recipe) -> int:
    """Write a load as lines; gives its bytes."""
    with path.open("wb") as file:
        for part in slices(recipe):
            file.writelines(record.value.replace(b"\n", b" ") + b"\n" for record in part.records)
    return path.stat().st_size


def backtest(directory: Path, events: Path) -> tuple[float, float, int]:
    """Run the command; gives its wall time and its processor time (s), and its largest resident set (KiB)."""
    (directory / "free.csv").write_text(f"prefix,reason\n+{FREEPHONE.prefix},freephone\n", encoding="utf-8")
    (directory / "ringfence.toml").write_text(
        '[network]\nhome_country_code = "212"\nfree_prefixes = "free.csv"\n', encoding="utf-8"
    )
    command = [sys.executable, "-m", "streams", "backtest", str(events), "--output", str(directory / "out")]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--config", str(directory / "ringfence.toml")], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, spent, after.ru_maxrss


def main() -> None:
    """Print the table."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[1]))
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "events.jsonl"
        size = write(path, Recipe(events))
        wall_s, spent_s, most_kib = backtest(Path(home), path)
        path.unlink()
        live = stages.run(Load(Recipe(BESIDE), Path(home)), Settings(network=HOME), TABLES)
    live_us = sum(figure.values[0] for figure in live if figure.name != stages.LIMIT) / 1000
    each_us = spent_s / events * 1e6
    print(f"{events:,} events, {size / 1e9:.2f} GB: {wall_s:.0f} s by the clock, {most_kib / 1024:,.0f} MiB at most")
    print(f"an event: {each_us:.2f} µs of processor time; the live stages {live_us:.2f}: {each_us / live_us:.2f} times")


if __name__ == "__main__":
    main()
