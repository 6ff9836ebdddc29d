"""Tests of tkit.evaluate.search: the constants chosen are worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from tkit.detectors import RULES, Detector
from tkit.detectors.rules import BlockAll, Declared1x1, Trocker
from tkit.errors import TkitError
from tkit.evaluate.search import GRIDS, SearchedRule, search_rule
from tkit.splits import cross_validation

# Squares of these sides: two trackers of 1 and one of 5; good pictures of 2, 5 and 600.
SIDES = [1, 1, 5, 2, 5, 600]
TRACKER = np.array([True, True, True, False, False, False])
ONES = np.ones(6)
GRID = {"largest_side": [0, 1, 3, 5]}


def squares(sides: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"carrier_img": 1.0, "width": sides, "height": sides})


@pytest.mark.parametrize(
    ("budget", "largest_side"),
    [
        (0.0, 1.0),  # two trackers, no false alarm
        (0.34, 1.0),  # 3 would bring a false alarm and no tracker
        (0.67, 5),  # all trackers, two false alarms
    ],
)
def test_most_trackers_within_the_budget(budget: float, largest_side: float) -> None:
    searched = SearchedRule(Declared1x1(), GRID, budget).fit(squares(SIDES), TRACKER, ONES)
    assert searched.rule_ == Declared1x1(largest_side)
    assert searched.tried_["largest_side"].tolist() == [1.0, 0, 1, 3, 5]
    assert searched.tried_["tpr"].tolist() == pytest.approx([2 / 3, 0, 2 / 3, 2 / 3, 1])
    assert searched.tried_["fpr"].tolist() == pytest.approx([0, 0, 0, 1 / 3, 2 / 3])
    assert searched.tried_["chosen"].sum() == 1
    assert searched.scores(squares([5])).tolist() == [float(largest_side == 5)]


def test_where_none_keeps_within_the_budget_the_fewest_false_alarms_are_taken() -> None:
    searched = SearchedRule(Declared1x1(5), {"largest_side": [2, 5]}, 0.1).fit(squares(SIDES), TRACKER, ONES)
    assert searched.rule_ == Declared1x1(2)


def test_weights_count() -> None:
    weight = np.array([1, 1, 9, 0, 0.1, 1.0])
    assert SearchedRule(Declared1x1(), GRID, 0.1).fit(squares(SIDES), TRACKER, weight).rule_ == Declared1x1(5)


def test_the_constants_given_win_among_equals() -> None:
    searched = SearchedRule(Declared1x1(4), {"largest_side": [2, 3, 4]}, 1.0)
    assert searched.fit(squares([1, 600]), np.array([True, False]), np.ones(2)).rule_ == Declared1x1(4)


@pytest.mark.parametrize(
    ("rule", "grid", "budget", "reason"),
    [
        (object(), {}, 0.1, "not a rule with constants"),
        (Declared1x1(), {"moon": [1]}, 0.1, "no constant 'moon': take one of largest_side"),
        (Declared1x1(), {"largest_side": []}, 0.1, "no value to try for largest_side"),
        (Declared1x1(), {}, 2, "a false positive rate of 2"),
        (BlockAll(), {"x": [1]}, 0.1, "take one of none"),
    ],
)
def test_what_cannot_be_searched_is_refused(rule: Detector, grid: dict[str, list[int]], budget: float, reason: str) -> None:
    with pytest.raises(TkitError, match=reason):
        SearchedRule(rule, grid, budget)


def test_training_needs_both_classes_and_one_label_a_row() -> None:
    with pytest.raises(TkitError, match="6 trackers and 0 negatives"):
        SearchedRule(Declared1x1(), GRID, 0.1).fit(squares(SIDES), np.ones(6, bool), ONES)
    with pytest.raises(TkitError, match=r"6 rows, labels of shape \(5,\) and type bool, weights of shape \(6,\)"):
        SearchedRule(Declared1x1(), GRID, 0.1).fit(squares(SIDES), TRACKER[:5], ONES)


def test_each_fold_is_judged_by_constants_of_the_others() -> None:
    # In group 0 trackers have a side of 5; everywhere else of 1, and good pictures of 3.
    sides = [5, 3, 1, 3, 1, 3]
    rows = squares(sides).assign(
        label=["T", "C"] * 3,
        confidence=3,
        source="gold",
        component=[0, 0, 1, 1, 2, 2],
        message_sha256=[str(n) for n in range(6)],
        part=0,
        index=0,
        stratum_weight=1.0,
    )
    splits = cross_validation(rows, rows["component"], 3, seed=0)
    evaluation, chosen = search_rule(Declared1x1(), {"largest_side": [1, 3, 5]}, rows, splits, 0.0)
    assert evaluation.name == "declared 1x1, searched"
    assert evaluation.rates().missed == 1
    assert evaluation.rates().false_alarms == 0
    assert chosen["split"].tolist() == [split.name for split in splits]
    assert chosen["largest_side"].tolist() == [1.0] * 3
    assert sorted(chosen["tpr"]) == [0.5, 0.5, 1.0]


def test_the_grids_are_of_rules_constants() -> None:
    for rule in RULES:
        if rule.name in GRIDS:
            SearchedRule(rule, GRIDS[rule.name], 0.01)
    assert Trocker.name in GRIDS
