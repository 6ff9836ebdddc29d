"""A detector trained on the whole dataset, as a bundle whose threshold and figures come from held-out rows."""

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
    Evaluation,
    Trial,
    Unit,
    choose_threshold,
    run_trials,
    training_weight,
    unit_rows,
)
from tkit.evaluate.percent import percent_estimate
from tkit.features import FEATURE_VERSION
from tkit.labels import headline
from tkit.splits import Split
from tkit.study.plans import Plan, unseen_kit
from tkit.version import __version__

BUDGET = 0.001
"""The default maximum false positive rate: the share of good pictures that may be flagged."""

INNER_FOLDS = 3
"""Folds inside a training part whose fits no other part shares (:mod:`tkit.evaluate.inside`)."""

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
        Maximum false positive rate, as a share of the `unit`.
    unit : {"pictures", "mails"}
        Good pictures that are flagged, or mails with a good picture that is flagged.
    folds, seed : int
        Of the cross-validation that gives the threshold and the figures in the card.
    date : str
        Date of the bundle, YYYY-MM-DD.
    workers : int
        Processes; the result does not depend on it.
    progress : callable, optional
        Called with the name of the step, the number of finished parts and their total.

    Returns
    -------
    Bundle
    """
    rows = dataset.rows()
    factory = partial(BoostingModel, vantage=vantage, random_state=seed, manipulated=dataset.disguised())
    (evaluation,) = try_plans(
        rows,
        [(factory, unseen_kit(rows, folds, seed))],
        max_false_alarms=max_false_alarms,
        unit=unit,
        seed=seed,
        workers=workers,
        progress=None if progress is None else lambda done, total: progress(f"{vantage} boosting", done, total),
    )
    return fit_bundle(factory, dataset, rows, evaluation, max_false_alarms, unit, date=date)


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
    """Evaluate models on the test rows of plans, at thresholds chosen on their training sides.

    Parameters
    ----------
    rows : DataFrame
        See :meth:`tkit.dataset.Dataset.rows`.
    trials : sequence of (callable, Plan)
        A factory of new, unfitted models, and the plan to evaluate them on.
    max_false_alarms, unit, seed, workers, progress
        See :func:`tkit.evaluate.run_trials`.
    cluster : {"sender_key", "component"}
        Groups of rows that the resamples of the intervals draw whole.

    Returns
    -------
    list of Evaluation
        One per trial.
    """
    scored = run_trials(
        [Trial(factory, plan.splits, plan.groups) for factory, plan in trials],
        rows,
        max_false_alarms,
        unit=unit,
        inner_folds=INNER_FOLDS,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    return [_evaluate(factory(), rows, each, plan, seed, cluster) for (factory, plan), each in zip(trials, scored, strict=True)]


def _evaluate(
    detector: Detector, rows: pd.DataFrame, scored: CrossValidated, plan: Plan, seed: int, cluster: str
) -> Evaluation:
    tested = plan.tested(rows)
    if tested[(rows["source"] == "gold").to_numpy()].all():
        splits, kept = plan.splits, np.ones(len(rows), dtype=bool)
    else:
        splits, kept = (), tested
    return Evaluation(
        rows[kept].reset_index(drop=True),
        scored.score[kept],
        detector.name,
        detector.vantage,
        threshold=scored.threshold[kept],
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
    """Evaluate cross-validated scores; the threshold of each fold is chosen on the other folds.

    Quicker than :func:`tkit.evaluate.run_trials`, and less strict: the models that scored the other folds were trained on
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
    """Fit a model on every training row; the threshold comes from the pooled cross-validated scores.

    Parameters
    ----------
    factory : callable
        Returns a new, unfitted model.
    dataset : Dataset
        Source of `rows`; its digest goes into the bundle.
    rows : DataFrame
    evaluation : Evaluation
        Of the model, cross-validated on all gold rows. The threshold and the figures of the card come from it.
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
        threshold_chosen=f"at most {budget(max_false_alarms, unit)} called, on cross-validated scores (folds by component)",
        training_sha256=dataset.digest(evaluation.vantage),
        seed=evaluation.seed,
        date=date,
        card=_card(dataset, rows, evaluation, max_false_alarms, unit),
        replay=_replay_rows(tested, score),
    )


def _replay_rows(rows: pd.DataFrame, score: np.ndarray, count: int = 200) -> pd.DataFrame:
    """Return rows over the whole range of scores."""
    order = np.argsort(score, kind="stable")
    picked: pd.DataFrame = rows.iloc[order[np.linspace(0, len(order) - 1, count).astype(int)]]
    return picked


def budget(max_false_alarms: float, unit: Unit) -> str:
    """Return a maximum false positive rate in words.

    >>> budget(0.001, "pictures"), budget(0.01, "mails")
    ('0.1% of good pictures', '1% of mails with a good picture')
    """
    share = f"{max_false_alarms * 100:.6g}%"
    return f"{share} of good pictures" if unit == "pictures" else f"{share} of mails with a good picture"


def facts(dataset: Dataset, rows: pd.DataFrame) -> dict[str, str]:
    """Return what the figures of a study depend on, in words: data, training, versions."""
    gold = rows[rows["source"] == "gold"]
    return {
        "dataset": f"{len(dataset.references):,} references, {len(gold):,} gold labels,"
        f" {rows['component'].nunique():,} components",
        "trained on": "gold labels, the members of their clusters, and (boosting) their disguised copies, on the training side;"
        " tested on gold rows only",
        "threshold": "chosen inside the training side, on scores of models that were trained neither on the scored rows nor on"
        " test rows; the test side only reports the resulting false positive rate",
        "versions": f"tkit {__version__}, features {FEATURE_VERSION}, scikit-learn {sklearn.__version__},"
        f" Python {platform.python_version()}",
        "digest": dataset.digest("campaign"),
    }


def _card(dataset: Dataset, rows: pd.DataFrame, evaluation: Evaluation, max_false_alarms: float, unit: Unit) -> dict[str, str]:
    data = facts(dataset, rows)
    rates = evaluation.rates()
    limit = budget(max_false_alarms, unit)
    return {
        "purpose": f"Tells open trackers from other remote references of a mail, at the {evaluation.vantage} vantage point.",
        "data": f"{data['dataset']}; {data['trained on']}. Public corpora of 2002 to 2025, mostly spam, phishing and lists.",
        "figures": f"{percent_estimate(evaluation.tpr_at_fpr(max_false_alarms, unit=unit), 1)} of the trackers with at most"
        f" {limit} called; with thresholds from inside the training side {percent_estimate(rates.tpr, 1)} at"
        f" {percent_estimate(rates.fpr, 2)} of good pictures called. No sender's registrable domain, exact URL, tracker domain,"
        " tracker path template or kit form stands on both sides.",
        "command": f"tkit study (seed {evaluation.seed}, at most {limit} called)",
        "limits": "Labels were given by a language model in two passes and audited, not by people. Mail of a kind that the"
        " corpora lack may be judged worse. A personalised picture that is visible is neither tracker nor clean by the labels.",
        "use": "tkit scan MAIL --model THIS_FOLDER, or read model.json and schema.json: docs/bundle.md.",
        "licence": "The model is under tkit's licence. The mails that it was trained on are not in it.",
    }
