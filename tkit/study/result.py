"""What a study found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tkit.bundle import Bundle
from tkit.evaluate import Evaluation


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    comparison : DataFrame
        :func:`tkit.evaluate.comparison` of all detectors on kits and providers that no model has seen.
    differences : DataFrame
        :func:`tkit.evaluate.differences` of the best model to every other detector, and to every published list whose
        verdicts stand in the dataset (``list: NAME``).
    splits : DataFrame
        ``split`` and ``claim``, then the columns of `comparison`: the best model, a row a way to split.
    slices : DataFrame
        :func:`tkit.evaluate.slices` of the best model.
    over_time : DataFrame
        :func:`tkit.evaluate.over_time` of the best model trained before the first quarter; empty where the data are too few.
    errors : DataFrame
        The best model's, see `explained_errors`.
    evaluations : tuple of Evaluation
        What `comparison` is made of.
    bundle : Bundle
        The best model at the message vantage point, fitted on everything.
    figures : mapping of str to float
        The key figures for :mod:`tkit.study.gate`; more is better.
    inputs : str
        SHA-256 of what the figures were made of: data, feature version, settings.
    command : str
        What makes the study anew.
    summary : tuple of str
        The lines to print, the answer first.
    """

    comparison: pd.DataFrame
    differences: pd.DataFrame
    splits: pd.DataFrame
    slices: pd.DataFrame
    over_time: pd.DataFrame
    errors: pd.DataFrame
    evaluations: tuple[Evaluation, ...]
    bundle: Bundle
    figures: Mapping[str, float]
    inputs: str
    command: str
    summary: tuple[str, ...]
