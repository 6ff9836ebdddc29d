"""What more labels would bring: rates against the share of the training side that is used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.evaluate import Evaluation
from tkit.splits import Split
from tkit.study.plans import Plan
from tkit.study.train import BUDGET, ModelFactory, try_plans

SHARES = (0.1, 0.25, 0.5, 1.0)
"""Shares of the training groups that models are trained on."""


def learning_curve(
    rows: pd.DataFrame,
    factory: ModelFactory,
    plan: Plan,
    *,
    shares: Sequence[float] = SHARES,
    max_false_alarms: float = BUDGET,
    cluster: str = "component",
    seed: int = 0,
    workers: int = 1,
) -> pd.DataFrame:
    """Test a model trained on parts of the training side.

    Parameters
    ----------
    rows : DataFrame
        See :meth:`tkit.dataset.Dataset.rows`.
    factory : callable
        Returns a new, unfitted model.
    plan : Plan
        The same rows are tested at each share.
    shares : sequence of float
        Of the training groups of the plan, above 0 and at most 1. They are drawn at random; each share contains the smaller
        ones.
    max_false_alarms : float
        Maximum false positive rate that the thresholds are chosen for.
    cluster : {"component", "sender_key"}
        Groups of rows that the resamples of the intervals draw whole.
    seed : int
        Of the drawing of groups.
    workers : int
        Processes; the result does not depend on it.

    Returns
    -------
    DataFrame
        One row per share: ``share``; ``groups`` and ``trackers`` (rows labelled T, including cluster members and guesses)
        of the training part, means over the splits; ``tpr_at_fpr_0.001`` and ``tpr_at_fpr_0.005``; ``tpr`` and ``fpr`` at
        the chosen threshold, each with ``_low`` and ``_high``.
    """
    parts = [
        Plan(plan.name, plan.claim, tuple(_part(split, plan, share, seed) for split in plan.splits), plan.groups)
        for share in shares
    ]
    evaluations = try_plans(
        rows,
        [(factory, part) for part in parts],
        max_false_alarms=max_false_alarms,
        cluster=cluster,
        seed=seed,
        workers=workers,
    )
    tracker = (rows["label"] == "T").to_numpy(dtype=bool)
    groups = np.asarray(plan.groups)
    lines = []
    for share, part, evaluation in zip(shares, parts, evaluations, strict=True):
        training = {
            "share": share,
            "groups": float(np.mean([len(np.unique(groups[split.train])) for split in part.splits])),
            "trackers": float(np.mean([(tracker & split.train).sum() for split in part.splits])),
        }
        lines.append(training | _rates(evaluation))
    return pd.DataFrame(lines)


def _part(split: Split, plan: Plan, share: float, seed: int) -> Split:
    """Keep a share of the training groups; the drawing order is the same for every share."""
    groups = np.asarray(plan.groups)
    drawn = np.random.default_rng(seed).permutation(np.unique(groups[split.train]))
    kept = drawn[: max(2, round(share * len(drawn)))]
    return Split(f"{split.name}, {share:.0%} of the training", split.train & np.isin(groups, kept), split.test)


def _rates(evaluation: Evaluation) -> dict[str, float]:
    rates = evaluation.rates()
    estimates = {
        "tpr_at_fpr_0.001": evaluation.tpr_at_fpr(0.001),
        "tpr_at_fpr_0.005": evaluation.tpr_at_fpr(0.005),
        "tpr": rates.tpr,
        "fpr": rates.fpr,
    }
    columns: dict[str, float] = {}
    for name, estimate in estimates.items():
        columns |= estimate.columns(name)
    return columns
