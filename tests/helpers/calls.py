"""A detector for tests, which calls what it is told to."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Calls:
    """Calls the references whose resolved URL a function says yes to."""

    vantage = "message"

    def __init__(self, says: Callable[[str], bool] = lambda url: True) -> None:
        self._says = says

    def verdicts(self, rows: pd.DataFrame) -> NDArray[np.bool_]:
        return np.array([self._says(url) for url in rows["resolved_url"]], np.bool_)

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.ones(len(rows))

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"tiny": np.ones(len(rows))}, index=rows.index)


def half(seed: str) -> Calls:
    """Return a detector that calls half of all URLs, the same ones for a seed."""
    return Calls(lambda url: hashlib.sha256(f"{seed} {url}".encode("utf-8", "replace")).digest()[0] < 128)
