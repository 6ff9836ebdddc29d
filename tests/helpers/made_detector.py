"""Detectors for tests that stand in for a bundle: what it decides comes from a few lines of the test."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Ints, Mask
from tkit.bundle import QUESTIONS, Question


class Threshold:
    """A bundle's answer to one question without its model: what a margin means."""

    def __init__(self, threshold: int, threshold_score: float, scores: Callable[[Ints], Floats]) -> None:
        self.threshold, self.threshold_score, self.scores = threshold, threshold_score, scores

    def says_yes(self, margins: Ints) -> Mask:
        return margins >= self.threshold


class Decided:
    """A bundle whose margins a subclass gives; at least 1 is a yes. Without an own answer only a tracker is individual."""

    name, vantage = "decided", "message"

    def __init__(self, threshold_score: float = 0.9, individual_score: float = 0.8) -> None:
        self.tracker = Threshold(1, threshold_score, partial(self.scored, question="tracker"))
        self.individual = Threshold(1, individual_score, partial(self.scored, question="individual"))
        self.threshold_score = threshold_score

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        raise NotImplementedError

    def all_margins(self, rows: pd.DataFrame) -> dict[Question, Ints]:
        return {question: self.margins(rows, question) for question in QUESTIONS}

    def flagged(self, rows: pd.DataFrame) -> Mask:
        return self.tracker.says_yes(self.margins(rows))

    def scored(self, margins: Ints, question: Question) -> Floats:
        """Return 1 for a tracker and 0.75 for what is individual, else 0."""
        return np.where(margins >= 1, 1.0 if question == "tracker" else 0.75, 0.0)

    def contributions(self, rows: pd.DataFrame, question: Question = "tracker") -> pd.DataFrame:
        """Let the declared size speak for a tracker, and the path for what is individual."""
        name = "tiny" if question == "tracker" else "path_length"
        return pd.DataFrame({name: np.ones(len(rows))}, index=rows.index)
