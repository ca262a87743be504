"""A tree as arrays leads every row where scikit-learn's tree does, at the very thresholds, too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.forest import scoring
from models.forest.scoring import scores, shortening, walk_of
from models.forest.training import grown
from models.forest.trees import LEAF, Trees, rounded_down, usual_path

single = st.floats(width=32, allow_nan=False, allow_infinity=False)
STUMP = Trees(
    root=np.zeros(1, np.int32),
    feature=np.array([1, LEAF, LEAF], np.int16),
    threshold=np.array([2.5, 0, 0], np.float32),
    left=np.array([1, LEAF, LEAF], np.int32),
    path=np.array([3.0, 4.0, 1.0]),
    sample=256,
)


@given(st.floats(-3e38, 3e38), single)
def test_a_threshold_rounded_down_parts_the_same_numbers(threshold, number):
    for near in (number, np.float32(threshold), np.nextafter(np.float32(threshold), np.float32(np.inf))):
        down = rounded_down(np.array([threshold]))[0]
        assert (np.float64(near) <= threshold) == (np.float32(near) <= down)


def test_a_number_at_the_threshold_goes_left():
    above = np.nextafter(np.float32(2.5), np.float32(9))
    found = scores(walk_of(STUMP), [[9, 2.5], [0, above]])
    assert found == pytest.approx(2.0 ** -(np.array([4.0, 1.0]) / usual_path(256)))


def test_a_split_is_worth_what_it_made_the_path_shorter():
    assert shortening(walk_of(STUMP), [[9, 2.5], [0, 2.6]]).tolist() == [[0, -1], [0, 2]]


@pytest.mark.parametrize(("rows", "expected"), [(0, 0), (1, 0), (2, 1), (256, 10.244770920116851)])
def test_the_usual_path_is_that_of_the_paper(rows, expected):
    """c(256), equation 1 with the harmonic number as ln(i) + 0.5772156649."""
    assert usual_path([rows])[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("many", [2, 3, 50, 2000])
@pytest.mark.parametrize("values", [1, 2, 5])
def test_rows_that_are_much_alike_have_the_scores_of_scikit_learn(many, values):
    """Trees of a root alone, and leaves that hold many equal rows."""
    rows = np.random.default_rng(many).integers(0, values, (many, 3)).astype(np.float32)
    trees, witness = grown(rows, 1, 10)
    asked = np.concatenate([rows, rows + 0.5, rows - 7, rows * 1e30])
    assert np.abs(scores(walk_of(trees), asked) - witness(asked)).max() < 1e-12


def test_nodes_lie_behind_their_parents_and_siblings_side_by_side():
    trees, _ = grown(np.random.default_rng(1).random((500, 4), np.float32), 1, 5)
    inner = np.flatnonzero(trees.left != LEAF)
    assert (trees.left[inner] > inner).all()
    children = np.concatenate([trees.left[inner], trees.left[inner] + 1])
    assert sorted([*children.tolist(), *trees.root.tolist()]) == list(range(len(trees.left)))


def test_kernels_are_compiled_once_for_arrays_that_may_be_written_and_that_may_not():
    rows, walk = np.random.default_rng(1).random((50, 2)), walk_of(STUMP)
    scores(walk, rows)
    before = set(scoring._add_paths.signatures)
    frozen = STUMP._replace(path=np.frombuffer(STUMP.path.tobytes()))
    for other in (rows[:1], rows.astype(np.float32), np.asfortranarray(rows), np.broadcast_to(rows[0], (5, 2))):
        scores(walk_of(frozen), other)
    assert set(scoring._add_paths.signatures) == before
