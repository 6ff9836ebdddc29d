"""The rows that headline figures are computed from."""

from __future__ import annotations

import pandas as pd

from tkit.arrays import Mask


def headline(rows: pd.DataFrame) -> Mask:
    """Return a mask of the rows that headline figures are computed from: labels T, C and S of confidence 2 and 3."""
    mask: Mask = (rows["label"].isin(["T", "C", "S"]) & (rows["confidence"] >= 2)).to_numpy(dtype=bool)
    return mask
