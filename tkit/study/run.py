"""The study: rules and models compared on rows that no model has seen, the best one as a bundle, all of it written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.detectors import RULES, Detector
from tkit.detectors.models import BoostingModel, ForestModel, LogisticModel, TreeModel
from tkit.evaluate import Evaluation, Unit, compared, comparison, differences, over_time, slices, weighted_base_rate
from tkit.features import FEATURE_VERSION
from tkit.features.words import reasons
from tkit.study.plans import Plan, last_years, random_rows, sent_from, unseen_corpus, unseen_kit, unseen_provider, unseen_sender
from tkit.study.result import StudyResult
from tkit.study.train import BUDGET, ModelFactory, Progress, budget, facts, fit_bundle, percent, try_plans
from tkit.study.writing import write_results

NEAR = 3
"""Nearest training rows that are told of each error."""


def models(seed: int, manipulated: pd.DataFrame | None = None) -> dict[str, ModelFactory]:
    """Return the models that a study compares, by what stands beside their name in tables.

    Parameters
    ----------
    seed : int
    manipulated : DataFrame, optional
        Disguised copies (:meth:`tkit.dataset.Dataset.disguised`) that the boosting models learn from too.
    """
    boosting = partial(BoostingModel, random_state=seed, manipulated=manipulated)
    return {
        "message logistic": partial(LogisticModel, random_state=seed),
        "message tree": partial(TreeModel, random_state=seed),
        "message forest": partial(ForestModel, random_state=seed),
        "message boosting": boosting,
        "campaign boosting": partial(boosting, vantage="campaign"),
        "element boosting": partial(boosting, vantage="element"),
        "url boosting": partial(boosting, vantage="url"),
    }


def run_study(
    dataset: Dataset,
    folder: Path,
    *,
    folds: int = 10,
    seed: int = 0,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    cluster: str = "sender_key",
    quick: bool = False,
    date: str,
    workers: int = 1,
    progress: Progress | None = None,
) -> StudyResult:
    """Compare every rule and model on unseen kits, try the best on every other split, and write the results.

    The best is the model at the message vantage point that finds most within the budget on the tested rows of unseen kits:
    what it finds there is the greatest of some figures, a little high by that choice.

    Parameters
    ----------
    dataset : Dataset
        As :func:`tkit.dataset.read` gives it.
    folder : Path
        Where comparison.csv, differences.csv, splits.csv, slices.csv, over_time.csv, errors.csv, report.html, figures/ and
        bundle/ are written.
    folds, seed : int
        Of the splits, the models and the resamples.
    max_false_alarms : float
        Share of the `unit` that may be a false alarm; each threshold is chosen for it inside the training side.
    unit : {"pictures", "mails"}
        Good pictures called trackers, or mails of which one is.
    cluster : {"sender_key", "component"}
        What the intervals' resamples draw.
    quick : bool
        The boosting model alone on unseen kits: a first look.
    date : str
        Day that the bundle is said to be of, YYYY-MM-DD.
    workers : int
        Processes to fit in; changes nothing in the result.
    progress : callable, optional
        Called with what is being done, how much is done, of how much.

    Returns
    -------
    StudyResult
    """
    rows = dataset.rows()
    every = models(seed, dataset.disguised())
    factories = {name: factory for name, factory in every.items() if not quick or name == "message boosting"}

    def tried(what: str, trials: Sequence[tuple[ModelFactory, Plan]]) -> list[Evaluation]:
        return try_plans(
            rows,
            trials,
            max_false_alarms=max_false_alarms,
            unit=unit,
            cluster=cluster,
            seed=seed,
            workers=workers,
            progress=None if progress is None else lambda done, total: progress(what, done, total),
        )

    kits = unseen_kit(rows, folds, seed)
    of_model = dict(zip(factories, tried("models", [(factory, kits) for factory in factories.values()]), strict=True))
    best = max(
        (name for name, found in of_model.items() if found.vantage == "message"),
        key=lambda name: of_model[name].tpr_at_fpr(max_false_alarms, unit=unit).value,
    )
    plans = [] if quick else list(_other_plans(rows, folds, seed))
    others = tried("splits", [(factories[best], plan) for plan in plans])
    rules = [_evaluate_rule(rule, rows, cluster, seed) for rule in RULES]
    evaluations = (*rules, *of_model.values())
    base_rate = weighted_base_rate(of_model[best])
    table = comparison(evaluations, base_rate)
    split = pd.DataFrame(
        [
            {"split": plan.name, "claim": plan.claim} | compared(found, base_rate)
            for plan, found in zip([kits, *plans], [of_model[best], *others], strict=True)
        ]
    )
    lists = list(_evaluate_lists(rows, cluster, seed))
    gains = differences(of_model[best], [*evaluations, *lists], max_false_alarms)
    decay = next((over_time(found) for plan, found in zip(plans, others, strict=True) if _is_of_time(plan)), pd.DataFrame())
    bundle = fit_bundle(factories[best], dataset, rows, of_model[best], max_false_alarms, unit, date=date)
    settings = {
        "folds": folds,
        "seed": seed,
        "max_false_alarms": max_false_alarms,
        "unit": unit,
        "cluster": cluster,
        "quick": quick,
    }
    result = StudyResult(
        comparison=table,
        differences=gains,
        splits=split,
        slices=slices(of_model[best]),
        over_time=decay,
        errors=explained_errors(of_model[best], bundle),
        evaluations=evaluations,
        bundle=bundle,
        figures=_figures(table, split, gains),
        inputs=_digest({"dataset": dataset.digest("campaign"), "features": FEATURE_VERSION} | settings),
        command=_command(settings),
        summary=_summary(of_model[best], split, max_false_alarms, unit),
    )
    write_results(folder, result, facts(dataset, rows) | {"command": result.command, "intervals": _intervals(of_model[best])})
    return result


def _other_plans(rows: pd.DataFrame, folds: int, seed: int) -> Iterator[Plan]:
    yield unseen_sender(rows, folds, seed)
    for day in last_years(rows):
        yield sent_from(rows, day)
    yield from unseen_corpus(rows)
    yield from unseen_provider(rows)
    yield random_rows(rows, folds, seed)


def _is_of_time(plan: Plan) -> bool:
    return plan.name.startswith("sent from")


def explained_errors(evaluation: Evaluation, bundle: Bundle) -> pd.DataFrame:
    """Return :meth:`tkit.evaluate.Evaluation.errors` with the bundle's reasons and the nearest training rows."""

    def explain(rows: pd.DataFrame, called: np.ndarray) -> list[list[str]]:
        return reasons(rows, bundle.contributions(rows), called)

    return evaluation.errors(explain, NEAR)


def _evaluate_rule(rule: Detector, rows: pd.DataFrame, cluster: str, seed: int) -> Evaluation:
    return Evaluation(rows, rule.scores(rows), rule.name, rule.vantage, cluster=cluster, seed=seed)


def _evaluate_lists(rows: pd.DataFrame, cluster: str, seed: int) -> Iterator[Evaluation]:
    """Evaluate the published lists by their verdicts in the dataset."""
    for column in filter(lambda name: name.startswith("published_"), map(str, rows)):
        name = f"list: {column.removeprefix('published_')}"
        yield Evaluation(rows, rows[column].to_numpy(np.float64), name, "url", cluster=cluster, seed=seed)


def _figures(table: pd.DataFrame, splits: pd.DataFrame, gains: pd.DataFrame) -> dict[str, float]:
    """Return the figures that floors are put under: shares of which more is better."""
    found: dict[str, float] = {}
    named = [(f"{row['name']} ({row['vantage']})", row) for row in table.to_dict("records")]
    named += [(f"best on {row['split']}", row) for row in splits.to_dict("records")]
    for name, row in named:
        for column in ("tpr_at_fpr_0.001", "tpr_at_fpr_0.005", "tpr", "partial_auc"):
            found[f"{name}: {column}"] = row[column]
        found[f"{name}: good pictures kept"] = 1 - row["fpr"]
        found[f"{name}: mails unharmed"] = 1 - row["mail_false_alarms"]
    for row in gains.to_dict("records"):
        found[f"gain over {row['against']} ({row['against_vantage']}): lower end"] = row["difference_low"]
    return found


def _digest(inputs: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _summary(best: Evaluation, splits: pd.DataFrame, max_false_alarms: float, unit: Unit) -> tuple[str, ...]:
    rates = best.rates()
    found = percent(best.tpr_at_fpr(max_false_alarms, unit=unit))
    lines = [
        f"The best model, {best.name} at the {best.vantage} vantage point, finds {found} of the trackers of kits and"
        f" providers that it has never seen, with at most {budget(max_false_alarms, unit)}.",
        f"At thresholds frozen on the training side it finds {percent(rates.tpr)}; the budget became {percent(rates.fpr, 2)}:"
        f" {rates.false_alarms} of {rates.negatives:,} good pictures called, and a good picture lost in"
        f" {percent(best.mail_false_alarms(), 2)} of the mails.",
    ]
    if len(splits) > 1:
        ways = splits.to_dict("records")
        hardest, loudest = min(ways, key=lambda way: way["tpr_at_fpr_0.001"]), max(ways, key=lambda way: way["fpr"])
        lines.append(
            f"Hardest is {hardest['split']}: {hardest['tpr_at_fpr_0.001']:.1%} at 0.1% false alarms. The budget is kept least"
            f" on {loudest['split']}, where {loudest['fpr']:.1%} of the good pictures are called at the frozen threshold."
        )
    return tuple(lines)


def _command(settings: Mapping[str, Any]) -> str:
    told = ["tkit study", f"--folds {settings['folds']}", f"--seed {settings['seed']}"]
    told += [f"--max-false-alarms {settings['max_false_alarms']:g}", f"--budget-unit {settings['unit']}"]
    told += [f"--cluster {settings['cluster']}", *(["--quick"] if settings["quick"] else [])]
    return " ".join(told)


def _intervals(evaluation: Evaluation) -> str:
    return f"95 %, bootstrap over {evaluation.cluster}, {evaluation.resamples:,} resamples"
