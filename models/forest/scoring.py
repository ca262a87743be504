"""The kernels that score rows and say what made them unusual; trees outside, rows inside, so that a tree stays near.

Scores are those of Liu et al., 2008: above 0 and up to 1, the higher the more unusual. They are the negative of
scikit-learn's `score_samples`, to the last bit: the same comparisons and the same sums in the same order.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from models.forest.trees import LEAF, Reals, Trees, usual_path

Singles = npt.NDArray[np.float32]
Node: Final = np.dtype([("threshold", "<f4"), ("feature", "<i4"), ("left", "<i4")])


class Walk(NamedTuple):
    """Trees laid out for walking.

    Attributes:
        nodes: `Node`[nodes]; a leaf leads to itself, so that all rows make the same steps without a branch.
        path: float64[nodes], as in `Trees`.
        root: int64[trees].
        depth: int64[trees], steps to the deepest leaf of each.
        usual: trees times the usual path of a tree of their sample.
    """

    nodes: npt.NDArray[np.void]
    path: Reals
    root: npt.NDArray[np.int64]
    depth: npt.NDArray[np.int64]
    usual: float


def walk_of(trees: Trees) -> Walk:
    """Lay trees out for walking; they must be sound (`models.forest.checks`)."""
    nodes, at = np.zeros(len(trees.left), Node), np.arange(len(trees.left))
    leaf = trees.left == LEAF
    nodes["threshold"] = np.where(leaf, np.float32(np.inf), trees.threshold)
    nodes["feature"] = np.where(leaf, 0, trees.feature)
    nodes["left"] = np.where(leaf, at, trees.left)
    usual = len(trees.root) * float(usual_path(trees.sample))
    root = trees.root.astype(np.int64)
    return Walk(nodes, np.array(trees.path), root, _depths(root, trees.left), usual)


def _depths(root: npt.NDArray[np.int64], left: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    depth, level, tree = np.zeros(len(root), np.int64), root, np.arange(len(root))
    while (inner := left[level] != LEAF).any():
        tree, begin = np.repeat(tree[inner], 2), left[level[inner]].astype(np.int64)
        level = np.stack([begin, begin + 1], axis=1).ravel()
        depth[tree] += 1  # once for each tree
    return depth


@nb.njit(cache=True, nogil=True)
def _add_paths(walk: Walk, rows: Singles, total: Reals) -> None:
    """Add to `total` the path length of each row in each tree, in the order of the trees."""
    nodes, path = walk.nodes, walk.path
    for tree in range(walk.root.size):
        begin, steps = walk.root[tree], walk.depth[tree]
        for row in range(rows.shape[0]):
            node = begin
            for _ in range(steps):
                here = nodes[node]
                node = np.int64(here.left) + np.int64(rows[row, here.feature] > here.threshold)
            total[row] += path[node]


@nb.njit(cache=True, nogil=True)
def _add_shares(walk: Walk, rows: Singles, shares: Reals) -> None:
    """Add to `shares` by how much each split made the path of each row shorter than was to be expected before it."""
    nodes, path = walk.nodes, walk.path
    for tree in range(walk.root.size):
        for row in range(rows.shape[0]):
            node = walk.root[tree]
            while nodes[node].left != node:
                here = nodes[node]
                after = np.int64(here.left) + np.int64(rows[row, here.feature] > here.threshold)
                shares[row, here.feature] += path[node] - path[after]
                node = after


def scores(walk: Walk, rows: npt.ArrayLike) -> Reals:
    """Return float64[rows], how unusual each is; rows are float[rows, features] and finite in float32."""
    total = np.zeros(len(batch := _singles(rows)))
    _add_paths(walk, batch, total)
    return np.asarray(2.0 ** -(total / walk.usual))


def shortening(walk: Walk, rows: npt.ArrayLike) -> Reals:
    """Return float64[rows, features], by how many steps each feature made the paths of a row shorter, over all trees.

    A split is worth the mean path of the training rows that came to it, less that of those which left it the same way.
    The shares of a row add up to what the forest expected of a training row less what it saw. A feature that is far out
    is what ends paths early; one that is as usual shortens some and lengthens others by as much.
    """
    shares = np.zeros((batch := _singles(rows)).shape)
    _add_shares(walk, batch, shares)
    return shares


def _singles(rows: npt.ArrayLike) -> Singles:
    return np.array(np.atleast_2d(rows), np.float32, order="C")  # a copy: kernels are compiled for what is writable
