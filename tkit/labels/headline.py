"""The rows that figures are computed from, for each question that a detector answers."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from tkit.arrays import Mask

VISIBLE = 50
"""Declared length of the larger side, in px, from which a personalised picture is surely there to be looked at."""


class Target(NamedTuple):
    """What a model learns to tell apart, by labels.

    Attributes
    ----------
    name : str
        The question, as :data:`tkit.bundle.QUESTIONS` names it.
    positive, negative : tuple of str
        Labels of the rows for which the answer is yes, or no.
    """

    name: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]


TRACKER = Target("tracker", ("T",), ("C", "S", "P"))
"""Is it an open tracker, and not a picture that a person should see? Personalised pictures are to be kept."""

INDIVIDUAL = Target("individual", ("T", "P"), ("C", "S"))
"""Does loading it reveal who opened the mail, whether it is seen or not?"""


def headline(rows: pd.DataFrame) -> Mask:
    """Return a mask of the rows that every figure uses: labels T, C and S of confidence 2 and 3."""
    return _sure(rows, ("T", "C", "S"))


def trainable(rows: pd.DataFrame, target: Target) -> Mask:
    """Return a mask of the rows that models of a target are trained on: its labels with confidence 2 and 3."""
    return _sure(rows, target.positive + target.negative)


def evaluated(rows: pd.DataFrame, target: Target = TRACKER) -> Mask:
    """Return a mask of the rows that rates are computed from.

    They are those of `trainable`, except that a personalised picture counts against trackers only if it is surely visible:
    if its larger declared side has at least :data:`VISIBLE` px. Without a declared size the HTML does not say whether there
    is anything to see.

    Parameters
    ----------
    rows : DataFrame
        ``label`` and ``confidence``, and for P rows the feature ``long_side``.
    target : Target
    """
    used = trainable(rows, target)
    personalised = (rows["label"] == "P").to_numpy(dtype=bool) & used
    if "P" not in target.negative or not personalised.any():
        return used
    visible: Mask = (rows["long_side"] >= VISIBLE).to_numpy(dtype=bool)
    return used & (~personalised | visible)


def is_positive(rows: pd.DataFrame, target: Target = TRACKER) -> Mask:
    """Return a mask of the rows for which the answer is yes."""
    mask: Mask = rows["label"].isin(target.positive).to_numpy(dtype=bool)
    return mask


def _sure(rows: pd.DataFrame, labels: tuple[str, ...]) -> Mask:
    mask: Mask = (rows["label"].isin(labels) & (rows["confidence"] >= 2)).to_numpy(dtype=bool)
    return mask
