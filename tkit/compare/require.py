"""What a detector is required to reach, written as ``fpr<=0.001`` or ``mylist: tpr>=97%``: for the exit code of a CI job."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from tkit.errors import TkitError

SHARES = ("tpr", "fpr", "mail_fpr")
"""Figures with an interval: ``tpr_low`` and ``tpr_high`` are its ends."""

FIGURES = (*(f"{share}{end}" for share in SHARES for end in ("", "_low", "_high")), "precision", "missed", "false_alarms")
"""The figures that may be required."""

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
        Name of the detector that it binds; ``""`` for every one.
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
        """Read a requirement.

        Raises
        ------
        TkitError
            Where it is none, names a figure that there is not, or bounds a share beyond 0 to 1 or a count by a share.

        Examples
        --------
        >>> Requirement.parse("mylist: fpr <= 0.1%")
        Requirement(text='mylist: fpr <= 0.1%', detector='mylist', figure='fpr', operator='<=', bound=0.001)
        """
        found = _REQUIREMENT.fullmatch(text)
        if not found:
            raise TkitError(f'{text!r} is no requirement: write "[DETECTOR:] FIGURE <= NUMBER", such as "fpr<=0.001"')
        figure = found["figure"].lower()
        if figure not in FIGURES:
            raise TkitError(f"{text!r}: no figure {found['figure']!r}: take one of {', '.join(FIGURES)}")
        count = figure in ("missed", "false_alarms")
        if count and found["percent"]:
            raise TkitError(f"{text!r}: {figure} is a count: give a number without %")
        bound = float(found["number"]) / (100 if found["percent"] else 1)
        if not count and bound > 1:
            raise TkitError(f"{text!r}: {figure} is a share: give a number from 0 to 1, or one with %")
        return cls(text, found["detector"] or "", figure, found["operator"], bound)

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Return whether it holds for one detector's figures; a figure that has no value (NaN) reaches nothing."""
        return _OPERATORS[self.operator](figures[self.figure], self.bound)


class Failure(NamedTuple):
    """A requirement that does not hold for a detector, and the value that it has there; NaN where it has none."""

    requirement: Requirement
    detector: str
    value: float

    def __str__(self) -> str:
        figure = self.requirement.figure
        if math.isnan(self.value):
            return f"{self.detector}: {figure} has no value, required {self.requirement.text}"
        shown = f"{self.value:.0f}" if self.requirement.figure in ("missed", "false_alarms") else f"{self.value:.4%}"
        return f"{self.detector}: {figure} is {shown}, required {self.requirement.text}"


def check(requirements: Iterable[Requirement], figures: Mapping[str, Mapping[str, float]]) -> list[Failure]:
    """Return what does not hold.

    Parameters
    ----------
    requirements : iterable of Requirement
    figures : mapping
        By the detector's name, a mapping with every one of :data:`FIGURES`.

    Raises
    ------
    TkitError
        Where a requirement names a detector that is not compared.
    """
    failures = []
    for requirement in requirements:
        if requirement.detector and requirement.detector not in figures:
            raise TkitError(f"{requirement.text!r}: no detector {requirement.detector!r}: take one of {', '.join(figures)}")
        for name in [requirement.detector] if requirement.detector else figures:
            if not requirement.holds(figures[name]):
                failures.append(Failure(requirement, name, figures[name][requirement.figure]))
    return failures
