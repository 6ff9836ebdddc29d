"""Tests of tkit.compare.comparison and of `tkit compare`, with figures worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from paths import ROOT

from tkit.bundle import default_bundle
from tkit.compare import compare
from tkit.compare.comparison import named, reads_listed, shown, trained_on
from tkit.compare.labelled import LabelledMail, of_dataset
from tkit.dataset import read
from tkit.detectors.any_of import AnyOf
from tkit.detectors.published import ListDetector, Unwrapped
from tkit.detectors.rules import BlockNone, Declared1x1, KnownList
from tkit.errors import TkitError
from tkit.lists.engines import SubstringList

OPEN = ListDetector(SubstringList("open", "substrings", ["/open/"]), "open")


def test_figures_by_hand(mail: LabelledMail) -> None:
    table = compare({"1x1": Declared1x1(), "open": OPEN, "none": BlockNone()}, mail).table().set_index("name")
    # 1 x 1 finds one tracker of three and calls the spacer; /open/ finds two of three and nothing else.
    assert table["tpr"].tolist() == pytest.approx([1 / 3, 2 / 3, 0])
    assert table["fpr"].tolist() == pytest.approx([1 / 3, 0, 0])
    assert table["precision"].iloc[:2].tolist() == pytest.approx([1 / 2, 1])
    assert math.isnan(table.loc["none", "precision"])
    assert table["missed"].tolist() == [2, 1, 3]
    assert table["false_alarms"].tolist() == [1, 0, 0]
    assert table["mail_fpr"].tolist() == [0.5, 0, 0]
    assert table["personalised"].tolist() == [1, 1, 1]
    assert table["personalised_called"].tolist() == [0, 0, 0]
    assert math.isnan(table.loc["1x1", "gain"])
    assert table.loc["open", "gain"] == pytest.approx(1 / 3)
    assert (table["tpr_low"] <= table["tpr"]).all()
    assert (table["tpr_high"] >= table["tpr"]).all()


def test_changes_by_hand(mail: LabelledMail) -> None:
    found = compare({"1x1": Declared1x1(), "open": OPEN}, mail)
    changes = found.changes().set_index("change")
    assert changes.loc["newly blocked", ["references", "trackers", "good"]].tolist() == [2, 2, 0]
    assert changes.loc["newly passed", ["references", "trackers", "good"]].tolist() == [2, 1, 1]
    rows = found.changed_rows()
    assert list(rows) == [
        "name", "change", "message_sha256", "part", "index", "carrier", "url", "resolved_url", "label", "confidence",
        "score_before", "score",
    ]  # fmt: skip
    assert rows["change"].tolist() == ["newly blocked"] * 2 + ["newly passed"] * 2
    assert sorted(rows["url"]) == [
        "http://img.two.example/s.gif",
        "http://t.one.example/o/1",
        "http://t.one.example/open/2",
        "http://t.two.example/open/3",
    ]
    assert rows["score"].tolist() == [1, 1, 0, 0]
    assert rows["score_before"].tolist() == [0, 0, 1, 1]
    same = compare({"a": OPEN, "b": OPEN}, mail)
    assert same.changes()["references"].tolist() == [0, 0]
    assert len(same.changed_rows()) == 0
    assert len(compare({"a": OPEN}, mail).changed_rows()) == 0


def test_a_table_for_people(mail: LabelledMail) -> None:
    text = shown(compare({"1x1": Declared1x1(), "none": BlockNone()}, mail).table())
    assert text["trackers found"][0].startswith("33.3%\n[")
    assert text["trackers found"][0].endswith("2 of 3 missed")
    assert text["precision"].tolist() == ["50.0%", ""]


def test_scores_that_are_none_are_refused(mail: LabelledMail) -> None:
    class Wrong:
        name, vantage = "wrong", "url"

        def __init__(self, scores: list[float]) -> None:
            self._scores = scores

        def scores(self, rows: pd.DataFrame) -> np.ndarray:
            return np.array(self._scores)

    for scores in ([0.5], [2.0] * 7, [math.nan] * 7):
        with pytest.raises(TkitError, match="wrong: scores of shape"):
            compare({"wrong": Wrong(scores)}, mail)


def test_names_come_from_specs() -> None:
    assert named(["a/mine.txt", "old.bundle", "rule:1x1", "x=a/b=c.txt", "plugin"]) == {
        "mine": "a/mine.txt",
        "old": "old.bundle",
        "rule:1x1": "rule:1x1",
        "x": "a/b=c.txt",
        "plugin": "plugin",
    }
    assert named(["dir/a=b.txt", "program:x --y=z"]) == {"a=b": "dir/a=b.txt", "program:x --y=z": "program:x --y=z"}
    with pytest.raises(TkitError, match=r"two detectors are named 'mine': give one another name, such as other=b/mine.txt"):
        named(["a/mine.txt", "b/mine.txt"])


def test_the_dataset_is_compared_on_where_features_are_enough() -> None:
    rows = read(ROOT / "data" / "dataset").rows()
    table = compare({"1x1": Declared1x1()}, of_dataset(rows), cluster="sender_key", resamples=20).table()
    assert table["trackers"].tolist() == [
        ((rows["label"] == "T") & (rows["confidence"] > 1) & (rows["source"] == "gold")).sum()
    ]


def test_what_reads_known_lists_is_known_within_others_too() -> None:
    assert reads_listed([AnyOf((Declared1x1(), KnownList()), (0.5, 0.5))])
    assert not reads_listed([AnyOf((Declared1x1(), Declared1x1()), (0.5, 0.5))])


def test_a_bundle_says_what_it_was_trained_on() -> None:
    bundle, dataset = default_bundle("url"), read(ROOT / "data" / "dataset")
    within = Unwrapped(AnyOf((Declared1x1(), bundle), (0.5, bundle.threshold_score)))
    assert trained_on({"a": bundle, "b": Declared1x1(), "c": within}, dataset) == ["a", "c"]
    other = replace(dataset, description={"sha256": {"references.parquet": "0" * 64}})
    assert trained_on({"a": bundle}, other) == []
