"""A bundle worked out by hand, and what it is made of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tkit.arrays import Floats, Mask
from tkit.bundle import CARD_SECTIONS, Bundle, Trained
from tkit.bundle.learnt import LinearSum, SplitTree, TreeSum
from tkit.detectors.models import BoostingModel, ForestModel, LogisticModel, Model, TreeModel
from tkit.features import feature_names

FEATURES = feature_names("url")
PATH, QUERY = FEATURES.index("path_length"), FEATURES.index("query_length")
CARD = {name: f"Text of {name}." for name in CARD_SECTIONS}
SHA256 = "0123456789abcdef" * 4


class Fitted:
    """A model that learnt what it is told to have learnt."""

    name = "made by hand"
    vantage = "url"

    def __init__(self, learnt: TreeSum | LinearSum) -> None:
        self.learnt = learnt

    def exported(self) -> TreeSum | LinearSum:
        return self.learnt


def split_tree(*nodes: tuple[int, float, int, int, float, float]) -> SplitTree:
    """Return a tree of nodes (feature, threshold, left, right, value, cover)."""
    feature, threshold, left, right, value, cover = map(np.array, zip(*nodes, strict=True))
    return SplitTree(feature, threshold.astype(float), left, right, value.astype(float), cover.astype(float))


# A path of at most 10.5 speaks against a tracker, a longer one for it, more so with a query over 3.25.
TREE = split_tree(
    (PATH, 10.5, 1, 2, 0, 60),
    (-1, -2, -1, -1, -0.5, 30),
    (QUERY, 3.25, 3, 4, 0, 30),
    (-1, -2, -1, -1, 0.25, 10),
    (-1, -2, -1, -1, 1.0, 20),
)
BY_HAND = TreeSum("logistic", 0.125, [TREE])

# A query over 3.5 speaks for an individual reference, whatever the path.
INDIVIDUAL_TREE = split_tree((QUERY, 3.5, 1, 2, 0, 60), (-1, -2, -1, -1, -0.75, 30), (-1, -2, -1, -1, 0.5, 30))
INDIVIDUAL_BY_HAND = TreeSum("logistic", 0.25, [INDIVIDUAL_TREE])


def url_rows(**columns: list[float]) -> pd.DataFrame:
    """Return rows of the url features, 0 where not said."""
    n = len(next(iter(columns.values())))
    return pd.DataFrame(0.0, index=range(n), columns=FEATURES, dtype=np.float32).assign(
        **{name: np.array(values, np.float32) for name, values in columns.items()}
    )


THREE = url_rows(path_length=[10, 11, 11], query_length=[9, 3, 4])
# 0.125 - 0.5, 0.125 + 0.25 and 0.125 + 1, in units of 1/65536.
THREE_MARGINS = [-24576, 24576, 73728]
# 0.25 + 0.5, 0.25 - 0.75, 0.25 + 0.5.
THREE_INDIVIDUAL_MARGINS = [49152, -32768, 49152]
THREE_VERDICTS = ["personalised", "tracker", "tracker"]

FACTS: dict[str, Any] = {
    "training_sha256": SHA256,
    "seed": 7,
    "date": "2026-11-23",
    "card": CARD,
    "replay": THREE,
}
"""What a bundle of any models needs beside the models and their thresholds."""


def made(
    learnt: TreeSum | LinearSum = BY_HAND,
    threshold: float = 0.5,
    individual: TreeSum | LinearSum = INDIVIDUAL_BY_HAND,
    chosen: str = "by hand",
    **changed: Any,
) -> Bundle:
    return Bundle.from_models(
        Trained(Fitted(learnt), threshold, chosen), Trained(Fitted(individual), 0.5, "as one pleases"), **FACTS | changed
    )


def trained(n: int = 300) -> tuple[pd.DataFrame, Mask, Floats]:
    random = np.random.default_rng(5)
    rows = url_rows(**{name: random.normal(0, 9, n).tolist() for name in FEATURES})
    tracker = (rows["path_length"] + rows["digits"] * rows["https"] > 0).to_numpy()
    return rows, tracker, random.uniform(0.1, 1, n)


MODELS: list[Callable[[], Model]] = [
    lambda: LogisticModel("url"),
    lambda: TreeModel("url"),
    lambda: ForestModel("url", trees=20),
    lambda: BoostingModel("url", trees=10, seeds=2),
]
