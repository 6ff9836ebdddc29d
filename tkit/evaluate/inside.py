"""Folds inside the training parts of splits, on which their thresholds are chosen."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Mask
from tkit.splits import Split, cross_validation
from tkit.splits.folds import Groups

LEAST_SHARED = 7
"""Minimum number of splits to share fits: with fewer, a shared fit would be trained on less than 4 folds of 7."""

_ORDERS = (2, 3, 5, 7)


class Inner(NamedTuple):
    """A fit inside the training parts of one or more splits.

    Attributes
    ----------
    split : Split
        The rows that it is trained on and those that it scores.
    outer : tuple of int
        Positions of the splits whose threshold it helps to choose; it is trained on no row that one of them tests.
    """

    split: Split
    outer: tuple[int, ...]

    def validates(self, outer: Split) -> Mask:
        """Return which scored rows the threshold of a split may be chosen on: those that it does not test itself."""
        return self.split.test & ~outer.test


def inner_fits(splits: Sequence[Split], rows: pd.DataFrame, groups: Groups, folds: int, seed: int) -> list[Inner]:
    """Return the fits that score each split's training part out of fold.

    If at least :data:`LEAST_SHARED` splits are the folds of one cross-validation, a fit that leaves out three folds
    serves all three: each may choose its threshold on the scores of the other two. `blocks` defines which folds are left
    out together. Otherwise each training part is cross-validated by itself.

    Parameters
    ----------
    splits : sequence of Split
        They test no row twice.
    rows : DataFrame
        The rows that the splits were made for.
    groups : array of shape (n_rows,)
        Groups that the folds inside must not divide.
    folds, seed : int
        Number and seed of the folds of a training part that is cross-validated by itself.

    Returns
    -------
    list of Inner
        Together they score each gold row of each training part once.
    """
    left_out = blocks(len(splits)) if _are_folds(splits, rows) else []
    if left_out:
        return [Inner(_without([splits[fold] for fold in block]), block) for block in left_out]
    return [
        Inner(fold, (number,))
        for number, split in enumerate(splits)
        for fold in _cross_validated(split, rows, groups, folds, seed)
    ]


def blocks(count: int) -> list[tuple[int, ...]]:
    """Group folds into blocks so that any two are together in exactly one block.

    The blocks are the lines of the smallest projective plane of prime order with at least `count` points, cut to the
    first `count` points: few blocks, each with few of the folds (a pairwise balanced design).

    Returns
    -------
    list of tuple of int
        Folds from 0, at least two per block; empty for fewer folds than :data:`LEAST_SHARED`, or more than 57.

    Examples
    --------
    >>> blocks(7)
    [(4, 5, 6), (1, 3, 6), (2, 3, 4), (1, 2, 5), (0, 2, 6), (0, 3, 5), (0, 1, 4)]
    """
    order = next((order for order in _ORDERS if order * order + order + 1 >= count), 0)
    if count < LEAST_SHARED or not order:
        return []
    values = range(order)
    # Homogeneous coordinates; a line has coordinates like a point, and contains the points orthogonal to it.
    plane = np.array([(x, y, 1) for x, y in product(values, values)] + [(x, 1, 0) for x in values] + [(1, 0, 0)])
    on_line = plane @ plane[:count].T % order == 0
    return [tuple(np.flatnonzero(line).tolist()) for line in on_line if line.sum() > 1]


def _are_folds(splits: Sequence[Split], rows: pd.DataFrame) -> bool:
    """Return whether the splits test every gold row, and each trains on all that the others test."""
    if not splits:
        return False
    gold = (rows["source"] == "gold").to_numpy(dtype=bool)
    return bool(all((split.train | split.test)[gold].all() for split in splits) and _tested(splits)[gold].all())


def _tested(splits: Sequence[Split]) -> Mask:
    tested: Mask = np.any([split.test for split in splits], axis=0)
    return tested


def _without(splits: Sequence[Split]) -> Split:
    """Return the split that tests what any of the splits tests, and trains on what all of them train on."""
    train: Mask = np.all([split.train for split in splits], axis=0)
    return Split("without " + ", ".join(split.name for split in splits), train, _tested(splits))


def _cross_validated(split: Split, rows: pd.DataFrame, groups: Groups, folds: int, seed: int) -> list[Split]:
    """Cross-validate the training part of a split; the masks are over all rows."""
    inside = np.flatnonzero(split.train)
    inner = cross_validation(rows.iloc[inside], np.asarray(groups)[inside], folds, seed)
    return [
        Split(f"{split.name}, inner {fold.name}", _at(inside[fold.train], len(rows)), _at(inside[fold.test], len(rows)))
        for fold in inner
    ]


def _at(positions: NDArray[np.intp], count: int) -> Mask:
    mask = np.zeros(count, dtype=bool)
    mask[positions] = True
    return mask
