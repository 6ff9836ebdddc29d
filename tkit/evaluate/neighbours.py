"""The training rows that are most like a row with a wrong verdict."""

# mypy: disable-error-code="no-untyped-call"
# (scikit-learn has no full annotations)

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from tkit.arrays import Floats
from tkit.bundle.learnt import signed_log1p
from tkit.errors import TkitError
from tkit.evaluate.crossvalidation import training_weight
from tkit.features import KEY, VANTAGES, feature_names
from tkit.splits import Split

NEAR = {"": "str", "_label": "str", "_confidence": "Int64", "_distance": "float64"}
"""Columns of each neighbour, behind ``near_1`` and so on: its key ``message_sha256/part/index``, its label, the
confidence of the label, the distance; and their types."""


def nearest_training_rows(
    rows: pd.DataFrame, asked: NDArray[np.intp], splits: Sequence[Split], vantage: str, count: int
) -> pd.DataFrame:
    """Find the nearest training rows of its own split for each queried row.

    Distance is Euclidean over the features of the vantage point, after ``sign(x) * log(1 + |x|)`` and standardising
    by the training rows, each counted once: the inputs of the logistic model without its weights. It measures
    similarity, not what another model used.

    Parameters
    ----------
    rows : DataFrame
        The rows that the splits were made for, with the features.
    asked : ndarray of int, shape (n_queried,)
        Positions of tested rows.
    splits : sequence of Split
        Each queried row is tested by one of them.
    vantage : str
        Vantage point whose features are compared; ``message`` if it is not one of :data:`tkit.features.VANTAGES`.
    count : int
        Neighbours per row, at least 1; the last are missing if a split has fewer training rows.

    Returns
    -------
    DataFrame, n_queried rows
        The columns of :data:`NEAR` for n from 1 to `count`; missing values if there are fewer neighbours.

    Raises
    ------
    TkitError
        If no split tests a queried row.
    """
    names = feature_names(vantage if vantage in VANTAGES else "message")
    neighbours: list[dict[str, object]] = [{} for _ in asked]
    untested = set(range(len(asked)))
    for split in splits:
        here = np.flatnonzero(split.test[asked])
        if not len(here):
            continue
        untested -= set(here.tolist())
        train = rows[split.train]
        train = train[training_weight(train) > 0]
        labels = train[[*KEY, "label", "confidence"]]
        matrix = signed_log1p(train[names].to_numpy(np.float64))
        scaler = StandardScaler().fit(matrix)
        search = NearestNeighbors(n_neighbors=min(count, len(train))).fit(scaler.transform(matrix))
        wanted = signed_log1p(rows.iloc[asked[here]][names].to_numpy(np.float64))
        distances, positions = search.kneighbors(scaler.transform(wanted))
        for row, distance, position in zip(here, distances, positions, strict=True):
            neighbours[row] = _named(labels.iloc[position], distance)
    if untested:
        raise TkitError(f"{len(untested)} rows that no split tests: give the splits that the scores come from")
    dtypes = {f"near_{n}{part}": dtype for n in range(1, count + 1) for part, dtype in NEAR.items()}
    return pd.DataFrame(neighbours, columns=list(dtypes)).astype(dtypes)


def _named(near: pd.DataFrame, distance: Floats) -> dict[str, object]:
    columns: dict[str, object] = {}
    for n, (row, far) in enumerate(zip(near.to_dict("records"), distance.tolist(), strict=True), start=1):
        key = f"{row['message_sha256']}/{row['part']}/{row['index']}"
        values = (key, row["label"], row["confidence"], far)
        columns |= {f"near_{n}{part}": value for part, value in zip(NEAR, values, strict=True)}
    return columns
