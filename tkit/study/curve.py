"""What more labels would bring: the rate against the share of the training side that is learnt from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.evaluate import Evaluation
from tkit.splits import Split
from tkit.study.plans import Plan
from tkit.study.train import BUDGET, ModelFactory, try_plans

SHARES = (0.1, 0.25, 0.5, 1.0)
"""Shares of the training groups that are learnt from."""


def learning_curve(
    rows: pd.DataFrame,
    factory: ModelFactory,
    plan: Plan,
    *,
    shares: Sequence[float] = SHARES,
    max_false_alarms: float = BUDGET,
    cluster: str = "sender_key",
    seed: int = 0,
    workers: int = 1,
) -> pd.DataFrame:
    """Test a model that learnt from a part of the training side alone.

    Parameters
    ----------
    rows : DataFrame
        See :meth:`tkit.dataset.Dataset.rows`.
    factory : callable
        Gives a new, unfitted model.
    plan : Plan
        What is tested; the same rows at each share.
    shares : sequence of float
        Of the plan's training groups, above 0 and to 1; drawn at random, a smaller share within each greater one.
    max_false_alarms : float
        Budget of the frozen thresholds.
    cluster : {"sender_key", "component"}
        What the intervals' resamples draw.
    seed : int
        Decides which groups are drawn.
    workers : int
        Processes; changes nothing in the result.

    Returns
    -------
    DataFrame
        A row a share: ``share``; ``groups`` and ``trackers`` (rows labelled T, members and guesses among them) of the
        training part, means over the splits;
        ``tpr_at_fpr_0.001`` and ``tpr_at_fpr_0.005``, ``tpr`` and ``fpr`` at the frozen threshold, each with ``_low`` and
        ``_high``.
    """
    parts = [
        Plan(plan.name, plan.claim, tuple(_part(split, plan, share, seed) for split in plan.splits), plan.groups)
        for share in shares
    ]
    found = try_plans(
        rows,
        [(factory, part) for part in parts],
        max_false_alarms=max_false_alarms,
        cluster=cluster,
        seed=seed,
        workers=workers,
    )
    tracker = (rows["label"] == "T").to_numpy(dtype=bool)
    groups = np.asarray(plan.groups)
    table = []
    for share, part, evaluation in zip(shares, parts, found, strict=True):
        learnt = {
            "share": share,
            "groups": float(np.mean([len(np.unique(groups[split.train])) for split in part.splits])),
            "trackers": float(np.mean([(tracker & split.train).sum() for split in part.splits])),
        }
        table.append(learnt | _rates(evaluation))
    return pd.DataFrame(table)


def _part(split: Split, plan: Plan, share: float, seed: int) -> Split:
    """Keep a share of the training groups; the order of the draw is the same for every share."""
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
    found: dict[str, float] = {}
    for name, estimate in estimates.items():
        found |= estimate.columns(name)
    return found
