"""Detectors fitted on one part of the rows and scored on another, with thresholds chosen without the tested rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError
from tkit.evaluate.inside import Inner, inner_fits
from tkit.evaluate.rates import Unit, choose_threshold, is_rule, require_both, unit_rows
from tkit.labels import TRACKER, Target, evaluated, is_positive, trainable
from tkit.parallel import ordered_map
from tkit.splits import Split
from tkit.splits.folds import Groups

if TYPE_CHECKING:
    from tkit.detectors import Detector

MEMBER_WEIGHT = 1.0

LABELS = ("label", "confidence", "source", "cluster")
"""The columns that `training_weight` reads."""


class CrossValidated(NamedTuple):
    """Score of each row and the frozen threshold of its fold; NaN for rows that are not tested."""

    score: Floats
    threshold: Floats


class Trial(NamedTuple):
    """A detector and the splits to try it on.

    Attributes
    ----------
    factory : callable
        Returns a new, unfitted detector. For more than one worker it must be at module level, or a `partial` of such a
        function, so that another process can import it. A detector without ``fit`` is only scored.
    splits : sequence of Split
        No row may be tested twice.
    groups : array of shape (n_rows,)
        Groups that the inner folds must not divide, like the splits.
    target : Target
        What the detector learns.
    """

    factory: Callable[[], "Detector"]
    splits: Sequence[Split]
    groups: Groups
    target: Target = TRACKER


@dataclass(frozen=True, eq=False)
class _Job:
    """A new detector to fit on one split. Jobs are told apart by identity, so that each can be the key of its scores."""

    factory: Callable[[], "Detector"]
    split: Split
    target: Target


class _Plan(NamedTuple):
    """The jobs of one trial: one for each split, and those whose scores the thresholds are chosen on."""

    outer: list[_Job]
    inner: list[tuple[Inner, _Job]]
    target: Target


def training_weight(rows: pd.DataFrame, member_weight: float = MEMBER_WEIGHT, target: Target = TRACKER) -> Floats:
    """Return the weight of each row of one training part; member rows need the column ``cluster``.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        0 for U and confidence 1, which are not trained on; 1 for gold and weak rows; for member rows at most 1, and at
        most `member_weight` for all members of one cluster together. The default is the weight of one gold row.

    Raises
    ------
    TkitError
        If there are member rows and no column ``cluster``.
    """
    usable = trainable(rows, target)
    weight = usable.astype(np.float64)
    member = usable & (rows["source"] == "member").to_numpy(dtype=bool)
    if member.any():
        if "cluster" not in rows:
            raise TkitError("member rows have no column cluster to share a weight by: take it from the dataset's labels")
        sizes = rows[member].groupby("cluster", dropna=False)["label"].transform("size")
        weight[member] = np.minimum(1.0, member_weight / sizes.to_numpy(dtype=np.float64))
    return weight


def cross_validated_scores(
    detector_factory: Callable[[], "Detector"],
    rows: pd.DataFrame,
    splits: Sequence[Split],
    progress: Callable[[int, int], None] | None = None,
    member_weight: float = MEMBER_WEIGHT,
    workers: int = 1,
    target: Target = TRACKER,
) -> Floats:
    """Fit a new detector on each split's training rows and score its test rows.

    Parameters
    ----------
    detector_factory : callable
        Returns a new, unfitted detector. A detector without ``fit`` is only scored.
    rows : DataFrame
        The rows that the splits were made for.
    splits : sequence of Split
        No row may be tested twice.
    progress : callable, optional
        Called after each split with the number done and the total.
    member_weight : float
        See `training_weight`.
    workers : int
        Number of processes; does not change the result.
    target : Target
        What the detector learns.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        From 0 to 1; NaN for rows that no split tests.

    Raises
    ------
    TkitError
        If a row is tested twice, a training part lacks trackers or negatives, or a score is not a probability.
    """
    _require_tested_once(splits, len(rows))
    score = np.full(len(rows), np.nan)
    jobs = [_Job(detector_factory, split, target) for split in splits]
    for split, scores in zip(splits, _scored(jobs, rows, member_weight, workers, progress), strict=True):
        score[split.test] = scores
    return score


def run_trials(
    trials: Sequence[Trial],
    rows: pd.DataFrame,
    max_false_positive_rate: float,
    *,
    unit: Unit = "pictures",
    inner_folds: int = 5,
    seed: int = 0,
    member_weight: float = MEMBER_WEIGHT,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[CrossValidated]:
    """Score the tested rows of each trial, with thresholds chosen without them.

    Each split's training part is itself scored out of fold, by fits that are trained on none of the split's test rows
    (:func:`tkit.evaluate.inside.inner_fits`). `choose_threshold` uses these scores of its headline gold rows. The detector
    that scores the test rows is fitted on the whole training part. A rule keeps the threshold 0.5. Pass both results to
    `Evaluation`: its rates show the actual false positive rate on new rows.

    Parameters
    ----------
    trials : sequence of Trial
    rows : DataFrame
        The rows that the splits were made for.
    max_false_positive_rate : float
        Maximum false positive rate, a share of the `unit`.
    unit : {"pictures", "mails"}
        Whether a false positive is a negative that is flagged, or a mail with at least one such picture.
    inner_folds, seed : int
        Number and seed of the folds inside a training part that is cross-validated by itself.
    member_weight : float
        See `training_weight`.
    workers : int
        Number of processes; does not change the result.
    progress : callable, optional
        Called with the number of fits done and the total.

    Returns
    -------
    list of CrossValidated
        One per trial.

    Raises
    ------
    TkitError
        If a row is tested twice, a training part or its headline gold rows lack trackers or negatives, or a score is not a
        probability.
    """
    plans = []
    for trial in trials:
        _require_tested_once(trial.splits, len(rows))
        inner = inner_fits(trial.splits, rows, trial.groups, inner_folds, seed)
        outer_jobs = [_Job(trial.factory, split, trial.target) for split in trial.splits]
        inner_jobs = [(fit, _Job(trial.factory, fit.split, trial.target)) for fit in inner]
        plans.append(_Plan(outer_jobs, inner_jobs, trial.target))
    jobs = [job for plan in plans for job in (*plan.outer, *(job for _, job in plan.inner))]
    scores = dict(zip(jobs, _scored(jobs, rows, member_weight, workers, progress), strict=True))
    gold = (rows["source"] == "gold").to_numpy(dtype=bool)
    results = []
    for plan in plans:
        known, positive = gold & evaluated(rows, plan.target), is_positive(rows, plan.target)
        score, threshold = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for position, job in enumerate(plan.outer):
            held_out = job.split.test
            score[held_out] = scores[job]
            training_score = _training_scores(plan, position, scores)
            used = np.flatnonzero(known & np.isfinite(training_score))
            threshold[held_out] = _frozen_threshold(
                training_score[used],
                positive[used],
                rows["message_sha256"].iloc[used],
                max_false_positive_rate,
                unit,
                f"choosing the threshold of {job.split.name} on the gold rows of its training part",
            )
        results.append(CrossValidated(score, threshold))
    return results


def _training_scores(plan: _Plan, position: int, scores: Mapping[_Job, Floats]) -> Floats:
    """Return the scores on which the threshold of one split may be chosen; NaN for all other rows."""
    split = plan.outer[position].split
    training_score = np.full(len(split.test), np.nan)
    for fit, job in plan.inner:
        if position in fit.outer:
            valid = fit.validates(split)
            training_score[valid] = scores[job][valid[fit.split.test]]
    return training_score


def _frozen_threshold(score: Floats, tracker: Mask, mails: pd.Series, budget: float, unit: Unit, where: str) -> float:
    if len(score) and is_rule(score):
        return 0.5
    require_both(tracker, where)
    picked = unit_rows(unit, score, tracker, mails)
    return choose_threshold(score[picked], tracker[picked], budget)


def _require_tested_once(splits: Sequence[Split], count: int) -> None:
    tested = np.zeros(count, dtype=bool)
    for split in splits:
        if (tested & split.test).any():
            raise TkitError(f"{split.name} tests rows that an earlier split tested: score them separately")
        tested |= split.test


def _scored(
    jobs: Sequence[_Job],
    rows: pd.DataFrame,
    member_weight: float,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> list[Floats]:
    """Return the scores of each job's test rows, in the order of the jobs."""
    scores = []
    # Rows and detectors go to each process once, with the function; afterwards only numbers of jobs are sent.
    compute = partial(_fit_and_score, rows, member_weight, jobs)
    for done, job_scores in enumerate(ordered_map(compute, range(len(jobs)), 1, workers), start=1):
        scores.append(job_scores)
        if progress is not None:
            progress(done, len(jobs))
    return scores


def _fit_and_score(rows: pd.DataFrame, member_weight: float, jobs: Sequence[_Job], numbers: list[int]) -> Floats:
    (number,) = numbers
    job = jobs[number]
    return _scores_of_split(job.factory(), rows, job.split, member_weight, job.target)


def _scores_of_split(detector: "Detector", rows: pd.DataFrame, split: Split, member_weight: float, target: Target) -> Floats:
    where = f"{detector.name}, {split.name}"
    if hasattr(detector, "fit"):
        labels = rows[[name for name in LABELS if name in rows]][split.train]
        weight = training_weight(labels, member_weight, target)
        used = weight > 0
        positive = is_positive(labels, target)[used]
        require_both(positive, f"training of {where}")
        detector.fit(rows.iloc[np.flatnonzero(split.train)[used]], positive, weight[used])
    score = np.asarray(detector.scores(rows[split.test]), dtype=np.float64)
    if score.shape != (split.test.sum(),) or not ((score >= 0) & (score <= 1)).all():
        raise TkitError(f"{where}: scores of shape {score.shape} or beyond 0 to 1: give one probability per row")
    return score
