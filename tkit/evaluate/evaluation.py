"""What one detector does on test rows."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError
from tkit.evaluate.bootstrap import Bootstrap, interval, ratio
from tkit.evaluate.neighbours import nearest_training_rows
from tkit.evaluate.rates import Estimate, Unit, is_rule, require_both, roc_points, tpr_at_fpr, unit_rows
from tkit.features import KEY
from tkit.labels import TRACKER, Target, evaluated, is_positive
from tkit.splits import Split
from tkit.splits.folds import sender_groups

LABELLED = [*KEY, "label", "confidence"]
"""The columns that identify a labelled reference: evaluations of the same rows are equal in these."""

Explain = Callable[[pd.DataFrame, Mask], list[list[str]]]
"""Returns, in words, what weighed most towards each row's verdict (True: tracker)."""


class Rates(NamedTuple):
    """True and false positive rate at the verdict threshold, and the (unweighted) counts."""

    tpr: Estimate
    fpr: Estimate
    trackers: int
    missed: int
    negatives: int
    false_alarms: int


class Evaluation:
    """What one detector does on test rows.

    Parameters
    ----------
    rows : DataFrame
        Rows of the dataset; those with source ``gold`` are evaluated, members are dropped.
    score : ndarray of float, shape (n_rows,)
        Out-of-fold scores; finite for gold rows, anything for members.
    name, vantage : str
        The detector's name and vantage point, for tables.
    threshold : float or ndarray of float, shape (n_rows,)
        Verdict threshold, or the frozen one of each row's fold: flagged if score >= threshold.
    cluster : str
        Column whose values the bootstrap draws: ``sender_key`` or ``component``. Rows whose value is
        the empty string (a mail without a sender) form one cluster per mail.
    resamples, seed : int
        Number of resamples and their seed. Evaluations of the same rows with equal `cluster`,
        `resamples` and `seed` see the same resamples, which makes them paired.
    splits : sequence of Split
        The splits that the scores come from, masks over `rows`: `errors` needs them to find the training rows.
    target : Target
        What the scores say. Its positive rows are called trackers below, whichever it is.

    Attributes
    ----------
    rows : DataFrame
        The gold rows with ``score``, ``threshold`` and ``called`` added.
    headline : ndarray of bool
        Which of `rows` the headline figures are computed from.
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
        splits: Sequence[Split] = (),
        target: Target = TRACKER,
    ) -> None:
        missing = [column for column in [*LABELLED, "source", "stratum_weight", cluster] if column not in rows]
        if missing:
            raise TkitError(f"{name}: rows have no column {', '.join(missing)}: build them with tkit.dataset.reading")
        limit = np.asarray(threshold, dtype=np.float64)
        if len(score) != len(rows) or limit.shape not in ((), (len(rows),)):
            raise TkitError(f"{name}: {len(score)} scores, {limit.size} thresholds, {len(rows)} rows: give one per row")
        gold = (rows["source"] == "gold").to_numpy(dtype=bool)
        scored = rows.assign(score=score, threshold=limit, called=np.asarray(score) >= limit)
        self.rows = scored[gold].reset_index(drop=True)
        unscored = int((~np.isfinite(self.rows["score"]) | self.rows["threshold"].isna()).sum())
        if unscored:
            raise TkitError(f"{name}: {unscored} gold rows without score or threshold: give tested rows only")
        if self.rows[cluster].isna().any():
            raise TkitError(f"{name}: gold rows without {cluster}: give every row one, or another cluster column")
        self.name, self.vantage = name, vantage
        self.cluster, self.resamples, self.seed = cluster, resamples, seed
        self.is_rule = is_rule(self.rows["score"].to_numpy())
        self._all, self._position, self._splits = rows, np.flatnonzero(gold), splits
        self._groups = sender_groups(self.rows, cluster)
        self.target = target
        self.headline = evaluated(self.rows, target)
        self._used = self.rows[self.headline]
        self._score = self._used["score"].to_numpy(dtype=np.float64)
        self._tracker = is_positive(self._used, target)
        require_both(self._tracker, name)

    def rates(self, headline: bool = True, weighted: bool = False) -> Rates:
        """Return both rates at the verdict threshold.

        If no row or every row is flagged, the bootstrap interval has no width. Its far end is then given by the rule of
        three (Hanley and Lippman-Hand 1983), 3/n, where n is the number of clusters.

        Parameters
        ----------
        headline : bool
            False adds the rows of confidence 1.
        weighted : bool
            Weight each row by ``stratum_weight``: an estimate for the corpus rather than the sample.
        """
        used = self._used if headline else self.rows[evaluated(self.rows.assign(confidence=3), self.target)]
        return self._rates_of(used, self.draw if headline else self._draw_of(used), weighted)

    def rates_where(self, rows: Mask) -> Rates:
        """Return both rates over the headline rows of a part of the gold rows, shape (n_gold,).

        A rate is NaN where the part has no tracker or no negative.
        """
        used = self._used[np.asarray(rows, dtype=bool)[self._used.index]]
        return self._rates_of(used, self._draw_of(used), weighted=False)

    def counted(self, rows: Mask) -> dict[str, float]:
        """Return `rates_where` as a flat mapping: the four counts, and ``tpr`` and ``fpr`` with ``_low`` and ``_high``."""
        rates = self.rates_where(rows)
        counts: dict[str, float] = {
            count: getattr(rates, count) for count in ("trackers", "missed", "negatives", "false_alarms")
        }
        return counts | rates.tpr.columns("tpr") | rates.fpr.columns("fpr")

    def _rates_of(self, used: pd.DataFrame, draw: Bootstrap, weighted: bool) -> Rates:
        tracker = is_positive(used, self.target)
        called = used["called"].to_numpy(dtype=bool)
        weight = used["stratum_weight"].to_numpy(dtype=np.float64) if weighted else np.ones(len(used))
        return Rates(
            tpr=ratio(weight * (called & tracker), weight * tracker, draw),
            fpr=ratio(weight * (called & ~tracker), weight * ~tracker, draw),
            trackers=int(tracker.sum()),
            missed=int((tracker & ~called).sum()),
            negatives=int((~tracker).sum()),
            false_alarms=int((called & ~tracker).sum()),
        )

    def roc(self, weighted: bool = False, unit: Unit = "pictures") -> pd.DataFrame:
        """Return the headline rows' `roc_points`."""
        picked = self._picked(unit)
        return roc_points(self._score[picked], self._tracker[picked], self._weight(weighted, unit))

    def tpr_at_fpr(self, fpr: float, weighted: bool = False, unit: Unit = "pictures") -> Estimate:
        """Return the headline rows' `tpr_at_fpr`; each resample finds its own threshold.

        With the unit ``mails``, `fpr` is the share of mails with negatives of which at least one is flagged; the share of
        trackers found is still a share of references. NaN for a rule with a higher false positive rate than `fpr`, since its
        verdict cannot be moved. If every tracker is found, the rule of three gives the lower end of the interval.
        """
        picked = self._picked(unit)
        point = tpr_at_fpr(self._score[picked], self._tracker[picked], fpr, self._weight(weighted, unit))
        if self.is_rule and math.isinf(point.threshold):
            return Estimate(math.nan, math.nan, math.nan)
        estimate = interval(point.tpr, self.resampled_tpr(np.full(self.resamples, fpr), weighted, unit))
        if point.tpr == 1.0:
            return estimate._replace(low=min(estimate.low, max(0.0, 1 - 3 / self.draw.clusters_with(self._tracker))))
        return estimate

    def partial_auc(self, max_fpr: float = 0.01, weighted: bool = False, unit: Unit = "pictures") -> Estimate:
        """Return the area under the ROC curve up to `max_fpr`, standardised by McClish (1989).

        From 0.5 for no discrimination to 1; NaN for a rule, which has no curve.
        """
        if self.is_rule:
            return Estimate(math.nan, math.nan, math.nan)
        picked, weight = self._picked(unit), self._weight(weighted, unit)
        score, tracker = self._score[picked], self._tracker[picked]
        area = float(roc_auc_score(tracker, score, max_fpr=max_fpr, sample_weight=weight))
        return interval(area, self._draw(unit).partial_auc(score, tracker, max_fpr, weight))

    def precision(self, base_rate: float) -> Estimate:
        """Return the share of flagged references that are trackers if a share `base_rate` of T, C and S together are.

        By Bayes from both headline rates, which do not depend on the base rate; NaN if nothing is flagged. Without a false
        positive the lower end of the interval is the precision at the false positive rate of the rule of three.
        """
        if not 0 <= base_rate <= 1:
            raise TkitError(f"a base rate of {base_rate}: give the share of trackers, from 0 to 1")
        called = self._used["called"].to_numpy(dtype=bool)
        rates = self.rates()
        tpr = self.draw.ratio(called & self._tracker, self._tracker)
        fpr = self.draw.ratio(called & ~self._tracker, ~self._tracker)
        estimate = interval(float(_bayes(rates.tpr.value, rates.fpr.value, base_rate)), _bayes(tpr, fpr, base_rate))
        if rates.false_alarms:
            return estimate
        return estimate._replace(low=float(_bayes(rates.tpr.value, rates.fpr.high, base_rate)))

    def mail_false_alarms(self) -> Estimate:
        """Return the share of mails with negatives of which at least one is flagged.

        Counted over headline negatives. Only the drawn references of a mail are labelled, a few of its pictures: read it
        as a lower bound.
        """
        negatives = self._used[~self._tracker]
        hit = negatives.groupby("message_sha256", sort=False)["called"].any().to_numpy(dtype=bool)
        first = ~negatives["message_sha256"].duplicated().to_numpy()
        draw = self._draw_of(negatives[first])
        return ratio(hit, np.ones(len(hit), dtype=bool), draw)

    def beside(self) -> pd.DataFrame:
        """Count the rows that the rates leave out: ``rows`` and ``called`` by ``label`` and ``confidence``."""
        left_out = self.rows.drop(self._used.index).groupby(["label", "confidence"])["called"]
        counted: pd.DataFrame = left_out.agg(rows="size", called="sum").reset_index()
        return counted

    def errors(self, explain: Explain | None = None, neighbours: int = 3) -> pd.DataFrame:
        """Return the headline rows with a wrong verdict, the farthest from the threshold first.

        Parameters
        ----------
        explain : callable, optional
            Takes the rows and whether each is flagged, returns for each in words what weighed most; see
            :func:`tkit.features.words.reasons`.
        neighbours : int
            Number of training rows of the row's own fold to list, the nearest first.

        Returns
        -------
        DataFrame
            All columns of `rows`, features among them, and ``error``: ``false alarm`` or ``miss``; with
            `explain` the column ``reasons`` (lists of str); if the evaluation knows its splits, the
            columns of :func:`tkit.evaluate.neighbours.nearest_training_rows`.
        """
        wrong = self._used[self._used["called"].to_numpy(dtype=bool) != self._tracker]
        kind = np.where(is_positive(wrong, self.target), "miss", "false alarm")
        farthest = np.argsort(-(wrong["threshold"] - wrong["score"]).abs().to_numpy(), kind="stable")
        ranked = wrong.assign(error=kind).iloc[farthest]
        if explain is not None:
            reasons = explain(ranked, ranked["called"].to_numpy(dtype=bool))
            ranked = ranked.assign(reasons=pd.Series(reasons, index=ranked.index, dtype=object))
        if self._splits and neighbours:
            asked = self._position[ranked.index]
            near = nearest_training_rows(self._all, asked, self._splits, self.vantage, neighbours)
            ranked = pd.concat([ranked, near.set_axis(ranked.index)], axis=1)
        table: pd.DataFrame = ranked.reset_index(drop=True)
        return table

    @cached_property
    def draw(self) -> Bootstrap:
        """The resamples of the headline rows."""
        return self._draw_of(self._used)

    def resampled_tpr(self, budget: Floats, weighted: bool = False, unit: Unit = "pictures") -> Floats:
        """Resample `tpr_at_fpr`, one budget per resample; NaN without trackers or negatives."""
        picked, weight = self._picked(unit), self._weight(weighted, unit)
        return self._draw(unit).tpr_at_fpr(self._score[picked], self._tracker[picked], budget, weight)

    def resampled_rates(self) -> tuple[Floats, Floats]:
        """Resample true and false positive rate at the verdict threshold."""
        called = self._used["called"].to_numpy(dtype=bool)
        rates = (self.draw.ratio(called & truth, truth) for truth in (self._tracker, ~self._tracker))
        return next(rates), next(rates)

    def _draw_of(self, used: pd.DataFrame) -> Bootstrap:
        return Bootstrap(self._groups.loc[used.index], self.resamples, self.seed)

    def _draw(self, unit: Unit) -> Bootstrap:
        return self.draw if unit == "pictures" else self._draw_of(self._used.iloc[self._picked(unit)])

    def _picked(self, unit: Unit) -> NDArray[np.intp]:
        return unit_rows(unit, self._score, self._tracker, self._used["message_sha256"])

    def _weight(self, weighted: bool, unit: Unit) -> Floats | None:
        if weighted and unit == "mails":
            raise TkitError(f"{self.name}: strata are of references, not of mails: weight only rates of pictures")
        return self._used["stratum_weight"].to_numpy(dtype=np.float64) if weighted else None


def _bayes(tpr: float | Floats, fpr: float | Floats, base_rate: float) -> Floats:
    right, wrong = base_rate * np.asarray(tpr), (1 - base_rate) * np.asarray(fpr)
    called = right + wrong
    return np.divide(right, called, out=np.full_like(called, np.nan), where=called > 0)
