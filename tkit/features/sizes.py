"""Classes of sizes that references are counted by: the declared size, and the size as the reader of the mail sees it.

The two differ on purpose. The classes of the declared size are a column of the dataset and look at nothing else, because
senders forge the size (Hu et al., IEEE S&P 2019) and a detector's rates are compared by it. The classes of the visible size
describe the trackers in a mailbox: hidden ones are a class of their own, whatever size they declare.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

DECLARED_SIZES = ("none", "1x1", "other tiny", "ordinary")
"""No size declared; both sides 1 px; every declared side at most 3 px; any other."""

VISIBLE_SIZES = (
    "hidden",
    "at most 3 px",
    "a line of at most 3 px",
    "no size declared",
    "at most 50 px",
    "more than 50 px",
)
"""The first that applies, by the declared sides."""


def declared_size(rows: pd.DataFrame) -> list[str]:
    """Return the one of :data:`DECLARED_SIZES` for each row.

    Parameters
    ----------
    rows : DataFrame
        Features ``sides_given``, ``width``, ``height`` and ``tiny``.

    Examples
    --------
    >>> columns = ["sides_given", "width", "height", "tiny"]
    >>> declared_size(pd.DataFrame([(0, -1, -1, 0), (2, 1, 1, 1), (1, -1, 0, 1), (2, 600, 1, 0)], columns=columns))
    ['none', '1x1', 'other tiny', 'ordinary']
    """
    is_1x1 = (rows["width"] == 1) & (rows["height"] == 1)
    return _first_class(DECLARED_SIZES, [rows["sides_given"] == 0, is_1x1, rows["tiny"] > 0])


def visible_size(rows: pd.DataFrame) -> list[str]:
    """Return the one of :data:`VISIBLE_SIZES` for each row.

    Parameters
    ----------
    rows : DataFrame
        Features ``hidden``, ``hidden_around``, ``tiny``, ``thin``, ``sides_given`` and ``long_side``.

    Examples
    --------
    >>> columns = ["hidden", "hidden_around", "tiny", "thin", "sides_given", "long_side"]
    >>> visible_size(pd.DataFrame([(1, 0, 1, 0, 2, 1), (0, 0, 1, 0, 2, 1), (0, 0, 0, 0, 1, 50)], columns=columns))
    ['hidden', 'at most 3 px', 'at most 50 px']
    """
    hidden = (rows["hidden"] > 0) | (rows["hidden_around"] > 0)
    tests = [hidden, rows["tiny"] > 0, rows["thin"] > 0, rows["sides_given"] == 0, rows["long_side"] <= 50]
    return _first_class(VISIBLE_SIZES, tests)


def _first_class(names: Sequence[str], tests: Sequence[pd.Series]) -> list[str]:
    """Return the name of the first test that each row passes, the last name if it passes none."""
    *named, otherwise = names
    classes: list[str] = np.select([test.to_numpy() for test in tests], named, otherwise).tolist()
    return classes
