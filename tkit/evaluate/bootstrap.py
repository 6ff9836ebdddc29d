"""The cluster bootstrap: intervals for figures of rows that are copies of each other within a cluster."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, Mask
from tkit.evaluate.rates import ROUNDING, Estimate, ranked

_CHUNK = 100


class _Curves(NamedTuple):
    """Flagged trackers and negatives at each threshold from the highest down, one row per resample, and their totals."""

    hits: Floats
    false_positives: Floats
    trackers: Floats
    negatives: Floats


class Bootstrap:
    """Resamples that draw whole clusters with replacement (Field and Welsh 2007).

    Two with equal numbers of clusters and resamples and equal seed draw the same clusters, which makes differences paired.

    Parameters
    ----------
    groups : Series, length n_rows
        Cluster of each row.
    resamples, seed : int
        Number of resamples, and the seed of the draw.
    """

    def __init__(self, groups: pd.Series, resamples: int, seed: int) -> None:
        self._code, names = pd.factorize(groups, sort=True)
        self._clusters = len(names)
        self.resamples, self.seed = resamples, seed

    def draws(self) -> Floats:
        """Return how often each cluster is drawn, shape (resamples, clusters); read-only."""
        return _draws(self._clusters, self.resamples, self.seed)

    def clusters_with(self, mass: Floats | Mask) -> int:
        """Count the clusters that have a row with a mass other than 0: the n of the rule of three."""
        return len(np.unique(self._code[np.flatnonzero(mass)]))

    def ratio(self, part: Floats | Mask, whole: Floats | Mask) -> Floats:
        """Resample sum(part) / sum(whole), both of shape (n_rows,); shape (resamples,), NaN in a resample whose whole is 0."""
        sums = np.stack([np.bincount(self._code, mass, self._clusters) for mass in (part, whole)], axis=1)
        totals = self.draws() @ sums
        ratio: Floats = totals[:, 0] / np.where(totals[:, 1] > 0, totals[:, 1], np.nan)
        return ratio

    def tpr_at_fpr(self, score: Floats, tracker: Mask, budget: Floats, weight: Floats | None = None) -> Floats:
        """Resample :func:`tkit.evaluate.tpr_at_fpr`, one budget per resample; NaN without trackers or negatives."""
        rates: list[Floats] = []
        done = 0
        for hits, false_positives, trackers, negatives in self._curves(score, tracker, weight, float(budget.max())):
            most = (budget[done : done + len(hits), None] + ROUNDING) * negatives
            best = np.where(false_positives <= most, hits, 0.0).max(axis=1)
            known = (trackers > 0) & (negatives > 0)
            rates.append(best / np.where(known, trackers, np.nan)[:, 0])
            done += len(hits)
        return np.concatenate(rates)

    def partial_auc(self, score: Floats, tracker: Mask, max_fpr: float, weight: Floats | None = None) -> Floats:
        """Resample the area under the curve up to `max_fpr`, standardised by McClish (1989); NaN as above."""
        areas: list[Floats] = []
        for hits, false_positives, trackers, negatives in self._curves(score, tracker, weight, max_fpr):
            known = (trackers > 0) & (negatives > 0)
            whole = np.where(known, trackers, np.nan), np.where(known, negatives, np.nan)
            tpr, fpr = (
                np.pad(line / total, ((0, 0), (1, 0))) for line, total in zip((hits, false_positives), whole, strict=True)
            )
            step, within = np.diff(fpr), np.diff(np.minimum(fpr, max_fpr))
            share = np.divide(within, step, out=np.zeros_like(step), where=step > 0)
            area = (within * (tpr[:, :-1] + np.diff(tpr) * share / 2)).sum(axis=1)
            least = max_fpr**2 / 2
            areas.append(0.5 * (1 + (area - least) / (max_fpr - least)))
        return np.concatenate(areas)

    def _curves(self, score: Floats, tracker: Mask, weight: Floats | None, reach: float) -> Iterator[_Curves]:
        """Yield the curves of some resamples at a time, up to where each has flagged more than a share of the negatives.

        For a good detector that is a small part of the rows.
        """
        order, ends = ranked(score)
        mass = np.ones(len(order)) if weight is None else weight
        sums = np.stack([np.bincount(self._code, mass * kind, self._clusters) for kind in (tracker, ~tracker)], axis=1)
        hit, false_positive = (mass * tracker)[order], (mass * ~tracker)[order]
        code: NDArray[np.intp] = self._code[order]
        # Twice the share of the original rows is enough for most resamples.
        likely = int(np.searchsorted(np.cumsum(false_positive)[ends], 2 * reach * false_positive.sum(), side="right"))
        for start in range(0, self.resamples, _CHUNK):
            times = self.draws()[start : start + _CHUNK]
            trackers, negatives = (times @ sums).T[:, :, None]
            stops = min(likely + 1, len(ends))
            while True:
                length = ends[stops - 1] + 1
                drawn = times[:, code[:length]]
                false_positives = np.cumsum(drawn * false_positive[:length], axis=1)[:, ends[:stops]]
                if stops == len(ends) or (false_positives[:, -1:] > (reach + ROUNDING) * negatives).all():
                    break
                stops = min(2 * stops, len(ends))
            yield _Curves(np.cumsum(drawn * hit[:length], axis=1)[:, ends[:stops]], false_positives, trackers, negatives)


@lru_cache(maxsize=4)
def _draws(clusters: int, resamples: int, seed: int) -> Floats:
    random = np.random.default_rng(seed)
    chunks = []
    for start in range(0, resamples, _CHUNK):
        size = min(_CHUNK, resamples - start)
        drawn = random.integers(clusters, size=(size, clusters))
        drawn += clusters * np.arange(size)[:, None]
        chunks.append(np.bincount(drawn.ravel(), minlength=size * clusters).reshape(size, clusters))
    times: Floats = np.concatenate(chunks).astype(np.float64)
    # The cache returns the same array to every caller.
    times.flags.writeable = False
    return times


def interval(value: float, resampled: Floats) -> Estimate:
    """Return a figure with the 95% percentile interval of its resamples; NaN if no resample has it."""
    known = resampled[~np.isnan(resampled)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, float(low), float(high))


def ratio(part: Floats | Mask, whole: Floats | Mask, draw: Bootstrap) -> Estimate:
    """Return sum(part) / sum(whole); NaN if the whole is 0.

    If the part is 0 or the whole, the bootstrap interval has no width. Its far end is then given by the rule of three
    (Hanley and Lippman-Hand 1983), 3/n, where n is the number of clusters with a whole other than 0.
    """
    if not whole.any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    value, low, high = interval(float(part.sum() / whole.sum()), draw.ratio(part, whole))
    rule_of_three = min(1.0, 3 / draw.clusters_with(whole))
    if not part.any():
        high = rule_of_three
    elif (part == whole).all():
        low = 1 - rule_of_three
    return Estimate(value, low, high)
