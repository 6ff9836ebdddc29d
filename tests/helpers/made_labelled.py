"""Rows with labels, and detectors, for the tests of tkit.evaluate."""

from typing import Any, Self

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.splits import Split


def make(labels: str, **columns: Any) -> pd.DataFrame:
    """Rows of one label a letter, each in a mail and a component of its own."""
    n = len(labels)
    basis = {
        "message_sha256": [f"{number:064x}" for number in range(n)],
        "part": 0,
        "index": 0,
        "label": list(labels),
        "confidence": 3,
        "source": "gold",
        "component": range(n),
        "sender_key": [f"sender{number}.example.com" for number in range(n)],
        "stratum_weight": 1.0,
    }
    return pd.DataFrame(basis | columns, index=pd.RangeIndex(100, 100 + n))


def array(*values: float) -> Floats:
    return np.array(values)


def truth(labels: str) -> Mask:
    return np.array([label == "T" for label in labels])


class Mean:
    """A trainable detector of one feature: the weighted share of trackers among rows of equal ``x``."""

    name = "mean"
    vantage = "url"

    def __init__(self, fitted: list[list[int]] | None = None) -> None:
        self.fitted = [] if fitted is None else fitted

    def fit(self, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> Self:
        self.fitted.append(rows["x"].index.tolist())
        frame = pd.DataFrame({"x": rows["x"], "hit": tracker * weight, "all": weight}).groupby("x").sum()
        self.share_ = (frame["hit"] / frame["all"]).to_dict()
        return self

    def scores(self, rows: pd.DataFrame) -> Floats:
        return np.array([self.share_.get(x, 0.5) for x in rows["x"]])


class Rule:
    name = "rule"
    vantage = "url"

    def scores(self, rows: pd.DataFrame) -> Floats:
        return (rows["x"].to_numpy() > 1).astype(np.float64)


def halves(n: int) -> list[Split]:
    first = np.arange(n) < n // 2
    return [Split("first", ~first, first), Split("second", first, ~first)]
