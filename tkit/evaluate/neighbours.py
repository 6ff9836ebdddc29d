"""The rows that a detector learnt from which are most like a row that it judged wrongly."""

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
    """Find, for each row asked about, the nearest of the rows that its own split learnt from.

    Distance is Euclidean over the features of the vantage point, after ``sign(x) * log(1 + |x|)`` and standardising
    by the training rows, each counted once: what the logistic model sees, but for its weights. It tells likeness, not what
    another model went by.

    Parameters
    ----------
    rows : DataFrame
        What the splits were made of, with the features.
    asked : ndarray of int, shape (n_asked,)
        Positions of tested rows.
    splits : sequence of Split
        Each asked row is tested by one.
    vantage : str
        Whose features are compared; those of ``message`` where it is none of :data:`tkit.features.VANTAGES`.
    count : int
        Neighbours a row, from 1; the last are missing where a split learnt from fewer rows.

    Returns
    -------
    DataFrame, n_asked rows
        The columns of :data:`NEAR` for n from 1 to `count`; missing where there is none.

    Raises
    ------
    TkitError
        Where no split tests an asked row.
    """
    names = feature_names(vantage if vantage in VANTAGES else "message")
    found: list[dict[str, object]] = [{} for _ in asked]
    open_rows = set(range(len(asked)))
    for split in splits:
        here = np.flatnonzero(split.test[asked])
        if not len(here):
            continue
        open_rows -= set(here.tolist())
        train = rows[split.train]
        train = train[training_weight(train) > 0]
        labels = train[[*KEY, "label", "confidence"]]
        matrix = signed_log1p(train[names].to_numpy(np.float64))
        scaler = StandardScaler().fit(matrix)
        search = NearestNeighbors(n_neighbors=min(count, len(train))).fit(scaler.transform(matrix))
        wanted = signed_log1p(rows.iloc[asked[here]][names].to_numpy(np.float64))
        distances, positions = search.kneighbors(scaler.transform(wanted))
        for row, distance, position in zip(here, distances, positions, strict=True):
            found[row] = _named(labels.iloc[position], distance)
    if open_rows:
        raise TkitError(f"{len(open_rows)} rows that no split tests: give the splits that the scores come from")
    dtypes = {f"near_{n}{part}": dtype for n in range(1, count + 1) for part, dtype in NEAR.items()}
    return pd.DataFrame(found, columns=list(dtypes)).astype(dtypes)


def _named(near: pd.DataFrame, distance: Floats) -> dict[str, object]:
    told: dict[str, object] = {}
    for n, (row, far) in enumerate(zip(near.to_dict("records"), distance.tolist(), strict=True), start=1):
        key = f"{row['message_sha256']}/{row['part']}/{row['index']}"
        values = (key, row["label"], row["confidence"], far)
        told |= {f"near_{n}{part}": value for part, value in zip(NEAR, values, strict=True)}
    return told
