"""The isolation forest: what a row costs beside scikit-learn and the limit, and what it finds beside thresholds.

The second table is the one of docs/reference/forest.md.
"""

import time
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import IsolationForest

from models.features import columns
from models.forest.scoring import scores, shortening, walk_of
from models.forest.training import SAMPLE, TREES
from models.forest.trees import trees_of
from models.scenarios.beside_thresholds import compared
from models.scenarios.habits import honest

BATCH = 1_000
ROUNDS = 20
LIMIT_US = 5.0
SEED = 1
KNOWN, DAYS, PLANTED = 4_000, 2_000, 200


def best_us(run: Callable[[], object]) -> float:
    """The least processor time of some rounds, per row."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        run()
        times.append(time.process_time_ns() - begin)
    return min(times) / BATCH / 1e3


def cost() -> None:
    """Print what a row of a batch of 1,000 costs."""
    rows = columns("caller", honest(100, np.random.default_rng(SEED)))
    forest = IsolationForest(n_estimators=TREES, max_samples=SAMPLE, random_state=SEED).fit(rows.astype(np.float32))
    walk, batch = walk_of(trees_of(forest)), np.random.default_rng(SEED).permutation(rows)[:BATCH]
    lines = {
        "limit": LIMIT_US,
        "scores": best_us(lambda: scores(walk, batch)),
        "reasons": best_us(lambda: shortening(walk, batch)),
        "scikit-learn's scores": best_us(lambda: forest.score_samples(batch.astype(np.float32))),
    }
    print(f"{TREES} trees of {SAMPLE} rows, batches of {BATCH:,}\n{'what':<24}{'µs/row':>8}{'ratio':>8}")
    for what, spent in lines.items():
        print(f"{what:<24}{spent:>8.2f}{spent / LIMIT_US:>8.2f}")


def found() -> None:
    """Print what the forest finds and what thresholds do, at the same budget."""
    print(f"\nseed {SEED}, {KNOWN:,} honest key-days known, {DAYS:,} judged, {PLANTED} of each fraud")
    print("| alarms allowed per 1,000 keys a day | callers | forest | thresholds |\n|---|---|---|---|")
    for line in compared(SEED, KNOWN, DAYS, PLANTED):
        print(f"| {line.budget:g} | {line.name} | {line.forest:.1%} | {line.thresholds:.1%} |")


if __name__ == "__main__":
    cost()
    found()
