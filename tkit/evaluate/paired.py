"""Evaluations of the same rows side by side: the table of detectors, and paired differences."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tkit.errors import TkitError
from tkit.evaluate.bootstrap import interval
from tkit.evaluate.evaluation import LABELLED, Evaluation
from tkit.evaluate.rates import Estimate

DIFFERENCE_COLUMNS = [
    *("name", "vantage", "against", "against_vantage", "fpr"),
    *("difference", "difference_low", "difference_high"),
]
"""The columns of `differences`."""


def comparison(evaluations: Sequence[Evaluation], base_rate: float | None = None) -> pd.DataFrame:
    """Put evaluations of the same rows side by side, one row per detector.

    Parameters
    ----------
    evaluations : sequence of Evaluation
    base_rate : float, optional
        The trackers' share of T, C and S together, for the precision; by default the share estimated from the strata of
        the sample, see `weighted_base_rate`.

    Returns
    -------
    DataFrame
        ``name``, ``vantage``, ``is_rule``; then, each with its interval in ``_low`` and ``_high``:
        ``tpr`` and ``fpr`` at the verdict threshold; ``tpr_at_fpr_0.01``, ``_0.005`` and ``_0.001``;
        ``tpr_at_mails_0.01`` and ``tpr_at_mails_0.001``, the share found if that share of mails may
        lose a picture that a person should see (all five NaN for rules that cannot attain it); ``mail_false_alarms``;
        ``tpr_weighted``, ``fpr_weighted`` and ``tpr_at_fpr_0.001_weighted``, weighted by stratum;
        ``partial_auc`` (up to 0.01; NaN for rules); ``precision`` at ``base_rate``. Then that base rate,
        the counts ``trackers``, ``missed``, ``negatives``, ``false_alarms``, and ``personalised`` (rows
        labelled P with any confidence) and ``personalised_called``.

    Raises
    ------
    TkitError
        If the evaluations are not of the same rows.
    """
    for evaluation in evaluations:
        _require_same_rows(evaluation, evaluations[0])
    return pd.DataFrame([compared(evaluation, base_rate) for evaluation in evaluations])


def compared(evaluation: Evaluation, base_rate: float | None = None) -> dict[str, Any]:
    """Return one row of `comparison`."""
    base_rate = weighted_base_rate(evaluation) if base_rate is None else base_rate
    rates, weighted = evaluation.rates(), evaluation.rates(weighted=True)
    estimates = {
        "tpr": rates.tpr,
        "fpr": rates.fpr,
        "tpr_at_fpr_0.01": evaluation.tpr_at_fpr(0.01),
        "tpr_at_fpr_0.005": evaluation.tpr_at_fpr(0.005),
        "tpr_at_fpr_0.001": evaluation.tpr_at_fpr(0.001),
        "tpr_at_mails_0.01": evaluation.tpr_at_fpr(0.01, unit="mails"),
        "tpr_at_mails_0.001": evaluation.tpr_at_fpr(0.001, unit="mails"),
        "mail_false_alarms": evaluation.mail_false_alarms(),
        "tpr_weighted": weighted.tpr,
        "fpr_weighted": weighted.fpr,
        "tpr_at_fpr_0.001_weighted": evaluation.tpr_at_fpr(0.001, weighted=True),
        "partial_auc": evaluation.partial_auc(),
        "precision": evaluation.precision(base_rate),
    }
    row: dict[str, Any] = {name: getattr(evaluation, name) for name in ("name", "vantage", "is_rule")}
    for what, estimate in estimates.items():
        row |= estimate.columns(what)
    row |= {"base_rate": base_rate}
    row |= {name: getattr(rates, name) for name in ("trackers", "missed", "negatives", "false_alarms")}
    personalised = evaluation.rows.loc[evaluation.rows["label"] == "P", "called"]
    return row | {"personalised": len(personalised), "personalised_called": int(personalised.sum())}


def weighted_base_rate(evaluation: Evaluation) -> float:
    """Return the trackers' share of the headline rows, weighted by stratum."""
    rows = evaluation.rows[evaluation.headline]
    weight = rows["stratum_weight"].to_numpy(dtype=np.float64)
    return float(weight[(rows["label"] == "T").to_numpy()].sum() / weight.sum())


def differences(evaluation: Evaluation, others: Sequence[Evaluation], fpr: float = 0.001) -> pd.DataFrame:
    """Return the `paired_difference` between one detector and each of the others.

    Parameters
    ----------
    evaluation : Evaluation
    others : sequence of Evaluation
        Those that flag nothing or everything are left out: there every detector is equal.
    fpr : float
        False positive rate at which detectors with a curve are compared; a rule is compared at its own.

    Returns
    -------
    DataFrame
        ``name``, ``vantage``; ``against``, ``against_vantage``; ``fpr``, the rate of both;
        ``difference`` with ``_low`` and ``_high``, as a share of the trackers.
    """
    table = []
    for other in others:
        called = other.rows["called"]
        if other is evaluation or called.all() or not called.any():
            continue
        difference = paired_difference(evaluation, other, None if other.is_rule else fpr)
        table.append(
            {
                "name": evaluation.name,
                "vantage": evaluation.vantage,
                "against": other.name,
                "against_vantage": other.vantage,
                "fpr": other.rates().fpr.value if other.is_rule else fpr,
            }
            | difference.columns("difference")
        )
    return pd.DataFrame(table, columns=DIFFERENCE_COLUMNS)


def paired_difference(a: Evaluation, b: Evaluation, fpr: float | None = None) -> Estimate:
    """Return the difference in the share of trackers that `a` and `b` find at equal false positive rate.

    Parameters
    ----------
    a, b : Evaluation
        Of the same rows, with equal `cluster`, `resamples` and `seed`.
    fpr : float, optional
        The false positive rate of both. By default `b` is taken at its verdict threshold and `a` gets the false positive
        rate that `b` has there, again in each resample: the fair way to compare with a rule.

    Returns
    -------
    Estimate
        True positive rate of `a` minus that of `b`; NaN if a rule cannot attain `fpr`.

    Raises
    ------
    TkitError
        If the evaluations are not of the same rows or not resampled alike.
    """
    _require_same_rows(a, b)
    if (a.cluster, a.resamples, a.seed) != (b.cluster, b.resamples, b.seed):
        raise TkitError(f"{a.name}, {b.name}: resampled differently: give equal cluster, resamples and seed")
    if fpr is None:
        rates = b.rates()
        fpr, tpr_of_b = rates.fpr.value, rates.tpr.value
        resampled_b, budget = b.resampled_rates()
    else:
        tpr_of_b = b.tpr_at_fpr(fpr).value
        budget = np.full(a.resamples, fpr)
        resampled_b = b.resampled_tpr(budget)
    value = a.tpr_at_fpr(fpr).value - tpr_of_b
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan)
    return interval(value, a.resampled_tpr(budget) - resampled_b)


def _require_same_rows(a: Evaluation, b: Evaluation) -> None:
    if not a.rows[LABELLED].equals(b.rows[LABELLED]):
        raise TkitError(f"{a.name} and {b.name} were tested on different rows: compare on the same ones")
