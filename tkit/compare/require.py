"""Requirements for the figures of a detector, such as ``fpr<=0.001`` or ``mylist: tpr>=97%``, for the exit code of a CI job."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tkit.errors import TkitError

SHARES = ("tpr", "fpr", "mail_fpr")
"""Figures with an interval, such as ``tpr`` from ``tpr_low`` to ``tpr_high``."""

_COUNTS = ("missed", "false_alarms")
FIGURES = (*(f"{share}{end}" for share in SHARES for end in ("", "_low", "_high")), "precision", *_COUNTS)
"""The figures that can be required."""

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_REQUIREMENT = re.compile(
    r"\s*(?:(?P<detector>.*\S)\s*:)?\s*(?P<figure>[A-Za-z_]+)\s*(?P<operator><=|>=|==|<|>)\s*"
    r"(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|\.\d+)\s*(?P<percent>%?)\s*"
)


class Requirement(NamedTuple):
    """One bound on one figure.

    Attributes
    ----------
    text : str
        As the user wrote it.
    detector : str
        Name of the detector that it applies to; ``""`` for all.
    figure : str
        One of :data:`FIGURES`.
    operator : str
        One of ``<=``, ``>=``, ``==``, ``<``, ``>``.
    bound : float
        A share from 0 to 1, or a count.
    """

    text: str
    detector: str
    figure: str
    operator: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Parse a requirement.

        Raises
        ------
        TkitError
            If it has another form, the figure does not exist, the bound of a share is beyond 0 to 1, or a count is
            bounded by a percentage.

        Examples
        --------
        >>> Requirement.parse("mylist: fpr <= 0.1%")
        Requirement(text='mylist: fpr <= 0.1%', detector='mylist', figure='fpr', operator='<=', bound=0.001)
        """
        match = _REQUIREMENT.fullmatch(text)
        if not match:
            raise TkitError(f'{text!r} is not a requirement: write "[DETECTOR:] FIGURE <= NUMBER", such as "fpr<=0.001"')
        figure = match["figure"].lower()
        if figure not in FIGURES:
            raise TkitError(f"{text!r}: no figure {match['figure']!r}: take one of {', '.join(FIGURES)}")
        if figure in _COUNTS and match["percent"]:
            raise TkitError(f"{text!r}: {figure} is a count: give a number without %")
        bound = float(match["number"]) / (100 if match["percent"] else 1)
        if figure not in _COUNTS and bound > 1:
            raise TkitError(f"{text!r}: {figure} is a share: give a number from 0 to 1 or a percentage")
        return cls(text, match["detector"] or "", figure, match["operator"], bound)

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Return whether the figures of a detector fulfil it; a figure without a value (NaN) does not."""
        return _OPERATORS[self.operator](figures[self.figure], self.bound)


class Failure(NamedTuple):
    """A requirement that a detector does not fulfil, and the value of the figure; NaN if it has none."""

    requirement: Requirement
    detector: str
    value: float

    def __str__(self) -> str:
        figure = self.requirement.figure
        if math.isnan(self.value):
            return f"{self.detector}: {figure} has no value, required {self.requirement.text}"
        shown = f"{self.value:.0f}" if figure in _COUNTS else f"{self.value:.4%}"
        return f"{self.detector}: {figure} is {shown}, required {self.requirement.text}"


def check(requirements: Iterable[Requirement], figures: Mapping[str, Mapping[str, float]]) -> list[Failure]:
    """Return the requirements that are not fulfilled.

    Parameters
    ----------
    requirements : iterable of Requirement
    figures : mapping
        By the detector's name, a mapping with all of :data:`FIGURES`.

    Raises
    ------
    TkitError
        If a requirement names a detector that is not compared.
    """
    failures = []
    for requirement in requirements:
        if requirement.detector and requirement.detector not in figures:
            raise TkitError(f"{requirement.text!r}: no detector {requirement.detector!r}: take one of {', '.join(figures)}")
        for name in [requirement.detector] if requirement.detector else figures:
            if not requirement.holds(figures[name]):
                failures.append(Failure(requirement, name, figures[name][requirement.figure]))
    return failures
