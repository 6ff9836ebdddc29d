import numpy as np
import pandas as pd
import pytest
from made_labelled import make

from tkit.errors import TkitError
from tkit.evaluate import Evaluation
from tkit.evaluate.neighbours import nearest_training_rows
from tkit.features import feature_names
from tkit.splits import Split


def rows_of(labels: str, url_length: list[float], **columns: object) -> pd.DataFrame:
    """Rows that differ in the length of the URL alone."""
    features = pd.DataFrame(0.0, index=range(len(labels)), columns=feature_names("message"))
    features["url_length"] = url_length
    return pd.concat([make(labels, **columns).reset_index(drop=True), features], axis=1)


ROWS = rows_of("TCTCU", [100, 10, 90, 12, 11], confidence=[3, 3, 2, 3, 3], cluster=range(5))
FIRST = np.array([True, True, False, False, False])


def test_the_nearest_that_was_learnt_from_comes_first() -> None:
    near = nearest_training_rows(ROWS, np.array([1]), [Split("s", ~FIRST, FIRST)], "message", 2)
    # U is not learnt from, though nearer than the content of 12.
    assert near["near_1"].tolist() == [f"{3:064x}/0/0"]
    assert near[["near_1_label", "near_2_label"]].to_numpy().tolist() == [["C", "T"]]
    assert near[["near_1_confidence", "near_2_confidence"]].to_numpy().tolist() == [[3, 2]]
    # Standardised by two rows at log 91 and log 13: their standard deviation is half of the difference.
    half = (np.log1p(90) - np.log1p(12)) / 2
    assert near["near_1_distance"].tolist() == pytest.approx([(np.log1p(12) - np.log1p(10)) / half])


def test_fewer_rows_than_asked_for() -> None:
    near = nearest_training_rows(ROWS, np.array([0]), [Split("s", ~FIRST, FIRST)], "url", 3)
    assert near["near_2_label"].tolist() == ["C"]
    assert near.filter(like="near_3").isna().all(axis=None)


def test_an_untested_row_is_refused() -> None:
    with pytest.raises(TkitError, match="1 rows that no split tests: give the splits"):
        nearest_training_rows(ROWS, np.array([3]), [Split("s", ~FIRST, FIRST)], "message", 1)


def test_an_evaluation_with_splits_names_them_for_each_error() -> None:
    rows = rows_of("CTCTC", [100, 10, 90, 12, 11], source=["member", "gold", "gold", "gold", "gold"], cluster=range(5))
    early = np.array([False, True, True, False, False])
    splits = [Split("a", ~early, early), Split("b", early, np.array([False, False, False, True, True]))]
    score = np.array([np.nan, 0.1, 0.2, 0.9, 0.8])
    errors = Evaluation(rows, score, "d", splits=splits).errors(neighbours=1)
    assert errors[["error", "near_1"]].to_numpy().tolist() == [["miss", f"{4:064x}/0/0"], ["false alarm", f"{1:064x}/0/0"]]
    assert "near_1" not in Evaluation(rows, score, "d", splits=splits).errors(neighbours=0)
