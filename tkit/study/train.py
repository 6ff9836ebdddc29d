"""A detector trained on the whole dataset, as a bundle whose threshold and figures come from rows it had not seen."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
import sklearn

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.detectors import Detector
from tkit.detectors.models import BoostingModel, Model
from tkit.evaluate import (
    CrossValidated,
    Estimate,
    Evaluation,
    Trial,
    Unit,
    choose_threshold,
    run_trials,
    training_weight,
    unit_rows,
)
from tkit.features import FEATURE_VERSION
from tkit.labels import headline
from tkit.splits import Split
from tkit.study.plans import Plan, unseen_kit
from tkit.version import __version__

BUDGET = 0.001
"""Share of good pictures that may be called trackers, unless the user says otherwise."""

INNER_FOLDS = 3
"""Folds inside a training part that shares no fits with others (:mod:`tkit.evaluate.inside`)."""

Progress = Callable[[str, int, int | None], None]
ModelFactory = Callable[[], Model]


def train_bundle(
    dataset: Dataset,
    vantage: str,
    *,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    folds: int = 10,
    seed: int = 0,
    date: str,
    workers: int = 1,
    progress: Progress | None = None,
) -> Bundle:
    """Train the boosting model on the whole dataset; its threshold comes from cross-validated scores.

    Parameters
    ----------
    dataset : Dataset
    vantage : {"url", "element", "message", "campaign"}
    max_false_alarms : float
        Share of the `unit` that may be a false alarm.
    unit : {"pictures", "mails"}
        Good pictures called trackers, or mails of which one is.
    folds, seed : int
        Of the cross-validation that gives the threshold and the figures in the card.
    date : str
        Day that the bundle is said to be of, YYYY-MM-DD.
    workers : int
        Processes; changes nothing in the result.
    progress : callable, optional

    Returns
    -------
    Bundle
    """
    rows = dataset.rows()
    factory = partial(BoostingModel, vantage=vantage, random_state=seed, manipulated=dataset.disguised())
    (found,) = try_plans(
        rows,
        [(factory, unseen_kit(rows, folds, seed))],
        max_false_alarms=max_false_alarms,
        unit=unit,
        seed=seed,
        workers=workers,
        progress=None if progress is None else lambda done, total: progress(f"{vantage} boosting", done, total),
    )
    return fit_bundle(factory, dataset, rows, found, max_false_alarms, unit, date=date)


def try_plans(
    rows: pd.DataFrame,
    trials: Sequence[tuple[ModelFactory, Plan]],
    *,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    cluster: str = "sender_key",
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Evaluation]:
    """Evaluate models on the rows that plans test, at thresholds frozen on their training sides.

    Parameters
    ----------
    rows : DataFrame
        See :meth:`tkit.dataset.Dataset.rows`.
    trials : sequence of (callable, Plan)
        What gives a new, unfitted model, and the plan that it is tried on.
    max_false_alarms, unit, seed, workers, progress
        See :func:`tkit.evaluate.run_trials`.
    cluster : {"sender_key", "component"}
        What the intervals' resamples draw.

    Returns
    -------
    list of Evaluation
        One a trial.
    """
    found = run_trials(
        [Trial(factory, plan.splits, plan.groups) for factory, plan in trials],
        rows,
        max_false_alarms,
        unit=unit,
        inner_folds=INNER_FOLDS,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    return [_evaluated(factory(), rows, each, plan, seed, cluster) for (factory, plan), each in zip(trials, found, strict=True)]


def _evaluated(
    detector: Detector, rows: pd.DataFrame, found: CrossValidated, plan: Plan, seed: int, cluster: str
) -> Evaluation:
    tested = plan.tested(rows)
    if tested[(rows["source"] == "gold").to_numpy()].all():
        splits, kept = plan.splits, np.ones(len(rows), dtype=bool)
    else:
        splits, kept = (), tested
    return Evaluation(
        rows[kept].reset_index(drop=True),
        found.score[kept],
        detector.name,
        detector.vantage,
        threshold=found.threshold[kept],
        cluster=cluster,
        seed=seed,
        splits=splits,
    )


def evaluate_scores(
    detector: Detector,
    rows: pd.DataFrame,
    score: np.ndarray,
    splits: Sequence[Split],
    max_false_alarms: float = BUDGET,
    seed: int = 0,
) -> Evaluation:
    """Evaluate cross-validated scores; each fold's verdicts go by a threshold chosen on the other folds.

    Quicker than :func:`tkit.evaluate.run_trials`, and less strict: the models that scored the other folds had learnt from
    the fold that the threshold is for.
    """
    threshold = np.full(len(rows), np.nan)
    known = headline(rows) & (rows["source"] == "gold").to_numpy()
    tracker = (rows["label"] == "T").to_numpy()
    for split in splits:
        others = known & ~split.test
        threshold[split.test] = choose_threshold(score[others], tracker[others], max_false_alarms)
    return Evaluation(rows, score, detector.name, detector.vantage, threshold=threshold, seed=seed, splits=splits)


def fit_bundle(
    factory: ModelFactory,
    dataset: Dataset,
    rows: pd.DataFrame,
    evaluation: Evaluation,
    max_false_alarms: float,
    unit: Unit,
    *,
    date: str,
) -> Bundle:
    """Fit on every labelled row that may be trained on; the threshold is that of the pooled cross-validated scores.

    Parameters
    ----------
    factory : callable
        Gives a new, unfitted model.
    dataset : Dataset
        What `rows` are of; its digest goes into the bundle.
    rows : DataFrame
    evaluation : Evaluation
        Of the model, cross-validated on all gold rows: gives the threshold and the card's figures.
    max_false_alarms, unit, date
        See `train_bundle`.
    """
    tested = evaluation.rows[headline(evaluation.rows)]
    score, tracker = tested["score"].to_numpy(np.float64), (tested["label"] == "T").to_numpy(dtype=bool)
    picked = unit_rows(unit, score, tracker, tested["message_sha256"])
    threshold = choose_threshold(score[picked], tracker[picked], max_false_alarms)
    weight = training_weight(rows)
    used = weight > 0
    model = factory()
    model.fit(rows[used], (rows["label"] == "T").to_numpy(dtype=bool)[used], weight[used])
    return Bundle.from_model(
        model,
        threshold,
        threshold_chosen=f"at most {budget(max_false_alarms, unit)}, on cross-validated scores (folds by component)",
        training_sha256=dataset.digest(evaluation.vantage),
        seed=evaluation.seed,
        date=date,
        card=_card(dataset, rows, evaluation, max_false_alarms, unit),
        replay=_replayed(tested, score),
    )


def _replayed(rows: pd.DataFrame, score: np.ndarray, count: int = 200) -> pd.DataFrame:
    """Pick rows over the whole range of scores, for replay."""
    order = np.argsort(score, kind="stable")
    picked: pd.DataFrame = rows.iloc[order[np.linspace(0, len(order) - 1, count).astype(int)]]
    return picked


def budget(max_false_alarms: float, unit: Unit) -> str:
    """Say what a budget allows.

    >>> budget(0.001, "pictures"), budget(0.01, "mails")
    ('0.1% of good pictures called', '1% of mails with a good picture called')
    """
    share = f"{max_false_alarms * 100:.6g}%"
    return f"{share} of good pictures called" if unit == "pictures" else f"{share} of mails with a good picture called"


def facts(dataset: Dataset, rows: pd.DataFrame) -> dict[str, str]:
    """Say of what, and with what, figures were made."""
    gold = rows[rows["source"] == "gold"]
    return {
        "dataset": f"{len(dataset.references):,} references, {len(gold):,} gold labels,"
        f" {rows['component'].nunique():,} components",
        "trained on": "gold labels, the members of their clusters, and (boosting) their disguised copies, on the training side;"
        " tested on gold rows only",
        "threshold": "chosen on scores inside the training side, of models that learnt from no row that the split tests or that"
        " they score; the test only reports what it became",
        "versions": f"tkit {__version__}, features {FEATURE_VERSION}, scikit-learn {sklearn.__version__},"
        f" Python {platform.python_version()}",
        "digest": dataset.digest("campaign"),
    }


def _card(dataset: Dataset, rows: pd.DataFrame, evaluation: Evaluation, max_false_alarms: float, unit: Unit) -> dict[str, str]:
    told = facts(dataset, rows)
    rates = evaluation.rates()
    return {
        "purpose": f"Tells open trackers from other remote references of a mail, at the {evaluation.vantage} vantage point.",
        "data": f"{told['dataset']}; {told['trained on']}. Public corpora of 2002 to 2025, mostly spam, phishing and lists.",
        "figures": f"{percent(evaluation.tpr_at_fpr(max_false_alarms, unit=unit))} of the trackers with at most"
        f" {budget(max_false_alarms, unit)}; with thresholds from inside the training side {percent(rates.tpr)} at"
        f" {percent(rates.fpr, 2)} of good pictures called. No sender's registrable domain, exact URL, tracker domain,"
        " tracker path template or kit form stands on both sides.",
        "command": f"tkit study (seed {evaluation.seed}, at most {budget(max_false_alarms, unit)})",
        "limits": "Labels were given by a language model in two passes and audited, not by people. Mail of a kind that the"
        " corpora lack may be judged worse. A personalised picture that is visible is neither tracker nor clean by the labels.",
        "use": "tkit scan MAIL --model THIS_FOLDER, or read model.json and schema.json: docs/bundle.md.",
        "licence": "The model is under tkit's licence. The mails that it was trained on are not in it.",
    }


def percent(estimate: Estimate, digits: int = 1) -> str:
    """Write a share with its interval: ``97.3% [95.1%, 98.2%]``."""
    value, low, high = estimate
    return f"{value:.{digits}%} [{low:.{digits}%}, {high:.{digits}%}]"
