"""Detectors for tests that stand in for a bundle: what it decides comes from a few lines of the test."""

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Ints, Mask
from tkit.bundle import Question


class Threshold:
    """What a bundle has for one question beside its model: the lowest margin and score for which the answer is yes."""

    def __init__(self, threshold: int, threshold_score: float) -> None:
        self.threshold, self.threshold_score = threshold, threshold_score

    def says_yes(self, margins: Ints) -> Mask:
        return margins >= self.threshold


class Decided:
    """A bundle whose margins a subclass gives; at least 1 is a yes. Without an own answer only a tracker is individual."""

    name, vantage = "decided", "message"

    def __init__(self, threshold_score: float = 0.9, individual_score: float = 0.8) -> None:
        self.tracker, self.individual = Threshold(1, threshold_score), Threshold(1, individual_score)
        self.threshold_score = threshold_score

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        raise NotImplementedError

    def flagged(self, rows: pd.DataFrame) -> Mask:
        return self.tracker.says_yes(self.margins(rows))

    def scores(self, rows: pd.DataFrame, question: Question = "tracker") -> Floats:
        """Return 1 for a tracker and 0.75 for what is individual, else 0."""
        return np.where(self.margins(rows, question) >= 1, 1.0 if question == "tracker" else 0.75, 0.0)

    def contributions(self, rows: pd.DataFrame, question: Question = "tracker") -> pd.DataFrame:
        """Let the declared size speak for a tracker, and the path for what is individual."""
        name = "tiny" if question == "tracker" else "path_length"
        return pd.DataFrame({name: np.ones(len(rows))}, index=rows.index)
