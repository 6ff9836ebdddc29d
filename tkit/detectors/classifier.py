"""Any scikit-learn classifier as a detector."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.arrays import Floats, Mask
from tkit.detectors.base import require_examples
from tkit.errors import TkitError
from tkit.features import FEATURES, VANTAGES, feature_names
from tkit.features.matrix import feature_matrix


class Classifier:
    """A classifier with scikit-learn's interface, on features by name.

    Parameters
    ----------
    estimator : classifier
        Has ``fit(X, y)``, ``predict_proba(X)`` and ``classes_``; a pipeline too. Its ``fit``, or that of a pipeline's last
        step, gets the weights if it takes ``sample_weight``; else the rows are drawn again by their weights. Each
        :meth:`fit` works on a clone, so the original never changes. An estimator that is already fitted, on a float32 matrix
        of `features` in their order, can score at once.
    features : sequence of str, optional
        Columns to read; by default all features that `vantage` can compute. With `vantage`, columns of your own too.
    vantage : {"url", "element", "message", "campaign"}, optional
        By default the lowest vantage point that can compute `features`, or ``message`` without `features`.
    name : str, optional
        Name in tables; by default the name of the class.

    Raises
    ------
    TkitError
        For an unknown vantage point, an unknown feature without a vantage point, a feature that the vantage point cannot
        compute, or an estimator without ``predict_proba``.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> detector = Classifier(GaussianNB(), ["tiny", "longest_token"])
    >>> detector.vantage, detector.name
    ('element', 'GaussianNB')
    """

    def __init__(
        self, estimator: Any, features: list[str] | None = None, vantage: str | None = None, name: str | None = None
    ) -> None:
        known = {feature.name: VANTAGES.index(feature.vantage) for feature in FEATURES}
        wanted = feature_names(vantage or "message") if features is None else list(features)
        unknown = [feature for feature in wanted if feature not in known]
        if unknown and vantage is None:
            raise TkitError(
                f"no feature {', '.join(unknown)}: take names of tkit.features.FEATURES; for columns of your own also give the"
                " vantage point that can compute them"
            )
        lowest = VANTAGES[max((known.get(feature, 0) for feature in wanted), default=0)] if features is not None else "message"
        beyond = [feature for feature in wanted if vantage and feature in known and feature not in feature_names(vantage)]
        if beyond:
            raise TkitError(f"the vantage point {vantage} cannot compute {', '.join(beyond)}: leave out vantage, or these")
        if not hasattr(estimator, "predict_proba"):
            raise TkitError(
                f"{type(estimator).__name__} has no predict_proba: wrap it in sklearn.calibration.CalibratedClassifierCV"
            )
        self.estimator, self.features = estimator, wanted
        self.vantage = vantage or lowest
        self.name = name or type(estimator).__name__

    def fit(self, rows: pd.DataFrame, tracker: Mask, weight: Floats) -> Self:
        """Fit a clone of the estimator; see :class:`tkit.detectors.Trainable`."""
        from sklearn.base import clone  # noqa: PLC0415 - slow to load

        require_examples(rows, tracker, weight, self.name)
        matrix = feature_matrix(rows, self.features, self.name)
        self.estimator = clone(self.estimator)  # type: ignore[no-untyped-call]
        parameter = _weight_parameter(self.estimator)
        if parameter:
            self.estimator.fit(matrix, tracker, **{parameter: weight})
        else:
            drawn = _drawn(tracker, weight)
            self.estimator.fit(matrix[drawn], tracker[drawn])
        return self

    def scores(self, rows: pd.DataFrame) -> Floats:
        """Return the probability of the class of trackers; see :class:`tkit.detectors.Detector`.

        Raises
        ------
        TkitError
            As :class:`tkit.detectors.Detector` says; if the estimator is not fitted, or its classes are not one true value
            (True, 1) and one false value (False, 0).
        """
        matrix = feature_matrix(rows, self.features, self.name)
        classes = list(getattr(self.estimator, "classes_", ()))
        if len(classes) != 2:
            raise TkitError(f"{self.name}: knows {len(classes)} classes: fit it on trackers (True, 1) and others (False, 0)")
        # With classes such as -1 and 1, or two words, it is unknown which one means tracker.
        if bool(classes[0]) == bool(classes[1]):
            named = " and ".join(map(str, classes))
            raise TkitError(f"{self.name}: its classes are {named}: fit it on trackers (True, 1) and others (False, 0)")
        if not len(rows):
            return np.zeros(0)
        column = 0 if classes[0] else 1
        return np.asarray(self.estimator.predict_proba(matrix)[:, column], np.float64)


def _weight_parameter(estimator: Any) -> str:
    """Return the name by which ``fit`` takes weights; ``""`` if it takes none."""
    from sklearn.utils.validation import has_fit_parameter  # noqa: PLC0415 - slow to load

    steps = getattr(estimator, "steps", None)
    prefix, last = (f"{steps[-1][0]}__", steps[-1][1]) if steps else ("", estimator)
    takes_weights = has_fit_parameter(last, "sample_weight")  # type: ignore[no-untyped-call]
    return f"{prefix}sample_weight" if takes_weights else ""


def _drawn(tracker: Mask, weight: Floats) -> NDArray[np.int64]:
    """Return as many rows as there are, drawn by their weights; of each class at least the heaviest row."""
    drawn = np.random.default_rng(0).choice(len(weight), len(weight), p=weight / weight.sum())
    return np.sort(np.append(drawn, [np.argmax(weight * tracker), np.argmax(weight * ~tracker)]))
