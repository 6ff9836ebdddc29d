"""How the rates hold over time after the training ended."""

import math
from typing import Any

import numpy as np
import pandas as pd

from tkit.evaluate.evaluation import Evaluation


def over_time(evaluation: Evaluation) -> pd.DataFrame:
    """Return the rates at the frozen threshold for each quarter of the tested rows.

    Returns
    -------
    DataFrame
        ``period`` (``2024Q1``); ``trackers``, ``missed``, ``negatives``, ``false_alarms``; ``tpr`` and ``fpr`` with ``_low``
        and ``_high``, NaN if the quarter has no such row. In order of time; rows without a date are left out.
    """
    rows = evaluation.rows
    quarter = rows["date"].dt.tz_localize(None).dt.to_period("Q").astype(str).where(rows["date"].notna(), "")
    periods: list[dict[str, Any]] = []
    for period in sorted(set(quarter[evaluation.headline]) - {""}):
        periods.append({"period": period} | evaluation.counted((quarter == period).to_numpy()))
    return pd.DataFrame(periods)


def area_under_time(rate: pd.Series) -> float:
    """Return the area under a rate over equal periods, from 0 to 1 (AUT, Pendlebury et al., USENIX Security 2019).

    Periods whose rate is NaN are skipped; NaN if all are NaN.

    >>> round(area_under_time(pd.Series([1.0, 0.9, 0.7])), 3)
    0.875
    """
    known = rate.dropna().to_numpy(dtype=np.float64)
    if not len(known):
        return math.nan
    return float(known[0]) if len(known) == 1 else float(np.mean((known[1:] + known[:-1]) / 2))
