"""Feature columns as one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tkit.arrays import Matrix
from tkit.errors import TkitError
from tkit.features.campaign import CAMPAIGN_FEATURES


def feature_matrix(rows: pd.DataFrame, names: Sequence[str], reader: str) -> Matrix:
    """Return feature columns as one array, refusing values that no detector can judge.

    Parameters
    ----------
    rows : DataFrame
        Contains the named columns, numeric or bool.
    names : sequence of str
        The columns, in the order wanted.
    reader : str
        Who reads them, for messages.

    Returns
    -------
    ndarray of float32, shape (n_rows, n_names)
        In Fortran order, so that each column is contiguous.

    Raises
    ------
    TkitError
        If a column is missing, is not numeric, or contains NaN or an infinity.
    """
    missing = [name for name in names if name not in rows.columns]
    if missing:
        need_copies = not set(missing).isdisjoint(CAMPAIGN_FEATURES)
        how = (
            "join them with tkit.features.campaign, from all the mails"
            if need_copies
            else "compute them with tkit.features.extract"
        )
        raise TkitError(f"{reader}: rows have no column {', '.join(missing)}: {how}")
    matrix = np.empty((len(rows), len(names)), np.float32, order="F")
    for column, name in enumerate(names):
        try:
            # A value too large for float32 becomes an infinity, which is refused below.
            with np.errstate(over="ignore"):
                matrix[:, column] = rows[name].to_numpy()
        except (TypeError, ValueError) as error:
            raise TkitError(f"{reader}: column {name} is not numeric ({error}): compute the features again") from error
    finite = np.isfinite(matrix)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise TkitError(
            f"{reader}: {names[column]} is {matrix[row, column]} in row {row}: features are finite, and an absent value has a"
            " number of its own in tkit.features.schema; compute the features again"
        )
    return matrix
