"""The study: rules and models compared on rows that no model was trained on, and the best model as a bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from tkit.bundle import Bundle
from tkit.dataset import Dataset
from tkit.detectors import RULES
from tkit.detectors.models import BoostingModel, ForestModel, LogisticModel, TreeModel
from tkit.evaluate import (
    Estimate,
    Evaluation,
    Unit,
    by_population,
    compared,
    comparison,
    differences,
    over_time,
    slices,
    weighted_base_rate,
)
from tkit.evaluate.percent import percent, percent_estimate
from tkit.evaluate.slices import FEW
from tkit.features import FEATURE_VERSION
from tkit.features.words import reasons
from tkit.labels import INDIVIDUAL, TRACKER, Target
from tkit.study.answers import Answers
from tkit.study.plans import Plan, last_years, random_rows, sent_from, unseen_corpus, unseen_kit, unseen_provider, unseen_sender
from tkit.study.result import StudyResult
from tkit.study.train import (
    BUDGET,
    INDIVIDUAL_BUDGET,
    ModelFactory,
    Progress,
    budget,
    facts,
    fit_bundle,
    training_of,
    try_plans,
)

WEAKEST = 5
"""Parts of the test rows with the lowest recall that the summary names."""

NEAR = 3
"""Nearest training rows that are listed with each error."""


def models(seed: int, manipulated: pd.DataFrame | None = None) -> dict[str, ModelFactory]:
    """Return the models that a study compares, by vantage point and kind.

    Parameters
    ----------
    seed : int
    manipulated : DataFrame, optional
        Disguised copies (:meth:`tkit.dataset.Dataset.disguised`) that the boosting models are also trained on.
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


@dataclass(frozen=True)
class _Settings:
    """What the figures of a study depend on besides the data."""

    folds: int
    seed: int
    max_false_alarms: float
    unit: Unit
    cluster: str
    quick: bool

    def command(self) -> str:
        """Return the command that reproduces the study."""
        options = ["tkit study", f"--folds {self.folds}", f"--seed {self.seed}"]
        options += [f"--max-false-alarms {self.max_false_alarms:g}", f"--budget-unit {self.unit}", f"--cluster {self.cluster}"]
        return " ".join([*options, *(["--quick"] if self.quick else [])])

    def digest(self, dataset: Dataset) -> str:
        """Return the SHA-256 of the data and the settings."""
        inputs = {"dataset": dataset.digest("campaign"), "features": FEATURE_VERSION} | asdict(self)
        return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def run_study(
    dataset: Dataset,
    *,
    folds: int = 10,
    seed: int = 0,
    max_false_alarms: float = BUDGET,
    unit: Unit = "pictures",
    cluster: str = "component",
    quick: bool = False,
    date: str,
    workers: int = 1,
    progress: Progress | None = None,
) -> StudyResult:
    """Compare every rule and model on unseen kits, and try the best model on every other split.

    The best model is the one at the message vantage point with the highest recall within the budget on the test rows of
    unseen kits. This choice makes its recall there slightly optimistic.

    Parameters
    ----------
    dataset : Dataset
        As :func:`tkit.dataset.read` gives it.
    folds, seed : int
        Of the splits, the models and the resamples.
    max_false_alarms : float
        Maximum false positive rate, as a share of the `unit`; each threshold is chosen for it inside the training side.
    unit : {"pictures", "mails"}
        Pictures that a person should see that are flagged, or mails with at least one that is.
    cluster : {"component", "sender_key"}
        Groups of rows that the resamples of the intervals draw whole.
    quick : bool
        Only the boosting model on unseen kits: a first look.
    date : str
        Date of the bundle, YYYY-MM-DD.
    workers : int
        Processes to fit in; the result does not depend on it.
    progress : callable, optional
        Called with the name of the step, the number of finished parts and their total.

    Returns
    -------
    StudyResult
        :func:`tkit.study.write_results` writes it into a folder.
    """
    rows = dataset.rows()
    settings = _Settings(folds, seed, max_false_alarms, unit, cluster, quick)
    run_trials = partial(_run_trials, rows, settings, workers, progress)
    factories = models(seed, dataset.disguised())
    if quick:
        factories = {"message boosting": factories["message boosting"]}
    else:
        factories["campaign boosting"] = partial(factories["campaign boosting"], manipulated=dataset.disguised("campaign"))
    kits = unseen_kit(rows, folds, seed)
    of_model = dict(zip(factories, run_trials("models", [(factory, kits) for factory in factories.values()]), strict=True))
    best_name = _best(of_model, settings)
    best = of_model[best_name]
    individual_settings = replace(settings, max_false_alarms=INDIVIDUAL_BUDGET)
    (individual,) = _run_trials(
        rows, individual_settings, workers, progress, "individual", [(factories[best_name], kits)], INDIVIDUAL
    )
    answers = Answers(best, individual)
    plans = [] if quick else list(_other_plans(rows, folds, seed))
    of_plan = {kits: best} | dict(
        zip(plans, run_trials("splits", [(factories[best_name], plan) for plan in plans]), strict=True)
    )
    evaluations = (*_evaluate_rules(rows, settings), *of_model.values())
    base_rate = weighted_base_rate(best)
    table = comparison(evaluations, base_rate)
    splits = _compare_splits(of_plan, base_rate)
    with_lists = [*evaluations, *_evaluate_lists(rows, settings)]
    gains = differences(best, with_lists, max_false_alarms)
    apart, parts = by_population(with_lists), slices(best)
    bundle = fit_bundle(
        factories[best_name],
        rows,
        answers,
        max_false_alarms,
        unit,
        training=training_of(dataset, rows, best.vantage),
        date=date,
    )
    verdicts = answers.by_label()
    command = settings.command()
    return StudyResult(
        comparison=table,
        differences=gains,
        splits=splits,
        verdicts=verdicts,
        populations=apart,
        slices=parts,
        over_time=_first_over_time(of_plan),
        errors=explained_errors(best, bundle),
        evaluations=evaluations,
        bundle=bundle,
        figures=_figures(table, splits, gains) | _figures_of_answers(answers),
        inputs=settings.digest(dataset),
        command=command,
        facts=facts(dataset, rows) | {"command": command, "intervals": _intervals(best)},
        summary=(
            *_summary(best, splits, settings),
            _summary_of_answers(answers),
            *_summary_of_parts(best, apart, parts),
        ),
    )


def _run_trials(
    rows: pd.DataFrame,
    settings: _Settings,
    workers: int,
    progress: Progress | None,
    step: str,
    trials: Sequence[tuple[ModelFactory, Plan]],
    target: Target = TRACKER,
) -> list[Evaluation]:
    return try_plans(
        rows,
        trials,
        max_false_alarms=settings.max_false_alarms,
        unit=settings.unit,
        cluster=settings.cluster,
        seed=settings.seed,
        workers=workers,
        progress=None if progress is None else partial(progress, step),
        target=target,
    )


def _best(of_model: Mapping[str, Evaluation], settings: _Settings) -> str:
    """Return the name of the model at the message vantage point with the highest recall within the budget."""
    return max(
        (name for name, evaluation in of_model.items() if evaluation.vantage == "message"),
        key=lambda name: of_model[name].tpr_at_fpr(settings.max_false_alarms, unit=settings.unit).value,
    )


def _other_plans(rows: pd.DataFrame, folds: int, seed: int) -> Iterator[Plan]:
    yield unseen_sender(rows, folds, seed)
    for day in last_years(rows):
        yield sent_from(rows, day)
    yield from unseen_corpus(rows)
    yield from unseen_provider(rows)
    yield random_rows(rows, folds, seed)


def _compare_splits(of_plan: Mapping[Plan, Evaluation], base_rate: float) -> pd.DataFrame:
    return pd.DataFrame(
        [{"split": plan.name, "claim": plan.claim} | compared(evaluation, base_rate) for plan, evaluation in of_plan.items()]
    )


def _first_over_time(of_plan: Mapping[Plan, Evaluation]) -> pd.DataFrame:
    """Return the rates over time of the first split by date; an empty table if there is none."""
    by_date = (evaluation for plan, evaluation in of_plan.items() if plan.name.startswith("sent from"))
    return next(map(over_time, by_date), pd.DataFrame())


def explained_errors(evaluation: Evaluation, bundle: Bundle) -> pd.DataFrame:
    """Return :meth:`tkit.evaluate.Evaluation.errors` with the bundle's reasons and the nearest training rows."""

    def explain(rows: pd.DataFrame, called: np.ndarray) -> list[list[str]]:
        return reasons(rows, bundle.contributions(rows), called)

    return evaluation.errors(explain, NEAR)


def _evaluate_rules(rows: pd.DataFrame, settings: _Settings) -> Iterator[Evaluation]:
    for rule in RULES:
        yield Evaluation(rows, rule.scores(rows), rule.name, rule.vantage, cluster=settings.cluster, seed=settings.seed)


def _evaluate_lists(rows: pd.DataFrame, settings: _Settings) -> Iterator[Evaluation]:
    """Evaluate the published lists by their verdicts in the dataset."""
    for column in filter(lambda name: name.startswith("published_"), map(str, rows)):
        name = f"list: {column.removeprefix('published_')}"
        verdicts = rows[column].to_numpy(np.float64)
        yield Evaluation(rows, verdicts, name, "url", cluster=settings.cluster, seed=settings.seed)


def _figures(table: pd.DataFrame, splits: pd.DataFrame, gains: pd.DataFrame) -> dict[str, float]:
    """Return the figures that floors are set for: shares, of which more is better."""
    figures: dict[str, float] = {}
    named = [(f"{row['name']} ({row['vantage']})", row) for row in table.to_dict("records")]
    named += [(f"best on {row['split']}", row) for row in splits.to_dict("records")]
    for name, row in named:
        for column in ("tpr_at_fpr_0.001", "tpr_at_fpr_0.005", "tpr", "partial_auc"):
            figures[f"{name}: {column}"] = row[column]
        figures[f"{name}: good pictures kept"] = 1 - row["fpr"]
        figures[f"{name}: mails unharmed"] = 1 - row["mail_false_alarms"]
    for row in gains.to_dict("records"):
        figures[f"gain over {row['against']} ({row['against_vantage']}): lower end"] = row["difference_low"]
    return figures


def _figures_of_answers(answers: Answers) -> dict[str, float]:
    """Return the figures about personalised pictures that floors are set for."""
    rates = answers.individual.rates()
    return {
        "individual: tpr": rates.tpr.value,
        "individual: good pictures kept": 1 - rates.fpr.value,
        "visible personalised pictures kept": 1 - _share_of_visible(answers),
    }


def _share_of_visible(answers: Answers) -> float:
    """Return the share of the visible personalised pictures that are flagged as trackers; NaN if there are none."""
    rows = answers.tracker.rows[answers.tracker.headline]
    return float(rows.loc[rows["label"] == "P", "called"].mean())


def _summary_of_answers(answers: Answers) -> str:
    rates = answers.individual.rates()
    return (
        f"Of the visible personalised pictures {percent(_share_of_visible(answers), 1)} are flagged as trackers."
        f" {percent_estimate(rates.tpr, 1)} of the trackers and personalised pictures count as individual, with"
        f" {percent_estimate(rates.fpr, 2)} of the good pictures."
    )


def _summary_of_parts(best: Evaluation, apart: pd.DataFrame, parts: pd.DataFrame) -> Iterator[str]:
    """Yield what the best model does on each kind of mail, and where it is weakest."""
    of_best = apart[(apart["name"] == best.name) & (apart["vantage"] == best.vantage) & (apart["count"] == "components")]
    for row in of_best.dropna(subset=["tpr", "fpr"]).to_dict("records"):
        recall = percent_estimate(Estimate(row["tpr"], row["tpr_low"], row["tpr_high"]))
        yield (
            f"{row['population'].capitalize()}, each component counted once: it finds {recall} of the trackers"
            f" ({row['trackers']:,} components) and flags {percent(row['fpr'], 2)} of the pictures that a person should see"
            f" ({row['negatives']:,} components)."
        )
    many = parts[~parts["few"].str.contains("trackers")].nsmallest(WEAKEST, "tpr")
    worst = "; ".join(
        f"{row['slice']}: {row['value']} ({percent(row['tpr'], 1)} of {row['trackers']:,})" for row in many.to_dict("records")
    )
    if worst:
        yield f"The lowest recall of parts with {FEW} trackers or more is on {worst}."


def _summary(best: Evaluation, splits: pd.DataFrame, settings: _Settings) -> tuple[str, ...]:
    rates = best.rates()
    recall = percent_estimate(best.tpr_at_fpr(settings.max_false_alarms, unit=settings.unit), 1)
    lines = [
        f"The best model, {best.name} at the {best.vantage} vantage point, finds {recall} of the trackers of kits and"
        f" providers that it was not trained on, with at most {budget(settings.max_false_alarms, settings.unit)} flagged.",
        f"At thresholds chosen on the training side it finds {percent_estimate(rates.tpr, 1)} of the trackers and flags"
        f" {percent_estimate(rates.fpr, 2)} of the pictures that a person should see"
        f" ({rates.false_alarms} of {rates.negatives:,});"
        f" {percent_estimate(best.mail_false_alarms(), 2)} of the mails lose one.",
    ]
    if len(splits) > 1:
        rows = splits.to_dict("records")
        hardest, loudest = min(rows, key=lambda row: row["tpr_at_fpr_0.001"]), max(rows, key=lambda row: row["fpr"])
        lines.append(
            f"The lowest recall at 0.1% false positives is {percent(hardest['tpr_at_fpr_0.001'], 1)}, on"
            f" {hardest['split']}. The highest false positive rate at the chosen threshold is {percent(loudest['fpr'], 1)}, on"
            f" {loudest['split']}."
        )
    return tuple(lines)


def _intervals(evaluation: Evaluation) -> str:
    return f"95%, bootstrap over {evaluation.cluster}, {evaluation.resamples:,} resamples"
