"""Tests of tkit.detectors.models: what they learn, what they refuse, and that the exported form says the same."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from tkit.arrays import Floats, Mask, Matrix
from tkit.bundle.learnt import LinearSum, SplitTree, TreeSum, signed_log1p
from tkit.detectors.models import BoostingModel, ForestModel, LogisticModel, Model, TreeModel
from tkit.errors import TkitError
from tkit.features import feature_names
from tkit.labels import INDIVIDUAL, TRACKER

MODELS: list[Callable[[], Model]] = [
    lambda: LogisticModel("url"),
    lambda: TreeModel("url"),
    lambda: ForestModel("url", trees=5),
    lambda: BoostingModel("url", trees=20),
    lambda: BoostingModel("url", trees=20, seeds=2),
]
EVERY_MODEL = pytest.mark.parametrize("make", MODELS)


def labelled(n: int = 200, seed: int = 0) -> tuple[pd.DataFrame, Mask, Floats]:
    """Return rows of the url features, trackers where a long query and no photo come together, and weights."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame({name: random.integers(0, 9, n) for name in feature_names("url")}, dtype=np.float32)
    tracker = ((rows["query_length"] > 3) & (rows["extension_photo"] < 7)).to_numpy()
    return rows, tracker, random.uniform(0.2, 1, n)


def walked(tree: SplitTree, row: Matrix) -> float:
    """Return what a tree adds for one row, going down node by node."""
    node = 0
    while tree.feature[node] >= 0:
        goes_left = row[tree.feature[node]] <= tree.threshold[node]
        node = int((tree.left if goes_left else tree.right)[node])
    return float(tree.value[node])


@EVERY_MODEL
def test_learns_what_makes_a_tracker(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    model = make()
    assert model.fit(rows, tracker, weight) is model
    score = model.scores(rows)
    assert score.dtype == np.float64
    assert score.shape == (200,)
    assert ((score >= 0) & (score <= 1)).all()
    assert score[tracker].mean() > score[~tracker].mean() + 0.1


@EVERY_MODEL
def test_same_seed_gives_same_scores_and_fitting_forgets(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    once = make().fit(rows, tracker, weight).scores(rows)
    again = make().fit(rows, ~tracker, weight).fit(rows, tracker, weight)
    assert again.scores(rows).tolist() == once.tolist()


@EVERY_MODEL
def test_features_are_found_by_name(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    model = make().fit(rows, tracker, weight)
    turned = rows[rows.columns[::-1]].assign(label="C")
    assert model.scores(turned).tolist() == model.scores(rows).tolist()
    assert model.scores(rows[:0]).shape == (0,)


@EVERY_MODEL
def test_rows_of_weight_zero_teach_nothing(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    weight[100:] = 0
    half = make().fit(rows[:100], tracker[:100], weight[:100])
    assert make().fit(rows, tracker, weight).scores(rows).tolist() == half.scores(rows).tolist()


@EVERY_MODEL
def test_exported_form_gives_the_same_scores(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    model = make().fit(rows, tracker, weight)
    exported = model.exported()
    matrix = rows.to_numpy(np.float32)
    if isinstance(exported, LinearSum):
        terms = exported.weight * (signed_log1p(matrix) - exported.mean) / exported.scale
        logit = exported.intercept + terms.sum(axis=1)
        expected = 1 / (1 + np.exp(-logit))
    else:
        total = np.array([exported.intercept + sum(walked(t, row) for t in exported.trees) for row in matrix])
        expected = total if exported.link == "identity" else 1 / (1 + np.exp(-total))
    assert model.scores(rows) == pytest.approx(expected, abs=1e-12)


@EVERY_MODEL
def test_constructor_only_stores_and_unfitted_models_say_so(make: Callable[[], Model]) -> None:
    model = make()
    stored = {field.name for field in fields(model) if field.init}
    assert set(vars(model)) == stored
    rows, _, _ = labelled(5)
    with pytest.raises(TkitError, match=r"not fitted: call fit"):
        model.scores(rows)
    with pytest.raises(TkitError, match=r"not fitted: call fit"):
        model.exported()


@EVERY_MODEL
def test_missing_and_absurd_features_are_refused(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    model = make()
    with pytest.raises(TkitError, match=rf"{model.name}: rows have no column digits"):
        model.fit(rows.drop(columns="digits"), tracker, weight)
    model.fit(rows, tracker, weight)
    rows.loc[3, "digits"] = np.nan
    with pytest.raises(TkitError, match=rf"{model.name}: digits is nan in row 3"):
        model.scores(rows)
    rows.loc[3, "digits"] = np.inf
    with pytest.raises(TkitError, match=rf"{model.name}: digits is inf in row 3"):
        model.fit(rows, tracker, weight)


@EVERY_MODEL
def test_one_class_is_refused(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    with pytest.raises(TkitError, match=r"200 trackers and 0 negatives of positive weight: give at least one of each"):
        make().fit(rows, np.ones(200, np.bool_), weight)
    with pytest.raises(TkitError, match=r"0 trackers and \d+ negatives of positive weight"):
        make().fit(rows, tracker, np.where(tracker, 0.0, weight))


def test_labels_and_weights_must_fit_the_rows() -> None:
    rows, tracker, weight = labelled()
    with pytest.raises(TkitError, match=r"200 rows, labels of shape \(199,\).*give one bool and one weight"):
        TreeModel("url").fit(rows, tracker[1:], weight)
    with pytest.raises(TkitError, match=r"weights of shape \(1,\)"):
        TreeModel("url").fit(rows, tracker, weight[:1])
    with pytest.raises(TkitError, match=r"type int64"):
        TreeModel("url").fit(rows, tracker.astype(np.int64), weight)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_weights_are_numbers_from_zero(value: float) -> None:
    rows, tracker, weight = labelled()
    weight[7] = value
    with pytest.raises(TkitError, match=r"decision tree: weights that are negative or not finite"):
        TreeModel("url").fit(rows, tracker, weight)


def test_unknown_vantage_point_is_refused() -> None:
    with pytest.raises(TkitError, match="no vantage point 'server'"):
        TreeModel("server").fit(*labelled())


def test_tree_by_hand() -> None:
    """Query lengths 1, 2, 5, 6 of weights 1, 1, 1, 3; only the last is a tracker."""
    rows = pd.DataFrame(0.0, index=range(4), columns=feature_names("url"), dtype=np.float32)
    rows["query_length"] = np.array([1, 2, 5, 6], np.float32)
    tracker, weight = np.array([False, False, False, True]), np.array([1.0, 1.0, 1.0, 3.0])
    model = TreeModel("url", max_depth=1, min_leaf_weight=3).fit(rows, tracker, weight)
    # Both leaves weigh 3 and are pure; with 1 added to both classes 1 of 5 is a tracker's at the left, 4 of 5 at the right.
    assert model.scores(rows).tolist() == [0.2, 0.2, 0.2, 0.8]
    exported = model.exported()
    assert (exported.link, exported.intercept, len(exported.trees)) == ("identity", 0.0, 1)
    tree = exported.trees[0]
    assert tree.feature.tolist() == [feature_names("url").index("query_length"), -1, -1]
    assert tree.threshold[0] == 5.5
    assert (tree.left[0], tree.right[0]) == (1, 2)
    assert tree.value[1:].tolist() == [0.2, 0.8]
    assert tree.cover.tolist() == [6.0, 3.0, 3.0]


def test_many_rows_of_little_weight_make_no_leaf() -> None:
    """A hundred copies that together weigh 1 are no leaf of weight 2; four mails of weight 1 each are."""
    rows = pd.DataFrame(0.0, index=range(104), columns=feature_names("url"), dtype=np.float32)
    rows["query_length"] = np.repeat(np.array([0, 1, 2], np.float32), [100, 2, 2])
    tracker = np.repeat([True, False, True], [100, 2, 2])
    weight = np.repeat([0.01, 1.0, 1.0], [100, 2, 2])
    scores = TreeModel("url", min_leaf_weight=2).fit(rows, tracker, weight).scores(rows)
    # The copies fall to the leaf of the two pictures: 1 of its weight of 3, and Laplace's 1 of 2.
    assert scores == pytest.approx(np.repeat([2 / 5, 2 / 5, 3 / 4], [100, 2, 2]))


def test_logistic_regression_standardises_signed_logarithms_by_weight() -> None:
    """Query lengths 0 and e - 1 of weights 3 and 1 have a mean logarithm of 1/4 and a variance of 3/16."""
    rows = pd.DataFrame(0.0, index=range(2), columns=feature_names("url"), dtype=np.float32)
    rows["query_length"] = np.array([0, np.e - 1], np.float32)
    model = LogisticModel("url").fit(rows, np.array([False, True]), np.array([3.0, 1.0]))
    exported = model.exported()
    column = feature_names("url").index("query_length")
    assert exported.mean[column] == pytest.approx(0.25, abs=1e-6)
    assert exported.scale[column] == pytest.approx((3 / 16) ** 0.5, abs=1e-6)
    assert exported.weight[column] > 0
    # A column that never changes weighs nothing and cannot divide by zero.
    assert exported.scale[column - 1] == 1.0
    assert exported.weight[column - 1] == 0.0


def test_less_penalty_gives_greater_weights() -> None:
    rows, tracker, weight = labelled()
    strict = LogisticModel("url", inverse_penalty=0.001).fit(rows, tracker, weight).exported()
    loose = LogisticModel("url", inverse_penalty=10).fit(rows, tracker, weight).exported()
    assert np.abs(loose.weight).sum() > np.abs(strict.weight).sum()


def test_boosting_averages_the_logits_of_its_seeds() -> None:
    rows, tracker, weight = labelled()

    def logit(seed: int, seeds: int) -> Floats:
        model = BoostingModel("url", trees=5, random_state=seed, seeds=seeds).fit(rows, tracker, weight)
        score = model.scores(rows)
        return np.asarray(np.log(score / (1 - score)))

    first, second = logit(0, 1), logit(1, 1)
    assert not np.array_equal(first, second)
    assert logit(0, 2) == pytest.approx((first + second) / 2)


@EVERY_MODEL
def test_exported_trees_are_in_order_and_cover_what_came_by(make: Callable[[], Model]) -> None:
    exported = make().fit(*labelled()).exported()
    if not isinstance(exported, TreeSum):
        assert exported.weight.shape == (len(feature_names("url")),)
        return
    for tree in exported.trees:
        inner = np.flatnonzero(tree.feature >= 0)
        assert len(inner)
        assert (tree.left[inner] > inner).all()
        assert (tree.right[inner] > inner).all()
        assert tree.cover[inner] == pytest.approx(tree.cover[tree.left[inner]] + tree.cover[tree.right[inner]])


@pytest.mark.parametrize("seeds", [1, 2])
def test_boosting_without_a_split_gives_the_base_rate(seeds: int) -> None:
    rows = pd.DataFrame(0.0, index=range(4), columns=feature_names("url"), dtype=np.float32)
    model = BoostingModel("url", trees=5, seeds=seeds).fit(rows, np.array([True, False, False, False]), np.ones(4))
    assert model.scores(rows) == pytest.approx([0.25] * 4)
    exported = model.exported()
    assert isinstance(exported, TreeSum)
    logit = exported.intercept + sum(walked(tree, rows.to_numpy(np.float32)[0]) for tree in exported.trees)
    assert logit == pytest.approx(np.log(1 / 3))


def with_keys(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(message_sha256=[f"{number}" for number in range(len(rows))], part=0, index=0)


@EVERY_MODEL
def test_learns_from_the_copies_of_its_rows_alone(make: Callable[[], Model]) -> None:
    rows, tracker, weight = labelled()
    rows = with_keys(rows)
    copies = rows.assign(
        manipulation="jpg", query_length=np.float32(0), path_length=np.where(tracker, 50, 0).astype(np.float32)
    )
    plain, taught, elsewhere = make(), make(), make()
    taught.manipulated = copies
    elsewhere.manipulated = copies.assign(part=1)  # of no training row
    for model in (plain, taught, elsewhere):
        model.fit(rows, tracker, weight)
    assert np.array_equal(plain.scores(copies), elsewhere.scores(copies))
    found, before = taught.scores(copies), plain.scores(copies)
    assert found[tracker].mean() - found[~tracker].mean() > before[tracker].mean() - before[~tracker].mean() + 0.2


def test_copies_share_the_weight_of_their_row() -> None:
    rows, tracker, weight = labelled()
    rows = with_keys(rows)
    disguised = pd.concat([rows] * 3).assign(manipulation="jpg")
    in_letters = pd.concat([rows] * 2).assign(manipulation="letter+receipt")
    for copies, times in ((disguised, 2), (in_letters, 2), (pd.concat([disguised, in_letters]), 3)):
        model = LogisticModel("url", manipulated=copies, manipulated_weight=1.0)
        model.fit(rows, tracker, weight)
        repeated = LogisticModel("url").fit(pd.concat([rows] * times), np.tile(tracker, times), np.tile(weight, times))
        assert model.scores(rows) == pytest.approx(repeated.scores(rows), abs=1e-4)


def test_rows_without_keys_have_no_copies() -> None:
    rows, tracker, weight = labelled()
    model = LogisticModel("url", manipulated=with_keys(rows).assign(manipulation="jpg"))
    with pytest.raises(TkitError, match="no column message_sha256, part, index to find the original of a manipulated copy"):
        model.fit(rows, tracker, weight)


def test_a_tracker_in_the_size_of_a_picture_is_individual_but_no_tracker() -> None:
    rows, tracker, weight = labelled()
    rows = with_keys(rows)
    shown = rows.assign(manipulation="ordinary-size+jpg", path_length=np.float32(90))
    as_tracker = TreeModel("url", manipulated=shown, target=TRACKER).fit(rows, tracker, weight).scores(shown)
    as_individual = TreeModel("url", manipulated=shown, target=INDIVIDUAL).fit(rows, tracker, weight).scores(shown)
    assert as_tracker[tracker].max() < 0.1
    assert as_individual[tracker].mean() > as_tracker[tracker].mean() + 0.2
