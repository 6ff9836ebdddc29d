"""Tests of tkit.evaluate.decay: rates over time after the training."""

import math

import pandas as pd
import pytest
from made_labelled import array, make

from tkit.evaluate import Evaluation, area_under_time, over_time


def test_quarters_after_the_training() -> None:
    dates = pd.to_datetime(["2024-02-01", "2024-03-31", "2024-04-01", "2024-05-01", None, "2024-12-01"], utc=True)
    found = over_time(Evaluation(make("TCTCTT", date=dates), array(0.9, 0.1, 0.1, 0.9, 0.9, 0.9), "d"))
    assert found["period"].tolist() == ["2024Q1", "2024Q2", "2024Q4"]
    assert found["tpr"].tolist() == [1.0, 0.0, 1.0]
    assert found["fpr"].tolist()[:2] == [0.0, 1.0]
    assert math.isnan(found["fpr"].iloc[2])


def test_the_area_passes_over_periods_without_a_rate() -> None:
    # Trapezoids of 1, 0.5 and 0.5, 0: 0.75 and 0.25 over two steps.
    assert area_under_time(pd.Series([1.0, math.nan, 0.5, 0.0])) == pytest.approx(0.5)
    assert area_under_time(pd.Series([0.8])) == 0.8
    assert math.isnan(area_under_time(pd.Series([math.nan])))
