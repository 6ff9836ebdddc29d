"""Shares and their intervals, worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tkit.arrays import wilson
from tkit.bundle import default_bundle
from tkit.dataset import Dataset, load_dataset
from tkit.errors import TkitError
from tkit.report.figures import prevalence_figure, svg
from tkit.study.prevalence import clustered_share, corpora, judged, labelled_share, prevalence, verdicts_on_labels


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="module")
def rows(dataset: Dataset) -> pd.DataFrame:
    return judged(dataset, default_bundle("message"))


class TestClusteredShare:
    def test_observations_of_their_own_are_worth_one_less(self) -> None:
        hit = np.arange(50) < 10
        # Variance p (1 - p) / (n - 1), so n - 1 = 49 independent observations.
        assert clustered_share(hit, pd.Series(range(50))) == pytest.approx((0.2, *wilson(9.8, 49)))

    def test_copies_are_worth_their_clusters(self) -> None:
        hit = np.repeat([True, False, False, False], 100)
        # Four clusters, sums off 75 and three times -25: variance 4/3 (5625 + 3 625) / 160000 = 1/16; 0.1875 / (1/16) = 3.
        assert clustered_share(hit, pd.Series(np.repeat(range(4), 100))) == pytest.approx((0.25, *wilson(0.75, 3)))

    def test_weights(self) -> None:
        # 3 of 3 + 1; sums off 0.75 and -0.75: variance 2 (0.5625 + 0.5625) / 16 = 9/64, worth 0.1875 / (9/64) = 4/3.
        found = clustered_share(np.array([True, False]), pd.Series([1, 2]), np.array([3.0, 1.0]))
        assert found == pytest.approx((0.75, *wilson(1, 4 / 3)))

    @pytest.mark.parametrize("hit", [True, False])
    def test_all_alike(self, hit: bool) -> None:
        found = clustered_share(np.full(90, hit), pd.Series(np.repeat(range(9), 10)))
        assert found == pytest.approx((float(hit), *wilson(9 * hit, 9)))

    def test_one_cluster_is_one_observation(self) -> None:
        assert clustered_share(np.array([True, False]), pd.Series(["a", "a"])) == pytest.approx((0.5, *wilson(0.5, 1)))

    def test_never_worth_more_than_there_are(self) -> None:
        # Clusters that balance out, one hit and one miss each, have no variance between them.
        hit = np.tile([True, False], 20)
        assert clustered_share(hit, pd.Series(np.repeat(range(20), 2))) == pytest.approx((0.5, *wilson(10, 20)))
        assert all(math.isnan(value) for value in clustered_share(np.array([], dtype=bool), pd.Series([])))


class TestPrevalence:
    def made(self) -> pd.DataFrame:
        mails = [("m1", "a", 2023, "s1"), ("m2", "a", 2023, "s1"), ("m3", "a", 2024, "s2"), ("m4", "b", 2024, "s3")]
        found = [
            (*mail, provider, called)
            for mail, references in zip(
                mails,
                [[("", True), ("", True)], [("", False)], [("Brevo", True), ("", False)], [("Brevo", False)]],
                strict=True,
            )
            for provider, called in references
        ]
        return pd.DataFrame(found, columns=["message_sha256", "corpus", "year", "sender", "provider", "called"])

    def test_counts_by_what_a_mail_has_one_of(self) -> None:
        table = prevalence(self.made(), "corpus")
        counted = table[["corpus", "mails", "tracked", "senders", "references", "trackers"]]
        assert counted.to_numpy().tolist() == [["a", 3, 2, 2, 5, 3], ["b", 1, 0, 1, 1, 0]]
        assert table["share"].tolist() == pytest.approx([2 / 3, 0])
        assert table["few"].all()

    def test_counts_by_what_a_reference_has(self) -> None:
        table = prevalence(self.made(), "provider")
        counted = table[["provider", "mails", "tracked", "references", "trackers"]]
        assert counted.to_numpy().tolist() == [["", 3, 1, 4, 2], ["Brevo", 2, 1, 2, 1]]

    def test_years_stay_in_order(self) -> None:
        assert prevalence(self.made(), "year")["year"].tolist() == [2023, 2024]

    def test_no_such_column(self) -> None:
        with pytest.raises(TkitError, match="no prevalence by 'called': take one of corpus, kind"):
            prevalence(self.made(), "called")


class TestPublished:
    def test_every_reference_is_judged(self, dataset: Dataset, rows: pd.DataFrame) -> None:
        assert len(rows) == len(dataset.references)
        assert (rows["sender"] != "").all()
        table = prevalence(rows, "corpus")
        assert table["mails"].sum() == rows["message_sha256"].nunique()
        assert table["trackers"].sum() == rows["called"].sum()
        assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()

    def test_corpora(self, dataset: Dataset) -> None:
        table = corpora(dataset)
        assert table["mails"].sum() == len(dataset.messages)
        assert table["references"].sum() == len(dataset.references)
        assert table["gold"].sum() + table["other_labels"].sum() == len(dataset.labels)

    def test_corpora_count_the_senders_that_are_named_and_the_years_that_are_dated(self, dataset: Dataset) -> None:
        columns = ["message_sha256", "corpus", "references", "sender_key", "date"]
        made = [
            ("m1", "a", 2, "s1", "2020-05-01"),
            ("m2", "a", 1, "", "2021-05-01"),
            ("m3", "a", 1, "s1", None),
            ("m4", "a", 0, "s2", None),  # no reference: its sender is not counted
            ("m5", "b", 1, "", None),
        ]
        messages = pd.DataFrame(made, columns=columns)
        messages["date"] = pd.to_datetime(messages["date"], utc=True)
        table = corpora(replace(dataset, messages=messages, labels=dataset.labels.head(0)))
        assert table["senders"].tolist() == [1, 0]
        assert table["with_references"].tolist() == [3, 1]
        assert table[["first_year", "last_year"]].iloc[0].tolist() == [2020, 2021]
        assert table[["first_year", "last_year"]].iloc[1].isna().all()

    def test_labelled_share(self, dataset: Dataset) -> None:
        table = labelled_share(dataset, "corpus")
        gold = dataset.labels[dataset.labels["source"] == "gold"]
        headline = gold[gold["label"].isin(["T", "C", "S"]) & (gold["confidence"] >= 2)]
        assert table["rows"].sum() == len(headline)
        assert table["trackers"].sum() == (headline["label"] == "T").sum()
        assert ((table["low"] < table["share"]) & (table["share"] < table["high"])).all()

    def test_verdicts_on_labels(self, dataset: Dataset) -> None:
        table = verdicts_on_labels(dataset, default_bundle("message"))
        assert table["label"].tolist() == ["C", "P", "S", "T", "U"]
        assert table["rows"].sum() == dataset.description["labels"]["gold"]
        assert (table["called"] <= table["rows"]).all()


def test_figure_names_every_value_that_does_not_rest_on_few() -> None:
    table = pd.DataFrame(
        [("one", 40, 0.5, 0.4, 0.6, False), ("", 50, 0.1, 0.0, 0.2, False), ("few", 3, 1.0, 0.3, 1.0, True)],
        columns=["provider", "mails", "share", "low", "high", "few"],
    )
    (axes,) = prevalence_figure(table, "By hand").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "unknown"]
    assert [text.get_text() for text in axes.texts] == [
        "50.0% [40.0%, 60.0%] of 40 mails",
        "10.0% [0%, 20.0%] of 50 mails",
    ]
    assert "<svg" in svg(prevalence_figure(table[:0], "Nothing"))
