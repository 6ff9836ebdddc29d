"""Tests of tkit.bundle.integers: exact sums, and the models that a bundle cannot contain."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_bundle import BY_HAND, FACTS, FEATURES, THREE, TREE, Fitted, made, split_tree, trained

from tkit.bundle import UNIT, Bundle, IntegerTree, IntegerTrees, Trained
from tkit.bundle.learnt import LinearSum, TreeSum
from tkit.detectors.models import BoostingModel, TreeModel
from tkit.errors import TkitError


def test_sums_are_exact_in_float32_in_any_order() -> None:
    rows, tracker, weight = trained()
    bundle = made(BoostingModel("url", trees=30).fit(rows, tracker, weight).exported())
    model = bundle.tracker.model
    assert isinstance(model, IntegerTrees)
    matrix = rows.to_numpy(np.float32)
    single = [IntegerTrees("logistic", 0, (tree,)).margins(matrix) for tree in model.trees]
    addends = np.array([np.full(len(rows), model.intercept), *single], np.float32)
    for seed in range(5):
        total = np.zeros(len(rows), np.float32)
        for addend in np.random.default_rng(seed).permutation(addends):
            total += addend
        assert total.astype(np.int64).tolist() == bundle.margins(rows).tolist()


@pytest.mark.parametrize("link", ["identity", "logistic"])
@given(threshold=st.floats(0, 1))
@settings(max_examples=30)
def test_threshold_is_the_least_margin_of_its_score(link: Any, threshold: float) -> None:
    output = made(TreeSum(link, 0, [TREE]), threshold).tracker
    assert output.threshold_score >= threshold
    below = replace(output, threshold=output.threshold - 1)
    assert below.threshold_score < threshold or output.threshold == -(2**24)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, math.nan, math.inf])
def test_threshold_is_a_score(threshold: float) -> None:
    with pytest.raises(TkitError, match=r"made by hand: a threshold of .*: give a score from 0 to 1"):
        made(threshold=threshold)


def test_models_that_no_bundle_can_hold_are_refused() -> None:
    with pytest.raises(TkitError, match="not fitted"):
        Bundle.from_models(Trained(Fitted(BY_HAND), 0.5, "by hand"), Trained(TreeModel("url"), 0.5, "by hand"), **FACTS)
    leaf = split_tree((-1, 0, -1, -1, 2.0, 1))
    # 127 leaves of 2 and an intercept of 2 are 2**24 units.
    assert made(TreeSum("logistic", 1.5, [leaf] * 127)).margins(THREE).tolist() == [2**24 - UNIT // 2] * 3
    with pytest.raises(TkitError, match="margins reach 16777216 units, which float32 cannot add exactly"):
        made(TreeSum("logistic", -2.0, [leaf] * 127))
    with pytest.raises(TkitError, match="0 trees of 0 nodes"):
        made(TreeSum("logistic", 0, []))
    with pytest.raises(TkitError, match=r"margins reach .*, which float64 cannot add exactly"):
        made(LinearSum(0, np.zeros(len(FEATURES)), np.full(len(FEATURES), 1e-12), np.ones(len(FEATURES))))
    with pytest.raises(TkitError, match="threshold contains a number that is not finite"):
        made(
            TreeSum(
                "logistic",
                0,
                [split_tree((0, math.nan, 1, 2, 0, 2), (-1, 0, 0, 0, 0, 1), (-1, 0, 0, 0, 1, 1))],
            )
        )


def test_trees_by_hand_get_the_same_checks() -> None:
    tree = IntegerTree((0, -1, -1), (0.0, 0.0, 0.0), (2, -1, -1), (2, -1, -1), (0, 0, 0))
    with pytest.raises(TkitError, match=r"tracker\.json: tree 0, node 1: child of 0 nodes"):
        replace(made(), tracker=replace(made().tracker, model=IntegerTrees("logistic", 0, (tree,))))
    with pytest.raises(TkitError, match=r"individual\.json: tree 0, node 1: child of 0 nodes"):
        replace(made(), individual=replace(made().individual, model=IntegerTrees("logistic", 0, (tree,))))
    with pytest.raises(TkitError, match="vantage 'server': take one of"):
        replace(made(), vantage="server")
    with pytest.raises(TkitError, match=r"threshold of .* units: give one within 2"):
        replace(made(), tracker=replace(made().tracker, threshold=2**60))
