"""Tests of tkit.bundle.rounding: what rounding changes."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_bundle import FACTS, FEATURES, MODELS, PATH, made, split_tree, trained, url_rows

from tkit.bundle import UNIT, Bundle, IntegerTrees, Trained
from tkit.bundle.learnt import TreeSum
from tkit.detectors.models import Model


@given(
    st.floats(-1e30, 1e30) | st.floats(0, 100),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5),
)
def test_rounded_thresholds_decide_float32_features_alike(threshold: float, values: list[float]) -> None:
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    around = [near, np.nextafter(near, np.float32(-3e38)), np.nextafter(near, np.float32(3e38))]
    values = [*values, *map(float, around)]
    tree = split_tree((PATH, threshold, 1, 2, 0, 2), (-1, 0, 0, 0, 0, 1), (-1, 0, 0, 0, 1, 1))
    bundle = made(TreeSum("identity", 0, [tree]))
    assert isinstance(bundle.tracker.model, IntegerTrees)
    kept = bundle.tracker.model.trees[0].threshold[0]
    assert float(np.float32(kept)) == kept <= threshold
    goes_right = bundle.margins(url_rows(path_length=values)) > 0
    assert goes_right.tolist() == [value > threshold for value in values]


@pytest.mark.parametrize("make", MODELS)
def test_scores_differ_from_the_models_by_rounding_alone(make: Callable[[], Model]) -> None:
    rows, tracker, weight = trained()
    model = make().fit(rows, tracker, weight)
    both = Trained(model, 0.5, "by hand")
    bundle = Bundle.from_models(both, both, **FACTS | {"replay": rows[:5]})
    assert bundle.individual.model == bundle.tracker.model
    exported = bundle.tracker.model
    # Values that stand right at a split, too.
    if isinstance(exported, IntegerTrees):
        terms = len(exported.trees)
        splits = {
            (feature, threshold)
            for tree in exported.trees
            for feature, threshold in zip(tree.feature, tree.threshold, strict=True)
            # LightGBM takes what is within 1e-35 of zero for zero; no feature is that small.
            if feature >= 0 and abs(threshold) > 1e-30
        }
        for row, (feature, threshold) in enumerate(sorted(splits)[: len(rows)]):
            rows.iloc[row, feature] = np.float32(threshold)
    else:
        terms = len(FEATURES)
    # Half a unit for each and the intercept; the logistic curve's slope is at most a quarter.
    most = (terms + 1) * 0.5 / UNIT * (0.25 if exported.link == "logistic" else 1)
    assert np.abs(bundle.scores(rows) - model.scores(rows)).max() <= most + 1e-12
    table = bundle.contributions(rows)
    assert (table.sum(axis=1) + exported.expected).tolist() == bundle.margins(rows).tolist()
