"""Tests of tkit.detectors.classifier."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from tkit.detectors.classifier import Classifier
from tkit.errors import TkitError
from tkit.features import feature_names

ROWS = pd.DataFrame({"tiny": [1, 1, 0, 0], "url_length": [9, 8, 9, 8]}, dtype="float32")
TRACKER = np.array([True, True, False, False])
ONES = np.ones(4)


def test_any_classifier_learns_and_scores() -> None:
    tree = DecisionTreeClassifier()
    detector = Classifier(tree, ["url_length", "tiny"])
    assert detector.fit(ROWS, TRACKER, ONES).scores(ROWS).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert not hasattr(tree, "classes_")  # the one given is not changed
    assert detector.scores(ROWS.iloc[:0]).shape == (0,)


def test_weights_count() -> None:
    detector = Classifier(DecisionTreeClassifier(max_depth=1), ["url_length"])
    assert detector.fit(ROWS, np.array([True, False] * 2), np.array([1.0, 1, 1, 1])).scores(ROWS).tolist() == [1, 0, 1, 0]
    even = np.array([True, False, False, True])
    assert detector.fit(ROWS, even, np.array([3.0, 1, 1, 3])).scores(ROWS).tolist() == [0.75] * 4


def test_the_class_that_stands_for_trackers_is_taken() -> None:
    fitted = DecisionTreeClassifier().fit(ROWS[["tiny"]].to_numpy(), [1, 1, 0, 0])
    assert Classifier(fitted, ["tiny"]).scores(ROWS).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_the_vantage_point_is_the_lowest_that_computes_the_features() -> None:
    forest = DecisionTreeClassifier()
    assert Classifier(forest, ["url_length"]).vantage == "url"
    assert Classifier(forest, ["tiny", "url_length"]).vantage == "element"
    assert Classifier(forest, ["tiny"], "message").vantage == "message"
    assert Classifier(forest, vantage="url").features == feature_names("url")
    assert Classifier(forest).features == feature_names("message")
    assert Classifier(forest).vantage == "message"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((DecisionTreeClassifier(), ["moon"]), "no feature moon"),
        ((DecisionTreeClassifier(), ["tiny"], "url"), "the vantage point url cannot compute tiny"),
        ((DecisionTreeClassifier(), None, "moon"), "no vantage point 'moon'"),
        ((LinearSVC(), ["tiny"]), "LinearSVC has no predict_proba.*CalibratedClassifierCV"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[object, ...], reason: str) -> None:
    with pytest.raises(TkitError, match=reason):
        Classifier(*arguments)


def test_not_fitted_is_said() -> None:
    with pytest.raises(TkitError, match="mine: knows 0 classes: fit it"):
        Classifier(LogisticRegression(), ["tiny"], name="mine").scores(ROWS)
    with pytest.raises(TkitError, match=r"4 rows, labels of shape \(3,\)"):
        Classifier(LogisticRegression(), ["tiny"]).fit(ROWS, TRACKER[:3], ONES)


@pytest.mark.parametrize("classes", [[-1, 1], [1, 2], ["clean", "tracker"]])
def test_classes_that_do_not_say_which_stands_for_trackers_are_refused(classes: list[object]) -> None:
    fitted = DecisionTreeClassifier().fit(ROWS[["tiny"]].to_numpy(), [classes[1], classes[1], classes[0], classes[0]])
    with pytest.raises(TkitError, match=f"its classes are {classes[0]} and {classes[1]}: fit it on trackers"):
        Classifier(fitted, ["tiny"]).scores(ROWS)


def test_one_class_alone_teaches_nothing() -> None:
    with pytest.raises(TkitError, match="2 trackers and 0 negatives of positive weight"):
        Classifier(DecisionTreeClassifier(), ["tiny"]).fit(ROWS, TRACKER, TRACKER.astype(float))


def test_the_last_step_of_a_pipeline_gets_the_weights() -> None:
    even = np.array([True, False, False, True])
    pipeline = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=1))
    detector = Classifier(pipeline, ["url_length"])
    assert detector.fit(ROWS, even, np.array([3.0, 1, 1, 3])).scores(ROWS).tolist() == [0.75] * 4


def test_rows_are_drawn_by_weight_for_an_estimator_without_weights() -> None:
    detector = Classifier(KNeighborsClassifier(1), ["tiny", "url_length"])
    scores = detector.fit(ROWS, TRACKER, np.array([1.0, 0, 0, 1])).scores(ROWS)
    assert scores[[0, 3]].tolist() == [1.0, 0.0]
    assert detector.estimator.n_samples_fit_ == 6  # 4 drawn, and the heaviest of each class
    only_heavy = set(detector.estimator._fit_X[:, 1].tolist())
    assert only_heavy == {9.0, 8.0}


def test_columns_of_ones_own_need_a_vantage_point() -> None:
    rows = ROWS.assign(mine=[0, 1, 0, 1])
    detector = Classifier(DecisionTreeClassifier(), ["mine"], "message")
    assert detector.fit(rows, np.array([False, True] * 2), ONES).scores(rows).tolist() == [0, 1, 0, 1]
    with pytest.raises(TkitError, match=r"no feature mine: .* columns of your own also give the vantage point"):
        Classifier(DecisionTreeClassifier(), ["mine"])
