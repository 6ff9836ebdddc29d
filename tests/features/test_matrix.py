import numpy as np
import pandas as pd
import pytest

from tkit.errors import TkitError
from tkit.features.matrix import feature_matrix


def test_gives_columns_in_the_requested_order() -> None:
    rows = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    matrix = feature_matrix(rows, ["c", "a"], "test")
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1.0, 1.0], [0.0, 2.0]]
    assert feature_matrix(rows, [], "test").shape == (2, 0)


def test_refuses_text_and_what_float32_cannot_hold() -> None:
    with pytest.raises(TkitError, match="test: column a is not numeric"):
        feature_matrix(pd.DataFrame({"a": ["one"]}), ["a"], "test")
    with pytest.raises(TkitError, match="test: a is inf in row 0"):
        feature_matrix(pd.DataFrame({"a": [1e300]}), ["a"], "test")
