"""Several detectors as one that flags what any of them flags, like a blocker with several lists and a model."""

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
    """Flags what any of several detectors flags.

    Attributes
    ----------
    detectors : tuple of Detector
        Two or more.
    thresholds : tuple of float
        For each detector the score from which its verdict is "tracker".
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
            raise TkitError(f"{', '.join(unknown)}: unknown vantage point: give detectors of {', '.join(VANTAGES)}")

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
        """The columns that any of them reads besides features."""
        return tuple(dict.fromkeys(column for detector in self.detectors for column in facts_of(detector)))

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for references that any of the detectors flags, else 0.0; see :class:`tkit.detectors.Detector`."""
        flagged = np.zeros(len(rows), np.bool_)
        for detector, threshold in zip(self.detectors, self.thresholds, strict=True):
            flagged |= detector.scores(rows) >= threshold
        return flagged.astype(np.float64)
