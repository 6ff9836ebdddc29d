import numpy as np
import pandas as pd
import pytest

from tkit.bundle import default_bundle
from tkit.errors import TkitError
from tkit.evaluate.separation import alike, influence, separation
from tkit.features import FEATURES


def rows(labels: str) -> pd.DataFrame:
    frame = pd.DataFrame(0.0, index=range(len(labels)), columns=[feature.name for feature in FEATURES], dtype=np.float32)
    return frame.assign(label=list(labels), source="gold", confidence=3)


def test_a_feature_that_parts_all_and_one_that_parts_half() -> None:
    made = rows("TTTCCC").assign(tiny=[1, 1, 1, 0, 0, 0], width=[1, 1, 600, 600, 600, 600])
    table = separation(made).set_index("feature")
    assert table.loc["tiny", ["higher", "auc", "tpr", "trackers", "negatives"]].tolist() == ["trackers", 1.0, 1.0, 1.0, 0.0]
    # Of nine pairs the width orders 2 x 3 and ties 1 x 3: (6 + 3 / 2) / 9.
    assert table.loc["width", "higher"] == "negatives"
    assert table.loc["width", "auc"] == pytest.approx(7.5 / 9)
    assert table.loc["width", "tpr"] == pytest.approx(2 / 3)
    assert table.loc["height", "auc"] == 0.5
    assert table.index[0] == "tiny"


def test_rows_of_one_kind_part_nothing() -> None:
    with pytest.raises(TkitError, match="3 trackers and 0 good pictures"):
        separation(rows("TTT"))


def test_features_that_say_the_same() -> None:
    made = rows("TTCC").assign(tiny=[0, 1, 2, 3], width=[9, 7, 5, 3], height=[1, 0, 0, 1])
    assert alike(made).to_dict("records") == [{"first": "width", "second": "tiny", "correlation": -1.0}]


def test_influence_sums_to_the_whole() -> None:
    bundle = default_bundle("url")
    made = rows("TC").assign(url_length=[30, 300], longest_token=[0, 40])
    table = influence(bundle, made)
    assert set(table["feature"]) == set(bundle.features)
    assert table["share"].sum() == pytest.approx(1)
    assert table["mean"].is_monotonic_decreasing
