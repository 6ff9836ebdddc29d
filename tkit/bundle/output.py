"""One question of a bundle: its model, and the margin from which the answer is yes."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from tkit.arrays import Floats, Ints, Mask
from tkit.bundle.integers import EXACT, MAX_SUM, IntegerLinear, IntegerTrees, link_scores, score_of
from tkit.bundle.learnt import Learnt
from tkit.bundle.rounding import in_units
from tkit.errors import TkitError

Question = Literal["tracker", "individual"]

QUESTIONS: tuple[Question, ...] = ("tracker", "individual")
"""What a bundle answers: is it an open tracker that nobody is meant to see; is it individual, so that loading it reveals who
opened the mail, whether it is seen or not."""

Verdict = Literal["clean", "personalised", "tracker"]

VERDICTS: tuple[Verdict, ...] = ("clean", "personalised", "tracker")
"""The verdicts, the worst last. ``personalised``: individual, but there to be looked at."""

Verdicts = NDArray[np.str_]
"""Verdicts, one per row."""


@dataclass(frozen=True, eq=False)
class Output:
    """The answer to one question.

    Attributes
    ----------
    model : IntegerTrees or IntegerLinear
    threshold : int
        Lowest margin for which the answer is yes, in units.
    chosen : str
        How the threshold was chosen.
    """

    model: IntegerTrees | IntegerLinear
    threshold: int
    chosen: str

    @classmethod
    def of(cls, model: Learnt, threshold: float, chosen: str) -> Self:
        """Round a fitted model to whole units; the threshold becomes the lowest margin with at least that score.

        Raises
        ------
        TkitError
            For a model that is not fitted or too large, or a threshold outside 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise TkitError(f"{model.name}: a threshold of {threshold}: give a score from 0 to 1")
        exported = in_units(model.exported())
        least = range(-MAX_SUM, MAX_SUM)
        margin = least[bisect_left(least, threshold, key=lambda unit: score_of(unit, exported.link))]
        return cls(exported, margin, chosen)

    @property
    def threshold_score(self) -> float:
        """Lowest score for which the answer is yes."""
        return score_of(self.threshold, self.model.link)

    def scores(self, margins: Ints) -> Floats:
        """Return the probability of each margin."""
        return link_scores(margins, self.model.link)

    def says_yes(self, margins: Ints) -> Mask:
        """Return which margins reach the threshold."""
        return np.asarray(margins >= self.threshold)

    def check(self, features: int, question: Question) -> None:
        """Refuse a model or a threshold that no bundle can contain; the message says where."""
        self.model.check(features, f"{question}.json")
        if abs(self.threshold) > EXACT:
            raise TkitError(f"schema.json: {question} threshold of {self.threshold} units: give one within 2**53")
        if not self.chosen.strip():
            raise TkitError(f"schema.json: how the {question} threshold was chosen is empty: give a text")


def verdicts_of(is_tracker: Mask, is_individual: Mask) -> Verdicts:
    """Return the verdict of each reference, an array of str.

    >>> verdicts_of(np.array([True, False, False]), np.array([False, True, False])).tolist()
    ['tracker', 'personalised', 'clean']
    """
    return np.array(VERDICTS)[np.where(is_tracker, 2, is_individual.astype(np.int64))]
