"""How much recall a manipulation costs: a detector's verdicts on trackers, and on the same trackers in disguise."""

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
from tkit.labels import headline
from tkit.splits import Split


@dataclass
class _WithCopies:
    """A detector that, whenever it scores rows, scores their copies too and keeps the result."""

    detector: Detector
    copies: pd.DataFrame
    original: NDArray[np.int64]
    found: Floats
    name: str = field(init=False)
    vantage: str = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.vantage = self.detector.name, self.detector.vantage
        if hasattr(self.detector, "fit"):
            self.fit = self.detector.fit

    def scores(self, rows: pd.DataFrame) -> Floats:
        mine = np.isin(self.original, rows.index.to_numpy())
        if mine.any():
            self.found[mine] = self.detector.scores(self.copies[mine])
        return self.detector.scores(rows)


def scores_with_copies(
    detector_factory: Callable[[], Detector],
    rows: pd.DataFrame,
    copies: pd.DataFrame,
    splits: Sequence[Split],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Floats, Floats]:
    """Cross-validate a detector, and score each copy by the model that has not seen its original.

    Parameters
    ----------
    detector_factory : callable
        See :func:`tkit.evaluate.cross_validated_scores`.
    rows : DataFrame
        What the splits were made of.
    copies : DataFrame
        As :func:`tkit.manipulate.copies.manipulated_rows` gives them.
    splits : sequence of Split
    progress : callable, optional

    Returns
    -------
    tuple of two float arrays
        The score of each row, and of each copy; NaN for what no split tests.

    Raises
    ------
    TkitError
        As :func:`tkit.evaluate.cross_validated_scores`; or for a copy of which `rows` have no original.
    """
    place = _originals(rows, copies)
    numbered = rows.reset_index(drop=True)
    found = np.full(len(copies), np.nan)
    score = cross_validated_scores(lambda: _WithCopies(detector_factory(), copies, place, found), numbered, splits, progress)
    return score, found


def recall_lost(rows: pd.DataFrame, called: Mask, copies: pd.DataFrame, called_copies: Mask) -> pd.DataFrame:
    """Compare the verdicts on trackers with those on their copies.

    Parameters
    ----------
    rows : DataFrame
        With :data:`tkit.features.KEY`, ``label``, ``confidence`` and ``source``.
    called : ndarray of bool, shape (n_rows,)
        Which rows the detector calls trackers, at its threshold.
    copies : DataFrame
        With :data:`tkit.features.KEY` and ``manipulation``; copies of good pictures are passed over.
    called_copies : ndarray of bool, shape (n_copies,)
        The same for the copies, at the threshold of their originals.

    Returns
    -------
    DataFrame
        One row a manipulation, in the order of the copies: ``manipulation``, ``copies`` (how many headline gold trackers
        it was done to), ``before`` and ``after`` (share of all headline gold trackers that is called; one that was not
        manipulated keeps its verdict), ``lost`` (the difference), ``lost_of_copied`` (the same of those with a copy).

    Raises
    ------
    TkitError
        For a copy of which `rows` have no original, or rows without a headline gold tracker.
    """
    tracker = headline(rows) & (rows["label"] == "T").to_numpy() & (rows["source"] == "gold").to_numpy()
    if not tracker.any():
        raise TkitError(f"no tracker of source gold and confidence 2 or 3 among {len(rows)} rows: give some")
    place = _originals(rows, copies)
    before = float(called[tracker].mean())
    found = []
    used = tracker[place]
    for name, of in copies[used].groupby("manipulation", sort=False).indices.items():
        verdict = called.copy()
        verdict[place[used][of]] = called_copies[used][of]
        after = float(verdict[tracker].mean())
        of_copied = float(called[place[used][of]].mean() - called_copies[used][of].mean())
        found.append((name, len(of), before, after, before - after, of_copied))
    return pd.DataFrame(found, columns=["manipulation", "copies", "before", "after", "lost", "lost_of_copied"])


def _originals(rows: pd.DataFrame, copies: pd.DataFrame) -> NDArray[np.int64]:
    key = list(KEY)
    place = pd.MultiIndex.from_frame(rows[key]).get_indexer(pd.MultiIndex.from_frame(copies[key]))
    if (place < 0).any():
        raise TkitError(f"{(place < 0).sum()} copies of references that are not among the rows: give those of one dataset")
    return place.astype(np.int64)
