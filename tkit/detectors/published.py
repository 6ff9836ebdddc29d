"""Published lists as detectors, and detectors that also judge the URL behind a proxy or gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from tkit.arrays import Floats
from tkit.detectors.base import Detector, threshold_of
from tkit.detectors.facts import fact, facts_of
from tkit.errors import TkitError
from tkit.html.carriers import request_type
from tkit.html.source import start_tag
from tkit.lists.engines import PublishedList

_LIST_FACTS = ("resolved_url", "tag", "carrier")
_REWRITTEN = ("original_url", "element", "written_attributes", "tag", "url", "resolved_url")


@dataclass(frozen=True)
class ListDetector:
    """A list that judges each reference by its URL, start tag and request type.

    Attributes
    ----------
    listed : PublishedList
        See :mod:`tkit.lists.engines`.
    name : str
        Its name in tables.
    """

    listed: PublishedList
    name: str
    facts: ClassVar[tuple[str, ...]] = _LIST_FACTS

    @property
    def vantage(self) -> str:
        """``element`` for a list whose rules read the tag, else ``url``."""
        return "element" if self.listed.kind == "regex-tag" else "url"

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 for references that the list matches, else 0.0; see :class:`tkit.detectors.Detector`."""
        urls, tags, carriers = (fact(rows, column, self.name) for column in _LIST_FACTS)
        return self.listed.match_many(urls, tags, [request_type(carrier) for carrier in carriers]).astype(np.float64)


@dataclass(frozen=True)
class PublishedColumn:
    """A list's verdicts in the published dataset: whether it matches the URL, wrapped or not.

    Attributes
    ----------
    list_name : str
        Name in :data:`tkit.lists.sources.REGISTRY`; the bool column ``published_<list_name>`` is read.
    """

    list_name: str
    vantage: ClassVar[str] = "url"

    @property
    def name(self) -> str:
        """Its name in tables."""
        return f"published: {self.list_name}"

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return 1.0 where the column is true, else 0.0; a :class:`~tkit.errors.TkitError` if the rows do not have it."""
        column = f"published_{self.list_name}"
        if column not in rows.columns or rows[column].dtype != np.bool_:
            raise TkitError(
                f"{self.name}: rows have no bool column {column}: only the published dataset has it;"
                f" on mails take list:{self.list_name}"
            )
        return rows[column].to_numpy(np.float64)


@dataclass(frozen=True)
class Unwrapped:
    """Another detector that judges a wrapped URL both as requested and as it was before a proxy wrapped it.

    Most lists were written for mail as sent, but a webmail proxy or a gateway rewrites it. The higher of the two scores
    counts.

    Attributes
    ----------
    detector : Detector
        One that reads facts; in its rows ``url``, ``resolved_url``, ``written_attributes`` and ``tag`` are rewritten.
    """

    detector: Detector

    @property
    def name(self) -> str:
        """Its name in tables."""
        return f"{self.detector.name}, unwrapped"

    @property
    def vantage(self) -> str:
        """The vantage point of the detector."""
        return self.detector.vantage

    @property
    def threshold_score(self) -> float:
        """The threshold of the detector, by default 0.5; see :func:`tkit.detectors.base.threshold_of`."""
        return threshold_of(self.detector)

    @property
    def facts(self) -> tuple[str, ...]:
        """The columns that the detector reads, and those that are needed to rewrite them."""
        return tuple(dict.fromkeys((*facts_of(self.detector), *_REWRITTEN)))

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return the higher of the two scores; see :class:`tkit.detectors.Detector`."""
        original, elements, attributes, tags, urls, resolved = (fact(rows, column, self.name) for column in _REWRITTEN)
        score = self.detector.scores(rows)
        for row, (before, now) in enumerate(zip(original, resolved, strict=True)):
            if before != now:
                inner = {name: before if value == urls[row] else value for name, value in attributes[row].items()}
                attributes[row], tags[row], urls[row] = inner, start_tag(elements[row], inner), before
        if original == resolved:
            return score
        rewritten = rows.assign(
            url=urls, resolved_url=original, written_attributes=pd.Series(attributes, rows.index, dtype=object), tag=tags
        )
        return np.maximum(score, self.detector.scores(rewritten))
