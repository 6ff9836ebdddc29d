"""Rates and their intervals, the ROC curve, and thresholds frozen for a maximum false positive rate."""

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError

Unit = Literal["pictures", "mails"]
UNITS: tuple[Unit, ...] = get_args(Unit)
"""What a false positive rate is a share of: negatives, or mails with at least one."""

# A share of 3 in 1000 must still count as "at most 0.003" after weights have been summed.
ROUNDING = 1e-12


class OperatingPoint(NamedTuple):
    """One point of the ROC curve: rows that score at least `threshold` are flagged."""

    tpr: float
    fpr: float
    threshold: float


class Estimate(NamedTuple):
    """A figure and its 95% interval; NaN if it does not exist."""

    value: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """Return the figure and its interval as tables hold them: `name`, and `name` with ``_low`` and ``_high``."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def roc_points(score: Floats, tracker: Mask, weight: Floats | None = None) -> pd.DataFrame:
    """Return every operating point that the scores allow, from flagging nothing to flagging everything.

    Rows with equal scores are flagged together, so a rule that scores 0 or 1 has one point in between.

    Parameters
    ----------
    score : ndarray of float, shape (n_rows,)
        Finite; a higher score means more likely a tracker.
    tracker : ndarray of bool, shape (n_rows,)
        True for trackers, False for negatives.
    weight : ndarray of float, shape (n_rows,), optional
        Weight of each row in both rates; by default 1.

    Returns
    -------
    DataFrame
        Columns ``threshold``, ``tpr``, ``fpr``; thresholds fall from infinity (nothing is flagged).

    Raises
    ------
    TkitError
        For scores that are not finite, lengths that differ, no tracker or no negative.
    """
    score, tracker = np.asarray(score, dtype=np.float64), np.asarray(tracker, dtype=bool)
    if score.shape != tracker.shape:
        raise TkitError(f"{len(score)} scores for {len(tracker)} labels: give one score per row")
    bad = np.flatnonzero(~np.isfinite(score))
    if len(bad):
        raise TkitError(f"{len(bad)} scores are not finite, first in row {bad[0]}: leave out unscored rows")
    require_both(tracker, "rates")
    order, ends = ranked(score)
    mass = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=np.float64)
    hits = np.cumsum((mass * tracker)[order])[ends]
    false_positives = np.cumsum((mass * ~tracker)[order])[ends]
    return pd.DataFrame(
        {
            "threshold": np.append(np.inf, score[order][ends]),
            "tpr": np.append(0.0, hits / hits[-1]),
            "fpr": np.append(0.0, false_positives / false_positives[-1]),
        }
    )


def ranked(score: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows by falling score, and the positions in that order at which a run of ties ends."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def tpr_at_fpr(score: Floats, tracker: Mask, fpr: float, weight: Floats | None = None) -> OperatingPoint:
    """Return the largest true positive rate whose false positive rate on the same rows is at most `fpr`.

    Of the thresholds that reach it, the one with the fewest false positives. If even the highest score has too many,
    nothing is flagged: rate 0, threshold infinity. Parameters and errors as
    in `roc_points`; `fpr` from 0 to 1.

    Examples
    --------
    >>> truth = np.array([True, True, False, True, False])
    >>> point = tpr_at_fpr(np.array([0.9, 0.8, 0.7, 0.7, 0.1]), truth, fpr=0.5)
    >>> point.tpr, point.fpr, point.threshold
    (1.0, 0.5, 0.7)
    """
    if not 0 <= fpr <= 1:
        raise TkitError(f"a false positive rate of {fpr}: give a share from 0 to 1")
    points = roc_points(score, tracker, weight)
    allowed = points[points["fpr"] <= fpr + ROUNDING]
    threshold, tpr, reached_fpr = allowed.to_numpy()[int(allowed["tpr"].argmax())]
    return OperatingPoint(float(tpr), float(reached_fpr), float(threshold))


def choose_threshold(score: Floats, tracker: Mask, max_false_positive_rate: float) -> float:
    """Choose the threshold to freeze for a maximum false positive rate, on validation rows.

    It is half way between the lowest score that `tpr_at_fpr` flags, always a tracker's, and the next lower score, so that
    new scores may move equally far either way. If every row may be flagged it is the lowest score; if none may be, the next
    number above the highest score.
    Parameters and errors as in `tpr_at_fpr`.
    """
    lowest = tpr_at_fpr(score, tracker, max_false_positive_rate).threshold
    if math.isinf(lowest):
        return float(np.nextafter(np.max(score), np.inf))
    lower = np.asarray(score)[np.asarray(score) < lowest]
    if not len(lower):
        return lowest
    middle = float((lowest + lower.max()) / 2)
    return middle if middle > lower.max() else lowest


def is_rule(score: Floats) -> bool:
    """Return whether every score is 0 or 1, so that no threshold can be moved."""
    return bool(np.isin(score, [0.0, 1.0]).all())


def require_both(tracker: Mask, where: str) -> None:
    """Refuse rows without a tracker or without a negative: they have no rates."""
    if tracker.all() or not tracker.any():
        raise TkitError(f"{where}: {tracker.sum()} trackers and {(~tracker).sum()} negatives: give at least one of each")


def mail_units(score: Floats, tracker: Mask, mails: pd.Series) -> NDArray[np.intp]:
    """Return the rows whose false positive rate is a share of mails instead of pictures.

    They are every tracker and, for each mail with negatives, the one with the highest score: it is flagged if any is.

    Parameters
    ----------
    score, tracker
        As in `roc_points`.
    mails : Series, length n_rows
        Mail of each row.

    Returns
    -------
    ndarray of int
        Positions of these rows, in order.

    Examples
    --------
    >>> truth = np.array([True, False, False, False])
    >>> mail_units(np.array([0.9, 0.2, 0.3, 0.1]), truth, pd.Series(["a", "a", "a", "b"])).tolist()
    [0, 2, 3]
    """
    negatives = np.flatnonzero(~tracker)
    falling = negatives[np.argsort(-np.asarray(score)[negatives], kind="stable")]
    highest = falling[~mails.iloc[falling].duplicated().to_numpy()]
    return np.sort(np.append(np.flatnonzero(tracker), highest))


def unit_rows(unit: Unit, score: Floats, tracker: Mask, mails: pd.Series) -> NDArray[np.intp]:
    """Return the positions of the rows that a false positive rate of pictures, or of mails, is computed from."""
    if unit not in UNITS:
        raise TkitError(f"a budget of {unit!r}: take one of {', '.join(UNITS)}")
    return np.arange(len(score)) if unit == "pictures" else mail_units(score, tracker, mails)
