"""How well a detector finds trackers: rates with intervals, honest thresholds, paired comparison.

The headline rows are those of confidence 2 and 3; T is positive, C and S are negative. P, U and
confidence 1 are left out of both rates and counted beside them. Intervals are 95 % percentile
intervals of the cluster bootstrap (Field and Welsh 2007): whole components or senders are drawn
with replacement, since the references of one campaign are copies, not independent observations.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tkit.errors import TkitError
from tkit.splits import Groups, Mask, Split, cross_validation

if TYPE_CHECKING:
    from tkit.detectors.base import Detector

Floats = NDArray[np.float64]

MEMBER_WEIGHT = 1.0

_KEY = ["message_sha256", "part", "index", "label", "confidence"]
_CHUNK = 100
# A share of 3 in 1000 must still count as "at most 0.003" once weights have been summed.
_ROUNDING = 1e-12


class OperatingPoint(NamedTuple):
    """One point of the ROC curve: rows that score at least `threshold` are called trackers."""

    tpr: float
    fpr: float
    threshold: float


class Estimate(NamedTuple):
    """A figure and its 95 % interval; NaN where it does not exist."""

    value: float
    low: float
    high: float


class Rates(NamedTuple):
    """True- and false-positive rate at the verdict threshold, and the (unweighted) counts."""

    tpr: Estimate
    fpr: Estimate
    trackers: int
    missed: int
    negatives: int
    false_alarms: int


class CrossValidated(NamedTuple):
    """Score of each row and the frozen threshold of its fold; NaN for rows never tested."""

    score: Floats
    threshold: Floats


def headline(rows: pd.DataFrame) -> Mask:
    """Mark the rows that headline figures are made of: labels T, C and S of confidence 2 and 3."""
    mask: Mask = (rows["label"].isin(["T", "C", "S"]) & (rows["confidence"] >= 2)).to_numpy(dtype=bool)
    return mask


def roc_points(score: Floats, tracker: Mask, weight: Floats | None = None) -> pd.DataFrame:
    """Give every operating point that the scores allow, from calling nothing to calling everything.

    Rows of equal score are called together, so a rule that scores 0 or 1 has one point between.

    Parameters
    ----------
    score : ndarray of float, shape (n_rows,)
        Higher is rather a tracker; finite.
    tracker : ndarray of bool, shape (n_rows,)
        True for trackers, False for negatives.
    weight : ndarray of float, shape (n_rows,), optional
        Weight of each row in both rates; 1 without it.

    Returns
    -------
    DataFrame
        Columns ``threshold``, ``tpr``, ``fpr``; thresholds fall from infinity (nothing is called).

    Raises
    ------
    TkitError
        For scores that are not finite, lengths that differ, no tracker or no negative.
    """
    score, tracker = np.asarray(score, dtype=np.float64), np.asarray(tracker, dtype=bool)
    if score.shape != tracker.shape:
        raise TkitError(f"{len(score)} scores for {len(tracker)} labels: give one score a row")
    bad = np.flatnonzero(~np.isfinite(score))
    if len(bad):
        raise TkitError(f"{len(bad)} scores are not finite, first in row {bad[0]}: leave out unscored rows")
    _require_both(tracker, "rates")
    order, ends = _ranked(score)
    mass = np.ones(len(score)) if weight is None else np.asarray(weight, dtype=np.float64)
    hits = np.cumsum((mass * tracker)[order])[ends]
    alarms = np.cumsum((mass * ~tracker)[order])[ends]
    return pd.DataFrame(
        {
            "threshold": np.append(np.inf, score[order][ends]),
            "tpr": np.append(0.0, hits / hits[-1]),
            "fpr": np.append(0.0, alarms / alarms[-1]),
        }
    )


def _ranked(score: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows by falling score, and the positions in that order at which a run of ties ends."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def tpr_at_fpr(score: Floats, tracker: Mask, fpr: float, weight: Floats | None = None) -> OperatingPoint:
    """Give the largest true-positive rate whose false-positive rate on the same rows is at most `fpr`.

    Of the thresholds that reach it, the one with the fewest false alarms. Where even the highest
    score brings too many, nothing is called: rate 0, threshold infinity. Parameters and errors as
    in `roc_points`; `fpr` from 0 to 1.

    Examples
    --------
    >>> truth = np.array([True, True, False, True, False])
    >>> point = tpr_at_fpr(np.array([0.9, 0.8, 0.7, 0.7, 0.1]), truth, fpr=0.5)
    >>> point.tpr, point.fpr, point.threshold
    (1.0, 0.5, 0.7)
    """
    if not 0 <= fpr <= 1:
        raise TkitError(f"a false-positive rate of {fpr}: give a share from 0 to 1")
    points = roc_points(score, tracker, weight)
    allowed = points[points["fpr"] <= fpr + _ROUNDING]
    threshold, tpr, called_wrongly = allowed.to_numpy()[int(allowed["tpr"].argmax())]
    return OperatingPoint(float(tpr), float(called_wrongly), float(threshold))


def choose_threshold(score: Floats, tracker: Mask, max_false_positive_rate: float) -> float:
    """Choose on validation rows the threshold to freeze for a false-positive budget.

    It stands half way between the lowest score that `tpr_at_fpr` calls, always a tracker's, and
    the next lower score, so that new scores may move as far either way. Where every row may be
    called it is the lowest score; where none may be, the next number above the highest score.
    Parameters and errors as in `tpr_at_fpr`.
    """
    lowest = tpr_at_fpr(score, tracker, max_false_positive_rate).threshold
    if math.isinf(lowest):
        return float(np.nextafter(np.max(score), np.inf))
    lower = np.asarray(score)[np.asarray(score) < lowest]
    if not len(lower):
        return lowest
    middle = float((lowest + lower.max()) / 2)
    return middle if middle > lower.max() else lowest


class Evaluation:
    """What one detector does on test rows.

    Parameters
    ----------
    rows : DataFrame
        Rows as the design describes them; those of source ``gold`` are evaluated, members dropped.
    score : ndarray of float, shape (n_rows,)
        Out-of-fold scores; finite for gold rows, anything for members.
    name, vantage : str
        The detector's name and vantage point, for tables.
    threshold : float or ndarray of float, shape (n_rows,)
        Verdict threshold, or the frozen one of each row's fold: called when score >= threshold.
    cluster : str
        Column whose values the bootstrap draws: ``component`` or ``sender_key``.
    resamples, seed : int
        Number of resamples and their seed. Evaluations of the same rows with equal `cluster`,
        `resamples` and `seed` see the same resamples, which is what makes them paired.

    Attributes
    ----------
    rows : DataFrame
        The gold rows with ``score``, ``threshold`` and ``called`` added.
    is_rule : bool
        Whether every score is 0 or 1, so that no threshold can be moved.

    Raises
    ------
    TkitError
        For a missing column, lengths that differ, a gold row without score, threshold or cluster,
        or no headline tracker or negative.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        score: Floats,
        name: str,
        vantage: str = "",
        *,
        threshold: float | Floats = 0.5,
        cluster: str = "component",
        resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        missing = [column for column in [*_KEY, "source", "stratum_weight", cluster] if column not in rows]
        if missing:
            raise TkitError(f"{name}: rows have no column {', '.join(missing)}: build them with tkit.dataset")
        limit = np.asarray(threshold, dtype=np.float64)
        if len(score) != len(rows) or limit.shape not in ((), (len(rows),)):
            raise TkitError(f"{name}: {len(score)} scores, {limit.size} thresholds, {len(rows)} rows: give one a row")
        scored = rows.assign(score=score, threshold=limit, called=np.asarray(score) >= limit)
        self.rows = scored[scored["source"] == "gold"].reset_index(drop=True)
        unscored = int((~np.isfinite(self.rows["score"]) | self.rows["threshold"].isna()).sum())
        if unscored:
            raise TkitError(f"{name}: {unscored} gold rows without score or threshold: give tested rows only")
        if self.rows[cluster].isna().any():
            raise TkitError(f"{name}: gold rows without {cluster}: give every row one, or another cluster column")
        self.name, self.vantage = name, vantage
        self.cluster, self.resamples, self.seed = cluster, resamples, seed
        self.is_rule = _is_rule(self.rows["score"].to_numpy())
        self._used = self.rows[headline(self.rows)]
        self._score = self._used["score"].to_numpy(dtype=np.float64)
        self._tracker = (self._used["label"] == "T").to_numpy(dtype=bool)
        _require_both(self._tracker, name)

    def rates(self, headline: bool = True, weighted: bool = False) -> Rates:
        """Give both rates at the verdict threshold.

        Where no row or every row is called the bootstrap has no width; the far end of the interval
        is then the rule of three (Hanley and Lippman-Hand 1983), 3/n, n the number of clusters.

        Parameters
        ----------
        headline : bool
            False adds the rows of confidence 1.
        weighted : bool
            Weigh each row by ``stratum_weight``: an estimate for the corpus rather than the draw.
        """
        used = self._used if headline else self.rows[self.rows["label"].isin(["T", "C", "S"])]
        tracker = (used["label"] == "T").to_numpy(dtype=bool)
        called = used["called"].to_numpy(dtype=bool)
        weight = used["stratum_weight"].to_numpy(dtype=np.float64) if weighted else np.ones(len(used))
        return Rates(
            tpr=self._ratio(weight * (called & tracker), weight * tracker, used[self.cluster]),
            fpr=self._ratio(weight * (called & ~tracker), weight * ~tracker, used[self.cluster]),
            trackers=int(tracker.sum()),
            missed=int((tracker & ~called).sum()),
            negatives=int((~tracker).sum()),
            false_alarms=int((called & ~tracker).sum()),
        )

    def roc(self, weighted: bool = False) -> pd.DataFrame:
        """Give the headline rows' `roc_points`."""
        return roc_points(self._score, self._tracker, self._weight(weighted))

    def tpr_at_fpr(self, fpr: float, weighted: bool = False) -> Estimate:
        """Give the headline rows' `tpr_at_fpr`; each resample finds its own threshold.

        NaN for a rule that brings more false alarms than `fpr`: its verdict cannot be moved.
        """
        point = tpr_at_fpr(self._score, self._tracker, fpr, self._weight(weighted))
        if self.is_rule and math.isinf(point.threshold):
            return Estimate(math.nan, math.nan, math.nan)
        return _estimate(point.tpr, self._resampled_tpr(np.full(self.resamples, fpr), weighted))

    def partial_auc(self, max_fpr: float = 0.01, weighted: bool = False) -> float:
        """Give the area under the ROC curve up to `max_fpr`, standardised by McClish (1989).

        From 0.5 for no discrimination to 1; NaN for a rule, which has no curve.
        """
        if self.is_rule:
            return math.nan
        weight = self._weight(weighted)
        return float(roc_auc_score(self._tracker, self._score, max_fpr=max_fpr, sample_weight=weight))

    def precision(self, base_rate: float) -> float:
        """Give the share of calls that are right where a share `base_rate` of references are trackers.

        By Bayes from both headline rates; NaN when nothing is called.
        """
        if not 0 <= base_rate <= 1:
            raise TkitError(f"a base rate of {base_rate}: give the trackers' share, from 0 to 1")
        rates = self.rates()
        right, wrong = base_rate * rates.tpr.value, (1 - base_rate) * rates.fpr.value
        return right / (right + wrong) if right + wrong else math.nan

    def mail_false_alarms(self) -> Estimate:
        """Give the share of mails with good pictures of which at least one is called a tracker.

        Counted over headline negatives. Only drawn references are known, a few of a mail's
        pictures: read it as a lower bound.
        """
        mails = self._used[~self._tracker].groupby("message_sha256", sort=False)
        hit = mails["called"].any().to_numpy(dtype=bool)
        return self._ratio(hit, np.ones(len(hit), dtype=bool), mails[self.cluster].first())

    def beside(self) -> pd.DataFrame:
        """Count what the rates leave out: ``rows`` and ``called`` by ``label`` and ``confidence``."""
        left_out = self.rows.drop(self._used.index).groupby(["label", "confidence"])["called"]
        counted: pd.DataFrame = left_out.agg(rows="size", called="sum").reset_index()
        return counted

    def errors(self) -> pd.DataFrame:
        """Give the headline rows judged wrongly, the farthest from the threshold first.

        Columns of `rows` and ``error``: ``false alarm`` or ``miss``.
        """
        wrong = self._used[self._used["called"].to_numpy(dtype=bool) != self._tracker]
        kind = np.where(wrong["label"] == "T", "miss", "false alarm")
        farthest = np.argsort(-(wrong["threshold"] - wrong["score"]).abs().to_numpy(), kind="stable")
        ranked: pd.DataFrame = wrong.assign(error=kind).iloc[farthest].reset_index(drop=True)
        return ranked

    def _weight(self, weighted: bool) -> Floats | None:
        return self._used["stratum_weight"].to_numpy(dtype=np.float64) if weighted else None

    def _resampled_clusters(self, clusters: int) -> Iterator[Floats]:
        """Yield how often each cluster is drawn, in chunks of shape (<= _CHUNK resamples, clusters)."""
        random = np.random.default_rng(self.seed)
        for start in range(0, self.resamples, _CHUNK):
            size = min(_CHUNK, self.resamples - start)
            drawn = random.integers(clusters, size=(size, clusters)) + clusters * np.arange(size)[:, None]
            times = np.bincount(drawn.ravel(), minlength=size * clusters)
            yield times.reshape(size, clusters).astype(np.float64)

    def _resampled_ratio(self, part: Floats | Mask, whole: Floats | Mask, groups: pd.Series) -> Floats:
        """Resample sum(part) / sum(whole); NaN in a resample without any whole."""
        code, names = pd.factorize(groups, sort=True)
        sums = np.stack([np.bincount(code, mass, len(names)) for mass in (part, whole)], axis=1)
        totals = np.concatenate([times @ sums for times in self._resampled_clusters(len(names))])
        ratio: Floats = totals[:, 0] / np.where(totals[:, 1] > 0, totals[:, 1], np.nan)
        return ratio

    def _ratio(self, part: Floats | Mask, whole: Floats | Mask, groups: pd.Series) -> Estimate:
        value, low, high = _estimate(float(part.sum() / whole.sum()), self._resampled_ratio(part, whole, groups))
        rule_of_three = min(1.0, 3 / groups[whole > 0].nunique())
        if not part.any():
            high = rule_of_three
        elif (part == whole).all():
            low = 1 - rule_of_three
        return Estimate(value, low, high)

    def _resampled_tpr(self, budget: Floats, weighted: bool = False) -> Floats:
        """Resample `tpr_at_fpr`, one budget a resample; NaN without trackers or negatives."""
        order, ends = _ranked(self._score)
        code, names = pd.factorize(self._used[self.cluster], sort=True)
        weight = self._weight(weighted)
        mass = np.ones(len(order)) if weight is None else weight
        hit, alarm = (mass * self._tracker)[order], (mass * ~self._tracker)[order]
        found, done = [], 0
        for times in self._resampled_clusters(len(names)):
            drawn = times[:, code[order]]
            hits = np.cumsum(drawn * hit, axis=1)[:, ends]
            alarms = np.cumsum(drawn * alarm, axis=1)[:, ends]
            most = (budget[done : done + len(times), None] + _ROUNDING) * alarms[:, -1:]
            best = np.where(alarms <= most, hits, 0.0).max(axis=1)
            known = (hits[:, -1] > 0) & (alarms[:, -1] > 0)
            found.append(best / np.where(known, hits[:, -1], np.nan))
            done += len(times)
        return np.concatenate(found)


def _estimate(value: float, resampled: Floats) -> Estimate:
    low, high = np.nanquantile(resampled, [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def _is_rule(score: Floats) -> bool:
    return bool(np.isin(score, [0.0, 1.0]).all())


def _require_both(tracker: Mask, where: str) -> None:
    if tracker.all() or not tracker.any():
        raise TkitError(f"{where}: {tracker.sum()} trackers and {(~tracker).sum()} negatives: give at least one of each")


def comparison(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """Put evaluations of the same rows side by side, one row a detector.

    Returns
    -------
    DataFrame
        ``name``, ``vantage``, ``is_rule``; then, each with its interval in ``_low`` and ``_high``,
        ``tpr`` and ``fpr`` at the verdict threshold, ``tpr_at_fpr_0.01`` and ``tpr_at_fpr_0.001``
        (NaN for rules that cannot attain it) and ``mail_false_alarms``; then ``partial_auc`` (up to
        0.01; NaN for rules), the counts ``trackers``, ``missed``, ``negatives``, ``false_alarms``,
        and ``personalised`` (rows labelled P of any confidence) and ``personalised_called``.

    Raises
    ------
    TkitError
        When the evaluations are not of the same rows.
    """
    for evaluation in evaluations:
        _require_same_rows(evaluation, evaluations[0])
    return pd.DataFrame([_compared(evaluation) for evaluation in evaluations])


def _compared(evaluation: Evaluation) -> dict[str, Any]:
    rates = evaluation.rates()
    estimates = {
        "tpr": rates.tpr,
        "fpr": rates.fpr,
        "tpr_at_fpr_0.01": evaluation.tpr_at_fpr(0.01),
        "tpr_at_fpr_0.001": evaluation.tpr_at_fpr(0.001),
        "mail_false_alarms": evaluation.mail_false_alarms(),
    }
    row: dict[str, Any] = {name: getattr(evaluation, name) for name in ("name", "vantage", "is_rule")}
    for what, estimate in estimates.items():
        row |= {what: estimate.value, f"{what}_low": estimate.low, f"{what}_high": estimate.high}
    row["partial_auc"] = evaluation.partial_auc()
    row |= {name: getattr(rates, name) for name in ("trackers", "missed", "negatives", "false_alarms")}
    personalised = evaluation.rows.loc[evaluation.rows["label"] == "P", "called"]
    return row | {"personalised": len(personalised), "personalised_called": int(personalised.sum())}


def paired_difference(a: Evaluation, b: Evaluation, fpr: float | None = None) -> Estimate:
    """Give how much more of the trackers `a` finds than `b` at equal false-positive rate.

    Parameters
    ----------
    a, b : Evaluation
        Of the same rows, with equal `cluster`, `resamples` and `seed`.
    fpr : float, optional
        The false-positive rate of both. Without it `b` stands at its verdict threshold and `a` is
        given the false-positive rate that `b` has there, anew in each resample: the fair way to
        compare with a rule.

    Returns
    -------
    Estimate
        True-positive rate of `a` minus that of `b`; NaN where a rule cannot attain `fpr`.

    Raises
    ------
    TkitError
        When the evaluations are not of the same rows or not resampled alike.
    """
    _require_same_rows(a, b)
    if (a.cluster, a.resamples, a.seed) != (b.cluster, b.resamples, b.seed):
        raise TkitError(f"{a.name}, {b.name}: resampled differently: give equal cluster, resamples and seed")
    if fpr is None:
        rates = b.rates()
        fpr, found_by_b = rates.fpr.value, rates.tpr.value
        called, groups = b._used["called"].to_numpy(dtype=bool), b._used[b.cluster]
        budget = b._resampled_ratio(called & ~b._tracker, ~b._tracker, groups)
        resampled_b = b._resampled_ratio(called & b._tracker, b._tracker, groups)
    else:
        found_by_b = b.tpr_at_fpr(fpr).value
        budget = np.full(a.resamples, fpr)
        resampled_b = b._resampled_tpr(budget)
    value = a.tpr_at_fpr(fpr).value - found_by_b
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan)
    return _estimate(value, a._resampled_tpr(budget) - resampled_b)


def _require_same_rows(a: Evaluation, b: Evaluation) -> None:
    if not a.rows[_KEY].equals(b.rows[_KEY]):
        raise TkitError(f"{a.name} and {b.name} were tested on different rows: compare on the same ones")


def training_weight(rows: pd.DataFrame, member_weight: float = MEMBER_WEIGHT) -> Floats:
    """Give each row of one training part its weight; member rows need the column ``cluster``.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        0 for P, U and confidence 1, which are not trained on; 1 for gold rows; for member rows at
        most 1 and so little that the members of one cluster together weigh at most `member_weight`;
        the default is the weight of one gold row.

    Raises
    ------
    TkitError
        When there are member rows and no column ``cluster``.
    """
    usable = headline(rows)
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
) -> Floats:
    """Fit a new detector on each split's training rows and score its test rows.

    Parameters
    ----------
    detector_factory : callable
        Gives a new, unfitted detector. One without ``fit`` is only asked for its scores.
    rows : DataFrame
        What the splits were made of.
    splits : sequence of Split
        No row may be tested twice.
    progress : callable, optional
        Called after each split with the number done and the number of all.
    member_weight : float
        See `training_weight`.

    Returns
    -------
    ndarray of float, shape (n_rows,)
        From 0 to 1; NaN for rows that no split tests.

    Raises
    ------
    TkitError
        When a row is tested twice, a training part lacks trackers or negatives, or a score is no
        probability.
    """
    score = np.full(len(rows), np.nan)
    for done, split in enumerate(splits, start=1):
        if not np.isnan(score[split.test]).all():
            raise TkitError(f"{split.name} tests rows that an earlier split tested: score them separately")
        score[split.test] = _scores_of_split(detector_factory(), rows, split, member_weight)
        if progress is not None:
            progress(done, len(splits))
    return score


def _scores_of_split(detector: "Detector", rows: pd.DataFrame, split: Split, member_weight: float) -> Floats:
    where = f"{detector.name}, {split.name}"
    if hasattr(detector, "fit"):
        train = rows[split.train]
        weight = training_weight(train, member_weight)
        tracker = (train["label"] == "T").to_numpy(dtype=bool)
        used = weight > 0
        _require_both(tracker[used], f"training of {where}")
        detector.fit(train[used], tracker[used], weight[used])
    score = np.asarray(detector.scores(rows[split.test]), dtype=np.float64)
    if score.shape != (split.test.sum(),) or not ((score >= 0) & (score <= 1)).all():
        raise TkitError(f"{where}: scores of shape {score.shape} or beyond 0 to 1: give one probability a row")
    return score


def cross_validated_verdicts(
    detector_factory: Callable[[], "Detector"],
    rows: pd.DataFrame,
    splits: Sequence[Split],
    groups: Groups,
    max_false_positive_rate: float,
    *,
    inner_folds: int = 5,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    member_weight: float = MEMBER_WEIGHT,
) -> CrossValidated:
    """Score as `cross_validated_scores` does, with thresholds that never saw the tested rows.

    Each split's training part is itself cross-validated in `inner_folds` folds of whole `groups`,
    and `choose_threshold` takes the inner scores of its headline gold rows; the detector that
    scores the test rows is fitted on the whole training part. A rule keeps the threshold 0.5. Give
    both results to `Evaluation`: its rates tell what the budget became on new rows.
    """
    score = cross_validated_scores(detector_factory, rows, splits, progress, member_weight)
    threshold = np.full(len(rows), np.nan)
    for split in splits:
        inside = rows[split.train]
        inner = cross_validation(inside, np.asarray(groups)[split.train], inner_folds, seed)
        judged = headline(inside) & (inside["source"] == "gold").to_numpy(dtype=bool)
        found = cross_validated_scores(detector_factory, inside, inner, None, member_weight)[judged]
        tracker = (inside["label"] == "T").to_numpy(dtype=bool)[judged]
        chosen = 0.5 if _is_rule(found) else choose_threshold(found, tracker, max_false_positive_rate)
        threshold[split.test] = chosen
    return CrossValidated(score, threshold)
