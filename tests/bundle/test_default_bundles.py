"""The built-in bundles are what `tkit train` makes of the committed dataset."""

import numpy as np
import pytest
from paths import ROOT

from tkit.bundle import default_bundle
from tkit.dataset import read
from tkit.detectors.models import BoostingModel
from tkit.evaluate import training_weight
from tkit.labels import INDIVIDUAL, TRACKER, is_positive

DATASET = ROOT / "data" / "dataset"


@pytest.mark.parametrize("vantage", ["url", "element", "message", "campaign"])
def test_retraining_gives_the_same_scores(vantage: str) -> None:
    dataset = read(DATASET)
    rows = dataset.rows()
    bundle = default_bundle(vantage)
    assert bundle.training_sha256 == dataset.digest(vantage)
    for target in (TRACKER, INDIVIDUAL):
        weight = training_weight(rows, target=target)
        used = weight > 0
        model = BoostingModel(vantage=vantage, manipulated=dataset.disguised(vantage), target=target)
        model.fit(rows[used], is_positive(rows, target)[used], weight[used])
        # The bundle rounds each of its leaves to 1/65536 of the margin.
        assert np.abs(model.scores(rows) - bundle.scores(rows, target.name)).max() < model.trees * 0.5 / 65536 / 4
