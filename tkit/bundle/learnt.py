"""The parameters of a fitted model, in a form that every model can be exported to."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints


class Learnt(Protocol):
    """A fitted model that a bundle can be made from.

    Attributes
    ----------
    name : str
        Name of the bundle.
    vantage : str
        Vantage point whose features it reads.
    """

    name: ClassVar[str]
    vantage: str

    def exported(self) -> TreeSum | LinearSum:
        """Return its parameters; raises TkitError if it is not fitted."""


class SplitTree(NamedTuple):
    """A binary tree as arrays, one entry per node, the root first and every child after its parent.

    A row goes left if its feature is at most ``threshold``. ``feature`` is the column in the order of
    ``feature_names(vantage)``, -1 in a leaf. ``value`` is what a leaf adds (without meaning
    in other nodes), ``cover`` the training weight that reached the node.
    """

    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats
    cover: Floats


class TreeSum(NamedTuple):
    """Trees whose leaves add up, with ``intercept``, to a probability (``identity``) or to its logit."""

    link: Literal["identity", "logistic"]
    intercept: float
    trees: list[SplitTree]


class LinearSum(NamedTuple):
    """A logit: ``intercept`` plus, over the features, ``weight * (signed_log1p(x) - mean) / scale``."""

    intercept: float
    mean: Floats
    scale: Floats
    weight: Floats


def signed_log1p(matrix: NDArray[np.floating[Any]]) -> Floats:
    """Return ``sign(x) * log(1 + abs(x))``, which keeps the order and shortens long tails.

    >>> signed_log1p(np.array([-1.0, 0.0, np.e - 1])).round(3).tolist()
    [-0.693, 0.0, 1.0]
    """
    wide = np.asarray(matrix, dtype=np.float64)
    return np.copysign(np.log1p(np.abs(wide)), wide)
