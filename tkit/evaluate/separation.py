"""How well each feature by itself separates trackers from good pictures, and how much a bundle uses it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from tkit.bundle import Bundle
from tkit.errors import TkitError
from tkit.evaluate.rates import tpr_at_fpr
from tkit.features import FEATURES
from tkit.labels import headline


def separation(rows: pd.DataFrame, fpr: float = 0.01) -> pd.DataFrame:
    """Measure every feature on its own.

    Parameters
    ----------
    rows : DataFrame
        Labelled rows with features, as returned by :meth:`tkit.dataset.Dataset.rows`; the headline gold rows are used.
    fpr : float
        False positive rate for ``tpr``.

    Returns
    -------
    DataFrame
        One row per feature of `rows`, the best first: ``feature``, ``vantage``, ``trackers`` and ``negatives`` (means),
        ``higher`` (which of the two has higher values), ``auc`` (area under the ROC curve in that direction, 0.5 to 1), ``tpr``
        (trackers found by the best threshold that flags at most `fpr` of the good pictures).

    Raises
    ------
    TkitError
        If there is no tracker or no good picture among the rows.
    """
    used = rows[headline(rows) & (rows["source"] == "gold").to_numpy()]
    tracker = (used["label"] == "T").to_numpy()
    if not tracker.any() or tracker.all():
        raise TkitError(
            f"{tracker.sum()} trackers and {(~tracker).sum()} good pictures among the rows: give at least one of each"
        )
    table_rows = []
    for feature in FEATURES:
        if feature.name not in rows:
            continue
        values = used[feature.name].to_numpy(dtype=np.float64)
        area = float(roc_auc_score(tracker, values))
        directed = values if area >= 0.5 else -values
        table_rows.append(
            (
                feature.name,
                feature.vantage,
                values[tracker].mean(),
                values[~tracker].mean(),
                "trackers" if area >= 0.5 else "negatives",
                max(area, 1 - area),
                tpr_at_fpr(directed, tracker, fpr).tpr,
            )
        )
    columns = ["feature", "vantage", "trackers", "negatives", "higher", "auc", "tpr"]
    table = pd.DataFrame(table_rows, columns=columns).sort_values(["auc", "feature"], ascending=[False, True])
    return table.reset_index(drop=True)


def influence(bundle: Bundle, rows: pd.DataFrame) -> pd.DataFrame:
    """Return how much each feature moves a bundle's margin, over all rows.

    Returns
    -------
    DataFrame
        ``feature``, ``mean`` (of the absolute contribution, in logits or probability as the bundle's link has it) and
        ``share`` (of all features'), the greatest first. Features that the model does not use have 0.
    """
    mean = bundle.contributions(rows).abs().mean().sort_values(ascending=False, kind="stable")
    total = float(mean.sum())
    return pd.DataFrame(
        {"feature": mean.index.to_numpy(), "mean": mean.to_numpy(), "share": (mean / total if total else mean).to_numpy()}
    )


def alike(rows: pd.DataFrame, least: float = 0.95) -> pd.DataFrame:
    """Return the pairs of features that are almost redundant.

    Parameters
    ----------
    rows : DataFrame
        Rows with the features.
    least : float
        Absolute rank correlation (Spearman) from which a pair is listed.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``correlation``, the strongest first.
    """
    names = [feature.name for feature in FEATURES if feature.name in rows and rows[feature.name].nunique() > 1]
    matrix = rows[names].rank().corr().to_numpy()
    first, second = np.triu_indices(len(names), 1)
    strength = matrix[first, second]
    kept = np.flatnonzero(np.abs(strength) >= least)
    kept = kept[np.argsort(-np.abs(strength[kept]), kind="stable")]
    return pd.DataFrame(
        {
            "first": [names[position] for position in first[kept]],
            "second": [names[position] for position in second[kept]],
            "correlation": strength[kept],
        }
    )
