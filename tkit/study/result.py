"""The results of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tkit.bundle import Bundle
from tkit.evaluate import Evaluation


@dataclass(frozen=True)
class StudyResult:
    """The results of a study.

    Attributes
    ----------
    comparison : DataFrame
        :func:`tkit.evaluate.comparison` of all detectors on kits and providers that no model was trained on.
    differences : DataFrame
        :func:`tkit.evaluate.differences` between the best model and every other detector, and every published list whose
        verdicts are in the dataset (``list: NAME``).
    splits : DataFrame
        ``split`` and ``claim``, then the columns of `comparison`: the best model, one row per split.
    verdicts : DataFrame
        :meth:`tkit.study.answers.Answers.by_label` of the best model on unseen kits.
    populations : DataFrame
        :func:`tkit.evaluate.by_population` of all detectors and published lists.
    slices : DataFrame
        :func:`tkit.evaluate.slices` of the best model.
    over_time : DataFrame
        :func:`tkit.evaluate.over_time` of the best model trained before the first quarter; empty if there are too few data.
    errors : DataFrame
        Those of the best model, see `explained_errors`.
    evaluations : tuple of Evaluation
        Those that `comparison` compares.
    bundle : Bundle
        The best model at the message vantage point, trained on the whole dataset.
    figures : mapping of str to float
        The key figures for :mod:`tkit.study.gate`, of which more is better.
    inputs : str
        SHA-256 of what the figures depend on: data, feature version, settings.
    command : str
        Reproduces the study.
    facts : mapping of str to str
        See :func:`tkit.report.study.write_study`.
    summary : tuple of str
        The lines to print, the main result first.
    """

    comparison: pd.DataFrame
    differences: pd.DataFrame
    splits: pd.DataFrame
    verdicts: pd.DataFrame
    populations: pd.DataFrame
    slices: pd.DataFrame
    over_time: pd.DataFrame
    errors: pd.DataFrame
    evaluations: tuple[Evaluation, ...]
    bundle: Bundle
    figures: Mapping[str, float]
    inputs: str
    command: str
    facts: Mapping[str, str]
    summary: tuple[str, ...]
