"""Isolation trees as plain arrays: all trees one after another, the two children of a node side by side.

Liu, Ting, Zhou: Isolation Forest, 2008. What is kept of a tree is what a score needs: where a row goes at each node,
and how long its path is at the end. Thresholds are float32, rounded down from scikit-learn's float64: a feature is
float32 when it is compared, and `x <= t` is the same for t and for the highest float32 that is not above it.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.windows.layout import Ints

Reals = npt.NDArray[np.float64]
LEAF: Final = -1
"""`feature` and `left` of a leaf."""
EULER_GAMMA: Final = float(np.euler_gamma)


class Trees(NamedTuple):
    """A forest of isolation trees.

    Attributes:
        root: int32[trees], first node of each tree, rising from 0.
        feature: int16[nodes], which feature is compared, `LEAF` in a leaf.
        threshold: float32[nodes]; a row goes to `left` if its feature is not above it, else to `left + 1`. 0 in a leaf.
        left: int32[nodes], always above the node itself, `LEAF` in a leaf.
        path: float64[nodes], length of the path that ends here, with what is usual for the training rows that a leaf
            still holds; of an inner node the mean of the training rows that went through it.
        sample: rows that each tree was grown from.
    """

    root: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int16]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    path: Reals
    sample: int


def usual_path(rows: npt.ArrayLike) -> Reals:
    """Return the mean path length of an unsuccessful search in a binary tree of so many rows (Liu et al., equation 1).

    Example:
        >>> usual_path([1, 2]).tolist()
        [0.0, 1.0]
    """
    many = np.asarray(rows, np.float64)
    more = np.maximum(many, 3.0)
    long = 2.0 * (np.log(more - 1.0) + EULER_GAMMA) - 2.0 * (more - 1.0) / more
    return np.where(many <= 1, 0.0, np.where(many == 2, 1.0, long))


def rounded_down(threshold: Reals) -> npt.NDArray[np.float32]:
    """Return the highest float32 that is not above each threshold."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)


def trees_of(forest: Any) -> Trees:
    """Return what a fitted `sklearn.ensemble.IsolationForest` on all features has learnt."""
    parts = [_part(estimator.tree_) for estimator in forest.estimators_]
    root = np.cumsum([0, *(len(part[0]) for part in parts[:-1])]).astype(np.int32)
    feature, threshold, left, path = (np.concatenate(column) for column in zip(*parts, strict=True))
    left += np.repeat(root, [len(part[0]) for part in parts]) * (left != LEAF)
    return Trees(root, feature, threshold, left, path, int(forest.max_samples_))


def _part(tree: Any) -> tuple[npt.NDArray[Any], ...]:
    """One tree's columns `feature`, `threshold`, `left`, `path`, its nodes in breadth-first order."""
    order, depth = _order(tree.children_left, tree.children_right)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    inner = tree.children_left != LEAF
    left = np.where(inner, place[tree.children_left], LEAF)[order].astype(np.int32)
    rows = tree.n_node_samples.astype(np.float64)
    # in scikit-learn's order of adding, so that sums are the same to the last bit
    ends = (depth + 1.0) + usual_path(rows) - 1.0
    path = _means(ends[order], rows[order], left)
    feature = np.where(inner, tree.feature, LEAF)[order].astype(np.int16)
    return feature, rounded_down(np.where(inner, tree.threshold, 0.0)[order]), left, path


def _order(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Nodes in breadth-first order, siblings side by side; and the depth of each node by its old number."""
    depth, level, order = np.zeros(len(left), np.int64), np.zeros(1, np.int64), []
    while len(level):
        order.append(level)
        parents = level[left[level] != LEAF]
        level = np.stack([left[parents], right[parents]], axis=1).ravel()
        depth[level] = depth[np.repeat(parents, 2)] + 1
    return np.concatenate(order), depth


def _means(path: Reals, rows: Reals, left: npt.NDArray[np.int32]) -> Reals:
    """Fill in the paths of inner nodes, from the last to the first: children come after their parents."""
    path = path.copy()
    for node in np.flatnonzero(left != LEAF)[::-1]:
        one, other = left[node], left[node] + 1
        path[node] = (rows[one] * path[one] + rows[other] * path[other]) / rows[node]
    return path
