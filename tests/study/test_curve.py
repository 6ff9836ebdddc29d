from functools import partial

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tkit.dataset import read
from tkit.detectors.models import TreeModel
from tkit.study import learning_curve, unseen_kit


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return read(ROOT / "data" / "dataset").rows()


def test_the_same_rows_are_tested_whatever_was_learnt_from(rows: pd.DataFrame) -> None:
    plan = unseen_kit(rows, 2, 0)
    curve = learning_curve(rows, TreeModel, plan, shares=(0.1, 1.0))
    # Half of the components stand on the training side of each split.
    whole = np.mean([rows["component"][split.train].nunique() for split in plan.splits])
    assert curve["groups"].tolist() == pytest.approx([whole / 10, whole], rel=0.01)
    assert curve["trackers"].is_monotonic_increasing
    tracker = (rows["label"] == "T").to_numpy()
    assert curve["trackers"].iloc[1] == np.mean([(tracker & split.train).sum() for split in plan.splits])
    assert (curve["tpr_low"] <= curve["tpr"]).all()
    assert (curve["tpr"] <= curve["tpr_high"]).all()


def test_the_seed_decides_what_is_drawn(rows: pd.DataFrame) -> None:
    plan = unseen_kit(rows, 2, 0)
    draw = partial(learning_curve, rows, TreeModel, plan, shares=(0.2,))
    assert draw(seed=1).equals(draw(seed=1))
    assert draw(seed=1)["trackers"].item() != draw(seed=2)["trackers"].item()
