"""Several detectors as one: a tracker is what any of them calls one, as a blocker with several lists and a model decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tkit.arrays import Floats
from tkit.detectors.base import Detector
from tkit.detectors.facts import facts_of
from tkit.errors import TkitError
from tkit.features import VANTAGES


@dataclass(frozen=True)
class AnyOf:
    """What any of several detectors calls a tracker.

    Attributes
    ----------
    detectors : tuple of Detector
        Two or more.
    thresholds : tuple of float
        Of each detector, the score from which its verdict is "tracker".
    """

    detectors: tuple[Detector, ...]
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.detectors) < 2 or len(self.detectors) != len(self.thresholds):
            raise TkitError(
                f"any of {len(self.detectors)} detectors with {len(self.thresholds)} thresholds: give two detectors or more,"
                " and a threshold for each"
            )
        unknown = [detector.name for detector in self.detectors if detector.vantage not in VANTAGES]
        if unknown:
            raise TkitError(f"{', '.join(unknown)}: of no known vantage point: give detectors of {', '.join(VANTAGES)}")

    @property
    def name(self) -> str:
        """The names of the detectors, with "or" between them."""
        return " or ".join(detector.name for detector in self.detectors)

    @property
    def vantage(self) -> str:
        """The lowest vantage point that can compute what all of them read."""
        read = {detector.vantage for detector in self.detectors}
        return next(vantage for vantage in reversed(VANTAGES) if vantage in read)

    @property
    def facts(self) -> tuple[str, ...]:
        """What any of them reads beside features."""
        return tuple(dict.fromkeys(fact for detector in self.detectors for fact in facts_of(detector)))

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for what any of the detectors calls, else 0.0; see :class:`tkit.detectors.Detector`."""
        called = np.zeros(len(rows), np.bool_)
        for detector, threshold in zip(self.detectors, self.thresholds, strict=True):
            called |= detector.scores(rows) >= threshold
        return called.astype(np.float64)
