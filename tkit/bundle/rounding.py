"""Fitted models rounded to whole numbers."""

from __future__ import annotations

import math

import numpy as np

from tkit.arrays import Floats, Matrix
from tkit.bundle.integers import UNIT, IntegerLinear, IntegerTree, IntegerTrees
from tkit.bundle.learnt import LinearSum, SplitTree, TreeSum


def in_units(exported: TreeSum | LinearSum) -> IntegerTrees | IntegerLinear:
    """Round the parameters of a fitted model to whole units of :data:`~tkit.bundle.integers.UNIT`."""
    if isinstance(exported, LinearSum):
        return IntegerLinear(
            _units(exported.intercept),
            tuple(exported.mean.tolist()),
            tuple(exported.scale.tolist()),
            tuple(exported.weight.tolist()),
        )
    trees = tuple(map(_tree_in_units, exported.trees))
    return IntegerTrees(exported.link, _units(exported.intercept), trees)


def _units(value: float) -> int:
    return math.floor(value * UNIT + 0.5)


def _tree_in_units(tree: SplitTree) -> IntegerTree:
    leaf = tree.feature < 0
    mean = np.where(leaf, np.floor(tree.value * UNIT + 0.5), 0.0)
    cover = tree.cover.copy()
    # From the last node up, since a child comes after its parent.
    for node in np.flatnonzero(~leaf)[::-1].tolist():
        children = [tree.left[node], tree.right[node]]
        cover[node] = cover[children].sum()
        mean[node] = (mean[children] * cover[children]).sum() / cover[node]
    return IntegerTree(
        tuple(np.where(leaf, -1, tree.feature).tolist()),
        tuple(np.where(leaf, 0.0, _float32_below(tree.threshold)).tolist()),
        tuple(np.where(leaf, -1, tree.left).tolist()),
        tuple(np.where(leaf, -1, tree.right).tolist()),
        tuple(np.floor(mean + 0.5).astype(np.int64).tolist()),
    )


def _float32_below(threshold: Floats) -> Matrix:
    """Return the greatest float32 that is at most the threshold: ``x <= threshold`` is the same for every float32 x."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)
