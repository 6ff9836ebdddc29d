import math

import numpy as np
import pandas as pd
import pytest
from made_labelled import array, make

from tkit.evaluate import SLICES, Evaluation, slices


def test_a_slice_is_judged_at_the_frozen_threshold() -> None:
    rows = make("TTTCCC", carrier=["img-src", "img-src", "css-import", "img-src", "css-import", "css-import"])
    found = slices(Evaluation(rows, array(0.9, 0.1, 0.9, 0.9, 0.1, 0.1), "d")).set_index("value")
    assert found["slice"].unique().tolist() == ["carrier"]  # the rows have no other column to cut by
    assert found.loc["img-src", ["trackers", "missed", "negatives", "false_alarms"]].tolist() == [2, 1, 1, 1]
    assert found.loc["css-import", ["tpr", "fpr"]].tolist() == [1.0, 0.0]
    # 3 / 2 negatives in mails of their own: nothing is known.
    assert found.loc["css-import", "fpr_high"] == 1.0


def test_a_slice_of_few_rows_says_so() -> None:
    rows = make("T" * 30 + "C" * 31 + "T" * 29, corpus=["a"] * 60 + ["b"] * 30)
    found = slices(Evaluation(rows, np.tile([0.9, 0.1], 45), "d")).set_index("value")
    assert found["few"].to_dict() == {"a": "", "b": "trackers and negatives"}
    assert found.loc["b", ["trackers", "negatives"]].tolist() == [29, 1]


def test_a_slice_without_any_of_a_kind_has_no_rate() -> None:
    found = slices(Evaluation(make("TCC", corpus=["a", "a", "b"]), array(0.9, 0.1, 0.1), "d")).set_index("value")
    assert math.isnan(found.loc["b", "tpr"])
    assert found.loc["b", "fpr"] == 0.0


@pytest.mark.parametrize(
    ("cut", "columns", "expected"),
    [
        (
            "declared size",
            {"sides_given": [0, 2, 2, 1, 2], "width": [-1, 1, 0, -1, 600], "height": [-1, 1, 0, 2, 1], "tiny": [0, 1, 1, 1, 0]},
            ["none", "1x1", "other tiny", "other tiny", "ordinary"],
        ),
        (
            "year",
            {
                "date": pd.to_datetime(
                    ["2024-12-31", "2025-01-01", None, "0102-01-01", "2024-01-01"], utc=True, format="ISO8601"
                )
            },
            ["2024", "2025", "unknown", "unknown", "2024"],
        ),
        ("provider", {"provider_known": [1, 0, 0, 0, 1]}, ["known", "not known", "not known", "not known", "known"]),
        (
            "service",
            {"provider": [*["Mailchimp"] * 30, *["SendGrid"] * 29, *[""] * 30]},
            [*["Mailchimp"] * 30, *["other"] * 29, *["unknown"] * 30],
        ),
        (
            "language",
            {"language": [*["en"] * 30, *["de"] * 29, *[""] * 29, None]},
            [*["en"] * 30, *["other"] * 29, *["unknown"] * 30],
        ),
        ("kind of mail", {"kind": ["ham", "spam", "", "phishing", "ham"]}, ["ham", "spam", "unknown", "phishing", "ham"]),
        (
            "wanted or not",
            {"wanted": ["wanted", "unwanted", "", None, "wanted"]},
            ["wanted", "unwanted", *["unknown"] * 2, "wanted"],
        ),
        (
            "before 2011, 2011 on",
            {
                "date": pd.to_datetime(
                    ["2010-12-31", "2011-01-01", None, "0102-01-01", "2026-01-01"], utc=True, format="ISO8601"
                )
            },
            ["before 2011", "2011 on", "unknown", "unknown", "2011 on"],
        ),
        ("spacers in the mail", {"tiny_others": [0, 4, 5, 6, 0]}, ["fewer", "fewer", *["5 tiny others or more"] * 2, "fewer"]),
    ],
)
def test_what_each_cut_calls_the_rows(cut: str, columns: dict[str, object], expected: list[str]) -> None:
    assert SLICES[cut].names(pd.DataFrame(columns)).tolist() == expected
