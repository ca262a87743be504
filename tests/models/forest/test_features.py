"""Every feature has a number for every key that was counted, its formula is what it says, and the reference has it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.features import FEATURES, KINDS, columns, features_of, refused, table
from models.kinds import Kind
from models.windows.moments import Moments
from tests.support.moments import moments

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "features.md"
counts = arrays.arrays(np.int64, (3, 4), elements=st.integers(0, 2**62))


def one(**columns) -> Moments:
    """The moment of one key: 240 attempts in 24 h, 20 in 1 h, 5 in 5 min."""
    window = {
        "attempts": [1, 5, 20, 240],
        "refused": [0, 0, 0, 0],
        "answered": [1, 3, 10, 90],
        "ended": [1, 4, 20, 240],
        "talked": [1, 3, 10, 90],
        "short": [0, 0, 1, 9],
        "duration_ms": [60_000, 180_000, 900_000, 9_000_000],
        "distinct": [1, 5, 15, 45],
    }
    window |= columns
    return Moments(
        kind=np.array([Kind.CALLER], np.uint8),
        key=np.ones(1, np.uint64),
        at_ms=np.full(1, 1_795_435_200_000),
        **{name: np.array([window[name]], np.int64) for name in window if name not in {"usual", "known_ms"}},
        exact=np.ones((1, 4), np.bool_),
        usual=np.array([columns.get("usual", 15.0)]),
        known_ms=np.array([columns.get("known_ms", 10 * 86_400_000)]),
    )


BY_HAND = {
    "attempts_1h": np.log(5 + 20),
    "attempts_24h": np.log(1 + 240),
    "against_usual": np.log((20 + 5) / (15 + 5)),
    "rise_5min": np.log((12 * 5 + 60) / (20 + 60)),
    "answered_1h": (10 + 5) / (20 + 10),
    "answered_24h": (90 + 5) / (240 + 10),
    "mean_duration_1h": np.log((900 + 300) / (10 + 5)),
    "mean_duration_24h": np.log((9000 + 300) / (90 + 5)),
    "talk_24h": np.log(1 + 150),
    "others_1h": (15 + 5) / (20 + 5),
    "others_24h": (45 + 5) / (240 + 5),
    "short_24h": (9 + 1) / (90 + 10),
}


def test_the_formulas_are_what_they_say():
    found = dict(zip([feature.name for feature in features_of("caller")], columns("caller", one())[0], strict=True))
    assert found == pytest.approx(BY_HAND)


@pytest.mark.parametrize(
    ("known_ms", "an_hour"),
    [(600_000, 240.0), (12 * 3_600_000, 20.0), (30 * 86_400_000, 10.0)],
    ids=["ten minutes", "half a day", "a month"],
)
def test_where_nothing_is_usual_the_last_day_is(known_ms, an_hour):
    which = [feature.name for feature in features_of("caller")].index("against_usual")
    found = columns("caller", one(usual=np.nan, known_ms=known_ms))[0, which]
    assert found == pytest.approx(np.log((20 + 5) / (an_hour + 5)))


@given(
    st.fixed_dictionaries(dict.fromkeys(["attempts", "answered", "talked", "short", "duration_ms", "distinct"], counts))
)
def test_whatever_was_counted_has_all_features(numbers):
    for entity, kind in KINDS.items():
        asked = moments(kind, 3, **numbers, usual=np.array([np.nan, 0.0, 1e18]))
        assert not refused(entity, columns(entity, asked)).any()


@pytest.mark.parametrize(
    ("column", "value", "names"),
    [
        ("usual", np.inf, {"against_usual"}),
        ("usual", -6.0, {"against_usual"}),
        ("attempts", -7, {"attempts_1h", "attempts_24h"}),
        ("duration_ms", -1_000_000, {"mean_duration_1h", "mean_duration_24h", "talk_24h"}),
        ("distinct", -6, {"others_1h", "others_24h"}),
        ("short", -2, {"short_24h"}),
        ("answered", -6, {"answered_1h", "answered_24h"}),
    ],
)
def test_broken_counts_are_refused_by_name(column, value, names):
    asked = one(**{column: value if column == "usual" else [value] * 4})
    bad = refused("caller", columns("caller", asked))[0]
    assert names <= {feature.name for feature, is_bad in zip(features_of("caller"), bad, strict=True) if is_bad}


def test_names_are_unique_and_every_feature_is_of_some_model():
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert all(feature.kinds and feature.low < feature.high and feature.version >= 1 for feature in FEATURES)


def test_the_reference_has_the_list_as_it_is():
    assert table() in REFERENCE.read_text()


def test_no_moments_are_no_rows():
    assert columns("route", moments(Kind.PREFIX, 0)).shape == (0, len(features_of("route")))
