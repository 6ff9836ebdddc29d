"""Tests of tkit.manipulate.robustness: shares counted by hand."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tkit.errors import TkitError
from tkit.manipulate.robustness import recall_lost, scores_with_copies
from tkit.splits import Split


def rows() -> pd.DataFrame:
    """Return four sure trackers, one guessed and one inherited, and two good pictures."""
    return pd.DataFrame(
        {
            "message_sha256": list("abcdefgh"),
            "part": 0,
            "index": 0,
            "label": list("TTTTTTCC"),
            "confidence": [3, 3, 3, 3, 1, 3, 3, 3],
            "source": ["gold"] * 5 + ["member"] + ["gold"] * 2,
            "x": range(8),
            "cluster": list("abcdefgh"),
        }
    )


def copies(*of: str, name: str = "jpg") -> pd.DataFrame:
    return pd.DataFrame({"message_sha256": list(of), "part": 0, "index": 0, "manipulation": name, "x": 10.0})


def test_a_tracker_that_was_not_manipulated_keeps_its_verdict() -> None:
    called = np.array([True, True, True, False, True, True, False, True])
    both = pd.concat([copies(*"abd"), copies(*"ag", name="no-size")], ignore_index=True)
    found = recall_lost(rows(), called, both, np.array([False, True, True, False, True]))
    # jpg: of a b c d, a is lost and d is won; no-size: a is lost; g is no tracker
    assert found.values.tolist() == [["jpg", 3, 0.75, 0.75, 0.0], ["no-size", 1, 0.75, 0.5, 0.25]]


def test_a_drawn_tracker_stands_for_others() -> None:
    called = np.array([True, True, True, False, True, True, False, True])
    weight = np.array([7.0, 1.0, 0.0, 2.0, 5.0, 5.0, 5.0, 5.0])  # c was not drawn; e to h are no sure gold trackers
    found = recall_lost(rows(), called, copies(*"abd"), np.array([False, True, True]), weight)
    # before a and b of 7 + 1 + 2 are found, after b and d
    assert found.values.tolist() == [["jpg", 3, 0.8, 0.3, 0.5]]


def test_guesses_and_members_do_not_count() -> None:
    found = recall_lost(rows(), np.ones(8, bool), copies(*"ef"), np.zeros(2, bool))
    assert len(found) == 0


def test_recall_needs_a_tracker() -> None:
    few = rows().assign(label="C")
    with pytest.raises(TkitError, match=f"no tracker of source gold and confidence 2 or 3 among {len(few)} rows"):
        recall_lost(few, np.zeros(len(few), bool), copies("a"), np.zeros(1, bool))


def test_a_copy_without_an_original() -> None:
    with pytest.raises(TkitError, match="1 copies of references that are not among the rows"):
        recall_lost(rows(), np.ones(8, bool), copies("z"), np.ones(1, bool))


@dataclass
class Remembers:
    """Scores 1 what it was fitted on by its message, else the tenth of x."""

    name: str = "remembers"
    vantage: str = "url"
    seen: frozenset[str] = frozenset()

    def fit(self, rows: pd.DataFrame, tracker: NDArray[np.bool_], weight: NDArray[np.float64]) -> Self:
        self.seen = frozenset(rows["message_sha256"])
        return self

    def scores(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        known = rows["message_sha256"].isin(self.seen).to_numpy()
        return np.where(known, 1.0, rows["x"].to_numpy(np.float64) / 20)


def test_copies_are_scored_by_a_model_that_has_not_seen_their_original() -> None:
    table = rows()
    even, gold = np.arange(8) % 2 == 0, (table["source"] == "gold").to_numpy()
    splits = [Split("even", ~even, even & gold), Split("odd", even, ~even & gold)]
    score, of_copies = scores_with_copies(Remembers, table, copies(*"abgf"), splits)
    assert score[:5].tolist() == [0.0, 0.05, 0.1, 0.15, 0.2]
    assert of_copies[:3].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(of_copies[3])  # a member row is never tested
