"""The interface of detectors: anything that gives references a score."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError


class Detector(Protocol):
    """Gives each remote reference a score: a rule, a list, a trained model, a bundle."""

    # Properties, so that frozen dataclasses and class attributes are detectors too.
    @property
    def name(self) -> str:
        """Its name in tables."""

    @property
    def vantage(self) -> str:
        """The lowest vantage point that can compute what it reads, see :data:`tkit.features.VANTAGES`."""

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Score each row.

        Parameters
        ----------
        rows : DataFrame
            One row per remote reference, with at least the feature columns that the detector reads.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            From 0 to 1; a higher score means more likely a tracker. Rules give 0.0 or 1.0.

        Raises
        ------
        TkitError
            If a column that it reads is missing or holds NaN or an infinity.
        """


class Trainable(Detector, Protocol):
    """A detector that learns from labelled rows."""

    def fit(self, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> Self:
        """Train from scratch: earlier training is forgotten.

        Parameters
        ----------
        rows : DataFrame
            As for :meth:`scores`.
        tracker : ndarray of bool, shape (n_rows,)
            Whether each row is a tracker; both must occur.
        weight : ndarray of float64, shape (n_rows,)
            Weight of each row, 0 or more.

        Returns
        -------
        Self
            The same object, fitted.

        Raises
        ------
        TkitError
            If :meth:`scores` refuses the rows, lengths differ, no tracker or no negative has a positive weight, or a weight
            is negative or not finite.
        """


def threshold_of(detector: Detector) -> float:
    """Return the score from which a detector's verdict is "tracker": a bundle's own threshold, else 0.5."""
    return float(getattr(detector, "threshold_score", 0.5))


def require_examples(rows: pd.DataFrame, tracker: Mask, weight: Floats, reader: str) -> None:
    """Refuse labels and weights that no detector can be trained on.

    Parameters
    ----------
    rows, tracker, weight
        As given to :meth:`Trainable.fit`.
    reader : str
        Name of the detector, for messages.

    Raises
    ------
    TkitError
        See :meth:`Trainable.fit`.
    """
    if tracker.shape != (len(rows),) or weight.shape != (len(rows),) or tracker.dtype != np.bool_:
        raise TkitError(
            f"{reader}: {len(rows)} rows, labels of shape {tracker.shape} and type {tracker.dtype}, "
            f"weights of shape {weight.shape}: give one bool and one weight per row"
        )
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise TkitError(f"{reader}: weights that are negative or not finite: give numbers of at least 0")
    used = tracker[weight > 0]
    if not used.any() or used.all():
        raise TkitError(
            f"{reader}: {used.sum()} trackers and {(~used).sum()} negatives of positive weight: give at least one of each"
        )
