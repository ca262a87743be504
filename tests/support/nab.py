"""The labelled bursts of the Numenta Anomaly Benchmark, and its scoring, written anew from its description.

Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark" (ICMLA 2015),
section II: an alarm inside a labelled window is worth the more the earlier it is, a window without one costs 1, and
an alarm outside costs the more the further it is behind a window. The first rows of a series are not judged.
"""

import csv
import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

BURSTS = Path(__file__).parents[3] / "shared" / "data" / "bursts"
SERIES = ("Twitter_volume_CRM", "Twitter_volume_IBM", "Twitter_volume_PFE", "elb_request_count_8c0756")
STEP_MS = 300_000
"""A row counts what happened in the five minutes that begin at its time."""
FALSE_ALARM = 0.11
"""Cost of an alarm far from any window, in the standard profile; a detection and a miss weigh 1."""
UNJUDGED_SHARE, UNJUDGED_MAX = 0.15, 5_000
"""The first rows only teach: this share, of at most so many rows."""
FAR = 3.0
"""Widths of a window behind it, from where on an alarm costs the whole of `FALSE_ALARM`."""
PUBLISHED = {
    "windowedGaussian": {SERIES[0]: 0.763846, SERIES[1]: -0.799109, SERIES[2]: 0.265580, SERIES[3]: -0.138449},
    "randomCutForest": {SERIES[0]: 1.678502, SERIES[1]: -5.342949, SERIES[2]: 2.259314, SERIES[3]: 1.605956},
}
"""Raw scores that NAB publishes of these files (`results/DETECTOR/DETECTOR_standard_scores.csv`), by its thresholds
for the whole corpus."""
PUBLISHED_FALSE = {
    "windowedGaussian": {SERIES[0]: 0, SERIES[1]: 25, SERIES[2]: 12, SERIES[3]: 0},
    "randomCutForest": {SERIES[0]: 10, SERIES[1]: 67, SERIES[2]: 12, SERIES[3]: 1},
}
"""Rows outside the windows that they alarmed at, from the same files."""


class Series(NamedTuple):
    """One file: times of its rows (ms), counts, and the first and last row of every labelled window."""

    name: str
    times: tuple[int, ...]
    counts: tuple[int, ...]
    windows: tuple[tuple[int, int], ...]

    def row_at(self, ts: int) -> int:
        """The row that counts what happened at `ts` (ms)."""
        return max(0, bisect_right(self.times, ts) - 1)


class Score(NamedTuple):
    """What a detector's alarms are worth: NAB's raw score, windows found of all, and rows of false alarms."""

    raw: float
    found: int
    windows: int
    false_rows: int


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def series(name: str) -> Series:
    """Read one file and its labels."""
    with (BURSTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [(_ms(row["timestamp"]), int(float(row["value"]))) for row in csv.DictReader(file)]
    labels = json.loads((BURSTS / "labelled_windows.json").read_text())
    times, counts = zip(*rows, strict=True)
    own = next(windows for path, windows in labels.items() if path.endswith(f"/{name}.csv"))
    windows = tuple((times.index(_ms(begin)), times.index(_ms(end))) for begin, end in own)
    return Series(name, times, counts, windows)


def unjudged(rows: int) -> int:
    """How many rows at the beginning only teach."""
    return int(UNJUDGED_SHARE * min(rows, UNJUDGED_MAX))


def _worth(position: float) -> float:
    """Worth of an alarm at a position in widths of a window: from -1 (its left edge) over 0 (its right) to behind."""
    return -1.0 if position >= FAR else 2 / (1 + math.exp(5 * position)) - 1


def score(rows: int, windows: Sequence[tuple[int, int]], alarms: Iterable[int]) -> Score:
    """Score alarms, given as rows, against windows, given as first and last row, in NAB's standard profile."""
    first = unjudged(rows)
    judged = sorted({row for row in alarms if row >= first})
    wanted = [window for window in windows if window[1] >= first]
    best = dict.fromkeys(wanted, -1.0)
    penalty, false_rows = 0.0, 0
    for row in judged:
        inside = next((window for window in wanted if window[0] <= row <= window[1]), None)
        if inside is None:
            penalty, false_rows = penalty + FALSE_ALARM * _behind(row, windows), false_rows + 1
        else:
            best[inside] = max(best[inside], _within(row, inside))
    return Score(sum(best.values()) + penalty, sum(worth >= 0 for worth in best.values()), len(wanted), false_rows)


def _within(row: int, window: tuple[int, int]) -> float:
    """Worth of an alarm in a window: 1 at its first row, little at its last."""
    begin, end = window
    return _worth(-(end - row + 1) / (end - begin + 1)) / _worth(-1.0)


def _behind(row: int, windows: Sequence[tuple[int, int]]) -> float:
    """Worth, below 0, of an alarm outside all windows."""
    passed = [window for window in windows if window[1] < row]
    if not passed:
        return -1.0
    begin, end = max(passed, key=lambda window: window[1])
    return _worth((row - end) / (end - begin))


def normalised(raw: float, windows: int) -> float:
    """A raw score from 0 (no alarm at all) to 100 (every window at its first row, no alarm outside)."""
    return 100 * (raw + windows) / (2 * windows)


def moments(one: Series) -> Iterator[int]:
    """A time (ms) for each thing counted, spread evenly over the five minutes of its row."""
    for ts, count in zip(one.times, one.counts, strict=True):
        for nth in range(count):
            yield ts + nth * STEP_MS // count
