"""The reasons of a verdict: what the features of a reference say, in the words of the schema."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.errors import TkitError
from tkit.features.schema import FEATURES

MAX_REASONS = 3
"""A verdict has at most this many reasons."""

WORDS = {feature.name: feature.words for feature in FEATURES}
"""Each feature's :class:`tkit.features.schema.Words`."""

SIZE_FEATURES = frozenset(feature.name for feature in FEATURES if feature.of_size)
"""Features of the declared size, which reasons express as one."""

_SIZE = "declared size"


def reasons(rows: pd.DataFrame, contributions: pd.DataFrame, towards_tracker: Mask | Sequence[bool]) -> list[list[str]]:
    """Return what contributed most to each verdict.

    Parameters
    ----------
    rows : DataFrame, n rows
        The feature table.
    contributions : DataFrame, n rows
        How much each feature moved the row's score, above 0 towards a tracker; columns are features.
    towards_tracker : sequence of bool, length n
        The verdict of each row.

    Returns
    -------
    list of list of str
        For each row up to :data:`MAX_REASONS` phrases of :func:`reason`, the one that contributed most first; none for
        features that contributed against the verdict. The contributions of :data:`SIZE_FEATURES` are added up and expressed
        once, by :func:`size_words`.
    """
    names, weight = _size_as_one(contributions)
    values = {name: rows[name].tolist() for name in {*names, "width", "height"} - {_SIZE}}
    weight = weight * np.where(np.asarray(towards_tracker, bool), 1, -1)[:, None]
    reasons_of_rows = []
    for row, order in enumerate(np.argsort(-weight, axis=1, kind="stable")):
        phrases: dict[str, None] = {}
        for column in order:
            if weight[row, column] <= 0 or len(phrases) == MAX_REASONS:
                break
            name = names[column]
            if name == _SIZE:
                phrase = size_words(values["width"][row], values["height"][row])
            else:
                phrase = reason(name, values[name][row])
            phrases[phrase] = None  # another feature with the same words adds nothing
        reasons_of_rows.append(list(phrases))
    return reasons_of_rows


def _size_as_one(contributions: pd.DataFrame) -> tuple[list[str], Floats]:
    """Return names and contributions with those of the declared size added up in one column, the last."""
    of_size = contributions.columns.isin(SIZE_FEATURES)
    weight = contributions.to_numpy(np.float64)
    names = [*contributions.columns[~of_size], _SIZE]
    return names, np.column_stack([weight[:, ~of_size], weight[:, of_size].sum(axis=1)])


def size_words(width: float, height: float) -> str:
    """Return the declared size of a reference in words; a side below 0 is not declared.

    >>> size_words(1, 1), size_words(-1, -1), size_words(600, -1)
    ('declared 1 x 1 px', 'no size declared', 'declared 600 px wide')
    """
    if width >= 0 and height >= 0:
        return f"declared {_Number(width)} x {_Number(height)} px"
    if width < 0 and height < 0:
        return reason("sides_given", 0)
    return reason("width", width) if width >= 0 else reason("height", height)


def reason(feature_name: str, value: float) -> str:
    """Return the value of a feature in words, as a phrase about the reference.

    Parameters
    ----------
    feature_name : str
        A name in :data:`tkit.features.FEATURES`.
    value : float
        Its value.

    Raises
    ------
    TkitError
        If there is no such feature.

    Examples
    --------
    >>> reason("references_before", 34), reason("width", -1), reason("in_link", 0)
    ('34 pictures before it', 'no width declared', 'not in a link')
    >>> reason("query_parameters", 1), reason("same_host_share", 0.25)
        ('the URL has 1 parameter', '25% of the other pictures are from the same server')
    """
    words = WORDS.get(feature_name)
    if words is None:
        raise TkitError(f"no words for {feature_name!r}: take a name in tkit.features.FEATURES")
    special = words.absent if value < 0 else words.zero if value == 0 else words.one if value == 1 else ""
    return (special or words.usual).format(n=_Number(abs(value)))


class _Number(float):
    """A number as people write it: ``{n}`` 1,234 or 4.2; ``{n:digit}`` 2 digits; ``{n:%}`` a share."""

    def __format__(self, unit: str) -> str:
        if unit == "%":
            return "under 1%" if 0 < self < 0.005 else f"{100 * self:.0f}%"
        number = f"{float(self):,.1f}".removesuffix(".0")
        if not unit:
            return number
        one, _, several = unit.partition("/")
        return f"{number} {one if number == '1' else several or one + 's'}"
