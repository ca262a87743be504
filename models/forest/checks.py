"""What must hold of a model before a row is scored by it; the kernels believe the arrays."""

from typing import Final

import numpy as np

from models.forest.manifest import Column, Entry, columns_of
from models.forest.scoring import scores, walk_of
from models.forest.trees import LEAF, Trees

TOLERANCE: Final = 1e-9
"""How far a golden row's score may be off: the same sums in the same order, another library's logarithm and power."""
PATH_MAX: Final = 1e6


def doubts(entry: Entry, trees: Trees) -> str:
    """Say what is wrong with a model in one line; nothing if it may be used."""
    said = _features(entry) or _curve(entry) or _links(entry, trees) or _numbers(trees) or _golden(entry, trees)
    return f"{entry.kind}: {said}" if said else ""


def _features(entry: Entry) -> str:
    wanted = columns_of(entry.kind)
    if entry.features == wanted:
        return ""
    for found, own in zip(entry.features, wanted, strict=False):
        if found != own:
            return f"feature {_spelt(found)} where this version has {_spelt(own)} (train it anew)"
    return f"{len(entry.features)} features, this version has {len(wanted)} (train it anew)"


def _spelt(column: Column) -> str:
    return f"{column.name!r} version {column.version}"


def _curve(entry: Entry) -> str:
    budgets = [point.budget for point in entry.curve]
    falls = [point.threshold for point in entry.curve]
    if budgets != sorted(set(budgets)) or falls != sorted(falls, reverse=True):
        return "threshold curve: budgets must rise and thresholds must not"
    return ""


def _links(entry: Entry, trees: Trees) -> str:
    """A node's children lie behind it, in its own tree, and every node but a root is the child of one."""
    nodes, root = len(trees.left), trees.root.astype(np.int64)
    if root[0] != 0 or (np.diff(root) <= 0).any() or root[-1] >= nodes:
        return "trees: roots out of order or out of range"
    inner = np.flatnonzero(trees.left != LEAF)
    left = trees.left[inner].astype(np.int64)
    ends = np.append(root[1:], nodes)[np.searchsorted(root, inner, side="right") - 1]
    if (left <= inner).any() or (left + 1 >= ends).any():
        return "trees: a node leads back, or out of its tree"
    parents = np.zeros(nodes, np.int64)
    np.add.at(parents, left, 1)
    np.add.at(parents, left + 1, 1)
    parents[root] += 1
    if (parents != 1).any():
        return "trees: a node has two parents or none"
    feature = trees.feature[inner]
    if (
        (feature < 0).any()
        or (feature >= len(entry.features)).any()
        or (trees.feature[trees.left == LEAF] != LEAF).any()
    ):
        return "trees: a node compares a feature that is not there"
    return ""


def _numbers(trees: Trees) -> str:
    if not np.isfinite(trees.threshold).all():
        return "trees: a threshold is not finite"
    if not ((trees.path >= 0) & (trees.path <= PATH_MAX)).all():
        return "trees: a path length is not finite or out of range"
    return ""


def _golden(entry: Entry, trees: Trees) -> str:
    if any(len(golden.row) != len(entry.features) for golden in entry.golden):
        return "golden rows: not as many numbers as features"
    rows = np.array([golden.row for golden in entry.golden], np.float64)
    if not (np.abs(rows) <= np.finfo(np.float32).max).all():
        return "golden rows: a number is out of range"
    expected = np.array([golden.score for golden in entry.golden])
    off = np.abs(scores(walk_of(trees), rows) - expected).max()
    return "" if off <= TOLERANCE else f"golden rows: a score is off by {off:.2g}"
