"""A detector trained on the whole dataset, as a bundle whose threshold and figures come from held-out rows."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import sklearn

from tkit.bundle import Bundle, Trained
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
from tkit.labels import INDIVIDUAL, TRACKER, Target, evaluated, is_positive
from tkit.splits import Split
from tkit.study.answers import Answers
from tkit.study.plans import Plan, unseen_kit
from tkit.version import __version__

BUDGET = 0.001
"""The default maximum false positive rate: of the pictures that a person should see, the share that may be flagged."""

INDIVIDUAL_BUDGET = 0.002
"""Maximum share of the good pictures that may count as individual: a mistake that by default costs no picture."""

INNER_FOLDS = 3
"""Folds inside a training part whose fits no other part shares (:mod:`tkit.evaluate.inside`)."""

Progress = Callable[[str, int, int | None], None]
ModelFactory = Callable[..., Model]


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
        Pictures that a person should see that are flagged, or mails with at least one that is.
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
    factory = partial(BoostingModel, vantage=vantage, random_state=seed, manipulated=dataset.disguised(vantage))
    answers = try_answers(
        rows,
        factory,
        unseen_kit(rows, folds, seed),
        max_false_alarms=max_false_alarms,
        unit=unit,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    return fit_bundle(factory, rows, answers, max_false_alarms, unit, training=training_of(dataset, rows, vantage), date=date)


def try_answers(
    rows: pd.DataFrame,
    factory: ModelFactory,
    plan: Plan,
    *,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    cluster: str = "component",
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> Answers:
    """Evaluate a model of each question on the test rows of a plan; the parameters are those of :func:`try_plans`.

    `max_false_alarms` is the budget of the trackers; individual pictures have :data:`INDIVIDUAL_BUDGET`.
    """

    def evaluate(target: Target, budget: float) -> Evaluation:
        step = f"{factory().vantage} {target.name}"
        (evaluation,) = try_plans(
            rows,
            [(factory, plan)],
            max_false_alarms=budget,
            unit=unit,
            cluster=cluster,
            seed=seed,
            workers=workers,
            progress=None if progress is None else partial(progress, step),
            target=target,
        )
        return evaluation

    return Answers(evaluate(TRACKER, max_false_alarms), evaluate(INDIVIDUAL, INDIVIDUAL_BUDGET))


def try_plans(
    rows: pd.DataFrame,
    trials: Sequence[tuple[ModelFactory, Plan]],
    *,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    cluster: str = "component",
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    target: Target = TRACKER,
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
    cluster : {"component", "sender_key"}
        Groups of rows that the resamples of the intervals draw whole.
    target : Target
        What the models learn to tell apart.

    Returns
    -------
    list of Evaluation
        One per trial.
    """
    scored = run_trials(
        [Trial(partial(factory, target=target), plan.splits, plan.groups, target) for factory, plan in trials],
        rows,
        max_false_alarms,
        unit=unit,
        inner_folds=INNER_FOLDS,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    return [
        _evaluate(factory(), rows, each, plan, seed, cluster, target)
        for (factory, plan), each in zip(trials, scored, strict=True)
    ]


def _evaluate(
    detector: Detector, rows: pd.DataFrame, scored: CrossValidated, plan: Plan, seed: int, cluster: str, target: Target
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
        target=target,
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
    known = evaluated(rows) & (rows["source"] == "gold").to_numpy()
    tracker = is_positive(rows)
    for split in splits:
        others = known & ~split.test
        threshold[split.test] = choose_threshold(score[others], tracker[others], max_false_alarms)
    return Evaluation(rows, score, detector.name, detector.vantage, threshold=threshold, seed=seed, splits=splits)


class Training(NamedTuple):
    """What a bundle is trained on: its SHA-256, and in words for the card."""

    sha256: str
    data: str


def training_of(dataset: Dataset, rows: pd.DataFrame, vantage: str) -> Training:
    """Return the training data of a bundle that is trained on the dataset."""
    words = facts(dataset, rows)
    corpora = "Public corpora of 2002 to 2026: spam, phishing, lists, letters and wanted mail."
    return Training(dataset.digest(vantage), f"{words['dataset']}; {words['trained on']}. {corpora}")


def fit_bundle(
    factory: ModelFactory,
    rows: pd.DataFrame,
    answers: Answers,
    max_false_alarms: float,
    unit: Unit,
    *,
    training: Training,
    date: str,
) -> Bundle:
    """Fit a model for each question on every training row; the thresholds come from the pooled cross-validated scores.

    Parameters
    ----------
    factory : callable
        Returns a new, unfitted model.
    rows : DataFrame
    answers : Answers
        Of the model, cross-validated on all gold rows. The thresholds and the figures of the card come from it.
    training : Training
        What `rows` are.
    max_false_alarms, unit, date
        See `train_bundle`.
    """
    evaluation = answers.tracker
    return Bundle.from_models(
        _fit(factory, rows, answers.tracker, max_false_alarms, unit),
        _fit(factory, rows, answers.individual, INDIVIDUAL_BUDGET, unit),
        training_sha256=training.sha256,
        seed=evaluation.seed,
        date=date,
        card=_card(training, answers, max_false_alarms, unit),
        replay=_replay_rows(evaluation.rows, evaluation.rows["score"].to_numpy(np.float64)),
    )


def _fit(factory: ModelFactory, rows: pd.DataFrame, evaluation: Evaluation, max_false_alarms: float, unit: Unit) -> Trained:
    target = evaluation.target
    tested = evaluation.rows[evaluation.headline]
    score, positive = tested["score"].to_numpy(np.float64), is_positive(tested, target)
    picked = unit_rows(unit, score, positive, tested["message_sha256"])
    threshold = choose_threshold(score[picked], positive[picked], max_false_alarms)
    weight = training_weight(rows, target=target)
    used = weight > 0
    model = factory(target=target)
    model.fit(rows[used], is_positive(rows, target)[used], weight[used])
    chosen = f"at most {budget(max_false_alarms, unit, target)} flagged, on cross-validated scores (folds by component)"
    return Trained(model, threshold, chosen)


def _replay_rows(rows: pd.DataFrame, score: np.ndarray, count: int = 200) -> pd.DataFrame:
    """Return rows over the whole range of scores."""
    order = np.argsort(score, kind="stable")
    picked: pd.DataFrame = rows.iloc[order[np.linspace(0, len(order) - 1, count).astype(int)]]
    return picked


def budget(max_false_alarms: float, unit: Unit, target: Target = TRACKER) -> str:
    """Return a maximum false positive rate in words.

    >>> budget(0.001, "pictures"), budget(0.01, "mails")
    ('0.1% of the pictures that a person should see', '1% of the mails with pictures that a person should see')
    """
    share = f"{max_false_alarms * 100:.6g}%"
    pictures = "pictures that a person should see" if target == TRACKER else "good pictures"
    return f"{share} of the {pictures if unit == 'pictures' else f'mails with {pictures}'}"


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


def _card(training: Training, answers: Answers, max_false_alarms: float, unit: Unit) -> dict[str, str]:
    evaluation = answers.tracker
    rates, individual = evaluation.rates(), answers.individual.rates()
    limit = budget(max_false_alarms, unit)
    return {
        "purpose": f"Tells open trackers, personalised pictures and other remote references of a mail apart, at the"
        f" {evaluation.vantage} vantage point.",
        "data": training.data,
        "figures": f"{percent_estimate(evaluation.tpr_at_fpr(max_false_alarms, unit=unit), 1)} of the trackers with at most"
        f" {limit} flagged; with thresholds from inside the training side {percent_estimate(rates.tpr, 1)} at"
        f" {percent_estimate(rates.fpr, 2)} of the pictures that a person should see."
        f" {percent_estimate(individual.tpr, 1)} of the trackers and personalised pictures count as individual, at"
        f" {percent_estimate(individual.fpr, 2)} of the good pictures."
        " No sender's registrable domain, exact URL, tracker domain, tracker path template or kit form stands on both sides.",
        "command": f"tkit study (seed {evaluation.seed}, at most {limit} flagged)",
        "limits": "Labels were given by a language model in two passes and audited, not by people. Mail of a kind that the"
        " corpora lack may be judged worse. A tracker that looks like a visible picture counts as personalised at best.",
        "use": "tkit scan MAIL --model THIS_FOLDER, or read model.json and schema.json: docs/bundle.md.",
        "licence": "The model is under tkit's licence. The mails that it was trained on are not in it.",
    }
