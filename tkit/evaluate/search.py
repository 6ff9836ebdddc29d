"""A search of a rule's constants on training rows, within a maximum false positive rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Self

import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.detectors import RULES, Detector
from tkit.detectors.base import require_examples
from tkit.detectors.rules import Grid
from tkit.errors import TkitError
from tkit.evaluate.crossvalidation import cross_validated_scores
from tkit.evaluate.evaluation import Evaluation
from tkit.evaluate.rates import ROUNDING
from tkit.splits import Split

GRIDS: Mapping[str, Grid] = {rule.name: rule.grid for rule in RULES if rule.grid}
"""Constants to try, by the rule's name; the published ones are always tried as well."""


class SearchedRule:
    """A rule that chooses its constants when it is fitted.

    It tries all combinations of the grid and the original constants. Among those whose false positive rate on the training
    rows is at most the maximum, it chooses the one that finds most trackers; if there is none, the one with the lowest false
    positive rate. Ties go to the lower false positive rate, then to the original constants, then to the earliest.

    Parameters
    ----------
    rule : Detector
        A dataclass whose fields are its constants.
    grid : mapping of str to sequence
        Values to try by field; :data:`GRIDS` has those of tkit's rules.
    max_false_positive_rate : float
        Share of good pictures that may be flagged, with the weights passed to :meth:`fit`.

    Attributes
    ----------
    rule_ : Detector
        The rule with the constants chosen; before :meth:`fit` the original rule.
    tried_ : DataFrame
        One row per combination in the order tried, the original constants first: its constants, ``tpr`` and ``fpr`` on the
        training rows, and whether it was ``chosen``.

    Raises
    ------
    TkitError
        For a rule that is not a dataclass, an unknown field, a field without a value, or a maximum outside 0 to 1.
    """

    def __init__(self, rule: Detector, grid: Grid, max_false_positive_rate: float) -> None:
        searched: Any = rule
        if not is_dataclass(searched) or isinstance(searched, type):
            raise TkitError(f"{searched!r:.60}: not a rule with constants: give a dataclass such as Trocker()")
        known = {field.name for field in fields(searched)}
        for name, values in grid.items():
            if name not in known:
                raise TkitError(f"{rule.name} has no constant {name!r}: take one of {', '.join(sorted(known)) or 'none'}")
            if not len(values):
                raise TkitError(f"{rule.name}: no value to try for {name}: give at least one, or leave {name} out")
        if not 0 <= max_false_positive_rate <= 1:
            raise TkitError(f"a false positive rate of {max_false_positive_rate}: give a share from 0 to 1")
        self.rule: Any = rule
        self.grid = grid
        self.max_false_positive_rate = max_false_positive_rate
        self.name: str = f"{rule.name}, searched"
        self.vantage: str = rule.vantage
        self.rule_: Detector = rule
        self.tried_ = pd.DataFrame()

    def fit(self, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> Self:
        """Choose the constants; see :class:`tkit.detectors.Trainable`."""
        from sklearn.model_selection import ParameterGrid  # noqa: PLC0415 - slow to load

        require_examples(rows, tracker, weight, self.name)
        trackers, negatives = float((weight * tracker).sum()), float((weight * ~tracker).sum())
        original = {name: getattr(self.rule, name) for name in self.grid}
        tried, ranks = [], []
        for constants in [original, *ParameterGrid(dict(self.grid))]:  # type: ignore[no-untyped-call]
            flagged = replace(self.rule, **constants).scores(rows) > 0
            tpr = float((weight * (flagged & tracker)).sum()) / trackers
            fpr = float((weight * (flagged & ~tracker)).sum()) / negatives
            within = fpr <= self.max_false_positive_rate + ROUNDING
            tried.append({**constants, "tpr": tpr, "fpr": fpr})
            ranks.append((within, tpr if within else -fpr, -fpr if within else tpr))
        best = max(range(len(tried)), key=lambda number: (*ranks[number], -number))
        self.tried_ = pd.DataFrame(tried).assign(chosen=[number == best for number in range(len(tried))])
        self.rule_ = replace(self.rule, **{name: tried[best][name] for name in self.grid})
        return self

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return the verdicts of the rule with the constants chosen; see :class:`tkit.detectors.Detector`."""
        return self.rule_.scores(rows)


def search_rule(
    rule: Detector,
    grid: Grid,
    rows: pd.DataFrame,
    splits: Sequence[Split],
    max_false_positive_rate: float,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Evaluation, pd.DataFrame]:
    """Search a rule's constants on each split's training rows, and judge its test rows with the chosen constants.

    Parameters
    ----------
    rule, grid, max_false_positive_rate
        See :class:`SearchedRule`.
    rows : DataFrame
        As returned by :meth:`tkit.dataset.Dataset.rows`.
    splits : sequence of Split
        Such as :func:`tkit.splits.cross_validation` makes over components; together they test every gold row.
    seed : int
        Seed of the resamples.
    progress : callable, optional
        Called after each split with the number done and the total.

    Returns
    -------
    evaluation : Evaluation
        Of the test rows; each verdict uses constants that were chosen without the row's group.
    chosen : DataFrame
        One row per split: ``split``, the constants chosen there, their ``tpr`` and ``fpr`` on its training rows.
    """
    made: list[SearchedRule] = []

    def factory() -> SearchedRule:
        made.append(SearchedRule(rule, grid, max_false_positive_rate))
        return made[-1]

    score = cross_validated_scores(factory, rows, splits, progress)
    chosen = pd.concat([searched.tried_[searched.tried_["chosen"]] for searched in made], ignore_index=True).drop(
        columns="chosen"
    )
    chosen.insert(0, "split", [split.name for split in splits])
    return Evaluation(rows, score, made[0].name, made[0].vantage, seed=seed), chosen
