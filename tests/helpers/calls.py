"""Detectors for tests, which judge by a rule that the test gives."""

import hashlib
from collections.abc import Callable

import numpy as np
import pandas as pd
from made_detector import Decided

from tkit.arrays import Ints
from tkit.bundle import Question


class Calls(Decided):
    """Flags the references whose resolved URL a function says yes to; another says which ones are personalised pictures."""

    def __init__(
        self, says: Callable[[str], bool] = lambda url: True, individual: Callable[[str], bool] = lambda url: False
    ) -> None:
        super().__init__()
        self.says, self.says_individual = says, individual

    def margins(self, rows: pd.DataFrame, question: Question = "tracker") -> Ints:
        says = self.says if question == "tracker" else self.says_individual
        return np.array([says(url) for url in rows["resolved_url"]], np.int64)


def _digit(seed: str, url: str) -> int:
    return hashlib.sha256(f"{seed} {url}".encode("utf-8", "replace")).digest()[0]


def half(seed: str) -> Calls:
    """Return a detector that flags half of all URLs and takes a quarter for personalised, the same ones for a seed."""
    return Calls(lambda url: _digit(seed, url) < 128, lambda url: 64 <= _digit(seed, url) < 192)
