"""How much recall a manipulation costs: a detector's verdicts on trackers and on the same trackers disguised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, Mask
from tkit.detectors import Detector
from tkit.errors import TkitError
from tkit.evaluate import cross_validated_scores
from tkit.features import KEY
from tkit.labels import TRACKER, Target, headline
from tkit.splits import Split


@dataclass
class _WithCopies:
    """A detector that also scores the copies of the rows that it scores, and keeps the result."""

    detector: Detector
    copies: pd.DataFrame
    original: NDArray[np.int64]
    copy_scores: Floats
    name: str = field(init=False)
    vantage: str = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.vantage = self.detector.name, self.detector.vantage
        if hasattr(self.detector, "fit"):
            self.fit = self.detector.fit

    def scores(self, rows: pd.DataFrame) -> Floats:
        mine = np.isin(self.original, rows.index.to_numpy())
        if mine.any():
            self.copy_scores[mine] = self.detector.scores(self.copies[mine])
        return self.detector.scores(rows)


def scores_with_copies(
    detector_factory: Callable[[], Detector],
    rows: pd.DataFrame,
    copies: pd.DataFrame,
    splits: Sequence[Split],
    progress: Callable[[int, int], None] | None = None,
    target: Target = TRACKER,
) -> tuple[Floats, Floats]:
    """Cross-validate a detector, and score each copy by the model that has not seen its original.

    Parameters
    ----------
    detector_factory : callable
        See :func:`tkit.evaluate.cross_validated_scores`.
    rows : DataFrame
        The rows that the splits were made of.
    copies : DataFrame
        As :func:`tkit.manipulate.copies.manipulated_rows` returns them.
    splits : sequence of Split
    progress : callable, optional
    target : Target
        What the detector learns.

    Returns
    -------
    tuple of two float arrays
        The score of each row, and of each copy; NaN for a row or copy that no split tests.

    Raises
    ------
    TkitError
        As :func:`tkit.evaluate.cross_validated_scores`; or if `rows` do not contain the original of a copy.
    """
    originals = _originals(rows, copies)
    numbered = rows.reset_index(drop=True)
    copy_scores = np.full(len(copies), np.nan)
    score = cross_validated_scores(
        lambda: _WithCopies(detector_factory(), copies, originals, copy_scores), numbered, splits, progress, target=target
    )
    return score, copy_scores


def recall_lost(
    rows: pd.DataFrame, called: Mask, copies: pd.DataFrame, called_copies: Mask, weight: Floats | None = None
) -> pd.DataFrame:
    """Compare the verdicts on trackers with those on their copies.

    Parameters
    ----------
    rows : DataFrame
        With :data:`tkit.features.KEY`, ``label``, ``confidence`` and ``source``.
    called : ndarray of bool, shape (n_rows,)
        Which rows the detector flags as trackers at its threshold.
    copies : DataFrame
        With :data:`tkit.features.KEY` and ``manipulation``; copies of good pictures are ignored.
    called_copies : ndarray of bool, shape (n_copies,)
        Which copies it flags, at the threshold of their originals.
    weight : ndarray of float, shape (n_rows,), optional
        How many trackers each row stands for, 0 for one that was not drawn; without it, 1.

    Returns
    -------
    DataFrame
        One row per manipulation, in the order of the copies: ``manipulation``, ``copies`` (the number of headline gold trackers
        that were manipulated), ``before`` and ``after`` (share of all headline gold trackers that is flagged; one that was not
        manipulated keeps its verdict), ``lost`` (the difference).

    Raises
    ------
    TkitError
        If `rows` do not contain the original of a copy, or contain no headline gold tracker.
    """
    tracker = headline(rows) & (rows["label"] == "T").to_numpy() & (rows["source"] == "gold").to_numpy()
    if not tracker.any():
        raise TkitError(f"no tracker of source gold and confidence 2 or 3 among {len(rows)} rows: give some")
    weighted = tracker * (np.ones(len(rows)) if weight is None else weight)
    originals = _originals(rows, copies)
    before = float(np.average(called, weights=weighted))
    losses = []
    used = tracker[originals]
    for name, of in copies[used].groupby("manipulation", sort=False).indices.items():
        verdict = called.copy()
        verdict[originals[used][of]] = called_copies[used][of]
        after = float(np.average(verdict, weights=weighted))
        losses.append((name, len(of), before, after, before - after))
    return pd.DataFrame(losses, columns=["manipulation", "copies", "before", "after", "lost"])


def _originals(rows: pd.DataFrame, copies: pd.DataFrame) -> NDArray[np.int64]:
    key = list(KEY)
    originals = pd.MultiIndex.from_frame(rows[key]).get_indexer(pd.MultiIndex.from_frame(copies[key]))
    if (originals < 0).any():
        raise TkitError(f"{(originals < 0).sum()} copies of references that are not among the rows: give those of one dataset")
    return originals.astype(np.int64)
