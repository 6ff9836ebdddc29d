"""Label noise: labels that out-of-fold predictions contradict, as a list of rows to review."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.detectors.models import BoostingModel
from tkit.errors import TkitError
from tkit.evaluate import cross_validated_scores
from tkit.splits import cross_validation

_SHOWN = ["message_sha256", "part", "index", "carrier", "corpus", "host_domain", "label", "first", "second", "confidence"]


def audit_labels(
    rows: pd.DataFrame,
    vantage: str = "message",
    folds: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score every gold label by a model that was not trained on its component, and list the most doubtful first.

    Parameters
    ----------
    rows : DataFrame
        Labelled references with their features, as :meth:`tkit.dataset.Dataset.rows` gives them.
    vantage : {"url", "element", "message", "campaign"}
        Features that the model may use.
    folds, seed : int
        Of :func:`tkit.splits.cross_validation` by the column ``component``, and of the model.
    progress : callable, optional
        Called with the number of finished folds and their total.

    Returns
    -------
    DataFrame
        As :func:`suspects` gives it.

    Raises
    ------
    TkitError
        If cleanlab is not installed, or as :func:`tkit.evaluate.cross_validated_scores` does.
    """
    _cleanlab()  # to fail before the work, not after it
    splits = cross_validation(rows, rows["component"], folds, seed)
    score = cross_validated_scores(partial(BoostingModel, vantage=vantage, random_state=seed), rows, splits, progress)
    return suspects(rows, score)


def suspects(rows: pd.DataFrame, score: NDArray[np.float64]) -> pd.DataFrame:
    """List labels by how much out-of-fold scores contradict them.

    As in the headline figures, T is compared with C and S, here at any confidence. P and U are neither and are left out.
    Source: Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in
    Dataset Labels", JAIR 70, by cleanlab: filter ``both``, rank by self-confidence.

    Parameters
    ----------
    rows : DataFrame, n rows
        With the key columns, ``label``, ``confidence`` and ``source``.
    score : ndarray of float, shape (n,)
        Probability of a tracker by a model that was not trained on the row; NaN for rows that were not scored.

    Returns
    -------
    DataFrame
        One row per gold label T, C or S, the most doubtful first: the key, carrier, corpus, registrable domain, labels,
        ``score``, ``quality`` (the model's probability of the label, 0 to 1) and ``issue`` (bool: confident learning
        considers the label wrong).

    Raises
    ------
    TkitError
        If cleanlab is not installed, or there are no trackers or nothing else.
    """
    find_label_issues, get_label_quality_scores = _cleanlab()
    judged = (rows["label"].isin(["T", "C", "S"]) & (rows["source"] == "gold")).to_numpy(dtype=bool) & ~np.isnan(score)
    tracker = (rows["label"] == "T").to_numpy(dtype=np.int64)[judged]
    if len(np.unique(tracker)) < 2:
        raise TkitError("the scored rows are all trackers, or none is: give rows labelled T and rows labelled C or S")
    probabilities = np.column_stack([1 - score[judged], score[judged]])
    listed = rows.loc[judged, [name for name in _SHOWN if name in rows]].copy()
    listed["score"] = score[judged]
    listed["quality"] = get_label_quality_scores(tracker, probabilities, method="self_confidence")
    listed["issue"] = find_label_issues(tracker, probabilities, filter_by="both", n_jobs=1)
    return listed.sort_values("quality", kind="stable", ignore_index=True)


def _cleanlab() -> tuple[Callable[..., NDArray[np.bool_]], Callable[..., NDArray[np.float64]]]:
    try:
        from cleanlab.filter import find_label_issues  # noqa: PLC0415  of the extra "labels"
        from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415
    except ImportError as missing:
        raise TkitError("auditing labels needs cleanlab: pip install 'tkit[labels]'") from missing
    return find_label_issues, get_label_quality_scores
