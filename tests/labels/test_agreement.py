import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tkit.errors import TkitError
from tkit.labels.agreement import (
    agreement,
    cohen_kappa,
    coincidence_matrices,
    given_labels,
    krippendorff_alpha,
    merge_labels,
    to_adjudicate,
)

A, B, C, D = (letter * 64 for letter in "abcd")


def labels(rows: list[tuple[str, int, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["message_sha256", "index", "label", "confidence"]).assign(part=0)


ANN = labels([(A, 0, "T", 3), (A, 1, "C", 3), (B, 0, "S", 2), (C, 0, "U", 1)])
BEN = labels([(A, 1, "T", 2), (A, 0, "T", 1), (B, 0, "C", 3), (D, 0, "P", 3)])
EVE = labels([(A, 0, "T", 3), (A, 1, "T", 3), (B, 0, "U", 3)])


def test_merge_of_two() -> None:
    merged = merge_labels({"ann": ANN, "ben": BEN})
    assert list(merged) == ["message_sha256", "part", "index", "label", "confidence", "annotators", "label_ann", "label_ben"]
    assert merged.drop(columns="part").to_numpy().tolist() == [
        [A, 0, "T", 1, 2, "T", "T"],
        [A, 1, "U", 2, 2, "C", "T"],
        [B, 0, "U", 2, 2, "S", "C"],
        [C, 0, "U", 1, 1, "U", ""],
        [D, 0, "P", 3, 1, "", "P"],
    ]


def test_merge_by_majority() -> None:
    merged = merge_labels({"ann": ANN, "ben": BEN, "eve": EVE}, majority=True)
    assert merged["label"].tolist() == ["T", "T", "U", "U", "P"]  # S, C and U of one reference: no majority
    half = merge_labels({"ann": ANN, "ben": BEN}, majority=True)
    assert half["label"].tolist() == ["T", "U", "U", "U", "P"]  # one of two is not more than half


def test_merge_keeps_what_all_files_name_references_by() -> None:
    def by_url(table: pd.DataFrame, carrier: str) -> pd.DataFrame:
        return table.assign(url_sha256=[str(index) * 64 for index in table["index"]], carrier=carrier)

    merged = merge_labels({"ann": by_url(ANN, "img").drop(columns="index"), "ben": by_url(BEN, "img-src")})
    assert list(merged)[:4] == ["message_sha256", "part", "carrier", "url_sha256"]
    assert merged["label_ben"].tolist() == ["T", "T", "C", "", "P"]


def test_merge_refuses() -> None:
    with pytest.raises(TkitError, match="no label file to merge"):
        merge_labels({})
    with pytest.raises(TkitError, match="'a,b' is not a valid annotator's name"):
        merge_labels({"a,b": ANN})


def test_what_is_to_adjudicate() -> None:
    listed = to_adjudicate(merge_labels({"ann": ANN, "ben": BEN, "eve": EVE}))
    assert listed[
        ["message_sha256", "index", "old", "new", "reason", "label_ann", "label_ben", "label_eve"]
    ].to_numpy().tolist() == [
        [A, 1, "U", "", "", "C", "T", "T"],
        [B, 0, "U", "", "", "S", "C", "U"],
    ]


def test_trackers_are_adjudicated_first() -> None:
    first = labels([(A, 0, "C", 3), (B, 0, "C", 3), (C, 0, "T", 3)])
    second = labels([(A, 0, "S", 3), (B, 0, "T", 3), (C, 0, "P", 3)])
    listed = to_adjudicate(merge_labels({"ann": first, "ben": second}))
    assert listed["message_sha256"].tolist() == [B, C, A]


def test_cohen_by_hand() -> None:
    # 35 of 50 agree: 0.7. By chance: (25 * 30 + 25 * 20) / 2500 = 0.5. (0.7 - 0.5) / 0.5 = 0.4.
    assert cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)
    assert cohen_kappa(np.diag([3, 4, 0])) == 1
    assert cohen_kappa(np.array([[0, 2], [2, 0]])) == -1
    assert np.isnan(cohen_kappa(np.diag([5, 0])))
    assert np.isnan(cohen_kappa(np.zeros((2, 2))))


# Krippendorff 2011, section C: four observers, twelve units, 1 to 5 written as T P C S U, alpha 0.743.
PUBLISHED = pd.DataFrame(
    {
        "a": [*"TPCCPTSTP", "", "", ""],
        "b": [*"TPCCPPSTPU", "", "C"],
        "c": ["", *"CCCPCSPPUT", ""],
        "d": [*"TPCCPSSTPUT", ""],
    }
)


def test_krippendorff_as_published() -> None:
    matrix = coincidence_matrices(PUBLISHED).sum(axis=0)
    assert matrix.sum() == pytest.approx(40)  # the last unit has one value, which pairs with none
    assert matrix.sum(axis=1).tolist() == pytest.approx([9, 13, 10, 5, 3])
    assert matrix[0].tolist() == pytest.approx([7, 4 / 3, 1 / 3, 1 / 3, 0])
    assert krippendorff_alpha(matrix) == pytest.approx(0.743, abs=0.0005)


def test_krippendorff_of_two_by_hand() -> None:
    # 10 units, 20 values, 14 and 6; 4 units differ: 1 - 19 * 8 / (2 * 14 * 6) = 2 / 21.
    given = pd.DataFrame({"a": list("CTCCCCCCTC"), "b": list("TTTCCTCCCC")})
    assert krippendorff_alpha(coincidence_matrices(given).sum(axis=0)) == pytest.approx(2 / 21)


def test_krippendorff_of_one_label_does_not_exist() -> None:
    assert np.isnan(krippendorff_alpha(coincidence_matrices(pd.DataFrame({"a": ["T"], "b": ["T"]})).sum(axis=0)))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("TPCSU"), st.sampled_from("TPCSU")), min_size=2, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    merged = pd.DataFrame({"message_sha256": "m", "first": first, "second": second})
    measures = agreement(merged).set_index(["classes", "measure"])["value"]
    if len({*first, *second}) == 1:
        assert np.isnan(measures["five", "kappa"])
    else:
        assert measures["five", "kappa"] == pytest.approx(cohen_kappa_score(first, second))
    assert measures["five", "raw"] == pytest.approx(np.mean([a == b for a, b in pairs]))


def test_agreement_table() -> None:
    merged = pd.DataFrame(
        {
            "message_sha256": list("aabbccdd"),
            "label_ann": ["T", "C", "T", "S", "C", "", "U", "T"],
            "label_ben": ["T", "C", "C", "C", "C", "T", "", ""],
        }
    )
    table = agreement(merged, seed=3)
    assert table[["annotators", "classes", "measure"]].to_numpy().tolist() == [
        [who, classes, measure]
        for classes in ("five", "tracker")
        for who, measure in (("ann, ben", "raw"), ("ann, ben", "kappa"), ("all", "alpha"))
    ]
    assert table["references"].tolist() == [5] * 6  # two by ann alone, one by ben alone
    assert table["value"][:2].tolist() == pytest.approx([3 / 5, (3 / 5 - 10 / 25) / (1 - 10 / 25)])
    # Tracker or not: 4 of 5 agree; by chance 2 * 1 + 3 * 4 of 25.
    assert table["value"][3:5].tolist() == pytest.approx([4 / 5, (4 / 5 - 14 / 25) / (1 - 14 / 25)])
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    # Whole messages are drawn: a, b, c hold 2 of 2, 0 of 2, 1 of 1; all b is 0, none b is 1.
    assert (table["low"][0], table["high"][0]) == (0, 1)
    pd.testing.assert_frame_equal(agreement(merged, seed=3), table)


def test_agreement_of_nothing() -> None:
    table = agreement(pd.DataFrame({"message_sha256": ["a"], "first": ["T"], "second": [""]}))
    assert table["references"].tolist() == [0] * 6
    assert table[["value", "low", "high"]].isna().all(axis=None)


def test_one_annotator_agrees_with_nobody() -> None:
    with pytest.raises(TkitError, match="give the label files of two or more"):
        given_labels(merge_labels({"ann": ANN}))
