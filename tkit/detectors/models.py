"""Trained models as detectors: thin wrappers of scikit-learn and LightGBM that use the feature schema and can be exported.

Each is a dataclass whose fields are its parameters; the names of fitted attributes end in ``_``. The parameter ``vantage``
selects the features, ``manipulated`` the disguised copies that are added to the training rows. ``exported`` returns the
fitted model in tkit's own form, from which :class:`tkit.bundle.Bundle` is made.
"""

# mypy: disable-error-code="no-untyped-call"
# (neither has full annotations)

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from tkit.arrays import Floats, Mask, Matrix
from tkit.bundle.learnt import LinearSum, SplitTree, TreeSum, signed_log1p
from tkit.detectors.base import require_examples
from tkit.errors import TkitError
from tkit.features import KEY, feature_names
from tkit.features.matrix import feature_matrix
from tkit.labels import INDIVIDUAL, TRACKER, Target

LETTER = "letter+"
"""How the column ``manipulation`` of a copy in a letter begins."""

SHOWN = "ordinary-size"
"""The manipulation after which a picture takes up room in the mail. Of 1,224 gold trackers 4 declare 50 px or more."""

OWN_TOKEN = "own-token"
"""The manipulation after which any picture is individual: each recipient's copy has a token of its own."""

LAPLACE = 1.0
"""Weight added to both classes of a leaf: Laplace's rule of succession."""


class _Examples(NamedTuple):
    matrix: Matrix
    tracker: Mask
    weight: Floats


@dataclass
class _Model(ABC):
    """Base class of all models: checks before fitting and scoring.

    Attributes
    ----------
    vantage : str
        Vantage point whose features are read.
    random_state : int
        Seed of all random draws in fitting.
    manipulated : DataFrame or None
        Copies of references, disguised (:func:`tkit.manipulate.copies.manipulated_rows`) or placed into letters
        (:func:`tkit.manipulate.letters.letter_rows`). Those whose original is among the training rows are trained on too, so
        that the copies of a held-out reference are held out as well.
    target : Target
        What is learnt. A tracker that declares an ordinary size (:data:`SHOWN`) is, in one mail, the same thing as a
        personalised picture: such copies are negatives of :data:`tkit.labels.TRACKER`, and individual all the same. A good
        picture that gets a token of each recipient's own (:data:`OWN_TOKEN`) is a positive of :data:`tkit.labels.INDIVIDUAL`.
    manipulated_weight : float
        Total weight of the disguised copies of one reference, and again of those in letters, as a share of its own weight.
    """

    name: ClassVar[str]
    vantage: str = "message"
    random_state: int = 0
    manipulated: pd.DataFrame | None = field(default=None, repr=False, compare=False, kw_only=True)
    target: Target = field(default=TRACKER, kw_only=True)
    manipulated_weight: float = field(default=1.0, kw_only=True)

    def fit(self, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> Self:
        """Train on labelled rows; see :meth:`tkit.detectors.Trainable.fit`."""
        matrix = feature_matrix(rows, feature_names(self.vantage), self.name)
        tracker, weight = np.asarray(tracker), np.asarray(weight, dtype=np.float64)
        require_examples(rows, tracker, weight, self.name)
        used = weight > 0
        matrix, tracker, weight = matrix[used], tracker[used], weight[used]
        if self.manipulated is not None:
            copies = self._copies(self.manipulated, rows[used], tracker, weight)
            matrix = np.concatenate((matrix, copies.matrix))
            tracker = np.concatenate((tracker, copies.tracker))
            weight = np.concatenate((weight, copies.weight))
        self._fit(matrix, tracker, weight)
        return self

    def _copies(self, manipulated: pd.DataFrame, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> _Examples:
        """Return the copies of the training rows, each with its original's label and a share of its weight."""
        missing = [name for name in KEY if name not in rows or name not in manipulated]
        if missing:
            raise TkitError(
                f"{self.name}: no column {', '.join(missing)} to find the original of a manipulated copy: "
                "give the rows and the copies of tkit.dataset.reading"
            )
        original = pd.MultiIndex.from_frame(rows[list(KEY)]).get_indexer(pd.MultiIndex.from_frame(manipulated[list(KEY)]))
        known = original >= 0
        original = original[known]
        in_letter = manipulated["manipulation"].str.startswith(LETTER).to_numpy(bool)[known]
        kind = 2 * original + in_letter
        share = self.manipulated_weight / np.bincount(kind)[kind]
        matrix = feature_matrix(manipulated[known], feature_names(self.vantage), f"{self.name}, manipulated copies")
        positive = tracker[original]
        if self.target == TRACKER:
            positive &= ~manipulated["manipulation"].str.contains(SHOWN, regex=False).to_numpy(bool)[known]
        elif self.target == INDIVIDUAL:
            positive |= (manipulated["manipulation"] == OWN_TOKEN).to_numpy(bool)[known]
        return _Examples(matrix, positive, weight[original] * share)

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return the probability that each row is a tracker; see :meth:`tkit.detectors.Detector.scores`.

        Raises
        ------
        TkitError
            If the model is not fitted, or as the interface says.
        """
        self._require_fitted()
        matrix = feature_matrix(rows, feature_names(self.vantage), self.name)
        return self._probabilities(matrix) if len(matrix) else np.zeros(0)

    @abstractmethod
    def exported(self) -> TreeSum | LinearSum:
        """Return the fitted model in tkit's own form; TkitError if it is not fitted."""

    def _require_fitted(self) -> None:
        if not hasattr(self, "estimators_"):
            raise TkitError(f"{self.name}: not fitted: call fit(rows, tracker, weight) first")

    @abstractmethod
    def _fit(self, matrix: Matrix, tracker: Mask, weight: Floats) -> None: ...

    @abstractmethod
    def _probabilities(self, matrix: Matrix) -> Floats: ...


@dataclass
class LogisticModel(_Model):
    """Logistic regression on the signed logarithms of the features, standardised by the training rows.

    Attributes
    ----------
    inverse_penalty : float
        scikit-learn's ``C``: a lower value penalises the weights more.
    estimators_ : tuple of LogisticRegression
        The one fitted estimator.
    scaler_ : StandardScaler
        Means and scales of the transformed columns.
    """

    inverse_penalty: float = 1.0
    estimators_: tuple[LogisticRegression, ...] = field(init=False, repr=False)
    scaler_: StandardScaler = field(init=False, repr=False)
    name = "logistic regression"

    def _fit(self, matrix: Matrix, tracker: Mask, weight: Floats) -> None:
        # The weighted variance of a nearly constant column can be slightly below 0; it is scaled by 1 then.
        logarithms = signed_log1p(matrix)
        with np.errstate(invalid="ignore"):
            self.scaler_ = StandardScaler().fit(logarithms, sample_weight=weight)
        estimator = LogisticRegression(C=self.inverse_penalty, max_iter=5000, random_state=self.random_state)
        # One thread and one order of sums give the same weights everywhere. On so few rows more threads would not be faster.
        with threadpool_limits(1):
            self.estimators_ = (estimator.fit(self.scaler_.transform(logarithms), tracker, weight),)

    def _probabilities(self, matrix: Matrix) -> Floats:
        transformed = self.scaler_.transform(signed_log1p(matrix))
        return np.asarray(self.estimators_[0].predict_proba(transformed)[:, 1], np.float64)

    def exported(self) -> LinearSum:
        """Return intercept and weights with the means and scales that they use."""
        self._require_fitted()
        estimator = self.estimators_[0]
        return LinearSum(float(estimator.intercept_[0]), self.scaler_.mean_, self.scaler_.scale_, estimator.coef_[0])


@dataclass
class TreeModel(_Model):
    """One decision tree, small enough to be read.

    The minimum size of a leaf is a weight, not a number of rows: hundreds of copies of one mailing are no more evidence than
    one mail. Its probability uses Laplace's rule, so that among pure leaves the one with the most weight comes first
    (Provost and Domingos, Machine Learning 52(3), 2003).

    Attributes
    ----------
    max_depth : int
        Maximum number of splits on the way to a leaf.
    min_leaf_weight : float
        Minimum training weight of a leaf, or half of all weight if that is less.
    estimators_ : tuple of DecisionTreeClassifier
        The one fitted tree.
    """

    # Of depths 3 to 8 and weights 5 and 20, the best mean partial AUC on folds inside the training parts of the study.
    max_depth: int = 6
    min_leaf_weight: float = 20.0
    estimators_: tuple[DecisionTreeClassifier, ...] = field(init=False, repr=False)
    name = "decision tree"

    def _fit(self, matrix: Matrix, tracker: Mask, weight: Floats) -> None:
        estimator = DecisionTreeClassifier(
            max_depth=self.max_depth,
            min_weight_fraction_leaf=min(0.5, self.min_leaf_weight / weight.sum()),
            random_state=self.random_state,
        )
        self.estimators_ = (estimator.fit(matrix, tracker, sample_weight=weight),)

    def _probabilities(self, matrix: Matrix) -> Floats:
        estimator = self.estimators_[0]
        return _shares(estimator.tree_, LAPLACE)[estimator.apply(matrix)]

    def exported(self) -> TreeSum:
        """Return the tree with the probabilities in its leaves."""
        self._require_fitted()
        return TreeSum("identity", 0.0, [_class_tree(self.estimators_[0].tree_, 1, LAPLACE)])


@dataclass
class ForestModel(_Model):
    """A random forest.

    Attributes
    ----------
    trees : int
        Number of trees.
    max_features : float
        Share of the columns that each split may choose from.
    min_samples_leaf : int
        Minimum training rows of a leaf.
    n_jobs : int
        Trees fitted in parallel; does not change the result.
    estimators_ : tuple of RandomForestClassifier
        The one fitted forest.
    """

    trees: int = 150
    max_features: float = 0.1
    min_samples_leaf: int = 2
    n_jobs: int = 1
    estimators_: tuple[RandomForestClassifier, ...] = field(init=False, repr=False)
    name = "random forest"

    def _fit(self, matrix: Matrix, tracker: Mask, weight: Floats) -> None:
        estimator = RandomForestClassifier(
            self.trees,
            max_features=self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        self.estimators_ = (estimator.fit(matrix, tracker, sample_weight=weight),)

    def _probabilities(self, matrix: Matrix) -> Floats:
        return np.asarray(self.estimators_[0].predict_proba(matrix)[:, 1], np.float64)

    def exported(self) -> TreeSum:
        """Return the trees with the share of the mean probability in each leaf."""
        self._require_fitted()
        trees = [_class_tree(tree.tree_, self.trees) for tree in self.estimators_[0].estimators_]
        return TreeSum("identity", 0.0, trees)


@dataclass
class BoostingModel(_Model):
    """Gradient-boosted trees (LightGBM), the mean logit over several seeds.

    LightGBM rather than scikit-learn: on these columns its rates are no worse, it fits five times as fast, and it returns its
    trees through a public function.

    Attributes
    ----------
    trees : int
        Trees of each seed.
    learning_rate : float
        Factor of each tree's correction.
    max_leaf_nodes : int
        Maximum leaves of a tree.
    min_samples_leaf : int
        Minimum training rows of a leaf.
    l2_regularization : float
        Penalty on the leaves.
    max_features : float
        Share of the columns that each tree may choose from.
    max_rows : float
        Share of the training rows that each tree is fitted on.
    seeds : int
        Number of seeds averaged, from ``random_state`` on.
    extra_trees : bool
        Try one random threshold per column in each split, not all (Geurts et al., Machine Learning 63(1), 2006). On mail
        before 2024, over held-out kits, years and corpora, this raises the mean recall at 0.1% false positives by 1.3 points.
    estimators_ : tuple of LGBMClassifier
        One per seed.
    """

    trees: int = 250
    learning_rate: float = 0.1
    max_leaf_nodes: int = 15
    min_samples_leaf: int = 10
    l2_regularization: float = 1.0
    max_features: float = 0.3
    max_rows: float = 0.8
    seeds: int = 1
    extra_trees: bool = True
    estimators_: tuple[LGBMClassifier, ...] = field(init=False, repr=False)
    name = "boosting"

    def _fit(self, matrix: Matrix, tracker: Mask, weight: Floats) -> None:
        self.estimators_ = tuple(
            LGBMClassifier(
                n_estimators=self.trees,
                learning_rate=self.learning_rate,
                num_leaves=self.max_leaf_nodes,
                min_child_samples=self.min_samples_leaf,
                reg_lambda=self.l2_regularization,
                colsample_bytree=self.max_features,
                subsample=self.max_rows,
                subsample_freq=1,
                extra_trees=self.extra_trees,
                random_state=self.random_state + seed,
                # One thread and one order of sums give the same trees everywhere.
                n_jobs=1,
                deterministic=True,
                force_col_wise=True,
                verbose=-1,
            ).fit(matrix, tracker, sample_weight=weight)
            for seed in range(self.seeds)
        )

    def _probabilities(self, matrix: Matrix) -> Floats:
        logits = [estimator.booster_.predict(matrix, raw_score=True) for estimator in self.estimators_]
        return np.asarray(1 / (1 + np.exp(-np.mean(logits, axis=0))), np.float64)

    def exported(self) -> TreeSum:
        """Return the trees of all seeds, each leaf divided by the number of seeds."""
        self._require_fitted()
        trees = [
            _boosted_tree(info["tree_structure"], self.seeds)
            for estimator in self.estimators_
            for info in estimator.booster_.dump_model()["tree_info"]
        ]
        return TreeSum("logistic", 0.0, trees)


Model = LogisticModel | TreeModel | ForestModel | BoostingModel
"""The models that a bundle can be made of."""


def _shares(tree: Any, added: float) -> Floats:
    """Return the trackers' share of each node's training weight once a weight is added to both classes."""
    weight, share = tree.weighted_n_node_samples, tree.value[:, 0, :]
    return np.asarray((share[:, 1] / share.sum(axis=1) * weight + added) / (weight + 2 * added), np.float64)


def _class_tree(tree: Any, trees: int, added: float = 0.0) -> SplitTree:
    """Return a classification tree of scikit-learn, with each leaf divided by the number of trees that are averaged."""
    return SplitTree(
        np.where(tree.children_left < 0, -1, tree.feature).astype(np.int64),
        tree.threshold.astype(np.float64),
        tree.children_left.astype(np.int64),
        tree.children_right.astype(np.int64),
        _shares(tree, added) / trees,
        tree.weighted_n_node_samples.astype(np.float64),
    )


def _boosted_tree(root: dict[str, Any], seeds: int) -> SplitTree:
    """Return one of LightGBM's trees; all its splits are ``<=``, since no column is categorical or contains NaN."""
    order: list[dict[str, Any]] = []
    children: list[list[int]] = []
    waiting = [(root, -1)]
    while waiting:
        node, parent = waiting.pop()
        if parent >= 0:
            children[parent].append(len(order))
        if "split_feature" in node:
            waiting += [(node["right_child"], len(order)), (node["left_child"], len(order))]
        order.append(node)
        children.append([])
    return SplitTree(
        np.array([node.get("split_feature", -1) for node in order], np.int64),
        np.array([node.get("threshold", 0.0) for node in order], np.float64),
        np.array([below[0] if below else -1 for below in children], np.int64),
        np.array([below[1] if below else -1 for below in children], np.int64),
        np.array([node.get("leaf_value", 0.0) / seeds for node in order], np.float64),
        np.array([node.get("internal_count", node.get("leaf_count", 1)) for node in order], np.float64),
    )
