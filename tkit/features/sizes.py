"""What rows are cut by besides their labels: the declared size, and the mailing service behind a URL."""

from __future__ import annotations

import numpy as np
import pandas as pd

DECLARED_SIZES = ("none", "1x1", "other tiny", "ordinary")
"""Nothing declared; both sides 1 px; every declared side at most 3 px; anything else."""


def declared_size(rows: pd.DataFrame) -> list[str]:
    """Return each row one of :data:`DECLARED_SIZES`.

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
    *names, otherwise = DECLARED_SIZES
    tests = [rows["sides_given"] == 0, (rows["width"] == 1) & (rows["height"] == 1), rows["tiny"] > 0]
    classes: list[str] = np.select([test.to_numpy() for test in tests], names, otherwise).tolist()
    return classes
