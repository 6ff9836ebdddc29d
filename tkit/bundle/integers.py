"""Models in whole numbers: sums that are exact in any order and in every language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints, Matrix
from tkit.errors import TkitError

Link = Literal["identity", "logistic"]

UNIT = 65536
"""Units of a margin in 1."""

MAX_SUM = 2**24
"""Bound, in units, on the sum of the absolute values of everything that can be added to a tree margin."""

MAX_TREES = 5_000
MAX_NODES = 1_000_000

TRANSFORM = "sign(x) * log1p(abs(x))"
"""The transform that a linear model applies to each feature first."""

EXACT = 2**53
# The transform of no float32 is greater.
_GREATEST_TRANSFORM = 89.0


class IntegerTree(NamedTuple):
    """One tree of ``model.json``; see :mod:`tkit.bundle`."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[int, ...]

    def visits(self, matrix: Matrix) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
        """Yield every node that a row visits: its parent (-1 for the root), itself, the rows."""
        waiting = [(-1, 0, np.arange(len(matrix)))]
        while waiting:
            parent, node, rows = waiting.pop()
            if not len(rows):
                continue
            yield parent, node, rows
            if self.feature[node] >= 0:
                goes_left = matrix[rows, self.feature[node]] <= self.threshold[node]
                waiting.append((node, self.right[node], rows[~goes_left]))
                waiting.append((node, self.left[node], rows[goes_left]))


@dataclass(frozen=True)
class IntegerTrees:
    """Trees that add up to a margin.

    Attributes
    ----------
    link : {"identity", "logistic"}
        Whether the margin is a probability or its logit.
    intercept : int
        Units added to every row.
    trees : tuple of IntegerTree
    """

    link: Link
    intercept: int
    trees: tuple[IntegerTree, ...]
    tolerance: ClassVar[int] = 0

    @property
    def expected(self) -> int:
        """The mean margin of the training rows, up to rounding, to which contributions are added."""
        return self.intercept + sum(tree.value[0] for tree in self.trees)

    def margins(self, matrix: Matrix) -> Ints:
        """Return the margin of each row of a matrix of shape (n_rows, n_features)."""
        total = np.full(len(matrix), self.intercept, np.int64)
        for tree in self.trees:
            for _, node, rows in tree.visits(matrix):
                if tree.feature[node] < 0:
                    total[rows] += tree.value[node]
        return total

    def contributions(self, matrix: Matrix) -> Ints:
        """Return the contribution of each feature, added to :attr:`expected`, shape (n_rows, n_features).

        A step to a child adds the difference of the two nodes' values to the feature of the split
        (Saabas, "Interpreting random forests", 2014).
        """
        table = np.zeros(matrix.shape, np.int64, order="F")
        for tree in self.trees:
            for parent, node, rows in tree.visits(matrix):
                if parent >= 0:
                    table[rows, tree.feature[parent]] += tree.value[node] - tree.value[parent]
        return table

    def check(self, features: int) -> None:
        """Refuse anything that is not a sum of trees over this number of features; the message says where."""
        nodes = sum(len(tree.feature) for tree in self.trees)
        if not 1 <= len(self.trees) <= MAX_TREES or nodes > MAX_NODES:
            raise TkitError(
                f"model.json: {len(self.trees)} trees of {nodes} nodes; a bundle contains from 1 to {MAX_TREES} "
                f"trees of at most {MAX_NODES} nodes: train a smaller model"
            )
        for number, tree in enumerate(self.trees):
            _check_tree(tree, features, f"model.json: tree {number}")
        greatest = abs(self.intercept) + sum(_greatest_leaf(tree) for tree in self.trees)
        if greatest >= MAX_SUM:
            raise TkitError(
                f"model.json: margins reach {greatest} units, which float32 cannot add exactly from {MAX_SUM}"
                " on: train fewer trees or with more regularization"
            )

    def to_json(self) -> dict[str, object]:
        """Return the content of ``model.json``."""
        trees = [tree._asdict() for tree in self.trees]
        return {"kind": "trees", "link": self.link, "unit": UNIT, "intercept": self.intercept, "trees": trees}


@dataclass(frozen=True)
class IntegerLinear:
    """A linear model whose terms are rounded to whole units, so that their sum is exact too.

    Attributes
    ----------
    intercept : int
        Units added to every row.
    mean, scale, weight : tuple of float
        One of each per feature: it adds ``weight * (t - mean) / scale``, ``t`` as :data:`TRANSFORM` says.
    """

    intercept: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    link: ClassVar[Link] = "logistic"
    # The last bit of the logarithm differs between mathematical libraries and can change one rounding.
    tolerance: ClassVar[int] = 1

    @property
    def expected(self) -> int:
        """The margin of a row of mean features, to which contributions are added."""
        return self.intercept

    def margins(self, matrix: Matrix) -> Ints:
        """Return the margin of each row of a matrix of shape (n_rows, n_features)."""
        return np.asarray(self.contributions(matrix).sum(axis=1) + self.intercept, np.int64)

    def contributions(self, matrix: Matrix) -> Ints:
        """Return the contribution of each feature, added to :attr:`expected`, shape (n_rows, n_features)."""
        wide = matrix.astype(np.float64)
        transformed = np.sign(wide) * np.log1p(np.abs(wide))
        terms = np.array(self.weight) * (transformed - np.array(self.mean)) / np.array(self.scale)
        return np.asarray(np.floor(terms * UNIT + 0.5), np.int64)

    def check(self, features: int) -> None:
        """Refuse anything that is not a linear model over this number of features; the message says where."""
        for name, numbers in (("mean", self.mean), ("scale", self.scale), ("weight", self.weight)):
            if len(numbers) != features:
                raise TkitError(f"model.json: {len(numbers)} numbers in {name} for {features} features: make the bundle again")
        if min(self.scale) <= 0:
            raise TkitError("model.json: a scale is not positive: make the bundle again")
        greatest = abs(self.intercept) / UNIT + sum(
            abs(weight) * (_GREATEST_TRANSFORM + abs(mean)) / scale
            for mean, scale, weight in zip(self.mean, self.scale, self.weight, strict=True)
        )
        if not greatest * UNIT < EXACT:
            raise TkitError(
                f"model.json: margins reach {greatest}, which float64 cannot add exactly: train with more regularization"
            )

    def to_json(self) -> dict[str, object]:
        """Return the content of ``model.json``."""
        return {
            "kind": "linear",
            "link": self.link,
            "unit": UNIT,
            "intercept": self.intercept,
            "transform": TRANSFORM,
            "mean": self.mean,
            "scale": self.scale,
            "weight": self.weight,
        }


def _greatest_leaf(tree: IntegerTree) -> int:
    return max(abs(value) for feature, value in zip(tree.feature, tree.value, strict=True) if feature < 0)


def _check_tree(tree: IntegerTree, features: int, where: str) -> None:
    nodes = len(tree.feature)
    if not nodes or {len(column) for column in tree} != {nodes}:
        raise TkitError(f"{where}: arrays of {[len(column) for column in tree]} nodes: give arrays of equal length, at least 1")
    for name, numbers in tree._asdict().items():
        if not np.isfinite(np.array(numbers, np.float64)).all():
            raise TkitError(f"{where}: {name} contains a number that is not finite: make the bundle again")
    with np.errstate(over="ignore"):
        rounded = np.array(tree.threshold).astype(np.float32)
    parents = [0] * nodes
    for node, (feature, threshold, left, right, value) in enumerate(zip(*tree, strict=True)):
        here = f"{where}, node {node}"
        if feature == left == right == -1:
            continue
        if not 0 <= feature < features:
            raise TkitError(f"{here}: feature {feature} of {features}: a leaf has feature, left and right -1")
        if float(rounded[node]) != threshold:
            raise TkitError(f"{here}: threshold {threshold} is not a float32: make the bundle again")
        if not (node < left < nodes and node < right < nodes):
            raise TkitError(f"{here}: children {left} and {right} of {nodes} nodes: each child comes after its parent")
        parents[left] += 1
        parents[right] += 1
        low, high = sorted((tree.value[left], tree.value[right]))
        if not low <= value <= high:
            raise TkitError(f"{here}: value {value} is not a mean of its children's, {low} and {high}")
    if parents[0] or any(count != 1 for count in parents[1:]):
        node = next(node for node, count in enumerate(parents) if count != (node > 0))
        raise TkitError(
            f"{where}, node {node}: child of {parents[node]} nodes: every node but the first has exactly one parent"
        )


def link_scores(margins: Ints, link: Link) -> Floats:
    """Return the probability of each margin."""
    value = margins / UNIT
    if link == "identity":
        # Rounded shares may add up to a little more than 1.
        return np.clip(value, 0.0, 1.0)
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -700, 700))))


def score_of(margin: int, link: Link) -> float:
    """Return the probability of one margin."""
    return float(link_scores(np.array([margin]), link)[0])
