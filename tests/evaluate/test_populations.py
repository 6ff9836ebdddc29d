import math

import pandas as pd
import pytest
from made_labelled import array, make

from tkit.evaluate import Evaluation, by_population

NEW, OLD = "wanted mail, 2016 on", "all mail before 2011"


def table(labels: str, score: list[float], **columns: object) -> pd.DataFrame:
    years = columns.pop("years")
    dates = pd.to_datetime([f"{year}-06-01" for year in years], utc=True)  # type: ignore[attr-defined]
    evaluation = Evaluation(make(labels, date=dates, **columns), array(*score), "d")
    return by_population([evaluation]).set_index(["population", "count"])


def test_rows_mails_and_components_are_counted_apart() -> None:
    # One component of three trackers in two mails, of which one mail is found whole; one more component, found.
    found = table(
        "TTTTCC",
        [0.9, 0.9, 0.1, 0.9, 0.9, 0.1],
        years=[2020] * 6,
        wanted="wanted",
        component=["a", "a", "a", "b", "c", "c"],
        message_sha256=["1", "2", "2", "3", "4", "4"],
    ).loc[NEW]
    assert found["tpr"].to_dict() == pytest.approx({"rows": 3 / 4, "mails": 2 / 3, "components": (2 / 3 + 1) / 2})
    assert found["fpr"].to_dict() == {"rows": 0.5, "mails": 1.0, "components": 0.5}
    assert found["trackers"].to_dict() == {"rows": 4, "mails": 3, "components": 2}
    assert found["negatives"].to_dict() == {"rows": 2, "mails": 1, "components": 1}


def test_each_kind_of_mail_has_its_own_rates() -> None:
    found = table(
        "TCTCTC",
        [0.9, 0.1, 0.1, 0.9, 0.9, 0.9],
        years=[2016, 2026, 2010, 2002, 2015, 2020],
        wanted=["wanted", "wanted", "", "", "wanted", "unwanted"],
    )["tpr"].xs("rows", level="count")
    assert found.to_dict() == {NEW: 1.0, OLD: 0.0, "all mail": pytest.approx(2 / 3)}


def test_a_kind_of_mail_without_rows_has_no_rate() -> None:
    found = table("TC", [0.9, 0.1], years=[2020, 2020], wanted="").loc[(OLD, "mails")]
    assert (found["trackers"], found["negatives"]) == (0, 0)
    assert math.isnan(found["tpr"])
    assert math.isnan(found["fpr_high"])
