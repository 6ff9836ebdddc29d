"""The quick study on the published dataset: what it claims, and its floors."""

from pathlib import Path

import numpy as np
import pandas as pd

from tkit.dataset import Dataset
from tkit.evaluate.percent import percent
from tkit.features import VANTAGES
from tkit.study import StudyResult, models
from tkit.study.gate import check


def test_boosting_is_compared_at_every_vantage_point() -> None:
    names = {factory().vantage for name, factory in models(0).items() if name.endswith("boosting")}
    assert names == set(VANTAGES)


def test_no_key_figure_fell(done: StudyResult) -> None:
    # Pinned by `make pin`; `make gate` does the same for the whole study.
    assert check(Path(__file__).with_name("floors.json"), done.figures, done.inputs) == []


def test_each_error_tells_its_reasons_and_neighbours(done: StudyResult, dataset: Dataset) -> None:
    errors = done.errors
    rates = done.evaluations[-1].rates()
    assert len(errors) == rates.missed + rates.false_alarms > 0
    assert errors["reasons"].map(len).between(0, 3).all()
    assert errors[["near_1", "near_2", "near_3"]].notna().all(axis=None)
    assert (errors["near_1_distance"] <= errors["near_2_distance"]).all()
    # What is near was learnt from: another component, and no guess.
    component = dataset.labels.set_index(["message_sha256", "part", "index"])["component"]
    near = errors["near_1"].str.split("/", expand=True)
    keys = pd.MultiIndex.from_arrays([near[0], near[1].astype("int32"), near[2].astype("int32")])
    assert (component.loc[keys].to_numpy() != errors["component"].to_numpy()).all()
    assert errors["near_1_confidence"].ge(2).all()


def test_the_budget_is_reported_as_what_it_became(done: StudyResult) -> None:
    best = done.evaluations[-1]
    assert (
        f"of the pictures that a person should see ({best.rates().false_alarms} of {best.rates().negatives:,})"
        in done.summary[1]
    )
    assert len(np.unique(best.rows["threshold"])) == 3  # one a fold, frozen before its test


def test_each_gold_row_has_a_verdict(done: StudyResult, dataset: Dataset) -> None:
    gold = dataset.labels[dataset.labels["source"] == "gold"]
    counted = gold[(gold["confidence"] >= 2) | (gold["label"] == "U")]
    verdicts = done.verdicts
    assert (verdicts[["tracker", "personalised", "clean"]].sum(axis=1) == verdicts["rows"]).all()
    of_all = verdicts["corpus"] == "all"
    assert verdicts.loc[of_all, "rows"].sum() == verdicts.loc[~of_all, "rows"].sum() == len(counted)
    by_letter = verdicts[of_all].groupby(verdicts["label"].str[0])["rows"].sum()
    assert by_letter.to_dict() == counted["label"].value_counts().to_dict()
    flagged = verdicts[of_all].set_index("label")["tracker"]
    rates = done.evaluations[-1].rates()
    assert flagged["T"] == rates.trackers - rates.missed
    assert flagged[["C", "S", "P, visible"]].sum() == rates.false_alarms


def test_the_bundle_answers_both_questions(done: StudyResult, dataset: Dataset) -> None:
    assert done.bundle.training_sha256 == dataset.digest("message")
    personalised = done.figures["visible personalised pictures kept"]
    (line,) = [line for line in done.summary if line.startswith("Of the visible personalised pictures")]
    assert f" {percent(1 - personalised, 1)} are flagged" in line
    assert done.figures["individual: tpr"] > 0.5 < personalised
