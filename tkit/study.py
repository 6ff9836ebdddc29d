"""The main job: rules and models compared on the dataset, the best one written as a bundle."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn

from tkit import __version__
from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.detectors.base import Detector
from tkit.detectors.models import BoostingModel, ForestModel, LogisticModel, Model, TreeModel
from tkit.detectors.rules import RULES
from tkit.evaluate import (
    Estimate,
    Evaluation,
    choose_threshold,
    comparison,
    cross_validated_scores,
    headline,
    paired_difference,
    training_weight,
)
from tkit.report import write_study
from tkit.schema import FEATURE_VERSION
from tkit.splits import Split, cross_validation

BUDGET = 0.001
"""Share of good pictures that may be called trackers, unless the user says otherwise."""

Progress = Callable[[str, int, int | None], None]
ModelFactory = Callable[[], Model]


@dataclass(frozen=True)
class StudyResult:
    """What a study found: the table, the evaluations behind it, the best detector, and the lines to print."""

    comparison: pd.DataFrame
    evaluations: tuple[Evaluation, ...]
    bundle: Bundle
    summary: tuple[str, ...]


def models(seed: int) -> dict[str, ModelFactory]:
    """Give the models that a study compares, by what stands beside their name in tables."""
    return {
        "message logistic": partial(LogisticModel, random_state=seed),
        "message tree": partial(TreeModel, random_state=seed),
        "message forest": partial(ForestModel, random_state=seed),
        "message boosting": partial(BoostingModel, random_state=seed),
        "element boosting": partial(BoostingModel, vantage="element", random_state=seed),
        "url boosting": partial(BoostingModel, vantage="url", random_state=seed),
    }


def run_study(
    dataset: Dataset,
    folder: Path,
    *,
    folds: int = 10,
    seed: int = 0,
    max_false_alarms: float = BUDGET,
    date: str,
    progress: Progress | None = None,
) -> StudyResult:
    """Compare every rule and model by cross-validation over components, and write the results.

    Parameters
    ----------
    dataset : Dataset
        As :func:`tkit.dataset.read` gives it.
    folder : Path
        Where comparison.csv, errors.csv, report.html, figures/ and bundle/ are written.
    folds, seed : int
        Of :func:`tkit.splits.cross_validation`, the models and the resamples.
    max_false_alarms : float
        Share of good pictures that may be called trackers; the threshold of each fold is chosen for it on the other folds.
    date : str
        Day that the bundle is said to be of, YYYY-MM-DD.
    progress : callable, optional
        Called with what is being done, how much is done, of how much.

    Returns
    -------
    StudyResult
    """
    rows = dataset.rows()
    splits = cross_validation(rows, rows["component"], folds, seed)
    evaluations = [_evaluate_rule(rule, rows, seed) for rule in RULES]
    scores: dict[str, np.ndarray] = {}
    factories = models(seed)
    for title, factory in factories.items():
        scores[title] = cross_validated_scores(factory, rows, splits, _step(progress, title))
        evaluations.append(evaluate_scores(factory(), rows, scores[title], splits, max_false_alarms, seed))
    table = comparison(evaluations)
    of_model = dict(zip(factories, evaluations[len(RULES) :], strict=True))
    best = max(
        (title for title, found in of_model.items() if found.vantage == "message"),
        key=lambda title: of_model[title].tpr_at_fpr(max_false_alarms).value,
    )
    bundle = _fit_bundle(
        factories[best], dataset, rows, scores[best], of_model[best], max_false_alarms, folds=folds, seed=seed, date=date
    )
    summary = _summary(of_model[best], evaluations[: len(RULES)], max_false_alarms, rows)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "comparison.csv", index=False)
    _errors(of_model[best]).to_csv(folder / "errors.csv", index=False)
    write_study(folder, table, evaluations, _facts(dataset, rows, folds, seed, max_false_alarms), bundle)
    bundle.save(folder / "bundle")
    return StudyResult(table, tuple(evaluations), bundle, summary)


def train_bundle(
    dataset: Dataset,
    vantage: str,
    *,
    max_false_alarms: float = BUDGET,
    folds: int = 10,
    seed: int = 0,
    date: str,
    progress: Progress | None = None,
) -> Bundle:
    """Train the boosting model on the whole dataset; its threshold comes from cross-validated scores.

    Parameters
    ----------
    dataset : Dataset
    vantage : {"url", "element", "message"}
    max_false_alarms : float
        Share of good pictures that may be called trackers.
    folds, seed : int
        Of the cross-validation that gives the threshold and the figures in the card.
    date : str
        Day that the bundle is said to be of, YYYY-MM-DD.
    progress : callable, optional

    Returns
    -------
    Bundle
    """
    rows = dataset.rows()
    factory = partial(BoostingModel, vantage=vantage, random_state=seed)
    splits = cross_validation(rows, rows["component"], folds, seed)
    score = cross_validated_scores(factory, rows, splits, _step(progress, f"{vantage} boosting"))
    evaluation = evaluate_scores(factory(), rows, score, splits, max_false_alarms, seed)
    return _fit_bundle(factory, dataset, rows, score, evaluation, max_false_alarms, folds=folds, seed=seed, date=date)


def evaluate_scores(
    detector: Detector,
    rows: pd.DataFrame,
    score: np.ndarray,
    splits: Sequence[Split],
    max_false_alarms: float = BUDGET,
    seed: int = 0,
) -> Evaluation:
    """Evaluate cross-validated scores; each fold's verdicts go by a threshold chosen on the other folds."""
    threshold = np.full(len(rows), np.nan)
    known = headline(rows) & (rows["source"] == "gold").to_numpy()
    tracker = (rows["label"] == "T").to_numpy()
    for split in splits:
        others = known & ~split.test
        threshold[split.test] = choose_threshold(score[others], tracker[others], max_false_alarms)
    return Evaluation(rows, score, detector.name, detector.vantage, threshold=threshold, seed=seed)


def _evaluate_rule(rule: Detector, rows: pd.DataFrame, seed: int) -> Evaluation:
    return Evaluation(rows, rule.scores(rows), rule.name, rule.vantage, seed=seed)


def _step(progress: Progress | None, title: str) -> Callable[[int, int], None] | None:
    return None if progress is None else lambda done, total: progress(title, done, total)


def _fit_bundle(
    factory: ModelFactory,
    dataset: Dataset,
    rows: pd.DataFrame,
    score: np.ndarray,
    evaluation: Evaluation,
    max_false_alarms: float,
    *,
    folds: int,
    seed: int,
    date: str,
) -> Bundle:
    """Fit on every labelled row that may be trained on; the threshold is that of the pooled cross-validated scores."""
    known = headline(rows) & (rows["source"] == "gold").to_numpy()
    tracker = (rows["label"] == "T").to_numpy()
    threshold = choose_threshold(score[known], tracker[known], max_false_alarms)
    weight = training_weight(rows)
    used = weight > 0
    model = factory()
    model.fit(rows[used], tracker[used], weight[used])
    return Bundle.from_model(
        model,
        threshold,
        threshold_chosen=f"at most {max_false_alarms:.2%} of good pictures called, on cross-validated scores"
        f" ({folds} folds by component)",
        training_sha256=dataset.digest(),
        seed=seed,
        date=date,
        card=_card(dataset, rows, evaluation, max_false_alarms, folds, seed),
        replay=_replayed(rows[known], score[known]),
    )


def _replayed(rows: pd.DataFrame, score: np.ndarray, count: int = 200) -> pd.DataFrame:
    """Pick rows over the whole range of scores, for replay."""
    order = np.argsort(score, kind="stable")
    picked: pd.DataFrame = rows.iloc[order[np.linspace(0, len(order) - 1, count).astype(int)]]
    return picked


def _summary(best: Evaluation, rules: Sequence[Evaluation], max_false_alarms: float, rows: pd.DataFrame) -> tuple[str, ...]:
    rates = best.rates()
    every = best.rates(headline=False)
    lines = [
        f"best: {best.name} at the {best.vantage} vantage point: finds {_percent(best.tpr_at_fpr(max_false_alarms))} of the"
        f" trackers at {max_false_alarms:.1%} false positives",
        f"with each fold's threshold chosen on the other folds: {_percent(rates.tpr)} at {_percent(rates.fpr, 2)}"
        f" ({rates.false_alarms} of {rates.negatives:,} good pictures called)",
        f"rows of every confidence: {_percent(every.tpr)} at {_percent(every.fpr, 2)}",
    ]
    for rule in rules:
        if 0 < rule.rates().fpr.value < 1:
            gain = paired_difference(best, rule)
            lines.append(f"against {rule.name}, at its own false-positive rate: {_points(gain)}")
    return tuple(lines)


def _percent(estimate: Estimate, digits: int = 1) -> str:
    value, low, high = estimate
    return f"{value:.{digits}%} [{low:.{digits}%}, {high:.{digits}%}]"


def _points(estimate: Estimate) -> str:
    value, low, high = (number * 100 for number in estimate)
    return f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]"


_ERROR_COLUMNS = [
    "error",
    "label",
    "confidence",
    "score",
    "threshold",
    "message_sha256",
    "part",
    "index",
    "carrier",
    "corpus",
    "host_domain",
]


def _errors(evaluation: Evaluation) -> pd.DataFrame:
    wrong: pd.DataFrame = evaluation.errors()[_ERROR_COLUMNS]
    return wrong


def _facts(dataset: Dataset, rows: pd.DataFrame, folds: int, seed: int, max_false_alarms: float) -> dict[str, str]:
    gold = rows[rows["source"] == "gold"]
    return {
        "command": f"tkit study (folds {folds}, seed {seed}, at most {max_false_alarms:.1%} false alarms)",
        "dataset": f"{len(dataset.references):,} references, {len(gold):,} gold labels,"
        f" {rows['component'].nunique():,} components",
        "split": f"{folds} folds by connected components: no sender's registrable domain, exact URL, tracker host or"
        " tracker path template stands on both sides",
        "trained on": "gold labels and the members of their clusters in the other folds; tested on gold rows only",
        "intervals": "95 %, bootstrap over components, 1,000 resamples",
        "versions": f"tkit {__version__}, features {FEATURE_VERSION}, scikit-learn {sklearn.__version__},"
        f" Python {platform.python_version()}",
        "digest": dataset.digest(),
    }


def _card(
    dataset: Dataset, rows: pd.DataFrame, evaluation: Evaluation, max_false_alarms: float, folds: int, seed: int
) -> dict[str, str]:
    facts = _facts(dataset, rows, folds, seed, max_false_alarms)
    rates = evaluation.rates()
    return {
        "purpose": f"Tells open trackers from other remote references of a mail, at the {evaluation.vantage} vantage point.",
        "data": f"{facts['dataset']}; {facts['trained on']}. Public corpora of 2002 to 2025, mostly spam, phishing and lists.",
        "figures": f"{_percent(evaluation.tpr_at_fpr(max_false_alarms))} of the trackers at {max_false_alarms:.1%} false"
        f" positives; with thresholds from other folds {_percent(rates.tpr)} at {_percent(rates.fpr, 2)}. {facts['split']}.",
        "command": facts["command"],
        "limits": "Labels were given by a language model in two passes and audited, not by people. Mail of a kind that the"
        " corpora lack may be judged worse. A personalised picture that is visible is neither tracker nor clean by the labels.",
        "use": "tkit scan MAIL --model THIS_FOLDER, or read model.json and schema.json: docs/bundle.md.",
        "licence": "The model is under tkit's licence. The mails that it was trained on are not in it.",
    }
