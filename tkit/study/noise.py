"""Label noise: labels that out-of-fold predictions speak against, as a list of rows worth another look."""

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

_TOLD = ["message_sha256", "part", "index", "carrier", "corpus", "host_domain", "label", "first", "second", "confidence"]


def audit_labels(
    rows: pd.DataFrame,
    vantage: str = "message",
    folds: int = 10,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score every gold label by a model that saw nothing of its component, and list the doubtful first.

    Parameters
    ----------
    rows : DataFrame
        Labelled references with their features, as :meth:`tkit.dataset.Dataset.rows` gives them.
    vantage : {"url", "element", "message", "campaign"}
        Features that the model may use.
    folds, seed : int
        Of :func:`tkit.splits.cross_validation` over the column ``component``, and of the model.
    progress : callable, optional
        Called with folds done and of how many.

    Returns
    -------
    DataFrame
        As :func:`suspects` gives it.

    Raises
    ------
    TkitError
        Where cleanlab is not installed, or as :func:`tkit.evaluate.cross_validated_scores` does.
    """
    _cleanlab()  # before the work, not after it
    splits = cross_validation(rows, rows["component"], folds, seed)
    score = cross_validated_scores(partial(BoostingModel, vantage=vantage, random_state=seed), rows, splits, progress)
    return suspects(rows, score)


def suspects(rows: pd.DataFrame, score: NDArray[np.float64]) -> pd.DataFrame:
    """List labels by how much out-of-fold scores speak against them.

    Asked is the question of the headline figures, tracker or not: T against C and S, of any confidence. P and U are
    neither and are not judged. Source: Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in
    Dataset Labels", JAIR 70, by cleanlab: filter ``both``, rank by self-confidence.

    Parameters
    ----------
    rows : DataFrame, n rows
        With the key, ``label``, ``confidence`` and ``source``.
    score : ndarray of float, shape (n,)
        Probability of a tracker by a model that did not see the row; NaN for rows that were not scored.

    Returns
    -------
    DataFrame
        One row a judged gold label, the most doubtful first: the key, carrier, corpus, registrable domain, labels,
        ``score``, ``quality`` (the probability that the model gives the label, 0 to 1) and ``issue`` (bool: confident
        learning takes the label for wrong).

    Raises
    ------
    TkitError
        Where cleanlab is not installed, or one of T and not T does not occur.
    """
    find_label_issues, get_label_quality_scores = _cleanlab()
    judged = (rows["label"].isin(["T", "C", "S"]) & (rows["source"] == "gold")).to_numpy(dtype=bool) & ~np.isnan(score)
    tracker = (rows["label"] == "T").to_numpy(dtype=np.int64)[judged]
    if len(np.unique(tracker)) < 2:
        raise TkitError("no scored row is a tracker, or every one: give rows of T and of C or S")
    probabilities = np.column_stack([1 - score[judged], score[judged]])
    told = rows.loc[judged, [name for name in _TOLD if name in rows]].copy()
    told["score"] = score[judged]
    told["quality"] = get_label_quality_scores(tracker, probabilities, method="self_confidence")
    told["issue"] = find_label_issues(tracker, probabilities, filter_by="both", n_jobs=1)
    return told.sort_values("quality", kind="stable", ignore_index=True)


def _cleanlab() -> tuple[Callable[..., NDArray[np.bool_]], Callable[..., NDArray[np.float64]]]:
    try:
        from cleanlab.filter import find_label_issues  # noqa: PLC0415  an extra that only the audit needs
        from cleanlab.rank import get_label_quality_scores  # noqa: PLC0415
    except ImportError as missing:
        raise TkitError("the audit of labels needs cleanlab: pip install 'tkit[labels]'") from missing
    return find_label_issues, get_label_quality_scores
