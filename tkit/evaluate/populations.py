"""The rates of each kind of mail apart, counted by rows, by mails and by components.

Wanted mail of today and the spam and lists of twenty years ago have different trackers, and one prolific sender can make up
half of the rows: one figure over all of them describes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.evaluate.bootstrap import Bootstrap, ratio
from tkit.evaluate.evaluation import Evaluation
from tkit.evaluate.rates import Estimate
from tkit.evaluate.slices import RECENT, YEARS
from tkit.labels import is_positive
from tkit.splits.folds import sender_groups

WANTED_FROM = 2016
"""The year from which wanted mail counts as that of today."""

COUNTS = ("rows", "mails", "components")
"""How rates are counted.

``rows``
    Each labelled reference once.
``mails``
    Each mail once: found if every tracker of it is flagged, harmed if at least one picture that a person should see is.
``components``
    Each component once: the mean of the rates of its rows.
"""


def populations(rows: pd.DataFrame) -> Mapping[str, Mask]:
    """Return a mask of the rows of each kind of mail.

    Parameters
    ----------
    rows : DataFrame
        ``wanted`` and ``date``.
    """
    year = rows["date"].dt.year
    wanted = (rows["wanted"] == "wanted") & year.between(WANTED_FROM, YEARS[1])
    old = year.between(YEARS[0], RECENT - 1)
    every = pd.Series(True, rows.index)
    masks = {f"wanted mail, {WANTED_FROM} on": wanted, f"all mail before {RECENT}": old, "all mail": every}
    return {name: mask.to_numpy(bool) for name, mask in masks.items()}


def by_population(evaluations: Iterable[Evaluation]) -> pd.DataFrame:
    """Return the rates at the verdict threshold of detectors on each kind of mail, counted in each way.

    Intervals are those of a bootstrap over components, whichever clusters an evaluation has.

    Returns
    -------
    DataFrame
        ``population``, ``name``, ``vantage``, ``count`` (one of :data:`COUNTS`); ``trackers`` and ``negatives``, the numbers
        of what is counted; ``tpr`` and ``fpr`` with ``_low`` and ``_high``, NaN without trackers or negatives.
    """
    table: list[dict[str, Any]] = []
    for evaluation in evaluations:
        rows = evaluation.rows[evaluation.headline]
        for population, mask in populations(rows).items():
            for count in COUNTS:
                named = {"population": population, "name": evaluation.name, "vantage": evaluation.vantage, "count": count}
                table.append(named | _rates(rows[mask], evaluation, count))
    return pd.DataFrame(table)


def _rates(rows: pd.DataFrame, evaluation: Evaluation, count: str) -> dict[str, float]:
    tracker = is_positive(rows, evaluation.target)
    called = rows["called"].to_numpy(bool)
    found = _rate(rows[tracker], called[tracker], evaluation, count, every=True)
    flagged = _rate(rows[~tracker], called[~tracker], evaluation, count, every=False)
    return {"trackers": found[0], "negatives": flagged[0]} | found[1].columns("tpr") | flagged[1].columns("fpr")


def _rate(rows: pd.DataFrame, called: Mask, evaluation: Evaluation, count: str, every: bool) -> tuple[int, Estimate]:
    """Return how many are counted, and the share of them that is flagged: a mail if any row of it is, or `every` row."""
    component = sender_groups(rows, "component")
    hit: Floats = called.astype(np.float64)
    weight: Floats = np.ones(len(rows), np.float64)
    if count == "mails":
        mails = pd.Series(hit).groupby(rows["message_sha256"].to_numpy(), sort=False)
        hit = np.asarray(mails.min() if every else mails.max(), np.float64)
        component = component[~rows["message_sha256"].duplicated()]
        weight = weight[: len(hit)]
    elif count == "components":
        weight = 1 / component.map(component.value_counts()).to_numpy(np.float64)
    number = component.nunique() if count == "components" else len(hit)
    return number, ratio(weight * hit, weight, Bootstrap(component, evaluation.resamples, evaluation.seed))
