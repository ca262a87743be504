"""Ten sets that nobody here made: scikit-learn's scores on every row, the published AUCs, the planted feature first."""

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.forest.scoring import scores, shortening, walk_of
from models.forest.training import grown

SETS = Path(__file__).parents[4] / "shared" / "data" / "forest"
NAMES = ("2_annthyroid", "4_breastw", "6_cardio", "20_letter", "23_mammography", "29_Pima", "30_satellite")
NAMES += ("32_shuttle", "38_thyroid", "40_vowels")
SEEDS = range(5)
PUBLISHED_SAMPLE = 256
"""Rows of a tree in what was published, and in the re-run."""

pytestmark = pytest.mark.skipif(not SETS.is_dir(), reason="../shared/data/forest is absent")


@pytest.fixture(scope="module", params=NAMES)
def published(request):
    with np.load(SETS / f"{request.param}.npz", allow_pickle=False) as found:
        return request.param.partition("_")[2].lower(), found["X"].astype(np.float64), found["y"]


def rerun(name: str) -> tuple[float, float]:
    with (SETS / "iforest_auc_published.csv").open(newline="") as file:
        line = next(line for line in csv.DictReader(file) if line["dataset"] == name)
    return float(line["ref_sklearn191_fullfit_mean"]), float(line["ref_std"])


@pytest.mark.parametrize("sample", [PUBLISHED_SAMPLE, 1024])
def test_every_row_has_the_score_that_scikit_learn_gives_it(published, sample):
    _, rows, _ = published
    trees, witness = grown(rows, 0, sample=sample)
    assert np.abs(scores(walk_of(trees), rows) - witness(rows)).max() < 1e-12


def test_the_auc_is_within_the_spread_of_the_re_run(published):
    name, rows, anomalous = published
    mean, spread = rerun(name)
    found = [
        roc_auc_score(anomalous, scores(walk_of(grown(rows, seed, sample=PUBLISHED_SAMPLE)[0]), rows)) for seed in SEEDS
    ]
    assert abs(np.mean(found) - mean) <= spread
    assert np.abs(np.array(found) - mean).max() <= 3 * spread


def test_the_feature_that_was_planted_far_out_comes_first(published):
    """In the most usual rows, one feature at a time, on the side where it is rarer."""
    _, rows, _ = published
    walk = walk_of(grown(rows, 0, sample=PUBLISHED_SAMPLE)[0])
    low, high, middle = rows.min(axis=0), rows.max(axis=0), np.median(rows, axis=0)
    usual = rows[np.argsort(scores(walk, rows))[:50]]
    first = []
    for feature in np.flatnonzero(high > low):
        planted = usual.copy()
        up = high[feature] - middle[feature] >= middle[feature] - low[feature]
        far = high[feature] - low[feature]
        planted[:, feature] = high[feature] + far if up else low[feature] - far
        first.append((shortening(walk, planted).argmax(axis=1) == feature).mean())
    assert np.mean(first) > 0.97


def test_the_shares_of_a_row_add_up_to_what_its_paths_are_shorter_by(published):
    _, rows, _ = published
    trees, _ = grown(rows, 0, trees=20, sample=PUBLISHED_SAMPLE)
    walk, some = walk_of(trees), rows[:500]
    expected = walk.path[walk.root].sum() + np.log2(scores(walk, some)) * walk.usual
    assert np.abs(shortening(walk, some).sum(axis=1) - expected).max() < 1e-9
