"""The forest testifies by kind, names its reasons, and never scores a row in which a number is missing."""

import numpy as np
import pytest

from models.features import KINDS, columns, features_of
from models.forest.artifact import unpacked
from models.forest.scoring import scores, walk_of
from models.forest.training import grown
from models.forest.witness import Forest, reasons_of, warm
from models.kinds import Kind
from tests.support.forests import changed, loaded, models
from tests.support.moments import chosen, joined, moments


@pytest.fixture(scope="module")
def forest():
    made = Forest(loaded())
    warm(made)
    return made


def test_its_name_is_the_hash_of_the_manifest(forest):
    assert forest.name.startswith("sha256:")
    assert forest.name != Forest(loaded(2)).name
    assert forest.kinds == ("route", "caller", "called")


@pytest.mark.parametrize(("nth", "entity"), list(enumerate(KINDS)))
def test_a_score_is_that_of_its_kind(forest, nth, entity):
    asked = moments(KINDS[entity], 50, seed=9)
    expected = scores(walk_of(models()[nth].trees), columns(entity, asked))
    assert (forest.testify(asked).score == expected).all()


def test_kinds_in_any_order_and_batch_are_the_same(forest):
    mixed = joined(*(moments(kind, 30, seed=kind + 20) for kind in Kind))
    turned = np.random.default_rng(1).permutation(len(mixed.key))
    whole, single = forest.testify(chosen(mixed, turned)), [forest.testify(chosen(mixed, [at])) for at in turned]
    np.testing.assert_array_equal(whole.score, np.concatenate([one.score for one in single]))
    assert whole.reasons == [one.reasons[0] for one in single]


def test_a_kind_without_a_model_has_no_score(forest):
    for kind in (Kind.ACCOUNT, Kind.TRUNK):
        found = forest.testify(moments(kind, 5))
        assert np.isnan(found.score).all()
        assert (found.unusual.any(), found.reasons, found.refused) == (False, [()] * 5, {})


def test_what_is_at_the_threshold_is_unusual_and_has_reasons(forest):
    asked = moments(Kind.CALLER, 800, seed=4)
    found = forest.testify(asked)
    assert (found.unusual == (found.score >= models()[1].chosen.threshold)).all()
    assert found.unusual.any()
    for unusual, reasons in zip(found.unusual.tolist(), found.reasons, strict=True):
        assert bool(reasons) == unusual
        assert len(reasons) <= 3
        assert [share for _, share in reasons] == sorted((share for _, share in reasons), reverse=True)
        assert sum(share for _, share in reasons) <= 1 + 1e-9


@pytest.mark.parametrize(("more", "unusual"), [(0.0, True), (1e-12, False)])
def test_a_score_at_the_threshold_is_unusual_and_one_below_is_not(forest, more, unusual):
    asked = moments(Kind.CALLER, 1, seed=8)
    threshold = float(forest.testify(asked).score[0]) + more
    told = changed(manifest=lambda told: told["models"][1]["chosen"].update(threshold=threshold))
    assert Forest(unpacked(told)).testify(asked).unusual.tolist() == [unusual]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -6.0, 1e300])
def test_a_row_without_a_number_is_refused_counted_and_named_and_others_are_not(forest, value):
    """NaN is what `usual` is where nothing is known: that alone is no fault."""
    asked = moments(Kind.CALLER, 6, seed=5)
    broken = asked._replace(usual=np.where(np.arange(6) % 3 == 0, value, asked.usual))
    found, sound = forest.testify(broken), forest.testify(asked)
    faulty = (np.arange(6) % 3 == 0) & (not np.isnan(value))
    assert (np.isnan(found.score) == faulty).all()
    assert (found.score[np.arange(6) % 3 != 0] == sound.score[np.arange(6) % 3 != 0]).all()
    assert found.refused == ({"against_usual": 2} if faulty.any() else {})


def test_nothing_asked_is_nothing_told(forest):
    found = forest.testify(moments(Kind.CALLER, 0))
    assert (len(found.score), found.reasons, found.refused) == (0, [], {})


@pytest.mark.parametrize("entity", KINDS)
def test_the_planted_feature_comes_first(entity):
    """In the most usual rows, one feature at a time, far out on the side where it is rarer."""
    rows = columns(entity, moments(KINDS[entity], 1_500, keys=40)).astype(np.float32)
    walk = walk_of(grown(rows, 1)[0])
    names = tuple(feature.name for feature in features_of(entity))
    usual = rows[np.argsort(scores(walk, rows))[:40]]
    low, high, middle = rows.min(axis=0), rows.max(axis=0), np.median(rows, axis=0)
    first = []
    for place, name in enumerate(names):
        planted = usual.copy()
        up = high[place] - middle[place] >= middle[place] - low[place]
        planted[:, place] = 2 * high[place] - low[place] if up else 2 * low[place] - high[place]
        first += [reasons[0][0] == name for reasons in reasons_of(walk, planted, names)]
    assert np.mean(first) > 0.95
